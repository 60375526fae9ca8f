"""What is wrong with the steps between time stamps, in words."""

import numpy as np
import pandas as pd

from search.data.findings import (
    N_NAMED,
    REFUSE,
    Finding,
    counted,
    first_places,
    listed,
)
from search.data.settings import CHOICES, SeriesSettings
from search.data.table import Table
from search.data.timing.frequency import Grid
from search.data.timing.stamps import stamp_text


def ignored_finding(settings: SeriesSettings) -> Finding:
    """Report that rows are counted because the steps differ, as was chosen."""
    text = (
        "The time stamps are not equally spaced; as chosen, the rows are counted and "
        "the time is not used."
    )
    return Finding(
        "irregular",
        "choice",
        text,
        setting="irregular",
        choices=CHOICES["irregular"],
        chosen=settings.irregular,
        repair="Rows are counted; the time stamps, not equally spaced, are not used.",
    )


def duplicate_finding(
    table: Table,
    settings: SeriesSettings,
    stamps: np.ndarray,
    rows: np.ndarray,
    is_later: np.ndarray,
) -> Finding:
    """Report rows with the time stamp of an earlier row."""
    count = int(is_later.sum())
    places = first_places(is_later)
    lines = table.file_rows(rows[places])
    text = (
        f"{counted(count, 'row')} {'repeats' if count == 1 else 'repeat'} the time "
        f"stamp of an earlier row: {listed(lines, n_all=count)}; the first is "
        f"{stamp_text(stamps[places[0]])}."
    )
    rule = settings.duplicates
    what = {"first": "the first row", "last": "the last row", "mean": "the mean"}
    return Finding(
        "duplicates",
        "choice",
        text,
        column=settings.time[0] if len(settings.time) == 1 else None,
        rows=lines,
        count=count,
        setting="duplicates",
        choices=CHOICES["duplicates"],
        chosen=rule,
        repair=""
        if rule == REFUSE
        else f"Of {counted(count, 'repeated time stamp')} {what[rule]} was kept.",
    )


def irregular_finding(
    table: Table,
    settings: SeriesSettings,
    stamps: np.ndarray,
    rows: np.ndarray,
    frequency: str | None,
    grid: Grid | None,
) -> Finding:
    """Report time stamps off the grid, or steps too different for one."""
    if grid is None:
        usual = pd.Timedelta(np.median(np.diff(stamps)))
        text = f"The steps between time stamps differ; half of them are above {usual}."
        lines: tuple[int, ...] = ()
        count = len(stamps)
    else:
        distinct = np.flatnonzero(np.concatenate([[True], stamps[1:] != stamps[:-1]]))
        off = distinct[grid.places < 0]
        count = len(off)
        lines = table.file_rows(rows[off[:N_NAMED]])
        text = (
            f"{counted(count, 'time stamp')} {'does' if count == 1 else 'do'} not lie "
            f"on the step of {frequency}: {listed(lines, n_all=count)}; the first is "
            f"{stamp_text(stamps[off[0]])}."
        )
    rule = settings.irregular
    return Finding(
        "irregular",
        "choice",
        text + " Take the mean of each step, or count rows.",
        column=settings.time[0] if len(settings.time) == 1 else None,
        rows=lines,
        count=count,
        setting="irregular",
        choices=CHOICES["irregular"],
        chosen=rule,
        repair=f"The mean of each step of {frequency} was taken."
        if rule == "resample"
        else "",
    )


def gap_finding(
    table: Table, settings: SeriesSettings, rows: np.ndarray, stamps: np.ndarray
) -> Finding:
    """Report absent time stamps: those with -1 in `rows`."""
    gaps = runs(rows < 0)
    count = int((rows < 0).sum())
    before = np.array([rows[start - 1] for start, _ in gaps[:N_NAMED]])
    longest = max(gaps, key=lambda gap: gap[1] - gap[0])
    n_longest = longest[1] - longest[0]
    lines = table.file_rows(before)
    where = f"after row {lines[0]}, {stamp_text(stamps[gaps[0][0] - 1])}"
    text = (
        f"{counted(count, 'time stamp')} {'is' if count == 1 else 'are'} absent in "
        f"{counted(len(gaps), 'gap')}, the first {where}"
    )
    if len(gaps) > 1:
        text += f"; the longest has {counted(n_longest, 'row')}"
    rule = settings.missing
    return Finding(
        "gaps",
        "choice",
        f"{text}. They count as missing values.",
        column=settings.time[0] if len(settings.time) == 1 else None,
        rows=lines,
        count=count,
        setting="missing",
        choices=CHOICES["missing"],
        chosen=rule,
        repair=""
        if rule == REFUSE
        else f"{counted(count, 'absent time stamp')} became rows of missing values.",
    )


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Return the half-open ranges in which `mask` is true.

    Examples
    --------
    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    if not mask.any():
        return []
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]
