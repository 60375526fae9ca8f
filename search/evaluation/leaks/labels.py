"""Columns that tell the answer of their own sample."""

from collections.abc import Iterator

import numpy as np

from search.config import Task
from search.evaluation.leaks.likeness import (
    EXACT,
    correlation,
    is_nearly,
    is_transformed,
)
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import Panel

MOST_ROWS, FEWEST_LOOKED_AT, MOST_CELLS = 100_000, 20_000, 2_000_000
FEWEST_ROWS, FEWEST_GROUPS, FEWEST_VALUES = 40, 10, 5
LEADS = (1, 2, 3)
# Codes of classes: so many values at most, right in that share of the rows, and that
# many times fewer errors than the most common class.
MOST_CODES, NEARLY_ALL, TIMES_BETTER = 50, 0.99, 20
# Spread within a class, as a share of the distance to the next one.
NARROW = 0.02
FEWEST_RUNS = 3
CONSTANT_SHARE = 0.99


def audit_labels(panel: Panel, task: Task) -> tuple[Suspicion, ...] | None:
    """Look for inputs that tell what is asked for.

    Parameters
    ----------
    panel
        All rows. Inputs are compared with `Panel.labels`.
    task
        What is asked for.

    Returns
    -------
    tuple of Suspicion, optional
        At most one for each input. None where nothing can be told: no labels, or the
        same in all rows.
    """
    if panel.labels is None:
        return None
    rows = _looked_at(panel)
    begins = np.flatnonzero(np.diff(panel.groups[rows], prepend=-1))
    starts = np.repeat(begins, np.diff([*begins, len(rows)]))
    found: dict[str, Suspicion] = {}
    looked = False
    for place in range(panel.labels.shape[1]):
        labels = panel.labels[rows, place]
        if len(np.unique(labels)) < 2:
            continue
        looked = True
        is_by_group = bool(panel.group_names) and bool((labels == labels[starts]).all())
        for name, values in _features(panel, rows):
            if task.has_classes or task.kind == "anomaly":
                seen = _of_classes(
                    name, values, labels, starts, is_by_group=is_by_group
                )
            elif is_by_group:
                seen = _of_group_numbers(name, values, labels, starts)
            else:
                seen = _of_row_numbers(name, values, labels, starts)
            first = next(seen, None)
            if first is not None:
                found.setdefault(name, first)
    return tuple(found.values()) if looked else None


def _looked_at(panel: Panel) -> np.ndarray:
    """Return the rows to look at: of many groups some at random, else the last ones."""
    most = max(FEWEST_LOOKED_AT, min(MOST_ROWS, MOST_CELLS // max(1, panel.n_channels)))
    every = np.arange(panel.n_rows)
    if panel.n_rows <= most:
        return every
    if panel.n_groups == 1:
        return every[-most:]
    order = np.random.default_rng(0).permutation(panel.n_groups)
    n_taken = np.searchsorted(np.cumsum(panel.group_sizes[order]), most, side="right")
    return every[np.isin(panel.groups, order[: max(2, int(n_taken))])]


def _features(panel: Panel, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    n_features = panel.n_channels - panel.n_calendar
    return [
        (name, panel.values[rows, place])
        for place, name in enumerate(panel.channels[:n_features])
    ]


def _of_classes(
    name: str,
    values: np.ndarray,
    labels: np.ndarray,
    starts: np.ndarray,
    *,
    is_by_group: bool,
) -> Iterator[Suspicion]:
    n_values, n_labels = len(np.unique(values)), len(np.unique(labels))
    is_copy = np.array_equal(values, labels)
    if is_copy or (n_values == n_labels and _tells(values, labels)):
        yield _label_feature(name, "" if is_copy else ", written in other numbers")
        return
    first = np.unique(starts)
    is_constant = bool((values == values[starts]).all())
    if is_by_group and is_constant:
        # A value of its own for each group tells nothing of new ones.
        is_shared = 2 <= n_values <= len(first) // 2
        if is_shared and _tells(values[first], labels[first]):
            yield _group_constant(name, f"the label of the {len(first)} groups")
            return
    runs = _runs(labels, starts)
    share = _share_told(values, labels, runs) if n_values <= MOST_CODES else 0.0
    usual = np.unique(labels, return_counts=True)[1].max() / len(labels)
    if share >= NEARLY_ALL and 1 - share <= (1 - usual) / TIMES_BETTER:
        yield Suspicion(
            "near_copy",
            f"The value of {name!r} tells the class of its own row in {share:.1%} of "
            "the rows. If it was written down with the class, leave it out.",
            name,
        )
    elif n_values > n_labels and _is_narrow(values, labels, runs):
        yield _label_feature(name, ", written in other numbers with a little noise")


def _label_feature(name: str, how: str) -> Suspicion:
    return Suspicion(
        "label_feature",
        f"{name!r} is the label of its own row{how}. Every sample would be given its "
        "own answer; leave the column out.",
        name,
    )


def _group_constant(name: str, what: str) -> Suspicion:
    return Suspicion(
        "group_constant",
        f"{name!r} has one value in each group, and it tells {what} without "
        "exception. If it was written down with the label, leave it out.",
        name,
    )


def _of_group_numbers(
    name: str, values: np.ndarray, labels: np.ndarray, starts: np.ndarray
) -> Iterator[Suspicion]:
    """Ask whether a number of each group is that of one of its columns."""
    first = np.unique(starts)
    wanted = labels[first]
    if len(first) < FEWEST_GROUPS or len(np.unique(wanted)) < FEWEST_VALUES:
        return
    sizes = np.diff([*first, len(labels)])
    given = {
        "first value": values[first],
        "last value": values[first + sizes - 1],
        "mean": np.add.reduceat(values, first) / sizes,
        "lowest value": np.minimum.reduceat(values, first),
        "highest value": np.maximum.reduceat(values, first),
    }
    is_constant = bool((values == np.repeat(values[first], sizes)).all())
    if is_constant:
        ordered = np.argsort(wanted, kind="stable")
        share = correlation(values[first], wanted) ** 2
        rises = np.diff(values[first][ordered])[np.diff(wanted[ordered]) > 0]
        is_ordered = len(rises) >= FEWEST_GROUPS - 1 and (
            bool((rises > 0).all()) or bool((rises < 0).all())
        )
        if share > CONSTANT_SHARE or is_ordered:
            yield _group_constant(name, f"the number of the {len(first)} groups")
        return
    for word, one in given.items():
        share = correlation(one, wanted) ** 2
        if share > EXACT:
            yield Suspicion(
                "near_copy",
                f"The {word} of {name!r} in each group gives the number to predict "
                f"almost exactly ({share:.2%} of its variance). If it was computed "
                "from that number, or is known with it only, leave the column out.",
                name,
            )
            return


def _of_row_numbers(
    name: str, values: np.ndarray, labels: np.ndarray, starts: np.ndarray
) -> Iterator[Suspicion]:
    """Ask whether a number of each row is that of a column, here or in a later row."""
    if np.array_equal(values, labels):
        yield _label_feature(name, "")
        return
    if len(labels) < FEWEST_ROWS or len(np.unique(values)) < FEWEST_VALUES:
        return
    advice = "If it was computed from that number, leave the column out."
    inner = starts[1:] == starts[:-1]
    steps = np.diff(labels)[inner]
    # A number that falls by one each row has no changes to compare.
    is_even = not len(steps) or np.ptp(steps) <= 1e-9 * max(np.ptp(labels), 1e-300)
    share = correlation(values, labels) ** 2
    is_line = is_even and share > EXACT
    if is_line or is_nearly(values, labels, inner=inner):
        yield Suspicion(
            "near_copy",
            f"{name!r} follows the number to predict of the same row almost exactly "
            f"({share:.2%} of its variance). {advice}",
            name,
        )
        return
    if is_transformed(values, labels, inner=inner):
        yield Suspicion(
            "transformed_copy",
            f"{name!r} rises and falls with the number to predict of the same row "
            f"without exception, so one can be computed from the other. {advice}",
            name,
        )
        return
    if is_even:
        return
    for lead in LEADS:
        same = np.flatnonzero(starts[lead:] == starts[:-lead])
        before, after = values[same], labels[same + lead]
        if is_nearly(before, after, inner=np.diff(same) == 1):
            rows = "row" if lead == 1 else "rows"
            yield Suspicion(
                "shifted_copy",
                f"{name!r} is the number to predict of {lead} {rows} later. No one can "
                "know it then. Shift the column, or leave it out.",
                name,
            )
            return


def _runs(labels: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the number of the run of equal labels in one group of each row."""
    is_new = (np.diff(labels, prepend=labels[0]) != 0) | (
        np.diff(starts, prepend=starts[0]) != 0
    )
    return np.cumsum(is_new)


def _share_told(values: np.ndarray, labels: np.ndarray, runs: np.ndarray) -> float:
    """Return the share of rows whose label other runs with the same value have."""
    _, value = np.unique(values, return_inverse=True)
    _, label = np.unique(labels, return_inverse=True)
    counts = np.zeros((value.max() + 1, label.max() + 1), dtype=np.int64)
    np.add.at(counts, (value, label), 1)
    pairs, first, own = np.unique(
        runs * (value.max() + 1) + value, return_index=True, return_counts=True
    )
    rows = np.arange(len(pairs))
    others = counts[value[first]]
    others[rows, label[first]] -= own
    is_right = (others.argmax(axis=1) == label[first]) & (others.max(axis=1) > 0)
    return float(own[is_right].sum() / len(labels))


def _is_narrow(values: np.ndarray, labels: np.ndarray, runs: np.ndarray) -> bool:
    """Tell whether each class has a value of its own, but for a little noise."""
    codes, label = np.unique(labels, return_inverse=True)
    first = np.unique(runs, return_index=True)[1]
    n_runs = np.bincount(label[first], minlength=len(codes))
    if n_runs.min() < FEWEST_RUNS:
        return False
    parts = [values[label == code] for code in range(len(codes))]
    centers = np.sort([float(part.mean()) for part in parts])
    spread = max(float(part.std()) for part in parts)
    return spread <= NARROW * float(np.diff(centers).min())


def _tells(values: np.ndarray, labels: np.ndarray) -> bool:
    """Tell whether each value goes with one label only."""
    _, place = np.unique(values, return_inverse=True)
    pairs = np.unique(np.column_stack([place, labels]), axis=0)
    return len(pairs) == len(np.unique(place))
