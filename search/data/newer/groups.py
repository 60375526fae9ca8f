"""A file of new sequences or rows, read as the file of a study with groups was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from search.config import Roles, TaskKind
from search.data.findings import Finding, counted, shown
from search.data.groups.build import build_groups, inspect_groups
from search.data.groups.members import cell_names
from search.data.groups.record import BuiltGroups
from search.data.groups.settings import GROUP_CHOICES, GroupSettings
from search.data.newer.futures import behind_the_ends, find_open_ends
from search.data.newer.reading import (
    known_words,
    order_columns,
    read_alike,
    refuse_finding,
)
from search.data.reading.shape import guess_shape, wide_options
from search.data.source import Source
from search.data.table import Table, read_table
from search.errors import SeriesError

# What matters for rows to learn from, and not for rows to be answered.
_FREE = {"twins": "keep", "short": "drop", "float_groups": "keep", "gaps": "ignore"}
# Column in which each row remembers its place in the table.
_PLACE = "__place__"
_RULES = ("missing", "unreadable", "duplicates", "gaps", "irregular", "bad_time")


@dataclass(frozen=True)
class NewGroups:
    """New rows as a network of the study takes them.

    Attributes
    ----------
    name
        Name of the file; a label.
    frame
        The columns of the network, and that of the groups where the study has one; the
        rows of each group one after the other. The index holds the times, which come
        again in each group; where rows are counted, their number within the group,
        from 0.
    known
        What the file says of each row, float64 of shape (n_rows, n_targets): values,
        or places of classes; 1 and 0 where rows are called anomalous or not. NaN where
        it says nothing. None where it has no such column.
    notes
        What was done to the rows and what is unusual, one sentence each.
    future
        Of a forecast that needs columns known in advance, these columns and that of
        the groups in the rows behind the last target of each series; None elsewhere.
    """

    name: str
    frame: pd.DataFrame
    known: np.ndarray | None
    notes: tuple[str, ...] = ()
    future: pd.DataFrame | None = None


def read_new_groups(
    content: bytes,
    *,
    name: str,
    source: Source,
    roles: Roles,
    kind: TaskKind,
    classes: Sequence[str] = (),
) -> NewGroups:
    """Read a file as the file of the study was read; what is asked for may be absent.

    Columns, marks, time format and the rules for gaps are those of `source`. No rule is
    learned from the new rows.

    Parameters
    ----------
    content, name
        The whole file, and its name as a label.
    source, roles, kind
        Of the study.
    classes
        Names of the classes of the study; where anomalies are looked for, the first
        one is the word for normal (0 without any). () where values are asked for.

    Raises
    ------
    TableFormatError
        If the file is no table.
    SeriesError
        If it lacks a column or holds something that cannot be used; the message names
        row and column.
    """
    alike = read_alike(
        content, name=name, source=source, roles=roles, kind=kind, detect=_detected
    )
    columns, notes = alike.columns, alike.notes
    answers = _answers(roles, kind)
    table = alike.table
    present = [one for one in answers if one in table.frame.columns]
    settings = _settings(source, roles, list(columns.values()))
    ends = None
    if kind == "forecasting" and roles.known_features:
        ends = find_open_ends(table, settings, roles, columns)
        table = ends.table
    table = _numbered(table)
    for finding in inspect_groups(table, settings).findings:
        if finding.is_blocking:
            refuse_finding(finding)
    built = build_groups(table, settings)
    values = _expanded(built, source, columns, name)
    known = None
    if present == list(answers) and answers:
        known, found = _known(table, built, answers, kind, classes)
        notes += found
    frame, future = _framed(built, values, roles), None
    if ends is not None:
        is_behind = behind_the_ends(_places(built), ends.is_open, built.groups.codes)
        kept = [*roles.known_features, *filter(None, (roles.group,))]
        frame, future = frame[~is_behind], frame.loc[is_behind, kept]
    return NewGroups(
        name=name,
        frame=frame,
        known=known,
        notes=tuple(dict.fromkeys([*notes, *_said(built.findings)])),
        future=future,
    )


def _answers(roles: Roles, kind: TaskKind) -> tuple[str, ...]:
    if kind == "forecasting":
        return ()
    if kind == "anomaly":
        return () if roles.label is None else (roles.label,)
    return roles.targets


# --- From the file to a table


def _detected(content: bytes, name: str) -> Table:
    table = read_table(content, name=name)
    guess = guess_shape(table)
    if guess.shape == table.options.shape:
        return table
    options = wide_options(table.options, guess)
    return read_table(content, name=name, options=options)


def _numbered(table: Table) -> Table:
    places = pd.Series(np.arange(len(table.frame)), index=table.frame.index)
    return replace(table, frame=table.frame.assign(**{_PLACE: places.astype("str")}))


def _settings(source: Source, roles: Roles, columns: Sequence[str]) -> GroupSettings:
    """Return settings for the inputs alone: nothing is settled by what is asked for."""
    given = {name: source.reading.get(name) for name in _RULES}
    rules = {
        name: str(value)
        for name, value in given.items()
        if value in GROUP_CHOICES[name]
    }
    time_format = source.reading.get("time_format")
    return GroupSettings(
        roles=Roles((_PLACE,), tuple(dict.fromkeys(columns)), group=roles.group),
        time=order_columns(source),
        time_format=None if time_format is None else str(time_format),
        min_length=1,
        **{**_FREE, **rules},  # type: ignore[arg-type]
    )


# --- From the table to rows


def _expanded(
    built: BuiltGroups, source: Source, columns: Mapping[str, str], name: str
) -> pd.DataFrame:
    """Return the inputs; texts become those 0/1 columns that the study has."""
    texts = built.source.categories
    for column in dict.fromkeys(columns.values()):
        wanted = () if column in columns else source.categories.get(column, ())
        unknown = [text for text in texts.get(column, ()) if text not in wanted]
        if unknown:
            raise SeriesError(
                f"Column {shown(column)} of {name} holds {shown(unknown[0])}; the "
                f"study {known_words(wanted)} in this column."
            )
        if wanted and column not in texts:
            raise SeriesError(
                f"Column {shown(column)} of {name} holds numbers; the study "
                f"{known_words(wanted)} in this column."
            )
    absent = [one for one in columns if one not in built.values.columns]
    return built.values.assign(**dict.fromkeys(absent, 0.0))[list(columns)]


def _framed(built: BuiltGroups, values: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    groups = built.groups
    if groups.times is None:
        values.index = pd.Index(np.arange(len(values)) - groups.starts)
    else:
        values.index = pd.Index(groups.times)
    if roles.group is not None:
        values[roles.group] = pd.Categorical.from_codes(
            groups.codes, categories=list(groups.names)
        )
    return values


def _known(
    table: Table,
    built: BuiltGroups,
    answers: Sequence[str],
    kind: TaskKind,
    classes: Sequence[str],
) -> tuple[np.ndarray, list[str]]:
    """Return what the file says of each row, and what of it was not understood."""
    places = _places(built)
    is_real = built.file_rows >= 0
    columns, notes = [], []
    for column in answers:
        values, note = _told(table, column, classes, kind)
        columns.append(np.where(is_real, values[places], np.nan))
        notes += [note] if note else []
    return np.column_stack(columns), notes


def _places(built: BuiltGroups) -> np.ndarray:
    """Return the row of the table of each row; of an inserted one, that before it."""
    found: np.ndarray = np.floor(built.values[_PLACE].to_numpy()).astype(np.int64)
    return found


def _told(
    table: Table, column: str, classes: Sequence[str], kind: TaskKind
) -> tuple[np.ndarray, str]:
    """Return numbers or places of classes, NaN for none, and what is not known."""
    if kind == "anomaly":
        names = cell_names(table, column)
        normal = classes[0] if classes else "0"
        return np.where(names.isna(), np.nan, names != normal), ""
    if not classes:
        return table.numbers(column).values, ""
    codes = {one: float(code) for code, one in enumerate(classes)}
    cells = cell_names(table, column).to_numpy()
    unknown = sorted({one for one in cells if one is not None and one not in codes})
    note = ""
    if unknown:
        note = (
            f"Column {shown(column)} holds {counted(len(unknown), 'class', 'classes')} "
            f"that the study does not know, such as {shown(unknown[0])}; rows of "
            f"{'it' if len(unknown) == 1 else 'them'} are not compared."
        )
    return np.array([codes.get(one, np.nan) for one in cells]), note


def _said(findings: Sequence[Finding]) -> list[str]:
    """Return what was done to the rows."""
    return [one.repair for one in findings if one.repair]
