"""A newer file with the columns of a study, read as the series of the study was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.filling import fill_missing, missing_findings
from search.data.findings import Finding, counted, shown
from search.data.newer.reading import (
    known_words,
    order_columns,
    read_alike,
    refuse_finding,
)
from search.data.preparation import Prepared, prepare
from search.data.settings import SeriesSettings
from search.data.source import Source
from search.data.table import Table, read_table
from search.data.timing.spacing import SpacedRows
from search.data.timing.spacing_findings import gap_finding
from search.data.timing.zones import clock_shift
from search.errors import SeriesError

# What matters for a series to learn from, and not for rows to forecast from.
_OF_WHOLE_SERIES = frozenset({"too_short", "constant", "empty_column", "no_time"})


@dataclass(frozen=True)
class NewerRows:
    """The rows of a newer file.

    Attributes
    ----------
    values
        Float64 columns in the order of ``roles.columns`` up to the last row that has
        a value of a target, without NaN; the index is a DatetimeIndex or a
        RangeIndex.
    known
        The rows after that in which every feature known in advance is filled in,
        with these columns only.
    notes
        What was done to the data and what is unusual, one sentence each.
    filled_ahead
        For each column of the file that was filled from later rows, in which rows of
        `values`.
    """

    values: pd.DataFrame
    known: pd.DataFrame
    notes: tuple[str, ...] = ()
    filled_ahead: dict[str, np.ndarray] = field(default_factory=dict)

    def n_filled_ahead(self, n_last: int) -> dict[str, int]:
        """Return how many of the last values of each column took later ones."""
        start = len(self.values) - n_last
        counts = {n: int((at >= start).sum()) for n, at in self.filled_ahead.items()}
        return {name: count for name, count in counts.items() if count}


def read_newer(content: bytes, *, name: str, source: Source, roles: Roles) -> NewerRows:
    """Read a file as the file of the study was read.

    Columns, marks, time format, step and the rules for gaps are those of `source`.
    Rows after the last one that is kept hold what is known in advance. Rows that the
    study counts are sorted by the time stamps that gave the study its order.

    Parameters
    ----------
    content
        The whole file.
    name
        Its name; a label.
    source, roles
        Of the study.

    Raises
    ------
    TableFormatError
        If the file is no table.
    SeriesError
        If it lacks a column or holds something that cannot be used; the message
        names row and column.
    """
    alike = read_alike(
        content,
        name=name,
        source=source,
        roles=roles,
        kind="forecasting",
        detect=_detected,
    )
    table, columns, notes = alike.table, alike.columns, alike.notes
    settings = _settings(source, roles, columns)
    if source.time_columns and len(table.frame) < 2:
        raise SeriesError(
            f"{name} has {counted(len(table.frame), 'row')}; at least 2 are needed to "
            "see the step between them. Leave some rows of the study in the file."
        )
    prepared = prepare(table, settings)
    for finding in prepared.findings:
        is_later = finding.code in _OF_WHOLE_SERIES or finding.setting == "missing"
        if finding.is_blocking and not is_later:
            refuse_finding(finding)
    if source.time_columns and prepared.spaced.frequency is None:
        raise SeriesError(
            f"The time stamps of {name} do not follow each other in steps of "
            f"{source.frequency!r} as those of the study do."
        )
    prepared, note = _in_zone(table, prepared, settings, source)
    notes += [note] if note else []
    _check_kinds(table, prepared, source, columns)
    return _rows(table, prepared, source, roles, columns, notes)


def _rows(
    table: Table,
    prepared: Prepared,
    source: Source,
    roles: Roles,
    columns: Mapping[str, str],
    notes: list[str],
) -> NewerRows:
    spaced = prepared.spaced
    targets = spaced.frame[list(roles.targets)].notna().any(axis=1).to_numpy()
    stop = int(np.flatnonzero(targets)[-1]) + 1 if targets.any() else 0
    settings = _settings(source, roles, columns)
    codes = tuple(prepared.categories)
    head = _up_to(spaced, stop)
    filled, filled_ahead = head.frame, dict[str, np.ndarray]()
    if stop:
        _refuse_missing(table, settings, head)
        done = fill_missing(head.frame, settings.missing, codes)
        if not len(done.frame):
            raise SeriesError(
                f"Every row of {table.name} misses a value, so none is left. Fill them "
                "in and upload the file again."
            )
        if done.is_counted and source.time_columns:
            place = _first_inside(head.frame, done.frame)
            raise SeriesError(
                f"{_place(table, head, place)} misses a value, and rows "
                "inside cannot be left out without breaking the steps. Fill it in."
            )
        filled, notes = done.frame, [*notes, *done.repairs]
        filled_ahead = _filled_rows(head.frame, filled, tuple(done.filled_ahead))
        # Rows that were left out at the end are not behind what is forecast from.
        stop = int(spaced.frame.index.get_loc(filled.index[-1])) + 1
    notes += [f.repair for f in prepared.findings if f.repair and f.chosen]
    known = _known(spaced, stop, roles, settings, columns, codes)
    return NewerRows(
        values=_expanded(filled, roles.columns, prepared, source, columns),
        known=_expanded(known, roles.known_features, prepared, source, columns),
        notes=tuple(dict.fromkeys(notes)),
        filled_ahead=filled_ahead,
    )


def _in_zone(
    table: Table, prepared: Prepared, settings: SeriesSettings, source: Source
) -> tuple[Prepared, str]:
    """Return the rows at the clock of the study, and what was taken for granted."""
    if not source.time_columns:
        return prepared, ""
    times = table.times(
        settings.time, time_format=settings.time_format, day_first=settings.day_first
    )
    shift = clock_shift(times, source, name=table.name)
    if not shift.by:
        return prepared, shift.note
    spaced = prepared.spaced
    index = pd.DatetimeIndex(spaced.frame.index) + shift.by
    moved = replace(spaced, frame=spaced.frame.set_axis(index))
    return replace(prepared, spaced=moved), shift.note


# --- From the file to a table


def _detected(content: bytes, name: str) -> Table:
    return read_table(content, name=name)


def _settings(
    source: Source, roles: Roles, columns: Mapping[str, str]
) -> SeriesSettings:
    """Return the settings under which the series of the study was built."""

    def of_file(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(columns[name] for name in names))

    reading = source.reading
    time_format = reading.get("time_format")
    rules = {
        name: str(reading.get(name) or "refuse")
        for name in ("missing", "unreadable", "duplicates", "irregular", "bad_time")
    }
    return SeriesSettings(
        time=order_columns(source),
        roles=Roles(
            targets=of_file(roles.targets),
            past_features=of_file(roles.past_features),
            known_features=of_file(roles.known_features),
        ),
        time_format=None if time_format is None else str(time_format),
        frequency=source.frequency,
        **rules,  # type: ignore[arg-type]
    )


# --- What a network can use


def _check_kinds(
    table: Table, prepared: Prepared, source: Source, columns: Mapping[str, str]
) -> None:
    """Refuse texts where the study has numbers, and texts that it does not have."""
    for name in dict.fromkeys(columns.values()):
        frame = prepared.spaced.frame
        texts = prepared.categories.get(name, ())
        wanted = source.categories.get(name)
        if name in columns:  # the column is used as numbers
            wanted = None
        unknown = [text for text in texts if text not in (wanted or ())]
        if unknown:
            is_it = (frame[name] == texts.index(unknown[0])).to_numpy()
            row = _place(table, prepared.spaced, int(is_it.argmax()))
            raise SeriesError(
                f"{row}, column {shown(name)} is {shown(unknown[0])}; the study "
                f"{known_words(wanted or ())} in this column."
            )
        if wanted and not texts and frame[name].notna().any():
            raise SeriesError(
                f"Column {shown(name)} holds numbers; the study {known_words(wanted)} "
                "in this column."
            )


def _refuse_missing(table: Table, settings: SeriesSettings, head: SpacedRows) -> None:
    """Refuse missing values and absent time stamps that no rule fills."""
    findings: list[Finding] = []
    if head.is_absent.any():
        stamps = head.frame.index.to_numpy()
        findings.append(gap_finding(table, settings, head.rows, stamps))
    findings += missing_findings(table, head, settings.missing, {})
    for name in head.frame.columns:
        if head.frame[name].isna().all():
            raise SeriesError(f"Column {shown(name)} of {table.name} is empty.")
    if settings.missing == "refuse" and findings:
        raise SeriesError(
            f"{findings[0].message} The study has none, so nothing says how to fill "
            "them. Fill them in and upload the file again."
        )


def _known(
    spaced: SpacedRows,
    stop: int,
    roles: Roles,
    settings: SeriesSettings,
    columns: Mapping[str, str],
    codes: tuple[str, ...],
) -> pd.DataFrame:
    """Return the rows from `stop` on up to the first that misses a known feature."""
    names = list(dict.fromkeys(columns[name] for name in roles.known_features))
    rows = spaced.frame[names]
    if not names:
        return rows.iloc[:0]
    if settings.missing not in ("refuse", "drop"):
        texts = tuple(name for name in codes if name in names)
        rows = fill_missing(rows, settings.missing, texts).frame.reindex(rows.index)
    rows = rows.iloc[stop:]
    is_whole = rows.notna().all(axis=1).to_numpy()
    return rows.iloc[: len(rows) if is_whole.all() else int(is_whole.argmin())]


def _expanded(
    frame: pd.DataFrame,
    names: Sequence[str],
    prepared: Prepared,
    source: Source,
    columns: Mapping[str, str],
) -> pd.DataFrame:
    """Return the columns of the series; texts become those 0/1 columns it has."""
    values = {}
    for name in names:
        column = columns[name]
        cells = frame[column].to_numpy(dtype=np.float64)
        if column != name:
            texts = prepared.categories.get(column, ())
            text = name[len(column) + 1 :]
            code = texts.index(text) if text in texts else -1
            cells = (cells == code).astype(np.float64)
        values[name] = cells
    index: pd.Index = pd.RangeIndex(len(frame))
    if source.time_columns:
        index = _with_step(frame.index, prepared.spaced.frequency)
    return pd.DataFrame(values, index=index, columns=list(names))


def _with_step(index: pd.Index, frequency: str | None) -> pd.DatetimeIndex:
    try:
        return pd.DatetimeIndex(index, freq=frequency)
    except ValueError as error:
        raise SeriesError(
            f"The time stamps of the file, which begin at {index[0]} by the clock of "
            f"the study, do not lie on its steps of {frequency!r}. Write them with the "
            "offset from UTC that the study's file has."
        ) from error


def _first_inside(frame: pd.DataFrame, kept: pd.DataFrame) -> int:
    """Return the first position after the first kept row that is not kept."""
    is_left_out = ~frame.index.isin(kept.index)
    is_left_out[: int(frame.index.get_loc(kept.index[0]))] = False
    return int(is_left_out.argmax())


def _filled_rows(
    frame: pd.DataFrame, filled: pd.DataFrame, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Return in which rows of `filled` each of the columns had no value."""
    before = frame.loc[filled.index, list(names)].isna()
    return {name: np.flatnonzero(before[name].to_numpy()) for name in names}


def _up_to(spaced: SpacedRows, stop: int) -> SpacedRows:
    return replace(
        spaced,
        frame=spaced.frame.iloc[:stop],
        rows=spaced.rows[:stop],
        is_absent=spaced.is_absent[:stop],
        is_repeated=spaced.is_repeated[:stop],
    )


def _place(table: Table, spaced: SpacedRows, position: int) -> str:
    row = spaced.rows[position]
    if row < 0:
        return f"The absent time stamp {spaced.frame.index[position]}"
    return f"Row {table.file_rows(np.array([row]))[0]}"
