"""Labels: classes or numbers that belong to a group or to each of its rows."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from search.data.findings import REFUSE, Finding, counted, n_true, shown
from search.data.groups.choices import choice_at
from search.data.groups.members import alike_findings, cell_names
from search.data.groups.quantities import number_findings
from search.data.groups.rows import (
    INSERTED,
    GroupedRows,
    n_groups_were,
)
from search.data.groups.settings import GroupSettings

Scope = Literal["group", "row"]
MAX_CLASSES = 100
# Where at least so many groups have one label, the others look like mistakes.
_LEAST_CONSTANT = 0.5


@dataclass(frozen=True)
class Labels:
    """Labels in the order of the grouped rows.

    Attributes
    ----------
    values
        Float64, one column a label: numbers, or positions in `classes`; NaN where a
        label is missing.
    scope
        Whether a label belongs to its group or to its row; None without labels.
    classes
        Sorted names of the classes; () for numbers.
    findings
        What was found.
    """

    values: pd.DataFrame
    scope: Scope | None
    classes: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_labels(grouped: GroupedRows, settings: GroupSettings) -> Labels:
    """Read the label columns and find out what they belong to."""
    index = pd.RangeIndex(len(grouped))
    if not settings.labels:
        return Labels(pd.DataFrame(index=index), None, (), ())
    findings: list[Finding] = []
    values: dict[str, np.ndarray] = {}
    classes: tuple[str, ...] = ()
    is_real = grouped.rows != INSERTED
    for name in settings.labels:
        if name == settings.class_column:
            names = cell_names(grouped.table, name).iloc[grouped.rows[is_real]]
            codes, classes = _classes(names)
            column = np.full(len(grouped), np.nan)
            column[is_real] = np.where(codes < 0, np.nan, codes)
            findings += _class_findings(name, classes, len(grouped))
        else:
            numbers = grouped.table.numbers(name)
            column = np.where(is_real, numbers.values[grouped.rows], np.nan)
            findings += number_findings(grouped, settings, name)
        values[name] = column
    frame = pd.DataFrame(values, index=index)
    changed = {name: _changing(grouped, frame[name].to_numpy()) for name in values}
    scope = _scope(grouped, settings, changed)
    is_open = settings.label is None and settings.label_scope != "row"
    if scope == "group" or (is_open and settings.label_change != REFUSE):
        frame, scope, found = _one_label(grouped, settings, frame, changed)
        findings += found
    if scope == "group" and not is_real.all():
        known = frame.groupby(grouped.group).transform("first")
        frame = frame.where(is_real[:, None], known)
    findings += _scope_notice(grouped, settings, scope)
    return Labels(frame, scope, classes, tuple(findings))


def fill_labels(
    grouped: GroupedRows, settings: GroupSettings, labels: Labels
) -> tuple[np.ndarray, pd.DataFrame, list[Finding]]:
    """Return which rows are kept, their labels, and what was found missing."""
    keep = np.ones(len(grouped), dtype=bool)
    filled = labels.values.copy()
    findings = []
    for name in filled.columns:
        column = filled[name].to_numpy().copy()
        is_missing = np.isnan(column)
        if not is_missing.any() or is_missing.all():
            continue
        findings.append(_missing_finding(grouped, settings, str(name), is_missing))
        if settings.unlabelled == "fill" and labels.scope == "group":
            first = pd.Series(column).groupby(grouped.group).transform("first")
            column = np.where(is_missing, first.to_numpy(), column)
            filled[name] = column
        if settings.unlabelled != REFUSE:
            keep &= ~np.isnan(column)
    return keep, filled, findings


def rare_findings(
    grouped: GroupedRows,
    settings: GroupSettings,
    labels: pd.DataFrame,
    scope: Scope,
    classes: tuple[str, ...],
) -> tuple[np.ndarray, list[Finding]]:
    """Return which rows are kept, and classes with too few groups to be split."""
    keep = np.ones(len(grouped), dtype=bool)
    name = settings.class_column
    if name is None or scope != "group" or settings.roles.group is None:
        return keep, []
    of_group = labels[name].to_numpy()[grouped.starts]
    least = settings.folds + 1
    rare = {
        code: n
        for code, n in enumerate(
            np.bincount(
                of_group[~np.isnan(of_group)].astype(int), minlength=len(classes)
            )
        )
        if 0 < n < least
    }
    if not rare:
        return keep, []
    is_rare = np.isin(of_group, list(rare))
    groups = grouped.present[is_rare]
    what = ", ".join(
        f"{shown(classes[code])} ({counted(int(n), 'group')})"
        for code, n in rare.items()
    )
    text = (
        f"{counted(len(rare), 'class', 'classes')} of column {shown(name)} "
        f"{'has' if len(rare) == 1 else 'have'} fewer than {least} groups, one for "
        f"each of {settings.folds} folds and one for the holdout: {what}. They are "
        f"{grouped.listed_groups(groups)}. Scores of such a class say little."
    )
    if settings.rare_classes == "drop":
        keep = ~grouped.spread(is_rare)
    starts = grouped.starts[is_rare]
    finding = choice_at(
        grouped,
        starts,
        "rare_classes",
        text,
        settings,
        column=name,
        count=len(rare),
        setting="rare_classes",
        repair=f"{n_groups_were(len(groups))} left out, of classes with too few groups."
        if settings.rare_classes == "drop"
        else "",
    )
    return keep, [finding]


def _classes(names: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return codes and sorted names; numbers are sorted by their size."""
    codes, found = pd.factorize(names)
    texts = [str(name) for name in found]
    try:
        order = sorted(range(len(texts)), key=lambda place: float(texts[place]))
    except ValueError:
        order = sorted(range(len(texts)), key=lambda place: texts[place])
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1  # a missing name has the code -1
    return rank[codes], tuple(texts[place] for place in order)


def _class_findings(name: str, classes: tuple[str, ...], n_rows: int) -> list[Finding]:
    if len(classes) > MAX_CLASSES:
        text = (
            f"Column {shown(name)} holds {len(classes):,} different labels, such as "
            f"{shown(classes[0])}; at most {MAX_CLASSES} classes can be told apart. "
            "Choose another column, or predict its numbers instead."
        )
        return [Finding("too_many_classes", "error", text, name, count=len(classes))]
    if len(classes) < 2:
        what = shown(classes[0]) if classes else "no label"
        text = (
            f"Column {shown(name)} holds {what} only, so there is nothing to tell "
            "apart. Choose another label column."
        )
        return [Finding("one_class", "error", text, name, count=len(classes))]
    return alike_findings(name, list(classes), "classes")


def _changing(grouped: GroupedRows, values: np.ndarray) -> np.ndarray:
    """Return the rows whose label differs from that of the row before."""
    known = np.flatnonzero(~np.isnan(values))
    is_changed = np.zeros(len(grouped), dtype=bool)
    same_group = np.diff(grouped.group[known]) == 0
    is_changed[known[1:]] = same_group & (np.diff(values[known]) != 0)
    return is_changed


def _scope(
    grouped: GroupedRows, settings: GroupSettings, changed: dict[str, np.ndarray]
) -> Scope:
    if settings.label_scope != "auto":
        return settings.label_scope
    if settings.roles.group is None or settings.label is not None:
        return "row"
    is_changed = np.any(list(changed.values()), axis=0)
    n_changing = len(np.unique(grouped.group[is_changed]))
    n_constant = grouped.n_groups - n_changing
    return "group" if n_constant >= _LEAST_CONSTANT * grouped.n_groups else "row"


def _one_label(
    grouped: GroupedRows,
    settings: GroupSettings,
    frame: pd.DataFrame,
    changed: dict[str, np.ndarray],
) -> tuple[pd.DataFrame, Scope, list[Finding]]:
    """Report labels that change within a group, and give it one as chosen."""
    findings = []
    rule = settings.label_change
    one = frame.copy()
    for name, is_changed in changed.items():
        places = np.flatnonzero(is_changed)
        if not len(places):
            continue
        groups = np.unique(grouped.group[places])
        text = (
            f"Label {shown(name)} changes within {counted(len(groups), 'group')} of "
            f"{grouped.n_groups:,}: {grouped.listed(places, name)}."
        )
        what = {
            "row": f"Label {shown(name)} was taken as the label of each row.",
            "last": f"{n_groups_were(len(groups))} given the last value of label "
            f"{shown(name)}.",
            "first": f"{n_groups_were(len(groups))} given the first value of label "
            f"{shown(name)}.",
            "majority": f"{n_groups_were(len(groups))} given the most common value of "
            f"label {shown(name)}.",
        }
        findings.append(
            choice_at(
                grouped,
                places,
                "label_changes",
                text,
                settings,
                column=name,
                setting="label_change",
                repair=what.get(rule, ""),
            )
        )
        if rule in {"last", "first", "majority"}:
            one[name] = _chosen_label(grouped, frame[name], rule)
    scope: Scope = "row" if rule == "row" and findings else "group"
    return one, scope, findings


def _chosen_label(grouped: GroupedRows, values: pd.Series, rule: str) -> np.ndarray:
    """Return one label for each group in all of its rows that have one."""
    by_group = values.groupby(grouped.group)
    if rule == "majority":
        most = by_group.agg(
            lambda part: part.mode().iloc[0] if part.notna().any() else np.nan
        )
        label = most.loc[grouped.group].to_numpy()
    else:
        label = by_group.transform(rule).to_numpy()
    return np.where(values.isna(), np.nan, label)


def _scope_notice(
    grouped: GroupedRows, settings: GroupSettings, scope: Scope
) -> list[Finding]:
    if settings.label_scope != "auto" or settings.roles.group is None:
        return []
    names = ", ".join(map(shown, settings.labels))
    text = (
        f"Label {names} is one value in each group, so it was taken as the label of "
        "the group."
        if scope == "group"
        else f"Label {names} was taken as the label of each row."
    )
    return [Finding("label_scope", "notice", text, settings.labels[0])]


def _missing_finding(
    grouped: GroupedRows, settings: GroupSettings, name: str, mask: np.ndarray
) -> Finding:
    places, count = np.flatnonzero(mask), n_true(mask)
    n_groups = len(np.unique(grouped.group[places]))
    text = (
        f"Label {shown(name)} is missing in {counted(count, 'row')} of "
        f"{counted(n_groups, 'group')}: {grouped.listed(places, name)}."
    )
    rows = f"{counted(count, 'row')} without a label {'was' if count == 1 else 'were'}"
    how = {
        "fill": f"{rows} given that of the group where it has one, else left out.",
        "drop": f"{rows} left out.",
    }
    return choice_at(
        grouped,
        places,
        "unlabelled",
        text,
        settings,
        column=name,
        setting="unlabelled",
        repair=how.get(settings.unlabelled, ""),
    )
