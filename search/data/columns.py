"""What each column holds, and what it could be used for."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from search.data.cells import LEAST_NUMBERS, MAX_CATEGORIES
from search.data.reading.numbers import missing_mask, to_numbers
from search.data.reading.options import ReadOptions
from search.data.reading.spelling import looks_like_time
from search.data.table import Table
from search.data.timing.time_formats import (
    PART_ORDER,
    is_time_name,
    numeric_format,
    unit_of_part,
)
from search.data.timing.times import read_stamps

ColumnKind = Literal["number", "time", "category", "text", "empty"]

_UNIT = re.compile(r".*\S\s*[\[(]\s*([^\[\]()]{1,20}?)\s*[\])]\s*")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?", re.IGNORECASE)
_N_EXAMPLES_FROM = 400
_LEAST_TIMES = 0.8


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds.

    Attributes
    ----------
    name
        Name as in the file.
    kind
        ``number`` where at least four cells of five are numbers, ``time`` where they
        are time stamps, ``category`` for at most 20 distinct texts.
    examples
        Up to three distinct values as in the file, from its beginning.
    unit
        Unit in the column name, such as ``°C``; None without one.
    """

    name: str
    kind: ColumnKind
    examples: tuple[str, ...]
    unit: str | None


def profile_columns(table: Table) -> tuple[ColumnProfile, ...]:
    """Describe every column of `table`, in its order."""
    return tuple(_profile(table, str(name)) for name in table.frame.columns)


def suggest_time(table: Table) -> tuple[str, ...]:
    """Return the columns that make the time stamp; () where rows are counted.

    Several columns are parts, such as ``year, month, day, hour``, or a date and a
    time of day.
    """
    names = [str(name) for name in table.frame.columns]
    times = [name for name in names if _is_time(table, name)]
    if times:
        best = next((name for name in times if is_time_name(name)), times[0])
        clock = _clock_beside(table, best)
        return (best, clock) if clock else (best,)
    parts = _parts_among(names)
    if len(parts) == 1 and not table.frame[parts[0]].is_unique:
        return ()
    return parts


def suggest_targets(table: Table) -> tuple[str, ...]:
    """Return the last number column that is not part of the time stamp, or ().

    Columns with one or two values, such as flags, come last.
    """
    time = set(suggest_time(table))
    flags: list[str] = []
    for name in reversed([str(column) for column in table.frame.columns]):
        if name not in time and _looked_at_kind(table, name) == "number":
            if table.some_cells(name).nunique() > 2:
                return (name,)
            flags.append(name)
    return tuple(flags[:1])


def unit_of(column_name: str) -> str | None:
    """Return the unit in brackets at the end of a column name.

    Examples
    --------
    >>> unit_of("temperature [°C]"), unit_of("flow (m3/h)"), unit_of("Passengers")
    ('°C', 'm3/h', None)
    """
    found = _UNIT.fullmatch(column_name)
    return found[1] if found else None


def _profile(table: Table, name: str) -> ColumnProfile:
    kind = _looked_at_kind(table, name)
    if kind == "text" and _has_few_texts(table, name):
        kind = "category"
    first = table.frame[name].iloc[:_N_EXAMPLES_FROM]
    examples = first[~missing_mask(first)].drop_duplicates().iloc[:3]
    return ColumnProfile(
        name=name,
        kind=kind,
        examples=tuple(str(value) for value in examples),
        unit=unit_of(name),
    )


def _has_few_texts(table: Table, name: str) -> bool:
    """Tell whether a column has at most as many texts as can become categories."""
    if _n_texts(table.some_cells(name)) > MAX_CATEGORIES:
        return False
    return _n_texts(table.frame[name]) <= MAX_CATEGORIES


def _n_texts(column: pd.Series) -> int:
    """Return the number of distinct cells that are not missing."""
    distinct = pd.Series(column.unique())
    return int((~missing_mask(distinct)).sum())


def _looked_at_kind(table: Table, name: str) -> ColumnKind:
    """Return the kind without ``category``, by cells from all over the file."""
    numbers = to_numbers(table.some_cells(name), table.options)
    n_present = int((~numbers.is_missing).sum())
    if not n_present:
        full = table.numbers(name)
        if full.is_missing.all():
            return "empty"
        return "number" if full.n_numbers else "text"
    if _is_time(table, name):
        return "time"
    n_numeric = n_present - int(numbers.is_unreadable.sum())
    return "number" if n_numeric >= LEAST_NUMBERS * n_present else "text"


def _is_time(table: Table, name: str) -> bool:
    """Tell whether a column alone holds time stamps.

    Numbers count as such only under a name such as ``time``, or where they rise like
    seconds since 1970.
    """
    column = table.some_cells(name)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    numbers = to_numbers(column, table.options)
    n_present = int((~numbers.is_missing).sum())
    if not n_present:
        return False
    if 2 * numbers.n_numbers > n_present:
        return _counts_time(name, numbers.values)
    times = read_stamps([column], table.options)
    n_read = int((~times.is_unreadable).sum())
    if n_read >= _LEAST_TIMES * n_present:
        return True
    # Dates with day and month in changing order are still dates, to be reported.
    n_alike = sum(looks_like_time(str(text).strip()) for text in column)
    return n_alike >= _LEAST_TIMES * n_present and 3 * n_read > n_present


def _counts_time(name: str, values: np.ndarray) -> bool:
    """Tell whether numbers are time stamps: 20240131, or counted since some day."""
    present = values[np.isfinite(values)]
    if unit_of_part(name) is not None:
        return False
    if is_time_name(name) and present.min() > 1e7 and present.max() < 1e8:
        texts = pd.Series(present.astype(np.int64), name=name).astype("str")
        return not read_stamps([texts], ReadOptions()).is_unreadable.any()
    return numeric_format(name, present) is not None


def _clock_beside(table: Table, date: str) -> str | None:
    """Return the column of times of day that goes with a column of dates."""
    dates = read_stamps([table.some_cells(date)], table.options).stamps
    days = dates.astype("datetime64[D]").astype(dates.dtype)
    if not ((days == dates) | np.isnat(dates)).all():
        return None
    for name in table.frame.columns:
        texts = table.some_cells(str(name)).astype("str").str.strip()
        if name != date and len(texts) and texts.map(_is_clock).mean() >= _LEAST_TIMES:
            return str(name)
    return None


def _is_clock(text: object) -> bool:
    return isinstance(text, str) and _CLOCK.fullmatch(text) is not None


def _parts_among(names: list[str]) -> tuple[str, ...]:
    """Return the columns called year, month and so on, coarsest first."""
    by_unit = {unit_of_part(name): name for name in reversed(names)}
    parts: list[str] = []
    for unit in PART_ORDER:
        if unit not in by_unit:
            break
        parts.append(by_unit[unit])
    return tuple(parts)
