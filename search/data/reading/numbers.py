"""Texts to numbers, column by column, with a list of what is not one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from search.data.findings import n_true
from search.data.reading.options import ReadOptions
from search.data.reading.spelling import MISSING_SPELLINGS

# ASCII digits only: other digits, hexadecimal and underscores are not guessed.
_PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_INFINITE = r"(?i)^[+-]?inf(inity)?$"
_LONGEST_MISSING = max(map(len, MISSING_SPELLINGS))


@dataclass(frozen=True)
class NumberColumn:
    """A column as numbers.

    Attributes
    ----------
    values
        Float64 of shape (n_rows,); NaN for whatever is not a finite number.
    is_missing, is_unreadable, is_infinite
        Masks of shape (n_rows,) that say why a value is NaN. Infinite are also
        numbers too large for 64 bits, such as 1e400.
    n_numbers
        Number of finite values.
    """

    values: np.ndarray
    is_missing: np.ndarray
    is_unreadable: np.ndarray
    is_infinite: np.ndarray
    n_numbers: int


def to_numbers(column: pd.Series, options: ReadOptions) -> NumberColumn:
    """Convert a column; decimal and thousands marks of `options` apply to texts."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(
        column.dtype
    ):
        return _number_column(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _unreadable(~column.isna().to_numpy())
    return _texts_to_numbers(as_arrow(column), options)


def missing_mask(column: pd.Series) -> np.ndarray:
    """Return which cells count as missing, of shape (n_rows,)."""
    if isinstance(column.dtype, pd.StringDtype) or column.dtype == object:
        return missing_texts(trimmed(as_arrow(column)))
    return column.isna().to_numpy(dtype=bool)


def missing_texts(texts: pa.ChunkedArray) -> np.ndarray:
    """Return which trimmed texts count as missing, of shape (n_rows,)."""
    shortest = pc.min(pc.binary_length(texts)).as_py()
    if not texts.null_count and shortest is not None and shortest > _LONGEST_MISSING:
        return np.zeros(len(texts), dtype=bool)
    return to_mask(_is_missing(texts))


def trimmed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the texts without blanks at both ends."""
    return pc.utf8_trim_whitespace(texts)


def as_arrow(column: pd.Series) -> pa.ChunkedArray:
    """Return a text column as Arrow texts, without a copy where possible."""
    texts = pa.Array.from_pandas(column)
    if isinstance(texts, pa.Array):
        texts = pa.chunked_array([texts])
    return texts.cast(pa.large_string())


def to_mask(array: pa.ChunkedArray) -> np.ndarray:
    """Return Arrow booleans as an array; null counts as False."""
    return pc.fill_null(array, False).to_numpy().astype(bool)


def _texts_to_numbers(texts: pa.ChunkedArray, options: ReadOptions) -> NumberColumn:
    is_plain = options.decimal == "." and options.thousands is None
    quick = _without_flaw(texts, options)
    if quick is not None:
        return quick
    texts = trimmed(texts)
    is_missing = _is_missing(texts)
    present = pc.if_else(is_missing, None, texts)
    plain = present if is_plain else _plain_notation(present, options)
    is_number = pc.or_(
        pc.match_substring_regex(plain, _PLAIN),
        pc.match_substring_regex(plain, _INFINITE),
    )
    readable = pc.if_else(is_number, plain, None)
    values = pc.cast(readable, pa.float64()).to_numpy()
    missing = to_mask(is_missing)
    return _number_column(values, missing=missing)


def _without_flaw(texts: pa.ChunkedArray, options: ReadOptions) -> NumberColumn | None:
    """Convert texts that are all numbers; None if one needs a closer look."""
    if texts.null_count or options.thousands is not None:
        return None
    if options.decimal != ".":
        rewritten = _with_points(texts, options.decimal)
        if rewritten is None:
            return None
        texts = rewritten
    try:
        return _number_column(pc.cast(texts, pa.float64()).to_numpy())
    except pa.ArrowInvalid:
        return None


def _with_points(texts: pa.ChunkedArray, decimal: str) -> pa.ChunkedArray | None:
    """Write decimal marks as points; None where a text has a point already.

    One byte becomes another one, so the places of the texts stay and no text is cut.
    """
    table = bytes.maketrans(decimal.encode(), b".")
    chunks = []
    for chunk in texts.chunks:
        validity, stops, content = chunk.buffers()
        letters = b"" if content is None else content.to_pybytes()
        if b"." in letters:
            return None
        parts = [validity, stops, pa.py_buffer(letters.translate(table))]
        chunks.append(
            pa.Array.from_buffers(chunk.type, len(chunk), parts, offset=chunk.offset)
        )
    return pa.chunked_array(chunks, type=texts.type)


def _is_missing(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    spellings = pa.array(sorted(MISSING_SPELLINGS), type=pa.large_string())
    return pc.or_(pc.is_null(texts), pc.is_in(pc.utf8_lower(texts), spellings))


def _plain_notation(texts: pa.ChunkedArray, options: ReadOptions) -> pa.ChunkedArray:
    """Rewrite to a decimal point and no groups; null where the marks do not fit."""
    decimal = "\\" + options.decimal
    if options.thousands:
        mark = options.thousands
        grouped = (
            rf"^[+-]?[0-9]{{1,3}}(?:[{mark}][0-9]{{3}})+(?:{decimal}[0-9]*)?"
            r"(?:[eE][+-]?[0-9]+)?$"
        )
        has_mark = pc.match_substring(texts, mark)
        fits = pc.match_substring_regex(texts, grouped)
        without = pc.replace_substring(texts, mark, "")
        texts = pc.if_else(pc.and_(has_mark, fits), without, texts)
        texts = pc.if_else(pc.and_not(has_mark, fits), "?", texts)
    if options.decimal != ".":
        texts = pc.if_else(pc.match_substring(texts, "."), "?", texts)
        texts = pc.replace_substring(texts, options.decimal, ".")
    return texts


def _number_column(
    values: np.ndarray, *, missing: np.ndarray | None = None
) -> NumberColumn:
    finite = np.isfinite(values)
    n_numbers = n_true(finite)
    nothing = np.zeros(len(values), dtype=bool)
    if missing is None:
        if n_numbers == len(values):
            return NumberColumn(values, nothing, nothing, nothing, n_numbers)
        missing = np.isnan(values)
    infinite = np.isinf(values)
    unreadable = np.isnan(values) & ~missing
    values = np.where(finite, values, np.nan)
    return NumberColumn(values, missing, unreadable, infinite, n_numbers)


def _unreadable(mask: np.ndarray) -> NumberColumn:
    nothing = np.zeros(len(mask), dtype=bool)
    return NumberColumn(np.full(len(mask), np.nan), ~mask, mask, nothing, 0)
