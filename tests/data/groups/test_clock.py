"""The times of the longest group, which tell what calendar inputs fit."""

import pandas as pd

from search.config import Roles
from search.data.groups.clock import longest_times
from search.data.groups.settings import GroupSettings
from search.data.table import read_table
from search.evaluation.calendar import fitting_cycles

ROLES = Roles(("sales",), group="shop")


def times_of(lines: list[str], time: tuple[str, ...] = ("day",)) -> pd.Index:
    content = "\n".join(["shop,day,sales", *lines, ""]).encode()
    table = read_table(content, name="shops.csv")
    return longest_times(table, GroupSettings(ROLES, time))


def test_times_of_the_longest_group_are_sorted_and_read_once() -> None:
    days = pd.date_range("2024-01-01", periods=20).strftime("%Y-%m-%d")
    lines = [f"north,{day},1" for day in days[::-1]]
    lines += [f"south,{day},2" for day in days[:9]]
    lines.insert(3, lines[0])
    times = times_of(lines)
    assert isinstance(times, pd.DatetimeIndex)
    assert times.strftime("%Y-%m-%d").tolist() == days.tolist()
    assert fitting_cycles(times) == ("weekday",)


def test_steps_that_are_counted_have_no_calendar() -> None:
    lines = [f"{name},{step},1" for name in "ab" for step in range(1, 8)]
    assert fitting_cycles(times_of(lines)) == ()
    assert len(times_of(lines, ())) == 7
