"""Files that the user named, as tables."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from search.config import CalendarCycle
from search.data.findings import shown
from search.data.reading.options import ReadOptions
from search.data.reading.shape import guess_shape
from search.data.table import Table, detect_options, read_table
from search.errors import ConfigError, UserInputError
from search.evaluation.calendar import CYCLES


def read_file(path: Path) -> bytes:
    """Return the content of a file that the user named.

    Raises
    ------
    UserInputError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserInputError(f"{path} cannot be read: {reason}.") from error


def read_series_table(options: argparse.Namespace) -> Table:
    """Read the file of one series; each row is a point in time."""
    content = read_file(options.file)
    return read_table(
        content,
        name=options.file.name,
        options=_given(options, content, options.file.name),
    )


def read_file_table(path: Path, options: argparse.Namespace) -> Table:
    """Read a file with many sequences, whatever its shape; one row is one step then.

    Raises
    ------
    UserInputError
        If it cannot be read, or is not of the shape that the options name.
    """
    content, name = read_file(path), path.name
    given = _given(options, content, name)
    table = read_table(content, name=name, options=given)
    kind = table.options.format
    if options.shape in ("ts", "zip") and kind != options.shape:
        raise UserInputError(
            f"`--shape` is {options.shape}, but {shown(name)} is a file of format "
            f"{kind}."
        )
    guess = guess_shape(table)
    shape = options.shape or guess.shape
    if shape != "wide":
        return table
    label = guess.label
    if options.target is not None and options.target in table.frame.columns:
        label = options.target
    reading = replace(table.options, shape="wide", label=label)
    return read_table(content, name=name, options=reading)


def names_of(option: str, given: str | None, columns: Sequence[str]) -> tuple[str, ...]:
    """Split a list of columns; a name that holds a comma may stand alone.

    Raises
    ------
    UserInputError
        If the file lacks a column.
    """
    if given is None:
        return ()
    names = (given,) if given in columns else tuple(map(str.strip, given.split(",")))
    absent = [name for name in names if name not in columns]
    if absent:
        raise UserInputError(
            f"`{option}`: the file has no column {', '.join(map(repr, absent))}; its "
            f"columns are {', '.join(columns[:20])}."
        )
    return names


def _given(
    options: argparse.Namespace, content: bytes, name: str
) -> ReadOptions | None:
    """Return how the user says that a file is read; None if nothing was said."""
    given = {
        key: getattr(options, key)
        for key in ("delimiter", "decimal", "encoding", "sheet")
        if getattr(options, key) is not None
    }
    return replace(detect_options(content, name), **given) if given else None


def named_cycles(given: str) -> tuple[CalendarCycle, ...] | None:
    """Return the cycles that ``--calendar`` names; None where they are to be found.

    Raises
    ------
    ConfigError
        If one is unknown.
    """
    if given == "auto":
        return None
    if given == "none":
        return ()
    names = [name.strip() for name in given.split(",")]
    if not set(names) <= set(CYCLES):
        raise ConfigError(
            f"`--calendar` must be auto, none, or some of {','.join(CYCLES)}, "
            f"got {given!r}."
        )
    return tuple(cycle for cycle in CYCLES if cycle in names)
