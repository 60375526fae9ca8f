"""Read delimited text: every check before the parser, every error with its row."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from search.data.findings import Finding, counted, first_places, listed
from search.data.reading.detection import (
    WHITESPACE,
    count_comment_lines,
    detect_decimal,
    detect_delimiter,
    detect_header,
    later_lines,
    looks_like_value,
    sample_lines,
    split_lines,
)
from search.data.reading.header import check_names, check_size, number_names
from search.data.reading.lines import Layout, check_field_counts, find_layout
from search.data.reading.options import ReadOptions
from search.data.reading.sniffing import decode, detect_encoding
from search.errors import TableFormatError

# Large blocks: each costs a start, and a million rows should fill every core.
_SMALLEST_BLOCK = 1 << 22
# Share of the first rows that hold a number or a date in every table of numbers.
_LEAST_WITH_VALUE = 0.2


@dataclass(frozen=True)
class DelimitedText:
    """Cells of a delimited text, as texts, and where each row lies in the file."""

    frame: pd.DataFrame
    options: ReadOptions
    first_row: int
    line_numbers: np.ndarray | None
    findings: tuple[Finding, ...]


def detect_delimited(content: bytes) -> ReadOptions:
    """Find out how a delimited text is read.

    Raises
    ------
    TableFormatError
        If it cannot be decoded, or holds prose rather than a table.
    """
    _check_rows(content)
    encoding = detect_encoding(content)
    return _detect_in(decode(content, encoding, is_checked=True), encoding)


def read_delimited(content: bytes, options: ReadOptions | None) -> DelimitedText:
    """Read a delimited text as texts, without changing a cell.

    Raises
    ------
    TableFormatError
        If bytes do not fit the encoding, a quote is not closed, rows have another
        number of fields than the header, or names are empty or doubled.
    """
    _check_rows(content)
    encoding = options.encoding if options else detect_encoding(content)
    text = decode(content, encoding)
    options = options or _detect_in(text, encoding)
    text, delimiter = _prepared(text, options)
    first_line = options.skip_lines + 1
    header, start = _header(text, delimiter, options.header, first_line)
    check_size(text.count(b"\n", start), len(header))
    layout, arrow = None, None
    if b'"' not in text:
        arrow = _parse(text, header, delimiter, None, start=start)
    if arrow is None or _has_empty_row(arrow):
        layout = find_layout(_without_end(text), delimiter, first_line=first_line)
        check_field_counts(layout, n_expected=len(header), first_line=first_line)
        arrow = _parse(text, header, delimiter, layout, start=start)
    if arrow is None:
        raise TableFormatError(
            f"The rows cannot be cut into fields at {options.delimiter!r}. Choose "
            "another delimiter or encoding."
        )
    if not arrow.num_rows:
        raise TableFormatError(
            f"The file has a header with {counted(len(header), 'name')} but no rows of "
            "data."
        )
    lines, findings = _line_numbers(layout, options.header, first_line, len(header))
    first_row = first_line + options.header
    return DelimitedText(arrow.to_pandas(), options, first_row, lines, findings)


def _detect_in(text: bytes, encoding: str) -> ReadOptions:
    n_skipped = count_comment_lines(text)
    text = text[_start_of_line(text, n_skipped) :]
    lines = sample_lines(text)
    if not lines:
        raise TableFormatError("The file has only comments and blank lines.")
    delimiter = detect_delimiter(lines)
    rows = split_lines(lines, delimiter)
    later = split_lines(later_lines(text), delimiter)
    _refuse_prose(rows)
    decimal, thousands = detect_decimal([*rows, *later], delimiter)
    return ReadOptions(
        format="csv",
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal,
        thousands=thousands,
        header=detect_header(rows),
        skip_lines=n_skipped,
    )


def _check_rows(content: bytes) -> None:
    """Refuse too many lines before anything is made of each."""
    check_size(max(content.count(b"\n"), content.count(b"\r")), 1)


def _refuse_prose(rows: list[list[str]]) -> None:
    n_with_value = sum(any(map(looks_like_value, row)) for row in rows)
    if len(rows) > 1 and n_with_value < _LEAST_WITH_VALUE * len(rows):
        raise TableFormatError(
            f"This is text rather than a table: of the first {len(rows)} rows, "
            f"{n_with_value or 'none'} {'has' if n_with_value == 1 else 'have'} a "
            "number or a date. Give a CSV, TSV, Excel or Parquet file with numbers."
        )


def _start_of_line(text: bytes, n_lines: int) -> int:
    """Return where the line after the first `n_lines` begins."""
    start = 0
    for _ in range(n_lines):
        start = text.find(b"\n", start) + 1
        if not start:
            return len(text)
    return start


def _prepared(text: bytes, options: ReadOptions) -> tuple[bytes, str]:
    """Drop skipped lines, blank lines at the end, blanks that mean nothing."""
    delimiter = options.delimiter
    if text.endswith(b"\n\n"):
        text = _without_end(text) + b"\n"
    text = text[_start_of_line(text, options.skip_lines) :]  # copies what is cut only
    if not text or text.isspace():
        raise TableFormatError("The file has no rows.")
    if delimiter == WHITESPACE:
        lines = _without_end(text).split(b"\n")
        return b"\n".join(b"\t".join(line.split()) for line in lines), "\t"
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\n\r\x00':
        raise TableFormatError(
            f"`delimiter` must be one character such as ; or 'whitespace', got "
            f"{delimiter!r}."
        )
    mark = delimiter.encode()
    if mark != b" " and b'"' in text:
        while mark + b' "' in text:
            text = text.replace(mark + b' "', mark + b'"')
    return text, delimiter


def _without_end(text: bytes) -> bytes:
    """Return the text without line ends after its last row."""
    return text.rstrip(b"\n")


def _header(
    text: bytes, delimiter: str, has_header: bool, first_line: int
) -> tuple[list[str], int]:
    """Return the column names and where the data rows begin."""
    stop = _end_of_first_row(text)
    first = _fields(text[:stop], delimiter, first_line)
    if not has_header:
        return number_names(len(first)), 0
    return check_names(first, row=first_line), stop + 1


def _end_of_first_row(text: bytes) -> int:
    """Return where the first row ends; a line end inside quotes does not end it."""
    end = text.find(b"\n")
    while end >= 0 and text.count(b'"', 0, end) % 2:
        end = text.find(b"\n", end + 1)
    return len(text) if end < 0 else end


def _fields(line: bytes, delimiter: str, first_line: int) -> list[str]:
    layout = find_layout(line, delimiter, first_line=first_line)
    if layout.is_blank[0]:
        return [""]
    row = _parse(line, number_names(int(layout.n_fields[0])), delimiter, layout)
    assert row is not None  # the layout has counted its fields
    return [str(cells[0].as_py()) for cells in row.columns]


def _parse(
    text: bytes,
    names: list[str],
    delimiter: str,
    layout: Layout | None,
    *,
    start: int = 0,
) -> pa.Table | None:
    """Parse the rows from `start` on; nothing is converted or taken as missing.

    Without a layout the text has no quotes, and blank lines become rows of empty
    cells. None where a row has another number of fields.
    """
    if start >= len(text):
        return pa.table({name: pa.array([], pa.large_string()) for name in names})
    longest = layout.longest if layout else _longest_line(text)
    texts = {name: pa.large_string() for name in names}
    try:
        return pa_csv.read_csv(
            pa.py_buffer(text).slice(start),
            read_options=pa_csv.ReadOptions(
                column_names=names, block_size=max(_SMALLEST_BLOCK, 2 * longest + 16)
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if layout else False,
                newlines_in_values=layout is not None,
                ignore_empty_lines=len(names) > 1 and layout is not None,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=texts,
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
                check_utf8=False,  # it was decoded before
            ),
        )
    except pa.ArrowInvalid:
        return None


def _has_empty_row(rows: pa.Table) -> bool:
    """Tell whether all cells of a row are empty, as those of a blank line."""
    is_empty = None
    for column in rows.columns if rows.num_columns > 1 else ():
        of_column = pc.equal(pc.binary_length(column), 0)
        is_empty = of_column if is_empty is None else pc.and_(is_empty, of_column)
        if not pc.any(is_empty).as_py():
            return False
    return is_empty is not None


def _longest_line(text: bytes) -> int:
    """Return an upper bound of the longest line, exactly only for long lines."""
    step = _SMALLEST_BLOCK // 4
    starts = range(0, len(text), step)
    if all(text.find(b"\n", start, start + step) >= 0 for start in starts[:-1]):
        return 2 * step
    return max(len(line) for line in text.split(b"\n"))


def _line_numbers(
    layout: Layout | None, has_header: bool, first_line: int, n_columns: int
) -> tuple[np.ndarray | None, tuple[Finding, ...]]:
    """Return the line of each row where it is not simply the next one."""
    if layout is None:
        return None, ()
    is_row = ~layout.is_blank if n_columns > 1 else np.ones_like(layout.is_blank)
    is_row[: int(has_header)] = False
    lines = layout.lines[is_row] + first_line
    blank = layout.is_blank & (n_columns > 1)
    n_blank = int(blank.sum())
    if not n_blank:
        return lines, ()
    rows = tuple(int(line) + first_line for line in layout.lines[first_places(blank)])
    verb = "is empty and was" if n_blank == 1 else "are empty and were"
    message = f"{listed(rows, n_all=n_blank).capitalize()} {verb} skipped."
    finding = Finding("blank_lines", "notice", message, rows=rows, count=n_blank)
    return lines, (finding,)
