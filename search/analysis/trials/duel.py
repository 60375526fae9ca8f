"""How likely each cell is to have the best score when the budget is used up."""

from collections.abc import Mapping, Sequence

import numpy as np

from search.config import Cell
from search.study.progress import Progress

FEWEST_TRIALS = 4
MOST_ENDS, FEWEST_ENDS, MOST_DRAWS = 4_000, 200, 300_000
DECIDED = 0.9


def winning_chances(
    scores: Mapping[Cell, Sequence[float]], left: Mapping[Cell, int]
) -> dict[Cell, float] | None:
    """Return the share of simulated ends of the search that each cell wins.

    Each trial that is left is drawn from the scores that its cell had so far, each
    with a relative error as wide as a kernel density estimate would make it. So what
    counts is how far a cell leads and how much the scores of the others scatter. The
    sampler learns, so later trials are rather better than that: close races are closer
    than they look.

    Parameters
    ----------
    scores
        Scores above 0 of the complete trials of each cell.
    left
        Trials that each cell still has.

    Returns
    -------
    dict or None
        None while a cell has fewer than four scores.
    """
    if not scores or min(map(len, scores.values())) < FEWEST_TRIALS:
        return None
    if min(min(own) for own in scores.values()) <= 0:
        return None
    generator = np.random.default_rng(0)
    most_left = max([1, *left.values()])
    n_ends = min(MOST_ENDS, max(FEWEST_ENDS, MOST_DRAWS // most_left))
    ends = np.stack(
        [_ends(scores[cell], left.get(cell, 0), n_ends, generator) for cell in scores]
    )
    counts = np.bincount(ends.argmin(axis=0), minlength=len(scores))
    return {
        cell: float(count / n_ends) for cell, count in zip(scores, counts, strict=True)
    }


def trials_left(progress: Progress, cells: Sequence[Cell]) -> dict[Cell, int]:
    """Return how many trials each cell still has, shared equally.

    Without a number of trials in the budget, as many as the time that is left allows
    at the pace so far.
    """
    if progress.n_trials is not None:
        n_left = progress.n_trials - progress.n_done
    else:
        share = max(progress.fraction, 1e-3)
        n_left = round(progress.n_done * (1 - share) / share)
    return dict.fromkeys(cells, max(0, n_left) // len(cells))


def leader(chances: Mapping[Cell, float]) -> Cell | None:
    """Return the cell that wins in nine of ten ends; None while that is undecided."""
    best = max(chances, key=lambda cell: chances[cell])
    return best if chances[best] >= DECIDED else None


def _ends(
    scores: Sequence[float], n_left: int, n_ends: int, generator: np.random.Generator
) -> np.ndarray:
    """Return the logarithm of the best score at the end of each simulated search."""
    logs = np.log(np.asarray(scores, dtype=np.float64))
    if n_left == 0:
        return np.full(n_ends, logs.min())
    width = 1.06 * logs.std(ddof=1) * len(logs) ** -0.2
    drawn = generator.choice(logs, (n_ends, n_left))
    drawn += width * generator.normal(size=drawn.shape)
    best: np.ndarray = np.minimum(drawn.min(axis=1), logs.min())
    return best
