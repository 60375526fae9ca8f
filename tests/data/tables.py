"""Small tables for tests, written out as files."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from search.config import Roles
from search.data.series import SeriesReport, SeriesSettings
from search.data.table import Table, read_table

Rows = list[list[str]]
HEADER = "date,target,other"


def daily_rows(n_rows: int = 30) -> Rows:
    """Return thirty days; row 2 of the file is ``2024-01-01,10,0``."""
    return [
        [f"2024-01-{day + 1:02d}", str(10 + day % 7), str(2 * day)]
        for day in range(n_rows)
    ]


def as_csv(rows: Sequence[Sequence[str]], header: str = HEADER) -> bytes:
    return "\n".join([header, *(",".join(row) for row in rows), ""]).encode()


def edited(change: Callable[[Rows], object], n_rows: int = 30) -> bytes:
    """Write the daily table after `change` was applied to its rows."""
    rows = daily_rows(n_rows)
    change(rows)
    return as_csv(rows)


def with_cell(line: int, column: int, text: str) -> bytes:
    """Write the daily table with one cell replaced; `line` is that of the file."""

    def change(rows: Rows) -> None:
        rows[line - 2][column] = text

    return edited(change)


def with_times(stamps: Sequence[str]) -> bytes:
    """Write a table of the columns time and y, one row a stamp, y = 0, 1, 2, ..."""
    rows = [[stamp, str(number)] for number, stamp in enumerate(stamps)]
    return as_csv(rows, "time,y")


def table_of(content: bytes) -> Table:
    return read_table(content, name="test.csv")


def settings_of(
    target: str = "target",
    *features: str,
    time: tuple[str, ...] = ("date",),
    **choices: Any,
) -> SeriesSettings:
    roles = Roles(targets=(target,), past_features=features)
    return replace(SeriesSettings(time=time, roles=roles), **choices)


def missing_rows(report: SeriesReport, name: str) -> np.ndarray:
    """Return the rows of a column without a value, absent time stamps included."""
    return np.flatnonzero(report.frame_preview[name].isna())
