"""Learning curves, written and read at the same time."""

import math

from search.study.trials.curves import CurveWriter, EpochPoint, curve_path, read_curve

FIRST = EpochPoint(1, (0.9, 0.8), (5.0, 7.0), 6.0, 0.25)
SECOND = EpochPoint(2, (0.7, 0.6), (4.0, 6.0), 5.0, 0.25)


def folder_of(tmp_path):
    (tmp_path / "curves").mkdir()
    return tmp_path


def test_curve_round_trip(tmp_path):
    folder = folder_of(tmp_path)
    writer = CurveWriter(folder, 3)
    writer.write_epoch(FIRST)
    assert read_curve(folder, 3) == (FIRST,)
    writer.write_epoch(SECOND)
    assert read_curve(folder, 3) == (FIRST, SECOND)


def test_curve_is_one_line_an_epoch(tmp_path):
    folder = folder_of(tmp_path)
    CurveWriter(folder, 0).write_epoch(FIRST)
    assert curve_path(folder, 0).read_text() == (
        '{"epoch":1,"train":[0.9,0.8],"valid":[5.0,7.0],"score":6.0,"seconds":0.25}\n'
    )


def test_read_curve_of_a_trial_without_one(tmp_path):
    assert read_curve(tmp_path, 0) == ()


def test_read_curve_ends_at_a_torn_line(tmp_path):
    folder = folder_of(tmp_path)
    writer = CurveWriter(folder, 0)
    writer.write_epoch(FIRST)
    writer.write_epoch(SECOND)
    path = curve_path(folder, 0)
    path.write_bytes(path.read_bytes()[:-20])
    assert read_curve(folder, 0) == (FIRST,)


def test_new_writer_replaces_the_curve_of_an_earlier_try(tmp_path):
    folder = folder_of(tmp_path)
    CurveWriter(folder, 0).write_epoch(FIRST)
    CurveWriter(folder, 0).write_epoch(SECOND)
    assert read_curve(folder, 0) == (SECOND,)


def test_numbers_that_are_not_finite_become_none(tmp_path):
    folder = folder_of(tmp_path)
    CurveWriter(folder, 0).write_epoch(
        EpochPoint(1, (math.nan,), (1.0,), math.inf, 0.1)
    )
    assert read_curve(folder, 0) == (EpochPoint(1, (None,), (1.0,), None, 0.1),)
