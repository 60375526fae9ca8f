"""Missing values within a group: filled from its own rows, never from another's."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from search.data.findings import REFUSE, Finding, counted, n_true, shown
from search.data.groups.choices import choice_at
from search.data.groups.quantities import refused_cells
from search.data.groups.rows import INSERTED, GroupedRows, n_rows_were
from search.data.groups.settings import GroupSettings

_RULE_WORDS = {
    "forward_fill": "took the last value before in its group",
    "interpolate": "took a line between the values beside it in its group, the later "
    "one too",
    "zero": "became 0",
    "backward_fill": "took the next value in its group, which looks ahead",
}


@dataclass(frozen=True)
class FilledGroups:
    """Measurements after a rule was applied within each group.

    Attributes
    ----------
    values
        Like the values before, of all rows.
    keep
        Rows without a missing value, of shape (n_rows,).
    repairs
        One sentence for each thing that was done.
    filled_ahead
        Columns that were filled from later rows, and in how many places.
    """

    values: pd.DataFrame
    keep: np.ndarray
    repairs: tuple[str, ...] = ()
    filled_ahead: dict[str, int] = field(default_factory=dict)


def missing_findings(
    grouped: GroupedRows, settings: GroupSettings, values: pd.DataFrame
) -> list[Finding]:
    """Report the missing values of each column, with their groups."""
    found = []
    for name in map(str, values.columns):
        mask = values[name].isna().to_numpy()
        if mask.all():  # an error says so
            continue
        if settings.unreadable == REFUSE:
            mask = mask & ~refused_cells(grouped, name)
        mask = mask & (grouped.rows != INSERTED)
        if mask.any():
            found.append(_missing_finding(grouped, settings, name, mask))
    is_inserted = grouped.rows == INSERTED
    if is_inserted.any() and not found:
        found.append(_inserted_finding(grouped, settings, is_inserted))
    return found


def fill_groups(
    grouped: GroupedRows,
    values: pd.DataFrame,
    *,
    rule: str,
    texts: tuple[str, ...],
) -> FilledGroups:
    """Fill missing values within each group.

    Parameters
    ----------
    grouped
        The rows.
    values
        Their measurements.
    rule
        See `GroupSettings.missing`.
    texts
        Columns that hold positions of texts: never interpolated, and left missing
        under ``zero``, where all their 0/1 columns are 0.
    """
    if rule == REFUSE or not values.isna().any(axis=None):
        return FilledGroups(values, np.ones(len(values), dtype=bool))
    filled = _filled(grouped, values, rule, texts)
    must_be_whole = filled.drop(columns=list(texts) if rule == "zero" else [])
    keep = must_be_whole.notna().all(axis=1).to_numpy()
    n_filled = int(values.isna().sum().sum() - filled.isna().sum().sum())
    repairs = []
    if n_filled:
        repairs.append(f"{counted(n_filled, 'missing value')} {_RULE_WORDS[rule]}.")
    if not keep.all():
        repairs.append(
            f"{n_rows_were(n_true(~keep))} left out, with missing values "
            "that the rule does not fill within their group; the rows of a group are "
            "counted from then on."
        )
    ahead: dict[str, int] = {}
    if rule in {"interpolate", "backward_fill"}:
        counts = values.isna().sum() - filled.isna().sum()
        ahead = {
            str(name): int(count)
            for name, count in counts.items()
            if count and not (rule == "interpolate" and name in texts)
        }
    return FilledGroups(filled, keep, tuple(repairs), ahead)


def _filled(
    grouped: GroupedRows, values: pd.DataFrame, rule: str, texts: tuple[str, ...]
) -> pd.DataFrame:
    by_group = values.groupby(grouped.group)
    if rule == "forward_fill":
        return by_group.ffill()
    if rule == "backward_fill":
        return by_group.bfill()
    filled = values.copy()
    numbers = [name for name in values.columns if name not in texts]
    if rule == "zero":
        filled[numbers] = filled[numbers].fillna(0.0)
    if rule == "interpolate":
        is_inside = by_group.ffill().notna() & by_group.bfill().notna()
        for name in numbers:
            filled[name] = _line_between(
                values[name].to_numpy(), is_inside[name].to_numpy()
            )
        if texts:
            filled[list(texts)] = by_group[list(texts)].ffill()
    return filled


def _line_between(values: np.ndarray, is_inside: np.ndarray) -> np.ndarray:
    """Fill by straight lines where the group has a value on both sides.

    The rows of a group follow each other, so both neighbours are of that group.
    """
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return values
    lines = np.interp(np.arange(len(values)), known, values[known])
    return np.where(is_inside, lines, np.nan)


def _missing_finding(
    grouped: GroupedRows, settings: GroupSettings, name: str, mask: np.ndarray
) -> Finding:
    places, count = np.flatnonzero(mask), n_true(mask)
    n_groups = len(np.unique(grouped.group[places]))
    text = (
        f"Column {shown(name)} has {counted(count, 'missing value')} in "
        f"{counted(n_groups, 'group')} of {grouped.n_groups:,}: "
        f"{grouped.listed(places, name)}."
    )
    whole = pd.Series(mask).groupby(grouped.group).all()
    if whole.any():
        empty = whole.index[whole]
        have = "has" if len(empty) == 1 else "have"
        text += (
            f" {counted(len(empty), 'group')} {have} no value of it at all: "
            f"{grouped.listed_groups(empty)}."
        )
    return choice_at(
        grouped,
        places,
        "missing_values",
        text,
        settings,
        column=name,
        setting="missing",
    )


def _inserted_finding(
    grouped: GroupedRows, settings: GroupSettings, mask: np.ndarray
) -> Finding:
    places = np.flatnonzero(mask)
    text = (
        f"{counted(len(places), 'absent step')} became rows of missing values: "
        f"{grouped.listed(places)}. Choose how they are filled."
    )
    return choice_at(
        grouped,
        places,
        "missing_values",
        text,
        settings,
        setting="missing",
    )
