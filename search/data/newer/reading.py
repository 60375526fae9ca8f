"""The table of a further file, with the columns that a study needs of it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from search.config import Roles, TaskKind
from search.data.findings import Finding, shown
from search.data.reading.options import ReadOptions
from search.data.reading.sniffing import file_format
from search.data.source import Source, text_columns
from search.data.table import Table, read_table
from search.errors import SeriesError, TableFormatError

_OPTIONS = tuple(ReadOptions.__dataclass_fields__)
# What a finding advises on the Data page cannot be chosen for a further file.
_ADVICE = re.compile(r" (Choose|Take|Leave) [^.']*\.$")


@dataclass(frozen=True)
class AlikeTable:
    """A table that was read as the file of a study.

    Attributes
    ----------
    table
        What was read.
    columns
        For each input of the network, the column of the file behind it.
    note
        Says that the file is written in another way; empty where it is not.
    """

    table: Table
    columns: Mapping[str, str]
    note: str = ""

    @property
    def notes(self) -> list[str]:
        """The note, if there is one."""
        return [self.note] if self.note else []


def read_alike(
    content: bytes,
    *,
    name: str,
    source: Source,
    roles: Roles,
    kind: TaskKind,
    detect: Callable[[bytes, str], Table],
) -> AlikeTable:
    """Read a file as the file of the study; by `detect` where that does not fit.

    Parameters
    ----------
    content, name
        The whole file, and its name as a label.
    source, roles, kind
        Of the study.
    detect
        Reads content and name as they look; called where the study did not keep how
        its file was read, or the columns are not found that way.

    Raises
    ------
    TableFormatError
        If the file is no table.
    SeriesError
        If it lacks a column.
    """

    def fitted(table: Table, note: str = "") -> AlikeTable:
        return AlikeTable(table, _columns(table, source, roles, kind), note)

    stored = _stored_options(source.reading)
    if stored is None or stored.format != file_format(content):
        return fitted(detect(content, name))
    try:
        return fitted(read_table(content, name=name, options=stored))
    except (TableFormatError, SeriesError) as error:
        try:
            table = detect(content, name)
            note = (
                f"{name} is written in another way than the file of the study, and was "
                f"read with {_option_words(table.options)}."
            )
            return fitted(table, note)
        except (TableFormatError, SeriesError):
            raise error from None


def needed_columns(source: Source, roles: Roles, kind: TaskKind) -> list[str]:
    """Return the columns that a file needs, as the file of the study names them."""
    texts = text_columns(source.categories)
    inputs = [texts.get(name, name) for name in roles.inputs(kind)]
    return _with_places(source, roles, inputs)


def order_columns(source: Source) -> tuple[str, ...]:
    """Return the columns that give the rows their order."""
    return source.time_columns or source.order_by


def refuse_finding(finding: Finding) -> NoReturn:
    """Refuse a file for what was found in it.

    Raises
    ------
    SeriesError
        Always.
    """
    message = _ADVICE.sub("", finding.message)
    raise SeriesError(f"{message} Mend the file and upload it again.")


def known_words(texts: Sequence[str]) -> str:
    """Say what the study has in a column, after "the study"."""
    return f"knows {', '.join(map(shown, texts))}" if texts else "has numbers"


def _columns(
    table: Table, source: Source, roles: Roles, kind: TaskKind
) -> dict[str, str]:
    """Return the column of the file behind each input."""
    found = set(map(str, table.frame.columns))
    texts = text_columns(source.categories)
    columns = {
        name: texts[name] if name in texts and name not in found else name
        for name in roles.inputs(kind)
    }
    needed = _with_places(source, roles, columns.values())
    absent = [name for name in needed if name not in found]
    if absent:
        raise SeriesError(
            f"{table.name} has no column {', '.join(map(shown, absent))}; it has "
            f"{', '.join(shown(name) for name in table.frame.columns[:20])}. Its "
            "columns need the names that they have in the file of the study."
        )
    return columns


def _with_places(source: Source, roles: Roles, inputs: Iterable[str]) -> list[str]:
    """Put the columns in front that say where each row belongs."""
    group = [] if roles.group is None else [roles.group]
    return list(dict.fromkeys([*group, *order_columns(source), *inputs]))


def _stored_options(reading: Mapping[str, str | bool | None]) -> ReadOptions | None:
    """Return how the file of a study was read; None where that was not kept."""
    if "format" not in reading:
        return None
    given = {key: value for key, value in reading.items() if key in _OPTIONS}
    given = {key: value for key, value in given.items() if value is not None}
    return msgspec.convert(given, ReadOptions, strict=False)


def _option_words(options: ReadOptions) -> str:
    """Say how a file is read."""
    if options.format != "csv":
        return f"sheet {options.sheet or '1'}" if options.sheet else "the first sheet"
    return (
        f"delimiter {shown(options.delimiter)}, decimal mark {shown(options.decimal)} "
        f"and encoding {options.encoding}"
    )
