"""Rows behind the end of each series, whose known columns a forecast needs."""

import pandas as pd
import pytest

from search.config import Roles
from search.data.newer.groups import NewGroups, read_new_groups
from search.data.source import Source
from search.errors import SeriesError

READING: dict[str, str | bool | None] = {
    "format": "csv",
    "delimiter": ",",
    "decimal": ".",
    "missing": "refuse",
    "time_format": "iso",
}
ROLES = Roles(("sales",), ("stock",), ("promotion",), group="shop")
SOURCE = Source("old.csv", reading=READING, time_columns=("day",), frequency="D")
LINES = [
    *("north,2024-01-01,5,1,0", "north,2024-01-02,6,2,0", "north,2024-01-03,7,3,1"),
    *("north,2024-01-04,,,1", "north,2024-01-05,,,0"),
    *("south,2024-01-01,15,1,1", "south,2024-01-02,16,2,0"),
]


def read(lines: list[str], roles: Roles = ROLES) -> NewGroups:
    content = "\n".join(["shop,day,sales,stock,promotion", *lines, ""])
    return read_new_groups(
        content.encode(), name="new.csv", source=SOURCE, roles=roles, kind="forecasting"
    )


@pytest.mark.parametrize("step", [1, -1])
def test_rows_behind_the_last_target_are_the_future(step: int) -> None:
    """Whatever the order of the file."""
    new = read(LINES[::step])
    north = new.frame[new.frame["shop"].astype(str) == "north"]
    assert north["sales"].tolist() == [5, 6, 7]
    assert new.future is not None
    assert list(new.future) == ["promotion", "shop"]
    assert new.future["promotion"].tolist() == [1, 0]
    assert set(new.future["shop"].astype(str)) == {"north"}
    days = pd.DatetimeIndex(new.future.index).strftime("%d").tolist()
    assert days == ["04", "05"]


def test_a_gap_before_a_target_is_no_future() -> None:
    with pytest.raises(SeriesError, match="'sales'"):
        read([*LINES, "north,2024-01-06,9,4,0"])


def test_a_future_row_without_what_has_to_be_known_is_refused() -> None:
    with pytest.raises(SeriesError, match="'promotion'"):
        read([*LINES[:4], "north,2024-01-05,,,", *LINES[5:]])


def test_a_file_without_a_future_has_none() -> None:
    new = read([*LINES[:3], *LINES[5:]])
    assert new.future is not None
    assert not len(new.future)
    plain = read([*LINES[:3], *LINES[5:]], Roles(("sales",), ("stock",), group="shop"))
    assert plain.future is None
