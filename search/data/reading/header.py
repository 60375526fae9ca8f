"""Column names: trimmed, distinct, not empty. How large a table may be."""

from collections.abc import Sequence

from search.data.findings import listed, shown
from search.errors import TableFormatError

MAX_COLUMNS = 2_000
# Every table of numbers in a text of 200 MB has room in these; what is beyond them is
# made to fill the memory.
MAX_ROWS = 10_000_000
MAX_CELLS = 50_000_000


def number_names(n_columns: int) -> list[str]:
    """Return ``column 1``, ``column 2`` and so on, for a file without a header."""
    _check_number(n_columns)
    return [f"column {number}" for number in range(1, n_columns + 1)]


def check_names(names: Sequence[str], *, row: int | None = None) -> list[str]:
    """Return the trimmed names.

    Raises
    ------
    TableFormatError
        If a name is empty or occurs twice, naming the columns; or if there are more
        than 2,000 columns.
    """
    _check_number(len(names))
    trimmed = [name.strip() for name in names]
    where = f" in the header (row {row})" if row else ""
    empty = [number for number, name in enumerate(trimmed, 1) if not name]
    if empty:
        columns = listed(empty, n_all=len(empty)).replace("row", "column", 1)
        raise TableFormatError(
            f"{columns.capitalize()} {'has' if len(empty) == 1 else 'have'} no name"
            f"{where}. Name each column or remove it; if the file has no header, say "
            "so in the reading options."
        )
    places: dict[str, int] = {}
    for number, name in enumerate(trimmed, 1):
        if name in places:
            raise TableFormatError(
                f"Columns {places[name]} and {number} have the same name {shown(name)}"
                f"{where}. Give each column its own name; if the file has no header, "
                "say so in the reading options."
            )
        places[name] = number
    return trimmed


def check_size(n_rows: int, n_columns: int) -> None:
    """Refuse a table that would not fit into memory, before it is read.

    Raises
    ------
    TableFormatError
        If there are more than 10,000,000 rows, 2,000 columns or 50,000,000 cells.
    """
    _check_number(n_columns)
    if n_rows > MAX_ROWS:
        raise TableFormatError(
            f"The table has {n_rows:,} rows; at most {MAX_ROWS:,} can be read. Keep "
            "the newest rows, or take means over longer steps."
        )
    if n_rows * n_columns > MAX_CELLS:
        raise TableFormatError(
            f"The table has {n_rows:,} rows of {n_columns:,} columns; at most "
            f"{MAX_CELLS:,} cells can be read. Keep the columns that matter, or take "
            "means over longer steps."
        )


def _check_number(n_columns: int) -> None:
    if n_columns > MAX_COLUMNS:
        raise TableFormatError(
            f"The table has {n_columns:,} columns; at most {MAX_COLUMNS:,} can be "
            "read. Keep the columns that matter; if rows and columns are swapped, "
            "transpose the table."
        )
