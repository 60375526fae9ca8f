import hashlib
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from search.config import Roles
from search.data.groups.build import build_groups, inspect_groups
from search.data.groups.record import GroupRows
from search.data.groups.settings import GroupSettings, apply_group_choice
from search.data.snapshot import load_series, load_snapshot, save_series
from search.data.table import read_table
from search.errors import ConfigError, SeriesError, StudyCorrupted

ROLES = Roles(targets=("y",), past_features=("x",), group="id")
NUMBERS = GroupSettings(ROLES, ("t",), target_kind="numbers")
CLASSES = replace(NUMBERS, target_kind="classes", folds=2)


def _table(rows, header="id,t,x,y"):
    text = "\n".join([header, *(",".join(map(str, row)) for row in rows)])
    return read_table(text.encode(), name="x.csv")


def _rows(n_groups=6, n_rows=4):
    return [
        [f"g{g}", t, 10 * g + t, f"{g}.5"]
        for g in range(n_groups)
        for t in range(n_rows)
    ]


def _finding(rows, chosen=NUMBERS, code=""):
    report = inspect_groups(_table(rows), chosen)
    return next(one for one in report.findings if one.code == code)


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b b", "c", "7"]), st.integers(0, 999)),
        min_size=2,
        max_size=60,
        unique=True,
    )
)
@settings(max_examples=40, deadline=None)
def test_no_row_moves_between_groups_and_none_is_lost(pairs):
    rows = [[name, t, place, 1] for place, (name, t) in enumerate(pairs)]
    chosen = GroupSettings(
        Roles(targets=("x",), group="id"),
        ("t",),
        irregular="ignore",
        gaps="ignore",
        min_length=1,
        twins="keep",
    )
    built = build_groups(
        _table([*rows, ["end", 0, 998, 1], ["end", 1, 999, 1]]), chosen
    )
    got = [
        (built.groups.names[code], int(time), int(place))
        for code, time, place in zip(
            built.groups.codes, built.groups.times, built.values["x"], strict=True
        )
    ]
    names = list(dict.fromkeys([name for name, _ in pairs]))
    expected = sorted(
        ((name, t, place) for place, (name, t) in enumerate(pairs)),
        key=lambda one: (names.index(one[0]), one[1]),
    )
    assert got == [*expected, ("end", 0, 998), ("end", 1, 999)]
    assert sorted(built.file_rows) == list(range(2, len(pairs) + 4))


@given(
    st.lists(st.booleans(), min_size=12, max_size=12),
    st.sampled_from(["forward_fill", "backward_fill", "interpolate"]),
)
@settings(max_examples=40, deadline=None)
def test_no_value_is_filled_from_another_group(is_missing, rule):
    rows = _rows(3, 4)
    for row, gone in zip(rows, is_missing, strict=True):
        row[2] = "" if gone else row[2]
    chosen = replace(NUMBERS, missing=rule, min_length=1, twins="keep")
    report = inspect_groups(_table(rows), chosen)
    if not report.is_ready:
        return
    built = build_groups(_table(rows), chosen)
    group = [int(built.groups.names[code][1:]) for code in built.groups.codes]
    assert (built.values["x"] // 10).astype(int).tolist() == group


def test_groups_are_sorted_by_time_and_their_labels_found():
    rows = _rows()
    rows[1], rows[2] = rows[2], rows[1]
    built = build_groups(_table(rows), NUMBERS)
    assert built.values["x"].tolist() == [
        10 * g + t for g in range(6) for t in range(4)
    ]
    assert built.file_rows[:4].tolist() == [2, 4, 3, 5]
    assert built.groups.starts.tolist() == [4 * g for g in range(6) for _ in range(4)]
    assert built.label_scope == "group"
    assert "sorted" in built.source.repairs[0]


def test_groups_are_put_in_the_order_of_their_first_time_stamps():
    rows = [["b", "2024-02-01", 1, 1], ["b", "2024-02-02", 2, 1]]
    rows += [["a", "2024-01-01", 3, 2], ["a", "2024-01-02", 4, 2]]
    built = build_groups(_table(rows), replace(NUMBERS, order="time"))
    assert built.groups.names == ("a", "b")
    assert built.groups.is_ordered
    assert built.values["x"].tolist() == [3, 4, 1, 2]


def test_classes_are_numbered_in_the_order_of_their_names():
    rows = [
        [g, t, g + 0.1 * t, ["up", "down"][g % 2]] for g in range(6) for t in (1, 2)
    ]
    built = build_groups(_table(rows), CLASSES)
    assert built.groups.classes == ("down", "up")
    assert built.values["y"].tolist()[:4] == [1, 1, 0, 0]
    report = inspect_groups(_table(rows), CLASSES)
    assert report.class_counts == (3, 3)


def _spoilt(line, column, text, rows=None):
    rows = rows or _rows()
    rows[line - 2][column] = text
    return rows


@pytest.mark.parametrize(
    ("code", "rows", "chosen", "says", "choice"),
    [
        ("no_group", _spoilt(7, 0, ""), NUMBERS, "row 7", "drop"),
        ("float_groups", _spoilt(3, 0, "0.5", [[g // 4, g, g, 1] for g in range(16)]),
         NUMBERS, "0.5 at row 3", "keep"),
        ("time_unreadable", _spoilt(5, 1, "?"), NUMBERS, "row 5, column 't'", "drop"),
        ("duplicates", _spoilt(4, 1, "1"), NUMBERS, "group 'g0', row 4", "last"),
        ("gaps", _spoilt(5, 1, "9"), NUMBERS, "group 'g0', row 5", "ignore"),
        ("irregular", _spoilt(4, 1, "1.5"), NUMBERS, "group 'g0', row 4", "ignore"),
        ("text_in_numbers", _spoilt(9, 2, "oops"), NUMBERS,
         "'oops': group 'g1', row 9, column 'x'", "missing"),
        ("infinite", _spoilt(9, 2, "inf"), NUMBERS, "group 'g1', row 9", "missing"),
        ("missing_values", _spoilt(9, 2, ""), NUMBERS,
         "1 group of 6: group 'g1', row 9, column 'x'", "interpolate"),
        ("unlabelled", _spoilt(9, 3, ""), NUMBERS, "group 'g1', row 9", "fill"),
        ("label_changes", _spoilt(9, 3, "7"), NUMBERS, "group 'g1', row 9", "last"),
        ("rare_classes", _rows(), CLASSES, "fewer than 3 groups", "keep"),
        ("short_groups", [*_rows(), ["h", 0, 1, 2]], NUMBERS, "'h'", "drop"),
        ("twin_groups", [*_rows(), *[["h", *row[1:]] for row in _rows()[:4]]], NUMBERS,
         "group 'h' (row 26) as group 'g0'", "first"),
        ("group_order", _rows(), replace(NUMBERS, order="time"), "'t' counts", "none"),
    ],
)  # fmt: skip
def test_a_finding_names_the_place_and_its_choice_resolves_it(
    code, rows, chosen, says, choice
):
    finding = _finding(rows, chosen, code)
    assert finding.is_blocking
    assert says in finding.message
    with pytest.raises(SeriesError, match=f"Choose `{finding.setting}`"):
        build_groups(_table(rows), chosen)
    resolved = apply_group_choice(chosen, finding, choice)
    report = inspect_groups(_table(rows), replace(resolved, missing="interpolate"))
    assert not [one for one in report.findings if one.is_blocking and one.code == code]


def test_notices_do_not_block():
    rows = [*_rows(), ["G0", 0, 1, 2], ["G0", 1, 2, 2]]
    report = inspect_groups(_table(rows), NUMBERS)
    assert report.is_ready
    assert {"unequal_lengths", "alike_names"} <= {one.code for one in report.findings}


def test_absent_steps_become_rows_with_the_label_of_their_group():
    rows = _spoilt(5, 1, "4")
    chosen = replace(NUMBERS, gaps="insert", missing="forward_fill")
    built = build_groups(_table(rows), chosen)
    assert built.groups.lengths.tolist() == [5, 4, 4, 4, 4, 4]
    assert built.values["x"].tolist()[:5] == [0, 1, 2, 2, 3]
    assert built.values["y"].tolist()[:5] == [0.5] * 5
    assert built.file_rows[:5].tolist() == [2, 3, 4, -1, 5]


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="id has two"):
        Roles(targets=("id",), group="id")
    with pytest.raises(ConfigError, match="`missing` must be one of refuse"):
        replace(NUMBERS, missing="guess")
    report = inspect_groups(_table(_rows()), replace(NUMBERS, time=("when",)))
    assert [one.code for one in report.findings] == ["no_column"]


def test_a_snapshot_keeps_the_groups(tmp_path):
    built = build_groups(_table(_rows()), NUMBERS)
    groups = replace(built.groups, classes=("a", "ä"), class_column="y")
    digest = save_series(tmp_path, built.values, groups)
    content = (tmp_path / "data.parquet").read_bytes()
    assert digest == hashlib.sha256(content).hexdigest()
    loaded = load_snapshot(tmp_path, digest)
    pd.testing.assert_frame_equal(loaded.values, built.values)
    pd.testing.assert_frame_equal(load_series(tmp_path, digest), built.values)
    assert loaded.groups is not None
    assert (loaded.groups.names, loaded.groups.classes) == (groups.names, ("a", "ä"))
    np.testing.assert_array_equal(loaded.groups.codes, groups.codes)
    np.testing.assert_array_equal(loaded.groups.times, groups.times)
    with pytest.raises(StudyCorrupted, match="was changed after"):
        load_snapshot(tmp_path, "0" * 64)


def test_a_snapshot_of_one_series_has_no_groups(tmp_path):
    save_series(tmp_path, pd.DataFrame({"y": [1.0, 2.0]}))
    assert load_snapshot(tmp_path).groups is None


def test_group_rows_must_fit_together():
    with pytest.raises(SeriesError, match="`codes` must number the 2 groups"):
        GroupRows(np.array([0, 0, 2]), ("a", "b"))
    with pytest.raises(SeriesError, match="one value a row, got 1 for 2"):
        GroupRows(np.array([0, 1]), ("a", "b"), times=np.array([1.0]))


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (NUMBERS, "the shorter ones are padded at their beginning"),
        (
            replace(NUMBERS, label_scope="row"),
            "No window reaches from one into another",
        ),
        (
            GroupSettings(Roles(("x", "y"), group="id"), ("t",)),
            "No window reaches from one into another",
        ),
    ],
    ids=["a number a group", "a number a row", "many series"],
)
def test_padding_is_said_only_where_a_sample_may_be_a_whole_group(chosen, says):
    rows = [*_rows(), ["G0", 0, 1, 2], ["G0", 1, 2, 2]]
    assert says in _finding(rows, chosen, "unequal_lengths").message
