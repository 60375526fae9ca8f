"""Where the rows and fields of a delimited text begin, found without parsing cells.

A pass over the bytes with array operations: it costs about as much as reading the
file, names the row of whatever is wrong, and knows quoted delimiters and line ends.
"""

from dataclasses import dataclass

import numpy as np

from search.data.findings import first_places, listed
from search.errors import TableFormatError

_NEWLINE, _QUOTE = ord("\n"), ord('"')


@dataclass(frozen=True)
class Layout:
    """Rows of a delimited text.

    Attributes
    ----------
    starts, stops
        Half-open byte range of each row, without its line end.
    lines
        Zero-based line on which each row begins.
    n_fields
        Fields of each row.
    is_blank
        Whether the row is an empty line.
    """

    starts: np.ndarray
    stops: np.ndarray
    lines: np.ndarray
    n_fields: np.ndarray
    is_blank: np.ndarray

    @property
    def longest(self) -> int:
        """Bytes of the longest row."""
        return int((self.stops - self.starts).max(initial=0))


def find_layout(text: bytes, delimiter: str, *, first_line: int) -> Layout:
    """Find the rows of `text` and count their fields.

    Parameters
    ----------
    text
        UTF-8, lines ending in LF, no line end after the last row.
    delimiter
        One character of ASCII.
    first_line
        Line number in the file of the first line of `text`, for messages.

    Raises
    ------
    TableFormatError
        If a quote mark is not closed or stands inside a field; the row is named.
    """
    letters = np.frombuffer(text, dtype=np.uint8)
    newlines = np.flatnonzero(letters == _NEWLINE)
    delimiters = np.flatnonzero(letters == ord(delimiter))
    quotes = np.flatnonzero(letters == _QUOTE)
    lines = np.arange(len(newlines) + 1)
    if len(quotes):
        _check_quotes(letters, quotes, newlines, delimiter, first_line)
        ends = _outside(newlines, quotes)
        delimiters = delimiters[_outside(delimiters, quotes)]
        lines = np.concatenate([[0], np.flatnonzero(ends) + 1])
        newlines = newlines[ends]
    starts = np.concatenate([[0], newlines + 1])
    stops = np.concatenate([newlines, [len(text)]])
    before = np.searchsorted(delimiters, np.concatenate([starts, [len(text)]]))
    return Layout(starts, stops, lines, np.diff(before) + 1, stops == starts)


def check_field_counts(layout: Layout, *, n_expected: int, first_line: int) -> None:
    """Refuse rows with another number of fields than the first row.

    Raises
    ------
    TableFormatError
        Naming the first five rows; a header that is shorter or longer than every
        row is named as such.
    """
    wrong = (layout.n_fields != n_expected) & ~layout.is_blank
    n_wrong = int(wrong.sum())
    if not n_wrong:
        return
    rows = layout.lines[first_places(wrong)] + first_line
    found = int(layout.n_fields[wrong][0])
    body = layout.n_fields[1:][~layout.is_blank[1:]]
    if len(body) > 1 and (body == body[0]).all():
        raise TableFormatError(
            f"The first row (row {first_line}) has {_fields(n_expected)} but every "
            f"row after it has {found}, so names and values would not match. Make "
            f"both equal; look at row {rows[0]} first."
        )
    ends_short = wrong[-1] and n_wrong == 1 and found < n_expected
    hint = (
        "The file seems to be cut off at its end."
        if ends_short
        else "Put fields that hold the separator in quotes, or mend the rows."
    )
    raise TableFormatError(
        f"{listed(rows, n_all=n_wrong).capitalize()} "
        f"{'has' if n_wrong == 1 else 'have'} another number of fields than the first "
        f"row: row {rows[0]} has {_fields(found)}, the first row has {n_expected}. "
        f"{hint}"
    )


def _fields(n: int) -> str:
    return f"{n} field" if n == 1 else f"{n} fields"


def _outside(positions: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """Tell for each position whether it lies outside quotes."""
    return np.searchsorted(quotes, positions) % 2 == 0


def _check_quotes(
    letters: np.ndarray,
    quotes: np.ndarray,
    newlines: np.ndarray,
    delimiter: str,
    first_line: int,
) -> None:
    """Refuse quote marks that neither begin nor end a field nor stand doubled."""
    edges = np.array([_NEWLINE, ord(delimiter), _QUOTE], dtype=np.uint8)
    opening, closing = quotes[::2], quotes[1::2]
    good_opening = (opening == 0) | np.isin(letters[opening - 1], edges)
    after = np.minimum(closing + 1, len(letters) - 1)
    good_closing = (closing == len(letters) - 1) | np.isin(letters[after], edges)
    # A quoted pair inside an open field, "a""b", alternates closing and opening.
    first_open = _first_false(good_opening)
    first_close = _first_false(good_closing)
    n_pairs = len(closing)
    if first_open is None and first_close is None:
        if len(opening) == n_pairs:
            return
        raise _unclosed(_line(opening[-1], newlines, first_line))
    pair = min(x for x in (first_open, first_close) if x is not None)
    start = int(opening[pair])
    row = _line(start, newlines, first_line)
    is_opening_good = bool(good_opening[pair])
    if is_opening_good and _line(int(closing[pair]), newlines, first_line) != row:
        raise _unclosed(row)
    raise TableFormatError(
        f"Row {row} has a quote mark inside a field. Double the mark, as in "
        f'"5 "" pipe", or remove it.'
    )


def _first_false(mask: np.ndarray) -> int | None:
    places = np.flatnonzero(~mask)
    return int(places[0]) if len(places) else None


def _line(position: int, newlines: np.ndarray, first_line: int) -> int:
    return int(np.searchsorted(newlines, position)) + first_line


def _unclosed(row: int) -> TableFormatError:
    return TableFormatError(
        f"Row {row} opens a quote mark that is not closed. Close it or remove it."
    )
