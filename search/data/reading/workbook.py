"""Read Excel workbooks and Parquet files."""

import datetime as dt
import io
import math
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from search.data.findings import shown
from search.data.reading.header import check_names, check_size, number_names
from search.data.reading.options import ReadOptions
from search.errors import TableFormatError

_EXCEL_ERRORS = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    SyntaxError,  # the parent of XML parse errors
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,  # encrypted
    zlib.error,
)
# A file holds what pandas is to make of its columns, and that can be damaged too.
_OF_PANDAS = (ValueError, TypeError, LookupError, AttributeError)
_MOST_TEXT_BYTES = 1_000_000_000
# Empty ones included; each takes eight bytes, and a number three times that.
_MOST_SHEET_CELLS = 20_000_000


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook; `first_row` is the row number of the first data row."""

    frame: pd.DataFrame
    first_row: int
    sheets: tuple[str, ...]


def read_workbook(content: bytes, options: ReadOptions) -> Sheet:
    """Read one sheet: values only, formulas by their last result.

    Raises
    ------
    TableFormatError
        If the workbook is damaged, the sheet absent or empty, or names are empty or
        doubled.
    """
    try:
        names, rows = _sheet_rows(content, options.sheet)
    except _EXCEL_ERRORS as error:
        if isinstance(error, TableFormatError):
            raise
        raise TableFormatError(
            "The Excel file is damaged and cannot be read. Open it in Excel and save "
            "it again, or save the sheet as CSV."
        ) from error
    sheet = options.sheet or names[0]
    n_blank = next((i for i, row in enumerate(rows) if not _is_blank(row)), len(rows))
    rows = rows[n_blank:]
    while rows and _is_blank(rows[-1]):
        rows.pop()
    width = max((_width(row) for row in rows), default=0)
    check_size(len(rows), width)
    rows = [tuple(row[:width]) + (None,) * (width - len(row)) for row in rows]
    if len(rows) < 1 + options.header:
        raise TableFormatError(f"The sheet {shown(sheet)} has no rows of data.")
    if options.header:
        header = ["" if cell is None else str(cell) for cell in rows[0]]
        columns = check_names(header, row=n_blank + 1)
    else:
        columns = number_names(width)
    body = rows[1:] if options.header else rows
    cells = {name: [row[i] for row in body] for i, name in enumerate(columns)}
    frame = pd.DataFrame({name: _typed(values) for name, values in cells.items()})
    return Sheet(frame, n_blank + 1 + options.header, names)


def read_parquet(content: bytes) -> pd.DataFrame:
    """Read a Parquet file; a time index becomes a column.

    Raises
    ------
    TableFormatError
        If the file is damaged, empty, or has nested columns.
    """
    try:
        table = _unpacked(content)
        nested = [
            field.name for field in table.schema if pa.types.is_nested(field.type)
        ]
        if nested:
            raise TableFormatError(
                f"Column {shown(nested[0])} holds lists or records. Keep one value in "
                "each cell."
            )
        frame = table.to_pandas(strings_to_categorical=False)
    except (pa.ArrowException, OSError, *_OF_PANDAS) as error:
        if isinstance(error, TableFormatError):
            raise
        raise TableFormatError(
            "The Parquet file is damaged or cut off. Write or copy it again."
        ) from error
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names=frame.index.name or "time")
    frame.columns = pd.Index(check_names([str(name) for name in frame.columns]))
    if not len(frame):
        raise TableFormatError("The Parquet file has no rows.")
    return frame.apply(_plain_column).reset_index(drop=True)


def _unpacked(content: bytes) -> pa.Table:
    """Read the columns; texts as they are stored, each distinct one once.

    A few bytes can stand for any number of rows and for any length of text.
    """
    with pq.ParquetFile(io.BytesIO(content)) as file:
        check_size(file.metadata.num_rows, len(file.schema_arrow))
        texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
    table = pq.read_table(io.BytesIO(content), read_dictionary=texts)
    n_bytes = sum(
        _text_bytes(chunk) for column in table.columns for chunk in column.chunks
    )
    if n_bytes > _MOST_TEXT_BYTES:
        raise TableFormatError(
            f"The texts of this Parquet file take {n_bytes / 1e9:,.0f} GB when "
            "unpacked. Keep the columns that matter."
        )
    return table


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_binary(kind)


def _text_bytes(chunk: pa.Array) -> int:
    """Return the bytes of all texts of a chunk, each as often as it occurs."""
    if not isinstance(chunk, pa.DictionaryArray) or not _is_text(chunk.type.value_type):
        return 0
    lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
    return pc.sum(lengths.take(chunk.indices)).as_py() or 0


def _sheet_rows(
    content: bytes, sheet: str | None
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    # Imported here: the web process starts without it.
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        names = tuple(str(page.title) for page in book.worksheets)
        if sheet is not None and sheet not in names:
            raise TableFormatError(
                f"`sheet` {shown(sheet)} is not in the file; it has "
                f"{', '.join(map(shown, names))}."
            )
        page = book[sheet] if sheet is not None else book.worksheets[0]
        page.reset_dimensions()
        return names, list(_some_rows(page.iter_rows(values_only=True), page.title))
    finally:
        book.close()


def _some_rows(
    rows: Iterable[Sequence[object]], sheet: str
) -> Iterator[tuple[object, ...]]:
    """Yield the rows; end where cells of a few bytes would become too many."""
    n_cells = 0
    for row in rows:
        n_cells += len(row)
        if n_cells > _MOST_SHEET_CELLS:
            raise TableFormatError(
                f"The sheet {shown(sheet)} reaches over more than "
                f"{_MOST_SHEET_CELLS:,} cells, empty ones included. Save what matters "
                "as CSV."
            )
        yield tuple(row)


def _is_blank(row: Sequence[object]) -> bool:
    return all(cell is None or cell == "" for cell in row)


def _width(row: Sequence[object]) -> int:
    used = [i for i, cell in enumerate(row) if cell is not None and cell != ""]
    return used[-1] + 1 if used else 0


def _typed(cells: list[object]) -> pd.Series:
    """Return numbers, time stamps, or texts; a mixture becomes texts."""
    present = [cell for cell in cells if cell is not None]
    if all(isinstance(cell, int | float) for cell in present):
        numbers = [math.nan if cell is None else cell for cell in cells]
        return pd.Series(np.array(numbers, dtype=np.float64))
    if all(isinstance(cell, dt.datetime | dt.date) for cell in present):
        return pd.Series(pd.to_datetime(pd.Series(cells, dtype=object))).dt.as_unit(
            "us"
        )
    return pd.Series([_as_text(cell) for cell in cells], dtype="str")


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _plain_column(column: pd.Series) -> pd.Series:
    """Return numbers, naive or zoned time stamps, or texts."""
    is_plain = pd.api.types.is_numeric_dtype(column.dtype)
    if is_plain or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    texts = column.astype(object).map(
        lambda cell: "" if pd.isna(cell) else _as_text(cell)
    )
    return texts.astype("str")
