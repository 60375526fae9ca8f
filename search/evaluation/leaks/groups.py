"""Sequences that are to stay whole, and stand on both sides of a split."""

import numpy as np
import pandas as pd

from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, SampleSplit

FEWEST_ROWS = 3
_MOST_NAMED = 3


def audit_groups(panel: Panel, plan: SamplePlan) -> tuple[Suspicion, ...]:
    """Look for groups that a network learns from and is judged on.

    Parameters
    ----------
    panel
        All rows, the holdout too.
    plan
        The folds in use, which keep each group on one side.
    """
    return (*_both_sides(panel, plan), *_twice(panel, plan))


def named_splits(plan: SamplePlan) -> list[tuple[str, SampleSplit]]:
    """Return each fold and the holdout, with the words for where it judges."""
    folds = [(f"in fold {n}", fold) for n, fold in enumerate(plan.folds, 1)]
    return [*folds, ("in the holdout", plan.final)]


def _both_sides(panel: Panel, plan: SamplePlan) -> list[Suspicion]:
    for where, split in named_splits(plan):
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
    for where, split in named_splits(plan):
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


def _groups(panel: Panel, split: SampleSplit) -> tuple[np.ndarray, np.ndarray]:
    learned, judged = (
        np.unique(panel.groups[stops - 1])
        for stops in (split.training, split.validation)
    )
    return learned, judged


def _named(panel: Panel, groups: np.ndarray) -> str:
    names = [repr(panel.group_names[group]) for group in groups[:_MOST_NAMED]]
    return ", ".join(names) + (", …" if len(groups) > _MOST_NAMED else "")
