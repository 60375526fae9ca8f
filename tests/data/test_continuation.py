"""Where newer rows go on: overlap, gap, other values, rows without a time."""

import numpy as np
import pandas as pd
import pytest

from search.data import continuation
from search.data.continuation import continue_series
from search.errors import SeriesError


def hours(start: int, stop: int) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=stop, freq="h")[start:]
    return pd.DataFrame({"a": np.arange(start, stop, dtype=float) ** 2}, index=index)


def counted(start: int, stop: int) -> pd.DataFrame:
    return pd.DataFrame({"a": np.arange(start, stop, dtype=float) ** 2})


def test_rows_that_follow_are_new() -> None:
    found = continue_series(hours(0, 50), hours(50, 60))
    assert (found.first_new, found.n_new, found.n_overlap, found.n_gap) == (
        50,
        10,
        0,
        0,
    )
    pd.testing.assert_frame_equal(found.series, hours(0, 60))


def test_rows_of_both_are_counted_and_the_old_values_kept() -> None:
    newer = hours(40, 60)
    newer.iloc[3] = -1.0
    found = continue_series(hours(0, 50), newer)
    assert (found.n_overlap, found.n_changed, found.n_new) == (10, 1, 10)
    assert found.first_changed == pd.Timestamp("2024-01-02 19:00")
    pd.testing.assert_frame_equal(found.series, hours(0, 60))


def test_after_a_gap_only_the_new_rows_follow_each_other() -> None:
    found = continue_series(hours(0, 50), hours(53, 60))
    assert (found.n_gap, found.first_new, found.n_new) == (3, 0, 7)
    pd.testing.assert_frame_equal(found.series, hours(53, 60))


def test_rows_before_the_study_are_left_out() -> None:
    found = continue_series(hours(10, 50), hours(0, 60))
    assert (found.n_earlier, found.n_overlap, found.n_new) == (10, 40, 10)


def test_months_follow_months() -> None:
    index = pd.date_range("2024-01-31", periods=9, freq="ME")
    frame = pd.DataFrame({"a": np.arange(9.0)}, index=index)
    assert continue_series(frame[:5], frame[5:]).n_gap == 0
    assert continue_series(frame[:5], frame[7:]).n_gap == 2


@pytest.mark.parametrize("start", [45, 55])
def test_stamps_between_the_steps_are_refused(start: int) -> None:
    newer = hours(start, 60)
    newer.index = newer.index + pd.Timedelta("20min")
    with pytest.raises(SeriesError, match="does not lie on the steps of the study"):
        continue_series(hours(0, 50), newer)


@pytest.mark.parametrize("start", [0, 30])
def test_counted_rows_overlap_where_their_values_are_equal(start: int) -> None:
    found = continue_series(counted(0, 50), counted(start, 60))
    assert (found.n_overlap, found.n_new, found.is_assumed) == (50 - start, 10, False)
    pd.testing.assert_frame_equal(found.series, counted(0, 60))


def test_counted_rows_inside_the_study_are_not_new() -> None:
    found = continue_series(counted(0, 50), counted(10, 40))
    assert (found.n_overlap, found.n_new) == (30, 0)


def test_few_equal_values_are_no_overlap() -> None:
    """A sensor at rest ends and begins with the same value."""
    old = pd.DataFrame({"a": [*range(30), *[0.0] * 20]}, dtype=float)
    newer = pd.DataFrame({"a": [*[0.0] * 20, *range(5)]}, dtype=float)
    found = continue_series(old, newer)
    assert found.is_assumed
    assert found.n_new == 25


def test_no_rows_change_nothing() -> None:
    assert continue_series(hours(0, 50), hours(0, 0)).n_new == 0


def test_rows_of_the_study_behind_the_file_are_counted() -> None:
    assert continue_series(hours(0, 50), hours(30, 44)).n_after == 6
    assert continue_series(hours(0, 50), hours(30, 60)).n_after == 0
    assert continue_series(counted(0, 50), counted(10, 40)).n_after == 10


def test_a_place_is_found_among_values_that_repeat() -> None:
    """Ten thousand equal first values were once compared to the end each."""
    generator = np.random.default_rng(0)
    values = np.where(np.arange(20_000) % 40, 0.0, generator.integers(1, 9, 20_000))
    old, newer = values[:19_000], values[12_345:]
    found = continue_series(pd.DataFrame({"a": old}), pd.DataFrame({"a": newer}))
    assert (found.n_overlap, found.n_new) == (19_000 - 12_345, 1_000)


def test_two_values_are_no_overlap_however_many_rows() -> None:
    values = pd.DataFrame({"a": np.arange(60) % 2.0})
    assert continue_series(values[:50], values[20:]).is_assumed


def test_comparisons_do_not_grow_with_repeated_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of the equal values was once a place at which all rows were compared."""
    compared: list[int] = []
    differs = continuation._differs

    def counting(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        compared.append(len(first))
        return differs(first, second)

    monkeypatch.setattr(continuation, "_differs", counting)
    rest = [*[0.0] * 3_000, *range(1, 30)]
    old = pd.DataFrame({"a": [*rest, *[0.0] * 3_000]})
    newer = pd.DataFrame({"a": [*[0.0] * 2_000, *range(31, 60)]})
    assert continue_series(old, newer).is_assumed
    assert sum(compared) < 20_000


def test_a_gap_of_ages_is_counted_without_its_stamps() -> None:
    index = pd.date_range("1900-01-01", periods=50, freq="s")
    old = pd.DataFrame({"a": np.arange(50.0)}, index=index)
    newer = old.set_axis(index + pd.Timedelta(days=40_000))
    newer.index.freq = "s"
    assert continue_series(old, newer).n_gap == 40_000 * 86_400 - 50
    days = pd.DataFrame(
        {"a": np.arange(9.0)}, index=pd.date_range("2024-01-01", periods=9, freq="2D")
    )
    assert continue_series(days[:5], days[7:]).n_gap == 2
