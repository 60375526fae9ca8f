"""The measured columns as numbers, with a finding for whatever is not one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.cells import category_finding, is_category
from search.data.findings import Finding, counted, shown
from search.data.groups.choices import choice_at
from search.data.groups.members import cell_names
from search.data.groups.rows import INSERTED, GroupedRows
from search.data.groups.settings import GroupSettings
from search.data.reading.numbers import NumberColumn


@dataclass(frozen=True)
class Quantities:
    """Measurements in the order of the grouped rows.

    Attributes
    ----------
    values
        Float64, one column for each of `GroupSettings.measured`; NaN where there is no
        number. Text columns hold the position of their text in `categories`.
    categories
        Texts of each text column, sorted.
    findings
        What was found, column by column.
    """

    values: pd.DataFrame
    categories: dict[str, tuple[str, ...]]
    findings: tuple[Finding, ...]


def read_quantities(grouped: GroupedRows, settings: GroupSettings) -> Quantities:
    """Read the measured columns; texts in features may become categories."""
    values: dict[str, np.ndarray] = {}
    categories: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    is_real = grouped.rows != INSERTED
    for name in settings.measured:
        numbers = grouped.table.numbers(name)
        if is_category(numbers) and name not in settings.roles.targets:
            codes, found = pd.factorize(cell_names(grouped.table, name), sort=True)
            column = np.where(codes < 0, np.nan, codes.astype(np.float64))
            categories[name] = texts = tuple(map(str, found))
            examples = f", such as {shown(texts[0])}"
            findings.append(category_finding(name, texts, examples))
        else:
            column = numbers.values
            findings += number_findings(grouped, settings, name)
        values[name] = np.where(is_real, column[grouped.rows], np.nan)
    frame = pd.DataFrame(values, index=pd.RangeIndex(len(grouped)))
    return Quantities(frame, categories, tuple(findings))


def refused_cells(grouped: GroupedRows, name: str) -> np.ndarray:
    """Return the cells with a text or infinity, which have a finding of their own."""
    numbers = grouped.table.numbers(name)
    mask = numbers.is_unreadable | numbers.is_infinite
    return mask[grouped.rows] & (grouped.rows != INSERTED)


def spread_findings(
    grouped: GroupedRows, settings: GroupSettings, values: pd.DataFrame
) -> list[Finding]:
    """Report columns with one value everywhere."""
    found = []
    for name in values.columns:
        present = values[name].to_numpy()
        present = present[~np.isnan(present)]
        if not len(present) or present.min() < present.max():
            continue
        text = (
            f"Column {shown(name)} has the same value in every row of every group, "
            f"{present[0]:g}"
        )
        is_target = name in settings.roles.targets
        text += (
            ", so there is nothing to predict. Choose another target."
            if is_target
            else ", so it tells a network nothing. It can be left out."
        )
        severity = "error" if is_target else "notice"
        found.append(Finding("constant", severity, text, column=str(name)))  # type: ignore[arg-type]
    return found


def number_findings(
    grouped: GroupedRows, settings: GroupSettings, name: str
) -> list[Finding]:
    """Report what is no finite number in a column that should hold numbers."""
    numbers = grouped.table.numbers(name)
    rows = grouped.rows
    is_real = rows != INSERTED
    if not np.isfinite(numbers.values[rows[is_real]]).any():
        return [_no_numbers(grouped, name, numbers)]
    found = []
    for code, mask, words in (
        ("text_in_numbers", numbers.is_unreadable, "without a number"),
        ("infinite", numbers.is_infinite, "with an infinite number"),
    ):
        places = np.flatnonzero(mask[rows] & is_real)
        if not len(places):
            continue
        first = grouped.table.frame[name].iloc[int(rows[places[0]])]
        text = (
            f"Column {shown(name)} has {counted(len(places), 'cell')} {words}, such as "
            f"{shown(first)}: {grouped.listed(places, name)}."
        )
        repair = (
            f"{counted(len(places), 'cell')} of column {shown(name)} without a finite "
            f"number {'was' if len(places) == 1 else 'were'} emptied."
        )
        found.append(
            choice_at(
                grouped,
                places,
                code,
                text,
                settings,
                column=name,
                setting="unreadable",
                repair=repair,
            )
        )
    return found


def _no_numbers(grouped: GroupedRows, name: str, numbers: NumberColumn) -> Finding:
    rows = grouped.rows
    is_text = ~numbers.is_missing[rows] & (rows != INSERTED)
    places = np.flatnonzero(is_text)
    if not len(places):
        text = f"Column {shown(name)} is empty. Choose another column."
        return Finding("empty_column", "error", text, column=name)
    first = grouped.table.frame[name].iloc[int(rows[places[0]])]
    text = (
        f"Column {shown(name)} holds no finite numbers: "
        f"{grouped.where(int(places[0]))} has {shown(first)}. Choose another column."
    )
    return Finding(
        "no_numbers", "error", text, name, grouped.lines(places), len(places)
    )
