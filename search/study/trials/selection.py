"""Which trial of each cell is the best."""

import math
from collections.abc import Iterable

from search.config import CELLS, Cell
from search.study.trials.listing import TrialView


def best_trials(trials: Iterable[TrialView]) -> dict[Cell, TrialView]:
    """Return the complete trial with the lowest score for each cell that has one.

    Of equal scores the earlier trial is the better one. Pruned and failed trials and
    scores that are not finite never win. The cells come in their usual order.
    """
    best: dict[Cell, TrialView] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        if trial.state != "complete" or not _is_finite(trial.score):
            continue
        leader = best.get(trial.cell)
        if leader is None or _score(trial) < _score(leader):
            best[trial.cell] = trial
    return {cell: best[cell] for cell in CELLS if cell in best}


def failures_in_a_row(trials: Iterable[TrialView]) -> int:
    """Return how many of the trials that ended last failed without a success between.

    Trials count in the order of their end. Trials that still run or wait do not
    count, and neither does one whose configuration is tried again.
    """
    ended = [trial for trial in trials if trial.state in _ENDED]
    ended.sort(key=lambda trial: (trial.finished or "", trial.number))
    count = 0
    for trial in reversed(ended):
        if trial.state != "failed":
            break
        count += not trial.is_retried
    return count


_ENDED = ("complete", "pruned", "failed")


def _is_finite(score: float | None) -> bool:
    return score is not None and math.isfinite(score)


def _score(trial: TrialView) -> float:
    assert trial.score is not None
    return trial.score
