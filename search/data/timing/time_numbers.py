"""Time stamps made of numbers: counted units, or parts such as year and month."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.reading.numbers import to_numbers
from search.data.reading.options import ReadOptions
from search.data.timing.time_formats import (
    EPOCHS,
    EXCEL,
    PARTS,
    numeric_format,
    part_units,
)

NAIVE = np.dtype("datetime64[us]")
N_TRIED = 300
_EXCEL_START = np.datetime64("1899-12-30", "us")


@dataclass(frozen=True)
class TimeStamps:
    """Time stamps of a table.

    Attributes
    ----------
    stamps
        datetime64[us] of shape (n_rows,), without zone; NaT where unreadable.
    is_missing
        Rows whose cell is empty; they are unreadable too.
    format
        ``iso``, ``epoch_s``, ``epoch_ms``, ``epoch_us``, ``epoch_ns``, ``excel``,
        ``parts`` or a strptime format; None if nothing fits.
    other_order
        Format with day and month swapped, where it reads every cell as well.
    zone
        ``mixed`` where offsets differ and the stamps were moved to UTC, ``fixed``
        where one offset was dropped; otherwise None.
    zone_changes
        Positions of the rows with another offset than the row before.
    offset
        The one offset from UTC that was dropped; None in the other cases.
    """

    stamps: np.ndarray
    is_missing: np.ndarray
    format: str | None
    other_order: str | None = None
    zone: str | None = None
    zone_changes: np.ndarray | None = None
    offset: np.timedelta64 | None = None

    @property
    def is_unreadable(self) -> np.ndarray:
        """Mask of the rows without a time stamp, of shape (n_rows,)."""
        return np.isnat(self.stamps)


def are_parts(columns: Sequence[pd.Series], options: ReadOptions) -> bool:
    """Tell whether columns are numeric parts, such as year, month and day."""
    if part_units([str(column.name) for column in columns]) is None:
        return False
    if len(columns) > 1:
        return True
    years = to_numbers(columns[0].iloc[:N_TRIED], options)
    return years.n_numbers > 0.5 * len(years.values)


def numeric_format_of(column: pd.Series, options: ReadOptions) -> str | None:
    """Return how the numbers of a column count time; None where they do not."""
    step = max(1, len(column) // N_TRIED)
    numbers = to_numbers(column.iloc[::step], options).values
    present = numbers[np.isfinite(numbers)]
    if len(present) < 0.8 * len(numbers):
        return None
    return numeric_format(str(column.name), present)


def from_numbers(
    column: pd.Series, options: ReadOptions, name: str, is_missing: np.ndarray
) -> TimeStamps:
    """Read numbers that count seconds, finer units, or days as Excel does."""
    numbers = to_numbers(column, options).values
    factor = 86_400e6 if name == EXCEL else EPOCHS[name]
    micros = numbers * factor
    # Outside of these pandas has no time stamps.
    is_good = np.abs(micros) < 2.5e17
    whole = np.where(is_good, np.round(micros), 0).astype("timedelta64[us]")
    start = _EXCEL_START if name == EXCEL else np.datetime64(0, "us")
    stamps = np.where(is_good, start + whole, np.datetime64("NaT", "us"))
    return TimeStamps(stamps.astype(NAIVE), is_missing, name)


def from_parts(
    columns: Sequence[pd.Series], names: Sequence[str], options: ReadOptions
) -> TimeStamps:
    """Assemble year, month, day and so on; impossible days become NaT."""
    units = part_units(names) or {}
    parts = {
        unit: to_numbers(columns[place], options).values
        for unit, place in units.items()
    }
    n_rows = len(columns[0])
    is_missing = np.zeros(n_rows, dtype=bool)
    is_good = np.ones(n_rows, dtype=bool)
    bounds = {"month": (1, 12), "day": (1, 31), "hour": (0, 23), "year": (1, 9999)}
    for unit, values in parts.items():
        low, high = bounds.get(unit, (0, 59))
        is_missing |= np.isnan(values)
        is_good &= (values >= low) & (values <= high) & (values == np.floor(values))

    def whole(unit: str, default: int) -> np.ndarray:
        values = parts.get(unit, np.full(n_rows, float(default)))
        return np.where(is_good, values, default).astype(np.int64)

    months = (whole("year", 1970) - 1970) * 12 + whole("month", 1) - 1
    first = months.astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (whole("day", 1) - 1)
    is_good &= days.astype("datetime64[M]") == first
    seconds = (whole("hour", 0) * 60 + whole("minute", 0)) * 60 + whole("second", 0)
    stamps = days.astype(NAIVE) + seconds.astype("timedelta64[s]")
    stamps[~is_good] = np.datetime64("NaT")
    return TimeStamps(stamps, is_missing, PARTS)
