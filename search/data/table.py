"""A table as it was read from a file: texts or typed cells, nothing repaired yet."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.findings import Finding
from search.data.reading.delimited import detect_delimited, read_delimited
from search.data.reading.options import FileFormat, ReadOptions
from search.data.reading.sniffing import file_format
from search.data.reading.workbook import read_parquet, read_workbook
from search.errors import TableFormatError

__all__ = ["FileFormat", "ReadOptions", "Table", "detect_options", "read_table"]


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
    """

    frame: pd.DataFrame
    options: ReadOptions
    name: str
    first_row: int = 2
    line_numbers: np.ndarray | None = None
    sheets: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def file_rows(self, positions: np.ndarray) -> tuple[int, ...]:
        """Return the line numbers in the file of zero-based row positions."""
        if self.line_numbers is not None:
            return tuple(int(row) for row in self.line_numbers[positions])
        return tuple(int(row) + self.first_row for row in positions)


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
    if kind == "excel":
        options = options or ReadOptions(format="excel")
        book = read_workbook(content, options)
        return Table(book.frame, options, name, book.first_row, sheets=book.sheets)
    if kind == "parquet":
        options = options or ReadOptions(format="parquet")
        return Table(read_parquet(content), options, name, first_row=1)
    text = read_delimited(content, options)
    return Table(
        text.frame,
        text.options,
        name,
        text.first_row,
        line_numbers=text.line_numbers,
        findings=(*_reading_notices(text.options), *text.findings),
    )


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
