"""Fewer trials for a chart of thousands of them, and a sentence that says so."""

from collections.abc import Mapping, Sequence

import numpy as np

from pages.components.text import text
from search.analysis.score_ranges import running_best
from search.config import CELLS, Cell
from search.data.thinning import thin_cloud
from search.study.trials.listing import TrialView


def thinned_trials(
    trials: Sequence[TrialView],
    n_points: int,
    best: Mapping[Cell, Sequence[tuple[int, float]]] | None = None,
) -> tuple[TrialView, ...]:
    """Return the trials to draw: the shape of the cloud, its edges, every leader.

    Parameters
    ----------
    trials
        Trials with a score, in the order in which they are drawn.
    n_points
        About how many are kept; the trials that were the best of their cell so far
        come on top, a few tens at most.
    best
        Those trials, if they are known: from `best_of_cells`.
    """
    if len(trials) <= n_points:
        return tuple(trials)
    scores = np.array([trial.score for trial in trials], dtype=np.float64)
    kept = {trials[place].number for place in thin_cloud(scores, n_points)}
    for steps in (best or best_of_cells(trials)).values():
        kept.update(number for number, _ in steps)
    return tuple(trial for trial in trials if trial.number in kept)


def best_of_cells(
    trials: Sequence[TrialView],
) -> dict[Cell, list[tuple[int, float]]]:
    """Return the `running_best` of each cell that has a trial."""
    own: dict[Cell, list[TrialView]] = {cell: [] for cell in CELLS}
    for trial in trials:
        own[trial.cell].append(trial)
    return {cell: running_best(some) for cell, some in own.items() if some}


def drawn_note(drawn: Sequence[TrialView], trials: Sequence[TrialView]) -> list[str]:
    """Return the sentence that not all trials are drawn; none where all are."""
    if len(drawn) == len(trials):
        return []
    return [text("charts.drawn_note", drawn=len(drawn), n=len(trials))]
