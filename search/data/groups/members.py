"""Which group each row belongs to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.findings import (
    Finding,
    counted,
    first_places,
    listed,
    n_true,
    shown,
)
from search.data.groups.choices import choice_finding
from search.data.groups.rows import n_rows_were
from search.data.groups.settings import GroupSettings
from search.data.reading.numbers import missing_mask
from search.data.table import Table

ALL_ROWS = "all rows"


@dataclass(frozen=True)
class Members:
    """The group of each row of a table.

    Attributes
    ----------
    group
        Position in `names`, of shape (n_rows,); -1 for rows without a group.
    names
        Names of the groups in the order of their first rows.
    findings
        What was found in the column.
    """

    group: np.ndarray
    names: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


def read_members(table: Table, settings: GroupSettings) -> Members:
    """Read the group column; without one all rows are one group."""
    name = settings.roles.group
    if name is None:
        return Members(np.zeros(len(table.frame), dtype=np.int64), (ALL_ROWS,))
    names = cell_names(table, name)
    codes, values = pd.factorize(names, sort=False)
    findings = [
        *_float_findings(table, settings, name),
        *_missing_findings(table, settings, name, codes < 0),
        *alike_findings(name, [str(value) for value in values], "groups"),
        *_scattered_findings(table, settings, name, codes, values),
    ]
    return Members(
        codes.astype(np.int64), tuple(str(value) for value in values), tuple(findings)
    )


def cell_names(table: Table, column: str) -> pd.Series:
    """Return the cells of a column as trimmed names; missing ones as missing.

    Numbers without decimals lose their point: ``1.0`` and ``1`` are one name.
    """
    cells = table.frame[column]
    texts = cells.astype("str").str.strip()
    numbers = table.numbers(column)
    is_present = ~missing_mask(cells)
    values = numbers.values
    if numbers.n_numbers == n_true(is_present) and numbers.n_numbers:
        present = values[is_present]
        if (present == np.round(present)).all() and np.abs(present).max() < 1e15:
            # Codes with leading zeros are names, and stay as they are.
            has_zero = texts[is_present].str.match(r"[+-]?0[0-9]").any()
            if not has_zero:
                whole = np.where(is_present, values, 0).astype(np.int64)
                texts = pd.Series(whole).astype("str")
    return texts.astype(object).where(is_present, None)


def alike_findings(column: str, names: list[str], what: str) -> list[Finding]:
    """Report names that differ in case or blanks only."""
    seen: dict[str, str] = {}
    pairs = []
    for name in names:
        key = "".join(name.casefold().split())
        if key in seen:
            pairs.append((seen[key], name))
        seen.setdefault(key, name)
    if not pairs:
        return []
    first, second = pairs[0]
    text = (
        f"Column {shown(column)} holds {shown(first)} and {shown(second)}, which "
        f"differ in case or blanks only. They are two {what}; if they mean one, "
        "correct the file."
    )
    return [Finding("alike_names", "notice", text, column, count=len(pairs))]


def _float_findings(
    table: Table, settings: GroupSettings, column: str
) -> list[Finding]:
    numbers = table.numbers(column)
    values = numbers.values
    is_float = np.isfinite(values) & (values != np.round(values))
    if not is_float.any():
        cells = table.some_cells(column).astype("str").str.strip()
        if numbers.n_numbers and cells.str.fullmatch(r"[+-]?[0-9]+\.0*").any():
            text = (
                f"Column {shown(column)} holds whole numbers with a decimal point, "
                f"such as {shown(cells.iloc[0])}; the groups are called without it."
            )
            return [Finding("float_groups", "notice", text, column)]
        return []
    places = first_places(is_float)
    rows = table.file_rows(places)
    text = (
        f"Column {shown(column)} holds numbers with decimals, such as "
        f"{values[places[0]]:g} at {table.place(int(places[0]))}: measurements rather "
        "than names of groups. Choose another column, or keep it."
    )
    return [
        choice_finding(
            "float_groups",
            text,
            settings,
            column=column,
            rows=rows,
            count=n_true(is_float),
            setting="float_groups",
            repair=f"Numbers of column {shown(column)} were taken as names of groups.",
        )
    ]


def _missing_findings(
    table: Table, settings: GroupSettings, column: str, mask: np.ndarray
) -> list[Finding]:
    count = n_true(mask)
    if not count:
        return []
    places = first_places(mask)
    rows = table.file_rows(places)
    text = (
        f"Column {shown(column)} names no group in {counted(count, 'row')}: "
        f"{listed(rows, n_all=count)}; the first is {table.place(int(places[0]))}."
    )
    return [
        choice_finding(
            "no_group",
            text,
            settings,
            column=column,
            rows=rows,
            count=count,
            setting="no_group",
            repair=f"{n_rows_were(count)} left out, without a group.",
        )
    ]


def _scattered_findings(
    table: Table,
    settings: GroupSettings,
    column: str,
    codes: np.ndarray,
    names: pd.Index,
) -> list[Finding]:
    """Report groups whose rows lie apart, where only the file gives their order."""
    is_start = np.diff(codes, prepend=-2) != 0
    starts = np.flatnonzero(is_start & (codes >= 0))
    if settings.time or len(starts) == len(np.unique(codes[codes >= 0])):
        return []
    is_again = pd.Series(codes[starts]).duplicated().to_numpy()
    places = starts[is_again]
    rows = table.file_rows(places[:5])
    text = (
        f"Group {shown(names[codes[places[0]]])} goes on at "
        f"{table.place(int(places[0]))} after rows of another one, as in "
        f"{counted(len(places), 'place')} in all. Without a time column the rows of a "
        "group are put together in the order of the file."
    )
    return [Finding("scattered_groups", "notice", text, column, rows, len(places))]
