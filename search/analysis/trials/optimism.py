"""How much better the best of many trials looks than it is.

Tibshirani and Tibshirani (2009), A bias correction for the minimum error rate in
cross-validation, https://doi.org/10.1214/08-AOAS224: on each fold the trial that is
best over all folds is compared with the one that is best on that fold alone.
"""

from collections.abc import Sequence

import numpy as np

FEWEST_TRIALS = 3


def selection_optimism(fold_scores: Sequence[Sequence[float]]) -> float | None:
    """Return by how much the best mean score is too low, in units of the score.

    Parameters
    ----------
    fold_scores
        Score of each complete trial on each fold, in the same order of folds.

    Returns
    -------
    float or None
        At least 0; None with fewer than three trials.

    Examples
    --------
    The first trial is best on average, but each fold has another favourite:

    >>> selection_optimism([(1.0, 2.0), (2.0, 1.0), (1.0, 2.0)])
    0.5
    """
    scores = np.asarray(fold_scores, dtype=np.float64)
    if scores.ndim != 2 or len(scores) < FEWEST_TRIALS:
        return None
    best = int(scores.mean(axis=1).argmin())
    return float((scores[best] - scores.min(axis=0)).mean())
