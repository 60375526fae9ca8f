"""The time stamps of a table, what is wrong with them, and the order they give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.findings import (
    N_NAMED,
    REFUSE,
    Finding,
    counted,
    first_places,
    listed,
    n_true,
    shown,
)
from search.data.settings import CHOICES, SeriesSettings
from search.data.table import Table
from search.data.timing.time_formats import swapped
from search.data.timing.time_numbers import TimeStamps


@dataclass(frozen=True)
class OrderedStamps:
    """Readable time stamps in time order.

    Attributes
    ----------
    stamps
        datetime64[us], sorted; repeats are possible.
    rows
        Position in the table of each stamp.
    is_as_read
        Whether all rows of the table are there, in their order.
    format
        Format that was found or given; None if no format fits.
    findings
        What was found.
    """

    stamps: np.ndarray
    rows: np.ndarray
    is_as_read: bool
    format: str | None
    findings: tuple[Finding, ...]


def order_stamps(
    table: Table, settings: SeriesSettings, columns: Sequence[str]
) -> OrderedStamps:
    """Read and sort the time stamps; rows without one are left out."""
    try:
        times = table.times(
            columns, time_format=settings.time_format, day_first=settings.day_first
        )
    except ValueError:  # a strptime format that pandas does not know
        text = (
            f"`time_format` {settings.time_format!r} is not a format of time stamps. "
            "Write it like '%d.%m.%Y %H:%M', or let it be found out."
        )
        finding = Finding("time_format", "error", text)
        nothing = np.empty(0, dtype="datetime64[us]")
        return OrderedStamps(nothing, np.empty(0, np.int64), False, None, (finding,))
    findings = [
        *_unreadable_findings(table, settings, columns, times),
        *_day_order_findings(columns, times),
        *_zone_findings(table, columns, times),
    ]
    rows, stamps = np.arange(len(times.stamps)), times.stamps
    is_as_read = not times.is_unreadable.any()
    if not is_as_read:
        rows = np.flatnonzero(~times.is_unreadable)
        stamps = stamps[rows]
    is_back = np.diff(stamps) < np.timedelta64(0, "us")
    if is_back.any():
        findings.append(_unsorted_finding(table, columns, stamps, rows, is_back))
        order = np.argsort(stamps, kind="stable")
        stamps, rows, is_as_read = stamps[order], rows[order], False
    return OrderedStamps(stamps, rows, is_as_read, times.format, tuple(findings))


def stamp_text(stamp: np.datetime64) -> str:
    """Return a time stamp for a message, without a time of day at midnight."""
    moment = pd.Timestamp(stamp)
    if moment == moment.normalize():
        return moment.strftime("%Y-%m-%d")
    has_seconds = moment.second or moment.microsecond
    return moment.strftime("%Y-%m-%d %H:%M:%S" if has_seconds else "%Y-%m-%d %H:%M")


def named(columns: Sequence[str]) -> str:
    """Return ``column 'a'`` or ``columns 'a', 'b'``."""
    names = ", ".join(shown(name) for name in columns)
    return f"column {names}" if len(columns) == 1 else f"columns {names}"


def _unreadable_findings(
    table: Table, settings: SeriesSettings, columns: Sequence[str], times: TimeStamps
) -> list[Finding]:
    mask = times.is_unreadable
    count = n_true(mask)
    if not count:
        return []
    places = first_places(mask & ~times.is_missing)
    places = places if len(places) else first_places(mask)
    rows = table.file_rows(places)
    first = " ".join(str(table.frame[name].iloc[places[0]]) for name in columns)
    column = columns[0] if len(columns) == 1 else None
    if 2 * count > len(mask):
        text = (
            f"{named(columns).capitalize()} {'does' if column else 'do'} not hold time "
            f"stamps: row {rows[0]} has {shown(first)}. Choose another time column or "
            "format, or count rows."
        )
        return [Finding("not_a_time", "error", text, column, rows, count)]
    what = "is empty" if times.is_missing[places[0]] else f"has {shown(first)}"
    text = (
        f"{named(columns).capitalize()}, {listed(rows, n_all=count)}: "
        f"{counted(count, 'time stamp')} cannot be read; row {rows[0]} {what}."
        f"{_order_hint(times.format, first)}"
    )
    chosen = settings.bad_time
    rule = f"{counted(count, 'row')} without a readable time stamp"
    repair = f"{rule} {'was' if count == 1 else 'were'} left out."
    finding = Finding(
        "time_unreadable",
        "choice",
        text,
        column=column,
        rows=rows,
        count=count,
        setting="bad_time",
        choices=CHOICES["bad_time"],
        chosen=chosen,
        repair="" if chosen == REFUSE else repair,
    )
    return [finding]


def _order_hint(time_format: str | None, text: str) -> str:
    """Say so where a time stamp would be readable with day and month swapped."""
    other = swapped(time_format) if time_format else None
    if other is None or pd.isna(pd.to_datetime(text, format=other, errors="coerce")):
        return ""
    return " Day and month seem to change places in this file."


def _day_order_findings(columns: Sequence[str], times: TimeStamps) -> list[Finding]:
    if times.other_order is None:
        return []
    stamps = times.stamps[~times.is_unreadable]
    text = (
        f"{named(columns).capitalize()}: day and month can be swapped, both orders "
        f"read every row. Day first, the series begins on {stamp_text(stamps[0])} and "
        f"ends on {stamp_text(stamps[-1])}. Choose the order."
    )
    finding = Finding(
        "day_order",
        "choice",
        text,
        column=columns[0] if len(columns) == 1 else None,
        count=len(stamps),
        setting="day_first",
        choices=CHOICES["day_first"],
    )
    return [finding]


def _zone_findings(
    table: Table, columns: Sequence[str], times: TimeStamps
) -> list[Finding]:
    if times.zone is None:
        return []
    column = columns[0] if len(columns) == 1 else None
    if times.zone == "fixed":
        text = (
            f"{named(columns).capitalize()}: all time stamps have the same offset from "
            "UTC; it was left out and the clock time kept."
        )
        return [Finding("time_zone", "notice", text, column)]
    changes = times.zone_changes
    if changes is None:
        changes = np.empty(0, dtype=np.int64)
    rows = table.file_rows(changes[:N_NAMED])
    where = f", for the first time in row {rows[0]}" if rows else ""
    text = (
        f"{named(columns).capitalize()}: the offset from UTC changes{where}, as at "
        "daylight saving. The time stamps are shown in UTC, where the steps are equal."
    )
    repair = "Time stamps with a time zone were moved to UTC."
    return [
        Finding("time_zone", "notice", text, column, rows, len(changes), repair=repair)
    ]


def _unsorted_finding(
    table: Table,
    columns: Sequence[str],
    stamps: np.ndarray,
    rows: np.ndarray,
    is_back: np.ndarray,
) -> Finding:
    count = int(is_back.sum())
    places = first_places(is_back)
    lines = table.file_rows(rows[places + 1])
    column = columns[0] if len(columns) == 1 else None
    place = int(places[0])
    if count == len(stamps) - 1:
        text = "The rows run from the latest time stamp to the first; they were sorted."
    else:
        text = (
            f"{listed(lines, n_all=count).capitalize()} "
            f"{'is' if count == 1 else 'are'} earlier than the row before: "
            f"{stamp_text(stamps[place + 1])} follows {stamp_text(stamps[place])}. The "
            "rows were sorted."
        )
    repair = "The rows were sorted by time."
    return Finding("unsorted", "notice", text, column, lines, count, repair=repair)
