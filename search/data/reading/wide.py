"""Tables with one sequence a row: recognised, and turned into one row a step.

A channel is a set of columns with one name and rising numbers: ``t1, t2, …`` or
``temp_1, temp_2, …, press_1, …``. UCR texts have no names; their first column is the
label.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.findings import Finding, counted, first_places, listed, shown
from search.data.reading.header import check_size
from search.data.reading.numbers import missing_mask, to_numbers
from search.data.reading.options import ReadOptions
from search.data.reading.origin import Origin
from search.errors import TableFormatError

LEAST_STEPS = 2
SEQUENCE, STEP = "sequence", "step"
_NUMBERED = re.compile(
    r"(?P<stem>.*?)[ _.\-]*(?P<number>[0-9]{1,6})(?P<unit>\s*[\[(][^\[\]()]*[\])])?"
)
# Names of columns that say nothing about the quantity.
_NAMELESS = {
    "",
    "column",
    "step",
    "time",
    "t",
    "v",
    "x",
    "y",
    "value",
    "att",
    "feature",
}


@dataclass(frozen=True)
class Channel:
    """Columns of a wide table that hold the steps of one quantity, in their order."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Unfolded:
    """Sequences below each other, one row a step.

    Attributes
    ----------
    frame
        Columns ``sequence`` and ``step`` (both from 1), the channels, then the columns
        that belong to a whole sequence, repeated in each of its rows.
    row_of
        Position in the wide table of each row.
    origin
        Place of each row in its line.
    findings
        Sequences that end early, or have no value.
    """

    frame: pd.DataFrame
    row_of: np.ndarray
    origin: Origin
    findings: tuple[Finding, ...]


def find_channels(
    names: Sequence[str], *, label: str | None = None
) -> tuple[Channel, ...]:
    """Return the channels among column names; () where no names are numbered.

    Parameters
    ----------
    names
        Names in the order of the file.
    label
        Column that is no step, whatever its name.

    Examples
    --------
    >>> [one.name for one in find_channels(["kind", "a_1", "a_2", "b_1", "b_2"])]
    ['a', 'b']
    """
    steps: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        found = _NUMBERED.fullmatch(name)
        if found and name != label:
            stem = found["stem"].strip() + (found["unit"] or "")
            steps.setdefault(stem, []).append((int(found["number"]), name))
    whole = {
        stem: tuple(name for _, name in columns)
        for stem, columns in steps.items()
        if len(columns) >= LEAST_STEPS
        and [number for number, _ in columns]
        == list(range(columns[0][0], columns[0][0] + len(columns)))
    }
    is_one = len(whole) == 1
    return tuple(
        Channel("value" if is_one and stem.lower() in _NAMELESS else stem or "value", c)
        for stem, c in whole.items()
    )


def unfold(frame: pd.DataFrame, lines: np.ndarray, options: ReadOptions) -> Unfolded:
    """Return one row a step of a table with one row a sequence.

    Empty cells at the end of a row end its sequence; others stay missing values.

    Parameters
    ----------
    frame
        Cells as read.
    lines
        Line in the file of each row.
    options
        How the file was read.

    Raises
    ------
    TableFormatError
        If no columns are numbered, channels have unequally many steps, or every cell
        is empty; the message names the columns.
    """
    names = [str(name) for name in frame.columns]
    if options.label is not None and options.label not in names:
        raise TableFormatError(
            f"`label` must be one of the {len(names)} columns, got "
            f"{shown(options.label)}."
        )
    channels = find_channels(names, label=options.label)
    _check_channels(channels, names)
    n_steps = len(channels[0].columns)
    check_size(len(frame) * n_steps, len(channels) + 2)
    is_empty = np.ones((len(frame), n_steps), dtype=bool)
    for channel in channels:
        for step, name in enumerate(channel.columns):
            is_empty[:, step] &= missing_mask(frame[name])
    lengths = _lengths(is_empty)
    if not lengths.any():
        raise TableFormatError("Every step of every sequence is empty.")
    inside = np.arange(n_steps) < lengths[:, None]
    row_of, step_of = np.nonzero(inside)
    columns: dict[str, object] = {SEQUENCE: row_of + 1, STEP: step_of + 1}
    for channel in channels:
        cells = _cells(frame[list(channel.columns)], inside, options)
        columns[_free(channel.name, columns)] = cells
    used = {name for channel in channels for name in channel.columns}
    for name in names:
        if name not in used:
            cells = frame[name].iloc[row_of].reset_index(drop=True)
            is_nameless = name == options.label and not options.header
            columns[_free("label" if is_nameless else name, columns)] = cells
    origin = Origin(
        step_of=step_of,
        step_columns={channel.name: channel.columns for channel in channels},
    )
    findings = _findings(lengths, n_steps, lines)
    return Unfolded(pd.DataFrame(columns), row_of, origin, findings)


def _check_channels(channels: Sequence[Channel], names: Sequence[str]) -> None:
    if not channels:
        raise TableFormatError(
            "No columns of this table are numbered steps such as t1, t2, … or temp_1, "
            f"temp_2, …; the first column is {shown(names[0])}. Read it as a table "
            "with one row a time step, or rename the columns."
        )
    longest = max(channels, key=lambda channel: len(channel.columns))
    for channel in channels:
        if len(channel.columns) != len(longest.columns):
            raise TableFormatError(
                f"Channel {shown(channel.name)} has "
                f"{counted(len(channel.columns), 'step')} ({shown(channel.columns[0])} "
                f"to {shown(channel.columns[-1])}), channel {shown(longest.name)} has "
                f"{len(longest.columns):,}. Every channel needs equally many; name "
                "columns that belong to a whole sequence without a number at the end."
            )


def _lengths(is_empty: np.ndarray) -> np.ndarray:
    """Return the steps of each sequence up to the last one with a value."""
    n_steps = is_empty.shape[1]
    n_at_end = np.where(is_empty.all(axis=1), n_steps, (~is_empty[:, ::-1]).argmax(1))
    return n_steps - n_at_end


def _cells(frame: pd.DataFrame, inside: np.ndarray, options: ReadOptions) -> object:
    """Return the cells row by row: as numbers, or as texts where one is none."""
    numbers = [to_numbers(frame[name], options) for name in frame.columns]
    if not any(column.is_unreadable.any() for column in numbers):
        values = [np.where(one.is_infinite, np.inf, one.values) for one in numbers]
        return np.column_stack(values)[inside]
    texts = [frame[name].astype("str").to_numpy(dtype=object) for name in frame.columns]
    return pd.Series(np.column_stack(texts)[inside], dtype="str")


def _free(name: str, taken: dict[str, object]) -> str:
    while name in taken:
        name += " of the file"
    return name


def _findings(
    lengths: np.ndarray, n_steps: int, lines: np.ndarray
) -> tuple[Finding, ...]:
    found = []
    for code, mask, words in (
        (
            "empty_sequences",
            lengths == 0,
            "without a value in any step, of which no sequence was made:",
        ),
        (
            "early_end",
            (lengths > 0) & (lengths < n_steps),
            "with empty cells at the end, taken as the end of the sequence:",
        ),
    ):
        count = int(mask.sum())
        if count:
            rows = tuple(int(line) for line in lines[first_places(mask)])
            text = f"{counted(count, 'row')} {words} {listed(rows, n_all=count)}."
            found.append(Finding(code, "notice", text, None, rows, count, repair=text))
    return tuple(found)
