from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data.timing.frequency import (
    check_frequency,
    infer_frequency,
    make_grid,
    nearest_round_step,
)
from search.errors import SeriesError


def _stamps(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def _every(frequency: str, start: str = "2024-01-03", n_rows: int = 60) -> np.ndarray:
    return pd.date_range(start, periods=n_rows, freq=frequency).to_numpy("M8[us]")


@pytest.mark.parametrize(
    ("frequency", "alias"),
    [
        ("MS", "MS"),
        ("ME", "ME"),
        ("2MS", "2MS"),
        ("QS", "QS"),
        ("QE", "QE"),
        ("QS-FEB", "3MS"),
        ("YS", "YS"),
        ("YE", "YE"),
        ("YS-APR", "12MS"),
        ("W-WED", "W-WED"),
        ("D", "D"),
        ("B", "B"),
        ("12h", "12h"),
        ("h", "h"),
        ("30min", "30min"),
        ("min", "min"),
        ("s", "s"),
        ("250ms", "250ms"),
    ],
)
def test_infer_frequency_and_its_grid_agree(frequency, alias):
    stamps = _every(frequency)
    assert infer_frequency(stamps) == alias
    grid = make_grid(stamps, alias)
    assert grid is not None
    np.testing.assert_array_equal(grid.stamps, stamps)
    np.testing.assert_array_equal(grid.places, np.arange(60))


def test_infer_frequency_survives_gaps():
    assert infer_frequency(np.delete(_every("MS"), [3, 4, 20])) == "MS"
    assert infer_frequency(np.delete(_every("30min"), [3, 4, 20])) == "30min"


def test_infer_frequency_needs_a_common_step():
    assert infer_frequency(_stamps("2024-01-01", "2024-01-02")) is None
    assert infer_frequency(_stamps("2024-01-01", "2024-01-02", "2024-01-05")) == "D"
    uneven = _stamps("2024-01-01", "2024-01-02", "2024-01-05", "2024-01-10")
    assert infer_frequency(uneven) is None


def test_seven_days_a_week_are_not_business_days():
    assert infer_frequency(np.delete(_every("D", n_rows=30), 10)) == "D"


def test_make_grid_finds_gaps_and_stamps_off_the_grid():
    stamps = _stamps(
        "2024-01-01T00", "2024-01-01T01", "2024-01-01T01:30", "2024-01-01T04"
    )
    grid = make_grid(stamps, "h")
    assert grid is not None
    assert grid.places.tolist() == [0, 1, -1, 4]
    assert len(grid.stamps) == 5
    assert grid.n_off == 1


def test_make_grid_refuses_an_absurd_length():
    stamps = _stamps("2024-01-01T00:00:00", "2024-01-01T00:00:01", "2034-01-01")
    assert make_grid(stamps, "s") is None
    assert make_grid(_stamps("0001-01-01", "9999-01-01"), "MS") is None


@pytest.mark.parametrize("alias", ["H?", "", "-1h", "0D", "T", "abc"])
def test_check_frequency_refuses_what_pandas_does_not_know(alias):
    with pytest.raises(SeriesError, match="`frequency` must be a step such as"):
        check_frequency(alias, _stamps("2024-01-03"))


def test_check_frequency_ties_weeks_to_the_first_day():
    assert check_frequency("W", _stamps("2024-01-03")) == "W-WED"
    assert check_frequency("2W", _stamps("2024-01-03")) == "2W-WED"
    assert check_frequency("15min", _stamps("2024-01-03")) == "15min"


def test_nearest_round_step():
    stamps = _stamps("2024-01-01T00:00", "2024-01-01T00:04", "2024-01-01T00:10")
    assert nearest_round_step(stamps) == "5min"
    assert nearest_round_step(stamps[:1]) is None


@given(st.lists(st.integers(1, 4), min_size=2, max_size=60))
def test_infer_frequency_takes_the_most_common_step(minutes):
    """Counted by hand; of equally common steps the shortest wins."""
    places = np.cumsum([0, *minutes])
    stamps = np.datetime64("2024-01-01", "us") + places.astype("timedelta64[m]")
    counts = Counter(minutes)
    most = max(counts.values())
    step = min(step for step, count in counts.items() if count == most)
    name = {1: "min"}.get(step, f"{step}min")
    expected = name if 2 * most >= len(minutes) else None
    assert infer_frequency(stamps.astype("datetime64[us]")) == expected


@given(st.lists(st.integers(1, 200), min_size=1, max_size=40))
def test_make_grid_places_each_stamp_or_says_that_it_is_off(seconds):
    """One look-up a stamp in a dictionary, as slow as it is plain."""
    places = np.cumsum([0, *seconds])
    stamps = np.datetime64("2024-01-01", "us") + places.astype("timedelta64[s]")
    grid = make_grid(stamps.astype("datetime64[us]"), "10s")
    by_stamp = {stamp: place for place, stamp in enumerate(grid.stamps.tolist())}
    expected = [by_stamp.get(stamp, -1) for stamp in stamps.tolist()]
    assert grid.places.tolist() == expected
    assert np.diff(grid.stamps).astype(int).tolist() == [10_000_000] * (
        int(places[-1]) // 10
    )


def test_make_grid_of_equal_steps_is_the_series_itself():
    stamps = _every("10min")
    grid = make_grid(stamps, "10min")
    assert grid.stamps.tolist() == stamps.tolist()
    assert grid.places.tolist() == list(range(60))
