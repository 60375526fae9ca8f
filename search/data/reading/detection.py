"""How a delimited text is to be read: delimiter, decimal mark, header."""

import csv
import re
from collections import Counter
from collections.abc import Sequence

from search.data.reading.spelling import (
    MISSING_SPELLINGS,
    looks_like_number,
    looks_like_time,
)

WHITESPACE = "whitespace"
# Preferred first: a comma may be a decimal mark in a file that uses another one.
DELIMITERS = ("\t", ";", "|", ",")
COMMENT_MARKS = (b"#", b"%", b"//")
_HEAD_BYTES, _PART_BYTES = 65_536, 16_384
_MOST_LINES = 200
_QUOTED = re.compile(r'"[^"]*"')
_GROUP_MARKS = " '’\u00a0\u202f"  # noqa: RUF001
_GROUPED = re.compile(rf"[+-]?\d{{1,3}}([{_GROUP_MARKS}])\d{{3}}(\1\d{{3}})*([.,]\d+)?")


def count_comment_lines(text: bytes) -> int:
    """Return the lines before the table that are blank or begin with a comment mark."""
    n_lines = 0
    for line in text[:_HEAD_BYTES].split(b"\n"):
        if line.strip() and not line.lstrip().startswith(COMMENT_MARKS):
            break
        n_lines += 1
    return n_lines


def sample_lines(text: bytes) -> list[str]:
    """Return lines from the head of `text`, at most 200, without blank ones."""
    head = text[:_HEAD_BYTES]
    lines = head.decode("utf-8", "replace").split("\n")
    if len(head) < len(text) and len(lines) > 1:
        lines.pop()
    return [line for line in lines if line.strip()][:_MOST_LINES]


def later_lines(text: bytes) -> list[str]:
    """Return whole lines from the middle and the end of a long text."""
    lines: list[str] = []
    for start in (len(text) // 2, len(text) - _PART_BYTES):
        if start > _HEAD_BYTES:
            part = text[start : start + _PART_BYTES].decode("utf-8", "replace")
            lines += part.split("\n")[1:-1][-_MOST_LINES:]
    return [line for line in lines if line.strip()]


def detect_delimiter(lines: Sequence[str]) -> str:
    """Return the character that cuts most lines into equally many fields.

    Among those that cut all of them, tab, semicolon and bar go before the comma.
    Blanks count where nothing else does and the lines hold numbers. A text without
    any of them is one column, for which the comma stands.
    """
    bare = [_QUOTED.sub("", line) for line in lines]
    shares = {
        mark: _agreement([line.count(mark) for line in bare]) for mark in DELIMITERS
    }
    best = max(DELIMITERS, key=lambda mark: shares[mark])
    if shares[best] < 1.0 and _is_aligned(bare):
        return WHITESPACE
    return best if shares[best] >= 0.5 else ","


def split_lines(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Return the trimmed cells of sample lines."""
    if delimiter == WHITESPACE:
        return [line.split() for line in lines]
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:  # one cell of more than 128 KB
        rows = [line.split(delimiter) for line in lines]
    return [[cell.strip() for cell in row] for row in rows]


def detect_decimal(
    rows: Sequence[Sequence[str]], delimiter: str
) -> tuple[str, str | None]:
    """Return the decimal mark and the mark between groups of three digits.

    Texts such as ``1,234`` alone do not tell; they are read as 1.234 where another
    delimiter than the comma separates the fields, and as 1234 otherwise.
    """
    votes: Counter[str] = Counter()
    for row in rows:
        for cell in row:
            votes.update(_marks(cell))
    group = next((mark for mark in _GROUP_MARKS if votes[f"group {mark}"]), None)
    if votes["decimal ,"] and not votes["decimal ."]:
        return ",", group or ("." if votes["group ."] else None)
    if votes["decimal ."]:
        is_grouped = votes["group ,"] or votes["either ,"]
        return ".", group or ("," if is_grouped else None)
    if votes["group ."] and not votes["group ,"]:
        return ",", "."
    if votes["group ,"]:
        return ".", ","
    if votes["either ,"]:
        return (".", ",") if delimiter == "," else (",", None)
    return ".", group


def detect_header(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row holds names.

    It does unless a column that holds numbers or time stamps below has the same in
    the first row too; anything else above such a column decides for a header.
    """
    if len(rows) < 2:
        return not any(looks_like_value(cell) for row in rows for cell in row)
    first, body = rows[0], rows[1:]
    has_name = has_value = False
    for column, cell in enumerate(first):
        below = [row[column] for row in body if column < len(row)]
        below = [text for text in below if text.lower() not in MISSING_SPELLINGS]
        for looks_alike in (looks_like_number, looks_like_time):
            if below and 2 * sum(map(looks_alike, below)) > len(below):
                if looks_alike(cell):
                    has_value = True
                elif cell.lower() not in MISSING_SPELLINGS:
                    has_name = True
    return has_name or not has_value


def looks_like_value(cell: str) -> bool:
    """Tell whether a text is a number in any notation or a time stamp."""
    return looks_like_number(cell) or looks_like_time(cell)


def _agreement(counts: Sequence[int]) -> float:
    """Return the share of lines with the most common count above 0."""
    above = Counter(count for count in counts if count)
    return above.most_common(1)[0][1] / len(counts) if above else 0.0


def _is_aligned(lines: Sequence[str]) -> bool:
    rows = [line.split() for line in lines]
    n_fields = len(rows[0]) if rows else 0
    if n_fields < 2 or any(len(row) != n_fields for row in rows):
        return False
    cells = [cell for row in rows[1:] or rows for cell in row]
    return sum(map(looks_like_number, cells)) >= 0.9 * len(cells)


def _marks(cell: str) -> list[str]:
    """Return what one cell says about the marks: ``decimal ,`` and the like."""
    grouped = _GROUPED.fullmatch(cell)
    if grouped:
        mark = f"group {grouped[1]}"
        return [mark, f"decimal {grouped[3][0]}"] if grouped[3] else [mark]
    if not looks_like_number(cell):
        return []
    has_comma, has_dot = "," in cell, "." in cell
    if has_comma and has_dot:
        last, other = (",", ".") if cell.rfind(",") > cell.rfind(".") else (".", ",")
        return [f"decimal {last}", f"group {other}"]
    for mark in (",", "."):
        if cell.count(mark) > 1:
            return [f"group {mark}"]
    if has_comma:
        is_group = re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell)
        return ["either ,"] if is_group else ["decimal ,"]
    return ["decimal ."] if has_dot else []
