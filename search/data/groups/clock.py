"""The time of each row of a table with groups: time stamps, or numbers of steps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.findings import Finding, counted, first_places, n_true, shown
from search.data.groups.choices import choice_finding
from search.data.groups.members import read_members
from search.data.groups.rows import n_rows_were
from search.data.groups.settings import GroupSettings
from search.data.settings import SeriesSettings
from search.data.table import Table
from search.data.timing.stamps import order_stamps
from search.data.timing.time_formats import unit_of_part
from search.data.timing.time_numbers import numeric_format_of


@dataclass(frozen=True)
class Clock:
    """The time of each row of a table.

    Attributes
    ----------
    time
        datetime64[us] or float64 of shape (n_rows,), NaT or NaN where unreadable; None
        without a time column.
    format
        Format of time stamps; None where numbers count steps.
    findings
        What was found in the columns.
    """

    time: np.ndarray | None
    format: str | None = None
    findings: tuple[Finding, ...] = ()


def read_clock(table: Table, settings: GroupSettings) -> Clock:
    """Read the time columns: time stamps, or one column of numbers."""
    if not settings.time:
        return Clock(None)
    if len(settings.time) == 1 and _counts_steps(table, settings):
        return _counted(table, settings)
    as_series = SeriesSettings(
        time=settings.time,
        roles=settings.roles,
        time_format=settings.time_format,
        day_first=settings.day_first,
        bad_time=settings.bad_time,  # type: ignore[arg-type]
    )
    ordered = order_stamps(table, as_series, settings.time)
    time = np.full(len(table.frame), np.datetime64("NaT", "us"))
    time[ordered.rows] = ordered.stamps
    # Each group has an order of its own, so that of the whole file says nothing.
    findings = tuple(one for one in ordered.findings if one.code != "unsorted")
    return Clock(time, ordered.format, findings)


def order_in_time_of(table: Table, codes: np.ndarray, time: tuple[str, ...]) -> bool:
    """Tell whether most groups begin at a time stamp of their own.

    Parameters
    ----------
    table
        What was read.
    codes
        Number of the group of each row, of shape (n_rows,).
    time
        Columns that make the time stamp.
    """
    numbers = table.numbers(time[0])
    if (
        len(time) == 1
        and numeric_format_of(table.frame[time[0]], table.options) is None
    ):
        if numbers.n_numbers and np.nanmax(numbers.values) < 1e7:
            return False
    stamps = table.times(time).stamps
    firsts = pd.Series(stamps).groupby(codes).min()
    return int(firsts.nunique()) > len(firsts) // 2


def _counts_steps(table: Table, settings: GroupSettings) -> bool:
    """Tell whether a column holds plain numbers such as cycles or seconds."""
    name = settings.time[0]
    column, numbers = table.frame[name], table.numbers(name)
    if settings.time_format is not None or not numbers.n_numbers:
        return False
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    if 2 * numbers.n_numbers < len(column) - n_true(numbers.is_missing):
        return False
    low, high = np.nanmin(numbers.values), np.nanmax(numbers.values)
    is_date = 1e7 <= low and high < 1e8  # such as 20240131
    is_year = unit_of_part(name) == "year"
    return (
        not is_date
        and not is_year
        and (numeric_format_of(column, table.options) is None)
    )


def _counted(table: Table, settings: GroupSettings) -> Clock:
    name = settings.time[0]
    values = table.numbers(name).values
    is_bad = np.isnan(values)
    count = n_true(is_bad)
    if not count:
        return Clock(values)
    places = first_places(is_bad)
    text = (
        f"Column {shown(name)} has no number in {counted(count, 'row')}, so their "
        f"place in time is not known; the first is {table.place(int(places[0]), name)}."
    )
    finding = choice_finding(
        "time_unreadable",
        text,
        settings,
        column=name,
        rows=table.file_rows(places),
        count=count,
        setting="bad_time",
        repair=f"{n_rows_were(count)} left out, without a readable time stamp.",
    )
    return Clock(values, None, (finding,))


def longest_times(table: Table, settings: GroupSettings) -> pd.Index:
    """Return when the rows of the longest group are, in their order.

    Row numbers where the table has no time stamps.
    """
    group = read_members(table, settings).group
    if not (group >= 0).any():
        return pd.RangeIndex(0)
    is_in = group == np.bincount(group[group >= 0]).argmax()
    times = read_clock(table, settings).time
    if times is None or times.dtype.kind != "M":
        return pd.RangeIndex(int(is_in.sum()))
    inside = times[is_in]
    return pd.DatetimeIndex(np.unique(inside[~np.isnat(inside)]))
