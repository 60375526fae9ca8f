"""The rows of each group in the order of time, and what is wrong with their steps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.findings import Finding, counted, first_places, n_true, shown
from search.data.groups.members import Members
from search.data.groups.rows import (
    INSERTED,
    GroupedRows,
    choice_finding,
    n_rows_were,
)
from search.data.groups.settings import GROUP_CHOICES, GroupSettings
from search.data.settings import SeriesSettings
from search.data.table import Table
from search.data.timing.frequency import infer_frequency, make_grid
from search.data.timing.stamps import named, order_stamps, stamp_text
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


@dataclass(frozen=True)
class Steps:
    """Rows with steps checked.

    Attributes
    ----------
    rows
        The rows, with absent steps inserted where that was chosen.
    frequency
        pandas offset alias of the step; None where rows are counted.
    findings
        Absent steps, and steps that differ.
    """

    rows: GroupedRows
    frequency: str | None
    findings: tuple[Finding, ...]


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


def order_rows(table: Table, members: Members, clock: Clock) -> GroupedRows:
    """Return the rows that have a group and a time, in the order of both.

    Rows of one time stamp keep the order of the file.
    """
    is_kept = members.group >= 0
    if clock.time is not None:
        is_kept &= ~pd.isna(clock.time)
    rows = np.flatnonzero(is_kept)
    group = members.group[rows]
    keys = (group,) if clock.time is None else (clock.time[rows], group)
    order = np.lexsort(keys)
    rows = rows[order]
    time = None if clock.time is None else clock.time[rows]
    return GroupedRows(table, rows, group[order], members.names, time)


def unsorted_findings(grouped: GroupedRows, settings: GroupSettings) -> list[Finding]:
    """Report rows that stand before an earlier one of their group."""
    is_back = np.diff(grouped.rows) < 0
    is_back &= np.diff(grouped.group) == 0
    count = n_true(is_back)
    if grouped.time is None or not count:
        return []
    places = np.flatnonzero(is_back)
    text = (
        f"Rows are not in the order of {named(settings.time)} within their groups: "
        f"{grouped.listed(places)}. They were sorted."
    )
    return [
        Finding(
            "unsorted",
            "notice",
            text,
            settings.time[0],
            grouped.lines(places),
            count,
            repair="The rows of each group were sorted by time.",
        )
    ]


def repeated_rows(grouped: GroupedRows) -> np.ndarray:
    """Return which rows have group and time of the row before, of shape (n_rows,)."""
    is_same = np.zeros(len(grouped), dtype=bool)
    if grouped.time is not None:
        is_same[1:] = (np.diff(grouped.group) == 0) & (
            grouped.time[1:] == grouped.time[:-1]
        )
    return is_same


def duplicate_findings(
    grouped: GroupedRows, settings: GroupSettings, is_repeated: np.ndarray
) -> list[Finding]:
    """Report rows with group and time stamp of an earlier row."""
    count = n_true(is_repeated)
    if not count:
        return []
    places = np.flatnonzero(is_repeated)
    text = (
        f"{counted(count, 'row')} {'repeats' if count == 1 else 'repeat'} the time "
        f"stamp of an earlier row of the same group: {grouped.listed(places)}."
    )
    kept = {"first": "the first row", "last": "the last row", "mean": "the mean"}
    rule = kept.get(settings.duplicates, "")
    return [
        choice_finding(
            "duplicates",
            text,
            column=settings.time[0] if len(settings.time) == 1 else None,
            rows=grouped.lines(places),
            count=count,
            setting="duplicates",
            choices=GROUP_CHOICES["duplicates"],
            chosen=settings.duplicates,
            repair=f"Of {counted(count, 'repeated time stamp')} within a group {rule} "
            "was kept.",
        )
    ]


def check_steps(grouped: GroupedRows, settings: GroupSettings) -> Steps:
    """Check that the steps within each group are equal; insert rows where chosen."""
    if grouped.time is None or repeated_rows(grouped).any() or not len(grouped):
        return Steps(grouped, None, ())
    frequency = _frequency(grouped)
    places = _places(grouped, frequency)
    if places is None:
        return _irregular(grouped, settings, np.flatnonzero(_is_other_step(grouped)))
    is_off = places < 0
    if is_off.any():
        return _irregular(grouped, settings, np.flatnonzero(is_off))
    is_inside = np.diff(grouped.group, prepend=-1) == 0
    n_absent = np.where(is_inside, np.diff(places, prepend=0) - 1, 0)
    if not n_absent.any():
        return Steps(grouped, frequency, ())
    return _gaps(grouped, settings, frequency, n_absent)


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
        column=name,
        rows=table.file_rows(places),
        count=count,
        setting="bad_time",
        choices=GROUP_CHOICES["bad_time"],
        chosen=settings.bad_time,
        repair=f"{n_rows_were(count)} left out, without a readable time stamp.",
    )
    return Clock(values, None, (finding,))


def _frequency(grouped: GroupedRows) -> str | None:
    """Return the step of the longest group."""
    assert grouped.time is not None
    if grouped.time.dtype.kind != "M":
        return None
    longest = int(grouped.lengths.argmax())
    start = int(grouped.starts[longest])
    return infer_frequency(grouped.time[start : start + grouped.lengths[longest]])


def _is_other_step(grouped: GroupedRows) -> np.ndarray:
    """Return the rows whose step from the one before is not the most common one."""
    assert grouped.time is not None
    is_inside = np.diff(grouped.group, prepend=-1) == 0
    if not is_inside.any():
        return is_inside
    steps = np.diff(grouped.time, prepend=grouped.time[:1]).astype(np.float64)
    values, counts = np.unique(np.round(steps[is_inside], 9), return_counts=True)
    usual = values[counts.argmax()]
    return is_inside & ~np.isclose(steps, usual, rtol=1e-6, atol=0)


def _places(grouped: GroupedRows, frequency: str | None) -> np.ndarray | None:
    """Return the step of each row counted from the start of its group.

    -1 for rows off the grid; None where there is no common step.
    """
    assert grouped.time is not None
    if grouped.time.dtype.kind != "M":
        return _counted_places(grouped)
    if frequency is None:
        return None
    places = np.empty(len(grouped), dtype=np.int64)
    for start, length in zip(grouped.starts, grouped.lengths, strict=True):
        grid = make_grid(grouped.time[start : start + length], frequency)
        if grid is None:
            return None
        places[start : start + length] = grid.places
    return places


def _counted_places(grouped: GroupedRows) -> np.ndarray | None:
    assert grouped.time is not None
    is_inside = np.diff(grouped.group, prepend=-1) == 0
    if not is_inside.any():
        return np.zeros(len(grouped), dtype=np.int64)
    steps = np.diff(grouped.time, prepend=grouped.time[:1])
    values, counts = np.unique(np.round(steps[is_inside], 9), return_counts=True)
    usual = values[counts.argmax()]
    if usual <= 0 or 2 * counts.max() < counts.sum():
        return None
    distance = (grouped.time - grouped.spread(grouped.time[grouped.starts])) / usual
    places = np.round(distance)
    is_on = np.isclose(distance, places, rtol=1e-6, atol=1e-3)
    if places.max(initial=0) > 10 * len(grouped) + 1_000:
        return None
    return np.where(is_on, places, -1).astype(np.int64)


def _irregular(
    grouped: GroupedRows, settings: GroupSettings, places: np.ndarray
) -> Steps:
    if not len(places):
        return Steps(grouped, None, ())
    count = len(places)
    text = (
        f"The steps of {named(settings.time)} differ within groups in "
        f"{counted(count, 'place')}: {grouped.listed(places)}. The first stands at "
        f"{_moment(grouped, int(places[0]))}."
    )
    finding = choice_finding(
        "irregular",
        text,
        column=settings.time[0],
        rows=grouped.lines(places),
        count=count,
        setting="irregular",
        choices=GROUP_CHOICES["irregular"],
        chosen=settings.irregular,
        repair="The rows of each group are counted; the time between them, which "
        "differs, is not used.",
    )
    return Steps(grouped, None, (finding,))


def _gaps(
    grouped: GroupedRows,
    settings: GroupSettings,
    frequency: str | None,
    n_absent: np.ndarray,
) -> Steps:
    places = np.flatnonzero(n_absent)
    total = int(n_absent.sum())
    n_groups = len(np.unique(grouped.group[places]))
    repairs = {
        "insert": f"{counted(total, 'absent step')} within groups became rows of "
        "missing values.",
        "ignore": f"{counted(total, 'absent step')} within groups were ignored; rows "
        "are counted.",
    }
    text = (
        f"{counted(total, 'step')} {'is' if total == 1 else 'are'} absent within "
        f"{counted(n_groups, 'group')}: before {grouped.listed(places)}. The first "
        f"one lies before {_moment(grouped, int(places[0]))}."
    )
    finding = choice_finding(
        "gaps",
        text,
        column=settings.time[0],
        rows=grouped.lines(places),
        count=total,
        setting="gaps",
        choices=GROUP_CHOICES["gaps"],
        chosen=settings.gaps,
        repair=repairs.get(settings.gaps, ""),
    )
    if settings.gaps != "insert":
        is_counted = settings.gaps == "ignore"
        return Steps(grouped, None if is_counted else frequency, (finding,))
    return Steps(_with_inserted(grouped, n_absent), frequency, (finding,))


def _with_inserted(grouped: GroupedRows, n_absent: np.ndarray) -> GroupedRows:
    """Put as many rows before each row as steps are absent there."""
    assert grouped.time is not None
    n_rows = len(grouped) + int(n_absent.sum())
    at = np.arange(len(grouped)) + np.cumsum(n_absent)
    rows = np.full(n_rows, INSERTED, dtype=np.int64)
    rows[at] = grouped.rows
    group = np.repeat(grouped.group, n_absent + 1)
    missing = np.datetime64("NaT", "us") if grouped.time.dtype.kind == "M" else np.nan
    time = np.full(n_rows, missing, dtype=grouped.time.dtype)
    time[at] = grouped.time
    for place in np.flatnonzero(n_absent):
        start, stop = int(at[place - 1]), int(at[place])
        width = (time[stop] - time[start]) / (stop - start)
        # Steps of months are not equally long; the stamps between are for show only.
        time[start + 1 : stop] = time[start] + width * np.arange(1, stop - start)
    return GroupedRows(grouped.table, rows, group, grouped.names, time)


def _moment(grouped: GroupedRows, place: int) -> str:
    assert grouped.time is not None
    moment = grouped.time[place]
    return stamp_text(moment) if grouped.time.dtype.kind == "M" else f"{moment:g}"


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
