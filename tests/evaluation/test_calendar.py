"""Calendar cycles at times whose place in the cycle is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.config import CalendarCycle
from search.errors import ConfigError
from search.evaluation.calendar import calendar_columns, fitting_cycles

CYCLES: list[CalendarCycle] = ["hour", "weekday", "month"]


@pytest.mark.parametrize(
    ("cycle", "stamp", "turn"),
    [
        ("hour", "2024-05-17 00:00", 0.0),
        ("hour", "2024-05-17 06:00", 0.25),
        ("hour", "2024-05-17 10:30", 0.4375),
        ("hour", "2024-05-17 23:59:15", 1 - 0.75 / 1440),
        ("weekday", "2024-01-01 12:00", 0.0),
        ("weekday", "2024-01-04", 3 / 7),
        ("weekday", "2024-01-07", 6 / 7),
        ("month", "2024-01-01", 0.0),
        ("month", "2023-04-01", 0.25),
        ("month", "2024-02-15", (1 + 14 / 29) / 12),
        ("month", "2023-02-15", 1.5 / 12),
        ("month", "2024-12-31", (11 + 30 / 31) / 12),
    ],
)
def test_calendar_columns_place_in_the_cycle(
    cycle: CalendarCycle, stamp: str, turn: float
) -> None:
    columns = calendar_columns(pd.DatetimeIndex([stamp]), [cycle])
    assert columns[f"{cycle} (sine)"] == pytest.approx([np.sin(2 * np.pi * turn)])
    assert columns[f"{cycle} (cosine)"] == pytest.approx([np.cos(2 * np.pi * turn)])


def test_calendar_columns_follow_the_order_of_the_cycles() -> None:
    index = pd.date_range("2024-01-01", periods=4, freq="D")
    columns = calendar_columns(index, ["month", "hour"])
    assert list(columns) == [
        "month (sine)",
        "month (cosine)",
        "hour (sine)",
        "hour (cosine)",
    ]
    assert all(column.shape == (4,) for column in columns.values())


def test_calendar_columns_without_cycles_need_no_time_stamps() -> None:
    assert calendar_columns(pd.RangeIndex(5), []) == {}


def test_calendar_columns_refuses_counted_rows() -> None:
    with pytest.raises(ConfigError, match=r"\(hour, month\) need a time column"):
        calendar_columns(pd.RangeIndex(5), ["hour", "month"])


@pytest.mark.parametrize("cycle", CYCLES)
def test_calendar_columns_of_a_row_do_not_depend_on_other_rows(
    cycle: CalendarCycle,
) -> None:
    whole = pd.date_range("2024-02-27 05:00", periods=50, freq="7h")
    short = calendar_columns(whole[:20], [cycle])
    for name, column in calendar_columns(whole, [cycle]).items():
        assert column[:20].tobytes() == short[name].tobytes()


@given(
    stamp=st.datetimes(min_value=pd.Timestamp("1900-01-01").to_pydatetime()),
    cycle=st.sampled_from(CYCLES),
)
def test_calendar_columns_lie_on_the_circle(
    stamp: pd.Timestamp, cycle: CalendarCycle
) -> None:
    sine, cosine = calendar_columns(pd.DatetimeIndex([stamp]), [cycle]).values()
    assert sine**2 + cosine**2 == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("frequency", "n_rows", "expected"),
    [
        ("h", 24, ()),  # one day only
        ("h", 24 * 15, ("hour", "weekday")),
        ("D", 800, ("weekday", "month")),
        ("MS", 144, ("month",)),
        ("YS", 40, ()),
    ],
)
def test_fitting_cycles(frequency: str, n_rows: int, expected: tuple[str, ...]) -> None:
    index = pd.date_range("2020-01-01", periods=n_rows, freq=frequency)
    assert fitting_cycles(index) == expected


def test_fitting_cycles_of_counted_rows() -> None:
    assert fitting_cycles(pd.RangeIndex(100)) == ()
