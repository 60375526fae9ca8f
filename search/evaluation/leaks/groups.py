"""Sequences that stand on both sides of a split, and columns that tell their label."""

import numpy as np
import pandas as pd

from search.config import INPUT_KINDS, Task
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, SampleSplit

FEWEST_ROWS = 3
_MOST_NAMED = 3


def audit_groups(panel: Panel, plan: SamplePlan, task: Task) -> tuple[Suspicion, ...]:
    """Look for leaks between groups, and from labels into features.

    Parameters
    ----------
    panel
        All rows, the holdout too.
    plan
        The folds in use.
    task
        What is asked for. Where the past of each series is known (forecasts and
        anomalies) its group stands on both sides by right, and nothing is said.
    """
    if task.kind in INPUT_KINDS:
        return ()
    found = list(_label_features(panel, task))
    if panel.group_names:
        found += _both_sides(panel, plan)
        found += _twice(panel, plan)
        found += _constants(panel, task, {one.column for one in found})
    return tuple(found)


def _splits(plan: SamplePlan) -> list[tuple[str, SampleSplit]]:
    folds = [(f"in fold {n}", fold) for n, fold in enumerate(plan.folds, 1)]
    return [*folds, ("in the holdout", plan.final)]


def _both_sides(panel: Panel, plan: SamplePlan) -> list[Suspicion]:
    for where, split in _splits(plan):
        learned, judged = _groups(panel, split)
        both = np.intersect1d(learned, judged)
        if len(both):
            return [
                Suspicion(
                    "group_on_both_sides",
                    f"{len(both)} groups are learned from and judged {where} "
                    f"({_named(panel, both)}). Put each whole group on one side.",
                )
            ]
    return []


def _twice(panel: Panel, plan: SamplePlan) -> list[Suspicion]:
    digests = _digests(panel)
    for where, split in _splits(plan):
        learned, judged = _groups(panel, split)
        same = judged[np.isin(digests[judged], digests[learned])]
        same = same[(panel.group_sizes[same] >= FEWEST_ROWS) & ~np.isin(same, learned)]
        if len(same):
            other = learned[digests[learned] == digests[same[0]]][0]
            return [
                Suspicion(
                    "group_twice",
                    f"Group {panel.group_names[same[0]]!r}, judged {where}, holds the "
                    f"same numbers as {panel.group_names[other]!r}, which is learned "
                    f"from; so do {len(same)} groups in all. Remove the copies.",
                )
            ]
    return []


def _digests(panel: Panel) -> np.ndarray:
    """Return a number for the rows of each group; equal rows have equal numbers."""
    codes = pd.util.hash_array(panel.values.ravel()).reshape(panel.values.shape)
    weights = np.random.default_rng(0).integers(
        1, 2**63, panel.n_channels, dtype=np.uint64
    )
    rows = codes @ weights
    place = np.arange(panel.n_rows) - panel.group_starts
    mixed = pd.util.hash_array(rows ^ (place.astype(np.uint64) << np.uint64(32)))
    return np.asarray(np.add.reduceat(mixed, np.asarray(panel.first_rows)))


def _constants(panel: Panel, task: Task, known: set[str | None]) -> list[Suspicion]:
    """Look for columns that are constant in each group and tell its label."""
    first = np.asarray(panel.first_rows)
    labels = panel.targets[first, 0]
    if task.kind == "labelling" or len(np.unique(labels)) < 2:
        return []
    found = []
    for name, values in _features(panel):
        is_constant = bool((values == values[panel.group_starts]).all())
        n_values = len(np.unique(values[first]))
        if name in known or not is_constant or not 2 <= n_values <= len(first) // 2:
            continue  # a value of its own for each group tells nothing of new ones
        if _tells(values[first], labels):
            found.append(
                Suspicion(
                    "group_constant",
                    f"{name!r} has one value in each group, and it tells the label of "
                    f"the {len(first)} groups without exception. If it was written "
                    "down with the label, leave it out.",
                    name,
                )
            )
    return found


def _label_features(panel: Panel, task: Task) -> list[Suspicion]:
    labels = panel.targets[:, 0]
    n_labels = len(np.unique(labels))
    if n_labels < 2:
        return []
    found = []
    for name, values in _features(panel):
        is_copy = np.array_equal(values, labels)
        is_code = task.has_classes and len(np.unique(values)) == n_labels
        if is_copy or (is_code and _tells(values, labels)):
            found.append(
                Suspicion(
                    "label_feature",
                    f"{name!r} is the label of its own row"
                    f"{'' if is_copy else ', written in other numbers'}. Every sample "
                    "would be given its own answer; leave the column out.",
                    name,
                )
            )
    return found


def _features(panel: Panel) -> list[tuple[str, np.ndarray]]:
    n_features = panel.n_channels - panel.n_calendar
    return [
        (name, panel.values[:, place])
        for place, name in enumerate(panel.channels[:n_features])
    ]


def _tells(values: np.ndarray, labels: np.ndarray) -> bool:
    """Tell whether each value goes with one label only."""
    _, place = np.unique(values, return_inverse=True)
    pairs = np.unique(np.column_stack([place, labels]), axis=0)
    return len(pairs) == len(np.unique(place))


def _groups(panel: Panel, split: SampleSplit) -> tuple[np.ndarray, np.ndarray]:
    learned, judged = (
        np.unique(panel.groups[stops - 1])
        for stops in (split.training, split.validation)
    )
    return learned, judged


def _named(panel: Panel, groups: np.ndarray) -> str:
    names = [repr(panel.group_names[group]) for group in groups[:_MOST_NAMED]]
    return ", ".join(names) + (", …" if len(groups) > _MOST_NAMED else "")
