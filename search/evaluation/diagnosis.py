"""What is wrong with a model, in plain words, with the numbers and a cure.

Every check is a function of arrays that returns a finding or nothing. The thresholds
are rules of thumb of practice, not tests of significance, where no source is named.
Here are the checks of forecasts; those of learning curves and folds are in
`search.evaluation.curve_diagnosis`, those of other answers in
`search.evaluation.answer_diagnosis`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Illness = Literal[
    "overfitting",
    "underfitting",
    "still_falling",
    "slow_start",
    "exploding",
    "diverged",
    "not_learning",
    "unstable_folds",
    "lagging",
    "autocorrelated",
    "grows_with_level",
    "fails_at_times",
    "never_called",
    "fails_in_group",
    "threshold_low",
    "threshold_high",
]
Evidence = Literal[
    "learning", "loss", "folds", "steps", "residuals", "levels", "times", "answers"
]
Cure = Literal[
    "more_dropout",
    "fewer_units",
    "more_units",
    "more_epochs",
    "lower_rate",
    "higher_rate",
    "stronger_clipping",
    "other_framing",
    "longer_sequences",
    "calendar",
]

FEWEST = 20


@dataclass(frozen=True)
class Diagnosis:
    """One thing that is wrong.

    Attributes
    ----------
    illness
        Stable identifier; docs/metrics.md describes each.
    numbers
        What was measured, by the names that the sentence of the illness has.
    evidence
        The chart that shows it.
    cures
        Changes of the search that may help, the likeliest first.
    """

    illness: Illness
    numbers: dict[str, float | str]
    evidence: Evidence
    cures: tuple[Cure, ...]


def diagnose_lag(
    actual: np.ndarray, predicted: np.ndarray, last: np.ndarray
) -> list[Diagnosis]:
    """Find forecasts that repeat the last known value.

    They look right in a chart, a step late. Said where the forecast of a step is nearer
    to the last value than the actual value is to it by far, and no better than it.

    Parameters
    ----------
    actual, predicted
        Shape (n_origins, horizon).
    last
        Last value before each origin, of shape (n_origins,).
    """
    if len(actual) < FEWEST:
        return []
    moves, forecast_moves = actual - last[:, None], predicted - last[:, None]
    moved = np.abs(moves).mean(axis=0)
    dared = np.abs(forecast_moves).mean(axis=0)
    error = np.abs(predicted - actual).mean(axis=0)
    is_lagging = (dared < 0.5 * moved) & (error > 0.98 * moved)
    if not is_lagging[0] or is_lagging.mean() < 0.5:
        return []
    level = predicted[:, 0]
    numbers: dict[str, float | str] = {
        "steps": int(is_lagging.sum()),
        "with_last": _correlation(level, last),
        "with_actual": _correlation(level, actual[:, 0]),
    }
    cures: tuple[Cure, ...] = ("other_framing", "calendar", "longer_sequences")
    return [Diagnosis("lagging", numbers, "steps", cures)]


def diagnose_residuals(actual: np.ndarray, predicted: np.ndarray) -> list[Diagnosis]:
    """Look for what is left in the errors of the first step.

    Autocorrelation by the test of Ljung and Box (1978), growth with the level by the
    rank correlation of Spearman.

    Parameters
    ----------
    actual, predicted
        First step of each origin, origins one row apart, of shape (n_origins,).
    """
    if len(actual) < FEWEST:
        return []
    from scipy.stats import chi2, spearmanr

    found = []
    errors = predicted - actual
    n_lags = min(10, len(errors) // 5)
    acf = _autocorrelation(errors, n_lags)
    n = len(errors)
    statistic = n * (n + 2) * float((acf**2 / (n - np.arange(1, n_lags + 1))).sum())
    if chi2.sf(statistic, n_lags) < 0.01 and np.abs(acf).max() > 0.2:
        lag = int(np.abs(acf).argmax())
        numbers: dict[str, float | str] = {
            "lag": lag + 1,
            "correlation": float(acf[lag]),
        }
        cures: tuple[Cure, ...] = ("longer_sequences", "calendar")
        found.append(Diagnosis("autocorrelated", numbers, "residuals", cures))
    if np.ptp(predicted) == 0 or np.ptp(np.abs(errors)) == 0:
        return found
    growth = spearmanr(np.abs(errors), predicted)
    if growth.pvalue < 0.01 and growth.statistic > 0.3:
        numbers = {"correlation": float(growth.statistic)}
        found.append(
            Diagnosis("grows_with_level", numbers, "levels", ("other_framing",))
        )
    return found


def diagnose_times(
    errors: np.ndarray,
    codes: np.ndarray,
    names: Sequence[str],
    *,
    cures: tuple[Cure, ...] = (),
) -> list[Diagnosis]:
    """Find the hours, weekdays or levels where the model fails.

    Parameters
    ----------
    errors
        Absolute errors, of shape (n,).
    codes
        Place in `names` of the group of each error, of shape (n,).
    names
        Name of each group.
    cures
        What may help against groups of this kind.
    """
    overall = float(errors.mean())
    if overall == 0:
        return []
    found = []
    for code, name in enumerate(names):
        is_own = codes == code
        own, rest = errors[is_own], errors[~is_own]
        if len(own) < 10 or len(rest) < 10:
            continue
        times = float(own.mean() / rest.mean())
        # Two standard errors, so that a few bad rows do not make a bad hour.
        sure = own.mean() - 2 * own.std(ddof=1) / np.sqrt(len(own)) > rest.mean()
        if times > 1.5 and sure:
            found.append((times, name))
    if not found:
        return []
    times, name = max(found)
    numbers: dict[str, float | str] = {"group": name, "times": times}
    return [Diagnosis("fails_at_times", numbers, "times", cures)]


def _autocorrelation(values: np.ndarray, n_lags: int) -> np.ndarray:
    centred = values - values.mean()
    total = float((centred**2).sum())
    if total == 0:
        return np.zeros(n_lags)
    return np.array(
        [
            float((centred[lag:] * centred[:-lag]).sum()) / total
            for lag in range(1, n_lags + 1)
        ]
    )


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
