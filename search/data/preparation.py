"""The way from a table to a series, step by step, with everything found on it."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.cells import Cells, read_cells
from search.data.filling import FilledRows, fill_missing, missing_findings
from search.data.findings import Finding, shown
from search.data.settings import SeriesSettings
from search.data.stacking import stacked_in_rows, stacked_in_time
from search.data.table import Table
from search.data.timing.spacing import SpacedRows, count_rows, space_rows
from search.data.timing.stamps import order_stamps

MIN_ROWS = 10
_ALMOST_DATE = re.compile(r"\d+[-/.:]\d+([-/.: T].*)?")


@dataclass(frozen=True)
class Prepared:
    """A table on its way to a series.

    Attributes
    ----------
    spaced
        Rows in order, nothing filled.
    filled
        Rows after filling.
    categories
        Values of each text column among the features.
    time_format
        Format of the time stamps; None where rows are counted.
    findings
        Everything found, in reading order.
    """

    spaced: SpacedRows
    filled: FilledRows
    categories: dict[str, tuple[str, ...]]
    time_format: str | None
    findings: tuple[Finding, ...]

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was done to the data, one sentence each."""
        of_findings = (f.repair for f in self.findings if f.repair)
        return (*of_findings, *self.filled.repairs)


def prepare(table: Table, settings: SeriesSettings) -> Prepared:
    """Read, sort, space and fill; problems become findings, never errors."""
    absent = _absent_columns(table, settings)
    columns = [name for name in settings.roles.columns if name in table.frame.columns]
    cells = read_cells(table, settings, columns)
    codes = tuple(cells.categories)
    spaced, time_format, of_time = _in_time(table, settings, cells, codes)
    of_missing = missing_findings(table, spaced, settings.missing, cells.is_refused)
    filled = FilledRows(spaced.frame, False, ())
    if spaced.is_equal:
        filled = fill_missing(spaced.frame, settings.missing, codes)
    findings = [
        *table.findings,
        *absent,
        *cells.findings,
        *of_time,
        *spaced.findings,
        *of_missing,
        *_whole_findings(settings, spaced, filled),
    ]
    return Prepared(spaced, filled, cells.categories, time_format, tuple(findings))


def time_index(table: Table, settings: SeriesSettings) -> pd.Index:
    """Return the index of the spaced rows, from the time stamps alone.

    It is that of `SeriesReport.frame_preview`, for a first look: no column is read.
    """
    nothing = Cells(pd.DataFrame(index=range(len(table.frame))), {}, {}, ())
    spaced, _, _ = _in_time(table, settings, nothing, ())
    return spaced.frame.index


def expand_categories(
    frame: pd.DataFrame, categories: dict[str, tuple[str, ...]]
) -> pd.DataFrame:
    """Replace each text column by one 0/1 column for each of its values.

    The new columns are called ``name=value``. A missing text is 0 in all of them.
    """
    columns: dict[str, np.ndarray] = {}
    for name in frame.columns:
        values = frame[name].to_numpy()
        for code, text in enumerate(categories.get(name, ())):
            columns[f"{name}={text}"] = (values == code).astype(np.float64)
        if name not in categories:
            columns[name] = values
    return pd.DataFrame(columns, index=frame.index)


def expand_roles(roles: Roles, categories: dict[str, tuple[str, ...]]) -> Roles:
    """Return `roles` with text columns replaced by their 0/1 columns."""

    def expanded(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            new
            for name in names
            for new in (
                [f"{name}={text}" for text in categories[name]]
                if name in categories
                else [name]
            )
        )

    return Roles(
        targets=roles.targets,
        past_features=expanded(roles.past_features),
        known_features=expanded(roles.known_features),
        calendar=roles.calendar,
    )


def _absent_columns(table: Table, settings: SeriesSettings) -> list[Finding]:
    return [
        Finding(
            "no_column",
            "error",
            f"The table has no column {shown(name)}. Choose one of its "
            f"{len(table.frame.columns)} columns.",
            column=name,
        )
        for name in (*settings.time, *settings.roles.columns)
        if name not in table.frame.columns
    ]


def _in_time(
    table: Table, settings: SeriesSettings, cells: Cells, codes: tuple[str, ...]
) -> tuple[SpacedRows, str | None, list[Finding]]:
    """Return the rows in time order on their grid; counted without a time column."""
    columns = [name for name in settings.time if name in table.frame.columns]
    n_rows = len(table.frame)
    if not columns:
        notice = [] if settings.time else _no_time_notice(table, settings)
        if len(cells.frame.columns):
            notice += stacked_in_rows(table, settings)
        return count_rows(cells.frame, np.arange(n_rows)), None, notice
    ordered = order_stamps(table, settings, columns)
    findings = list(ordered.findings)
    target = settings.roles.targets[0]
    if target in cells.frame.columns:
        findings += stacked_in_time(table, settings, ordered, cells.frame[target])
    if 2 * len(ordered.rows) < n_rows or len(ordered.rows) < 2:
        counted = count_rows(cells.frame, np.arange(n_rows))
        return counted, ordered.format, findings
    frame = cells.frame
    if not ordered.is_as_read:
        frame = frame.iloc[ordered.rows].reset_index(drop=True)
    spaced = space_rows(table, settings, frame, ordered.stamps, ordered.rows, codes)
    return spaced, ordered.format, findings


def _no_time_notice(table: Table, settings: SeriesSettings) -> list[Finding]:
    """Say that rows are counted, and which column only looks like a time."""
    used = set(settings.roles.columns)
    text = "No time column is used, so the rows are counted."
    for name in table.frame.columns:
        column = table.frame[name]
        if name not in used and isinstance(column.dtype, pd.StringDtype):
            first = str(column.iloc[0]).strip()
            if _ALMOST_DATE.fullmatch(first):
                text += f" Column {shown(name)} was not read as dates; row "
                text += f"{table.file_rows(np.array([0]))[0]} has {shown(first)}."
                break
    return [Finding("no_time", "notice", text)]


def _whole_findings(
    settings: SeriesSettings, spaced: SpacedRows, filled: FilledRows
) -> list[Finding]:
    """Report what concerns the series as a whole."""
    found = []
    n_rows = len(filled.frame)
    if n_rows < MIN_ROWS:
        text = (
            f"The series has {n_rows} {'row' if n_rows == 1 else 'rows'} under these "
            f"settings; at least {MIN_ROWS} are needed."
        )
        found.append(Finding("too_short", "error", text, count=n_rows))
    has_time = isinstance(spaced.frame.index, pd.DatetimeIndex)
    if settings.roles.calendar and (not has_time or filled.is_counted):
        text = (
            f"Calendar features ({', '.join(settings.roles.calendar)}) need equally "
            "spaced time stamps; this series counts rows. Remove the calendar "
            "features or choose a time column."
        )
        found.append(Finding("calendar_without_time", "error", text))
    return found
