"""The rows of each group in the order of time, and what is wrong with their order."""

import numpy as np
import pandas as pd

from search.data.findings import Finding, counted, n_true
from search.data.groups.choices import choice_at
from search.data.groups.clock import Clock
from search.data.groups.members import Members
from search.data.groups.rows import GroupedRows
from search.data.groups.settings import GroupSettings
from search.data.table import Table
from search.data.timing.stamps import named


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
        choice_at(
            grouped,
            places,
            "duplicates",
            text,
            settings,
            column=settings.time[0] if len(settings.time) == 1 else None,
            setting="duplicates",
            repair=f"Of {counted(count, 'repeated time stamp')} within a group {rule} "
            "was kept.",
        )
    ]
