"""A table as it was read from a file: texts or typed cells, nothing repaired yet."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from search.data.findings import Finding
from search.data.reading.archive import detect_archive, read_archive
from search.data.reading.delimited import detect_delimited, read_delimited
from search.data.reading.numbers import NumberColumn, as_arrow, to_numbers
from search.data.reading.options import FileFormat, ReadOptions
from search.data.reading.origin import Origin
from search.data.reading.sniffing import detect_encoding, file_format
from search.data.reading.uea import read_uea
from search.data.reading.wide import unfold
from search.data.reading.workbook import read_parquet, read_workbook
from search.data.timing.time_numbers import TimeStamps
from search.data.timing.times import read_stamps
from search.errors import TableFormatError

__all__ = ["FileFormat", "ReadOptions", "Table", "detect_options", "read_table"]

_N_LOOKED_AT = 400
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Table:
    """Rows and columns of a file, checked for shape, not yet for content.

    Attributes
    ----------
    frame
        Cells. Delimited text gives columns of dtype ``str`` that hold exactly what is
        in the file; Excel and Parquet give numbers, time stamps or ``str``. Column
        names are distinct, not empty, and trimmed.
    options
        How the file was read.
    name
        Name of the file; a label, never a path.
    first_row
        Line number in the file of the first row of data; the first line is 1.
    line_numbers
        Line number of each row where rows do not follow each other line by line;
        otherwise None.
    sheets
        Names of the sheets of an Excel file.
    findings
        Notices of the reading, such as skipped empty lines.
    origin
        File in an archive and place in the line of each row, where the line number
        does not tell; otherwise None.
    """

    frame: pd.DataFrame
    options: ReadOptions
    name: str
    first_row: int = 2
    line_numbers: np.ndarray | None = None
    sheets: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    origin: Origin | None = None
    _kept: dict[Hashable, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def numbers(self, name: str) -> NumberColumn:
        """Return a column as numbers; converted once, as it is asked for often."""
        return self._once(
            ("numbers", name), lambda: to_numbers(self.frame[name], self.options)
        )

    def times(
        self,
        columns: Sequence[str],
        *,
        time_format: str | None = None,
        day_first: bool | None = None,
    ) -> TimeStamps:
        """Return the time stamps that columns make together, read once.

        Raises
        ------
        ValueError
            If pandas does not know `time_format`.
        """
        return self._once(
            ("times", tuple(columns), time_format, day_first),
            lambda: read_stamps(
                [self.frame[name] for name in columns],
                self.options,
                time_format=time_format,
                day_first=day_first,
            ),
        )

    def some_cells(self, name: str) -> pd.Series:
        """Return about 400 cells from all over a column."""
        return self._once(("cells", name), lambda: _some_cells(self.frame[name]))

    def _once(self, key: Hashable, make: Callable[[], _Value]) -> _Value:
        if key not in self._kept:
            self._kept[key] = make()
        value: _Value = self._kept[key]
        return value

    def file_rows(self, positions: np.ndarray) -> tuple[int, ...]:
        """Return the line numbers in the file of zero-based row positions."""
        if self.line_numbers is not None:
            return tuple(int(row) for row in self.line_numbers[positions])
        return tuple(int(row) + self.first_row for row in positions)

    def place(self, position: int, column: str | None = None) -> str:
        """Return where a cell stands, such as ``row 7 of 'a.csv', column 'x'``.

        Parameters
        ----------
        position
            Zero-based row.
        column
            Name of the column; None for the whole row.
        """
        line = self.file_rows(np.array([position]))[0]
        return (self.origin or Origin()).words(position, line, column)


def detect_options(content: bytes, name: str) -> ReadOptions:
    """Find out how `content` is to be read, from the content rather than the name.

    Raises
    ------
    TableFormatError
        If the file is not a table; the message names what it is.
    """
    kind = file_format(content)
    if kind == "csv":
        return detect_delimited(content)
    if kind == "zip":
        return detect_archive(content)
    if kind == "ts":
        return ReadOptions(format="ts", encoding=detect_encoding(content))
    return ReadOptions(format="excel" if kind == "excel" else "parquet")


def read_table(
    content: bytes, *, name: str, options: ReadOptions | None = None
) -> Table:
    """Read a file.

    Parameters
    ----------
    content
        The whole file.
    name
        Its name; only used as a label.
    options
        How it is read; detected where None.

    Raises
    ------
    TableFormatError
        If it is not a table, or its rows do not fit its columns; the message names
        the row or the column.
    """
    kind = file_format(content)
    if options is not None and options.format != kind:
        raise TableFormatError(
            f"`format` is {options.format!r}, but the content is {kind!r}."
        )
    table = _READERS[kind](content, name, options)
    return _one_row_a_step(table) if table.options.shape == "wide" else table


def _read_excel(content: bytes, name: str, options: ReadOptions | None) -> Table:
    options = options or ReadOptions(format="excel")
    book = read_workbook(content, options)
    return Table(book.frame, options, name, book.first_row, sheets=book.sheets)


def _read_parquet(content: bytes, name: str, options: ReadOptions | None) -> Table:
    options = options or ReadOptions(format="parquet")
    return Table(read_parquet(content), options, name, first_row=1)


def _read_text(content: bytes, name: str, options: ReadOptions | None) -> Table:
    text = read_delimited(content, options)
    return Table(
        text.frame,
        text.options,
        name,
        text.first_row,
        line_numbers=text.line_numbers,
        findings=(*_reading_notices(text.options), *text.findings),
    )


def _read_archive(content: bytes, name: str, options: ReadOptions | None) -> Table:
    archive = read_archive(content, options)
    return Table(
        archive.frame,
        archive.options,
        name,
        line_numbers=archive.lines,
        findings=(*_reading_notices(archive.options), *archive.findings),
        origin=archive.origin,
    )


def _read_sequences(content: bytes, name: str, options: ReadOptions | None) -> Table:
    options = options or detect_options(content, name)
    read = read_uea(content, options)
    return Table(
        read.frame,
        options,
        name,
        line_numbers=read.lines,
        findings=read.findings,
        origin=read.origin,
    )


_READERS: dict[str, Callable[[bytes, str, ReadOptions | None], Table]] = {
    "csv": _read_text,
    "excel": _read_excel,
    "parquet": _read_parquet,
    "ts": _read_sequences,
    "zip": _read_archive,
}


def _one_row_a_step(table: Table) -> Table:
    """Return a table with one sequence a row as one with one row a step."""
    if table.origin is not None:
        raise TableFormatError(
            "`shape` can be 'wide' for a single table only; the sequences of an "
            "archive or a .ts file are known."
        )
    lines = np.array(table.file_rows(np.arange(len(table.frame))), dtype=np.int64)
    rows = unfold(table.frame, lines, table.options)
    return replace(
        table,
        frame=rows.frame,
        line_numbers=lines[rows.row_of],
        findings=(*table.findings, *rows.findings),
        origin=rows.origin,
    )


def _some_cells(column: pd.Series) -> pd.Series:
    step = max(1, len(column) // _N_LOOKED_AT)
    if not isinstance(column.dtype, pd.StringDtype) or step == 1:
        return column.iloc[::step]
    # Arrow gathers from a column of many parts by joining all of them first.
    places = range(0, len(column), step)
    cells = as_arrow(column)
    texts = [cells[place].as_py() for place in places]
    return pd.Series(texts, index=places, dtype=column.dtype, name=column.name)


def _reading_notices(options: ReadOptions) -> tuple[Finding, ...]:
    """Say what is unusual about the way a delimited text was read."""
    notices = []
    if options.encoding not in {"utf-8", "utf-8-sig", "ascii"}:
        text = f"The text was read as {options.encoding}. Check letters such as ä or °."
        notices.append(Finding("encoding", "notice", text))
    if options.decimal == ",":
        text = "The comma was read as the decimal mark: 1,5 is one and a half."
        notices.append(Finding("decimal_comma", "notice", text))
    if options.thousands:
        text = (
            f"The mark {options.thousands!r} between groups of three digits was read "
            f"as a thousands mark: 1{options.thousands}234 is 1234."
        )
        notices.append(Finding("thousands", "notice", text))
    if options.skip_lines:
        n = options.skip_lines
        lines = "line" if n == 1 else f"{n} lines"
        text = (
            f"The first {lines} before the table {'was' if n == 1 else 'were'} skipped."
        )
        notices.append(Finding("skipped_lines", "notice", text, count=n))
    if not options.header:
        text = "The first row holds values, so the columns were numbered."
        notices.append(Finding("no_header", "notice", text))
    return tuple(notices)
