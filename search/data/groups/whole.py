"""What concerns groups as a whole: their lengths, their order, equal ones."""

import hashlib

import numpy as np
import pandas as pd

from search.data.findings import Finding, counted, shown
from search.data.groups.choices import choice_at, choice_finding
from search.data.groups.members import cell_names
from search.data.groups.rows import GroupedRows, n_groups_were
from search.data.groups.settings import GroupSettings

TEST = "test"


def length_findings(
    grouped: GroupedRows, settings: GroupSettings, *, may_be_whole: bool
) -> tuple[np.ndarray, list[Finding]]:
    """Return which rows are kept, and report short groups and unequal lengths.

    Parameters
    ----------
    may_be_whole
        Whether each group has one label, so that a sample may be a whole group; then
        shorter ones are padded.
    """
    keep = np.ones(len(grouped), dtype=bool)
    if settings.roles.group is None or not len(grouped):
        return keep, []
    found = []
    lengths = grouped.lengths
    is_short = lengths < settings.min_length
    if is_short.any():
        groups = grouped.present[is_short]
        starts = grouped.starts[is_short]
        text = (
            f"{counted(len(groups), 'group')} {'has' if len(groups) == 1 else 'have'} "
            f"fewer than {counted(settings.min_length, 'row')}: "
            f"{grouped.listed_groups(groups)}; the first begins in "
            f"{grouped.place_of(int(starts[0]))} and has {int(lengths[is_short][0])}."
        )
        found.append(
            choice_at(
                grouped,
                starts,
                "short_groups",
                text,
                settings,
                column=settings.roles.group,
                count=len(groups),
                setting="short",
                repair=f"{n_groups_were(len(groups))} left out, with fewer than "
                f"{counted(settings.min_length, 'row')}.",
            )
        )
        if settings.short == "drop":
            keep = ~grouped.spread(is_short)
    if lengths.min() < lengths.max():
        shortest, longest = int(lengths.argmin()), int(lengths.argmax())
        text = (
            f"The groups have {int(lengths.min()):,} "
            f"({grouped.named(grouped.present[shortest])}) to {int(lengths.max()):,} "
            f"({grouped.named(grouped.present[longest])}) rows. "
        ) + (
            "As whole sequences, the shorter ones are padded at their beginning, which "
            "a network does not see; windows that slide along them are not."
            if may_be_whole
            else "No window reaches from one into another."
        )
        found.append(Finding("unequal_lengths", "notice", text, settings.roles.group))
    return keep, found


def twin_findings(
    grouped: GroupedRows, settings: GroupSettings, values: pd.DataFrame
) -> tuple[np.ndarray, list[Finding]]:
    """Return which rows are kept, and report groups with the values of another one."""
    keep = np.ones(len(grouped), dtype=bool)
    if settings.roles.group is None or not len(values.columns):
        return keep, []
    array = np.ascontiguousarray(values.to_numpy(dtype=np.float64))
    first_of: dict[bytes, int] = {}
    pairs: list[tuple[int, int]] = []
    for place, (start, length) in enumerate(
        zip(grouped.starts, grouped.lengths, strict=True)
    ):
        key = hashlib.sha256(array[start : start + length].tobytes()).digest()
        if key in first_of:
            pairs.append((first_of[key], place))
        first_of.setdefault(key, place)
    if not pairs:
        return keep, []
    later = np.array([second for _, second in pairs])
    starts = grouped.starts[later]
    first, second = (grouped.present[place] for place in pairs[0])
    text = (
        f"{counted(len(pairs), 'group')} {'has' if len(pairs) == 1 else 'have'} the "
        f"same values as an earlier one, such as {grouped.named(second)} "
        f"({grouped.place_of(int(starts[0]))}) as {grouped.named(first)}. In training "
        "and in validation at once they make scores too good."
    )
    if settings.twins == "first":
        is_later = np.zeros(grouped.n_groups, dtype=bool)
        is_later[later] = True
        keep = ~grouped.spread(is_later)
    repairs = {"first": f"{n_groups_were(len(pairs))} left out, equal to another one."}
    finding = choice_at(
        grouped,
        starts,
        "twin_groups",
        text,
        settings,
        column=settings.roles.group,
        count=len(pairs),
        setting="twins",
        repair=repairs.get(settings.twins, ""),
    )
    return keep, [finding]


def group_order(grouped: GroupedRows, settings: GroupSettings) -> np.ndarray:
    """Return the groups in their order: positions among those that have rows."""
    by_time = settings.order == "time" and order_in_time(grouped)
    if by_time and grouped.time is not None:
        return np.argsort(grouped.time[grouped.starts], kind="stable")
    return np.arange(grouped.n_groups)


def order_findings(grouped: GroupedRows, settings: GroupSettings) -> list[Finding]:
    """Report that groups cannot be put in the order of time as was asked for."""
    if settings.roles.group is None or settings.order != "time":
        return []
    if order_in_time(grouped):
        return []
    if grouped.time is None:
        why = "there is no time column"
    elif grouped.time.dtype.kind != "M":
        why = f"column {shown(settings.time[0])} counts steps within each group"
    else:
        why = "most groups begin at the same time"
    text = (
        f"The groups cannot be put in the order of time, because {why}. Take their "
        "order in the file as one in time, or none."
    )
    return [
        choice_finding(
            "group_order",
            text,
            settings,
            column=settings.roles.group,
            setting="order",
        )
    ]


def order_in_time(grouped: GroupedRows) -> bool:
    """Tell whether most groups begin at a time of their own."""
    if grouped.time is None or grouped.time.dtype.kind != "M" or not len(grouped):
        return False
    first = grouped.time[grouped.starts]
    return grouped.n_groups == 1 or len(np.unique(first)) > grouped.n_groups // 2


def test_groups(
    grouped: GroupedRows, settings: GroupSettings
) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the groups of the official test set, and groups that are in both sets."""
    column = settings.test_column
    if column is None or not len(grouped):
        return (), []
    marks = cell_names(grouped.table, column).fillna("").to_numpy()
    is_test = np.array([str(mark).casefold() == TEST for mark in marks])
    of_row = is_test[np.maximum(grouped.rows, 0)] | (grouped.rows < 0)
    n_test = np.add.reduceat(of_row.astype(np.int64), grouped.starts)
    every = n_test == grouped.lengths
    n_real = np.add.reduceat(
        (of_row & (grouped.rows >= 0)).astype(np.int64), grouped.starts
    )
    names = tuple(grouped.names[int(group)] for group in grouped.present[every])
    mixed = np.flatnonzero(~every & (n_real > 0))
    if len(mixed):
        groups = grouped.present[mixed]
        text = (
            f"{counted(len(groups), 'group')} {'has' if len(groups) == 1 else 'have'} "
            f"rows both of the test set and of others in column {shown(column)}: "
            f"{grouped.listed_groups(groups)}, from "
            f"{grouped.place_of(int(grouped.starts[mixed[0]]), column)} on. A group "
            "belongs to one of them."
        )
        lines = grouped.lines(grouped.starts[mixed])
        return names, [Finding("mixed_test", "error", text, column, lines, len(groups))]
    if not names or len(names) == grouped.n_groups:
        text = (
            f"Column {shown(column)} says 'test' in "
            f"{'no group' if not names else 'every group'}, so it tells no test set "
            "from the others. Choose another column."
        )
        return names, [Finding("mixed_test", "error", text, column)]
    return names, []
