"""Tables as CSV files that no spreadsheet takes for formulas."""

import csv
import io
from pathlib import Path

import pandas as pd

# A cell that begins with one of these is taken for a formula.
_SIGNS = ("=", "+", "-", "@", "\t", "\r")
# As RFC 4180 has it; cells that hold either character are quoted only with this one.
_LINE_END = "\r\n"


def csv_bytes(table: pd.DataFrame, *, index_label: str | None = None) -> bytes:
    """Return a table as a CSV file that is safe in a spreadsheet; see `safe_csv`.

    Parameters
    ----------
    index_label
        Title of the index, which is left out without one.
    """
    has_index = index_label is not None
    written = table.to_csv(
        index=has_index, index_label=index_label, lineterminator=_LINE_END
    )
    return safe_csv(written.encode())


def csv_file_bytes(path: Path) -> bytes:
    """Return a CSV file of a study as one that is safe in a spreadsheet."""
    return safe_csv(path.read_bytes())


def safe_csv(content: bytes) -> bytes:
    """Put ``'`` before each title and cell that a spreadsheet takes for a formula.

    Numbers stay as they are, below 0 too.

    Examples
    --------
    >>> safe_csv(b"=1+1,-1.5").strip()
    b"'=1+1,-1.5"
    """
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    safe = io.StringIO(newline="")
    writer = csv.writer(safe, lineterminator=_LINE_END)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return safe.getvalue().encode()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_SIGNS) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
