"""The columns that have a role, as numbers, with a finding for whatever is not one."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from search.data.findings import (
    REFUSE,
    Finding,
    counted,
    first_places,
    listed,
    n_true,
    shown,
)
from search.data.reading.numbers import NumberColumn, as_arrow, missing_mask
from search.data.settings import CHOICES, SeriesSettings
from search.data.table import Table

MAX_CATEGORIES = 20
LEAST_NUMBERS = 0.8
# More digits than 64 bits hold, leading zeros aside.
_TOO_PRECISE = "[1-9][0-9]{17,}"
_LONGEST_EXACT = 18
_MANY_ROWS = 100_000


@dataclass(frozen=True)
class Cells:
    """The columns that have a role.

    Attributes
    ----------
    frame
        Float64, in the order of ``roles.columns``, one row a row of the table; NaN
        where there is no number. Text columns hold the position of their value in
        `categories`.
    categories
        Values of each text column, sorted.
    is_refused
        For each column, the rows with a text or an infinity that was not chosen to
        count as missing.
    findings
        What was found, column by column.
    """

    frame: pd.DataFrame
    categories: dict[str, tuple[str, ...]]
    is_refused: dict[str, np.ndarray]
    findings: tuple[Finding, ...]


def read_cells(table: Table, settings: SeriesSettings, columns: Sequence[str]) -> Cells:
    """Read `columns` of the table; texts in features may become categories."""
    values: dict[str, np.ndarray] = {}
    categories: dict[str, tuple[str, ...]] = {}
    is_refused: dict[str, np.ndarray] = {}
    findings: list[Finding] = []
    _convert(table, columns)
    for name in columns:
        column = table.frame[name]
        numbers = table.numbers(name)
        is_target = name in settings.roles.targets
        if is_category(numbers) and not is_target:
            codes, texts = _codes(column)
            values[name], categories[name] = codes, texts
            findings.append(category_finding(name, texts, _examples(texts)))
        else:
            values[name] = numbers.values
            if settings.unreadable == REFUSE:
                is_refused[name] = numbers.is_unreadable | numbers.is_infinite
            findings += _number_findings(table, name, numbers, settings.unreadable)
            findings += _spread_findings(table, name, numbers, is_target=is_target)
            findings += _precision_findings(table, name, column)
    index = pd.RangeIndex(len(table.frame))
    frame = pd.DataFrame(values, columns=list(columns), index=index, copy=False)
    return Cells(frame, categories, is_refused, tuple(findings))


def _convert(table: Table, columns: Sequence[str]) -> None:
    """Convert the columns side by side, so that large tables use every core."""
    if len(columns) > 1 and len(table.frame) > _MANY_ROWS:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(table.numbers, columns))


def is_category(numbers: NumberColumn) -> bool:
    """Tell whether fewer than four of five cells that are not missing are numbers."""
    n_present = len(numbers.values) - n_true(numbers.is_missing)
    n_numeric = n_present - n_true(numbers.is_unreadable)
    return n_present > 0 and n_numeric < LEAST_NUMBERS * n_present


def _codes(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    is_missing = missing_mask(column)
    texts = column.astype("str").str.strip().mask(is_missing)
    codes, values = pd.factorize(texts, sort=True)
    return np.where(codes < 0, np.nan, codes.astype(np.float64)), tuple(
        map(str, values)
    )


def category_finding(name: str, texts: tuple[str, ...], examples: str) -> Finding:
    """Report a column of texts; `examples` follows their number."""
    if len(texts) > MAX_CATEGORIES:
        return Finding(
            "too_many_categories",
            "error",
            f"Column {shown(name)} holds {len(texts):,} different texts, such as "
            f"{shown(texts[0])}; at most {MAX_CATEGORIES} can become 0/1 columns. "
            "Leave this column out.",
            column=name,
            count=len(texts),
        )
    return Finding(
        "categories",
        "notice",
        f"Column {shown(name)} holds {counted(len(texts), 'text')}{examples}.",
        column=name,
        count=len(texts),
        repair=f"Column {shown(name)} became {counted(len(texts), '0/1 column')}.",
    )


def _examples(texts: tuple[str, ...]) -> str:
    first = ", ".join(shown(text) for text in texts[:3])
    return f" ({first}{', …' if len(texts) > 3 else ''})"


def _number_findings(
    table: Table, name: str, numbers: NumberColumn, chosen: str
) -> list[Finding]:
    findings: list[Finding] = []
    if not numbers.n_numbers:  # one error says so
        return findings
    for code, mask, is_wrong, are_wrong in (
        (
            "text_in_numbers",
            numbers.is_unreadable,
            "is not a number",
            "are not numbers",
        ),
        ("infinite", numbers.is_infinite, "is infinite", "are infinite"),
    ):
        count = n_true(mask)
        if count:
            rows = table.file_rows(first_places(mask))
            wrong = is_wrong if count == 1 else are_wrong
            message = _cells_message(table, name, mask, wrong)
            findings.append(
                Finding(
                    code,
                    "choice",
                    message,
                    column=name,
                    rows=rows,
                    count=count,
                    setting="unreadable",
                    choices=CHOICES["unreadable"],
                    chosen=chosen,
                    repair=_unreadable_repair(name, count, chosen),
                )
            )
    return findings


def _cells_message(table: Table, name: str, mask: np.ndarray, wrong: str) -> str:
    """Name the first five cells of `mask` and say what is wrong with them."""
    places, count = first_places(mask), n_true(mask)
    rows = table.file_rows(places)
    texts = [shown(text) for text in table.frame[name].iloc[places]]
    if count == 1:
        return f"Row {rows[0]}, column {shown(name)}: {texts[0]} {wrong}."
    return (
        f"Column {shown(name)}, {listed(rows, n_all=count)}: {count:,} cells {wrong}: "
        f"{', '.join(texts)}{' …' if count > len(texts) else ''}."
    )


def _unreadable_repair(name: str, count: int, chosen: str) -> str:
    if chosen == REFUSE:
        return ""
    cells = f"{counted(count, 'cell')} of column {shown(name)}"
    return f"{cells} without a finite number {'was' if count == 1 else 'were'} emptied."


def _spread_findings(
    table: Table, name: str, numbers: NumberColumn, *, is_target: bool
) -> list[Finding]:
    if not numbers.n_numbers:
        return [_no_numbers_finding(table, name, numbers)]
    low, high = np.nanmin(numbers.values), np.nanmax(numbers.values)
    if low < high:
        return []
    value = numbers.values[np.isfinite(numbers.values)][0]
    text = f"Column {shown(name)} has the same value in every row, {value:g}"
    if is_target:
        text += ", so there is nothing to predict. Choose another target."
        return [Finding("constant", "error", text, column=name)]
    text += ", so it tells a network nothing. It can be left out."
    return [Finding("constant", "notice", text, column=name)]


def _no_numbers_finding(table: Table, name: str, numbers: NumberColumn) -> Finding:
    places = first_places(~numbers.is_missing)
    if not len(places):
        text = f"Column {shown(name)} is empty. Choose another column."
        return Finding("empty_column", "error", text, column=name)
    rows = table.file_rows(places)
    text = (
        f"Column {shown(name)} holds no finite numbers: row {rows[0]} has "
        f"{shown(table.frame[name].iloc[places[0]])}. Choose another column."
    )
    count = int((~numbers.is_missing).sum())
    return Finding("no_numbers", "error", text, name, rows, count)


def _precision_findings(table: Table, name: str, column: pd.Series) -> list[Finding]:
    if not isinstance(column.dtype, pd.StringDtype):
        return []
    texts = as_arrow(column)
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is None or longest < _LONGEST_EXACT:
        return []
    digits = pc.replace_substring(texts, table.options.decimal, "")
    mask = pc.match_substring_regex(digits, _TOO_PRECISE).to_numpy().astype(bool)
    count = n_true(mask)
    if not count:
        return []
    rows = table.file_rows(first_places(mask))
    text = (
        f"Column {shown(name)}, {listed(rows, n_all=count)}: "
        f"{counted(count, 'number')} with more digits than 64 bits hold; about 16 are "
        "kept."
    )
    return [Finding("precision", "notice", text, column=name, rows=rows, count=count)]
