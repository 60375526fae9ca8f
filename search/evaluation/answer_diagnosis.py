"""What is wrong with answers to held-out samples: classes, values and anomalies.

Rules of thumb as in `search.evaluation.diagnosis`.
"""

from collections.abc import Sequence

import numpy as np

from search.evaluation.diagnosis import FEWEST, Cure, Diagnosis

MANY_ALARMS, MANY_MISSED = 0.1, 0.5
_FEWEST_OF_CLASS = 3
_FEWEST_OF_GROUP = 10
_TIMES = 1.5


def diagnose_calls(
    actual: np.ndarray, called: np.ndarray, classes: Sequence[str]
) -> list[Diagnosis]:
    """Find classes that are there and never called; the one with most samples.

    Parameters
    ----------
    actual, called
        Places of the classes, int of shape (n_samples,).
    classes
        Their names.
    """
    n_actual = np.bincount(actual, minlength=len(classes))
    n_called = np.bincount(called, minlength=len(classes))
    missed = np.flatnonzero((n_actual >= _FEWEST_OF_CLASS) & (n_called == 0))
    if not len(missed):
        return []
    place = int(missed[n_actual[missed].argmax()])
    numbers: dict[str, float | str] = {
        "name": classes[place],
        "n": int(n_actual[place]),
        "classes": len(missed),
    }
    cures: tuple[Cure, ...] = ("more_units", "more_epochs")
    return [Diagnosis("never_called", numbers, "answers", cures)]


def diagnose_groups(
    errors: np.ndarray, codes: np.ndarray, names: Sequence[str]
) -> list[Diagnosis]:
    """Find the group in which the errors are far larger than in the others.

    Parameters
    ----------
    errors
        Absolute error of each sample, or 1 where its class is wrong.
    codes
        Place of its group in `names`; groups of fewer than ten samples are not judged.
    names
        Names of the groups.
    """
    found = []
    for code, name in enumerate(names):
        is_own = codes == code
        own, rest = errors[is_own], errors[~is_own]
        if min(len(own), len(rest)) < _FEWEST_OF_GROUP or not rest.mean():
            continue
        times = float(own.mean() / rest.mean())
        sure = own.mean() - 2 * own.std(ddof=1) / np.sqrt(len(own)) > rest.mean()
        if times > _TIMES and sure:
            found.append((times, name))
    if not found:
        return []
    times, name = max(found)
    numbers: dict[str, float | str] = {"name": name, "times": times}
    return [Diagnosis("fails_in_group", numbers, "answers", ())]


def diagnose_growth(actual: np.ndarray, predicted: np.ndarray) -> list[Diagnosis]:
    """Find estimates whose errors grow with them, by the rank correlation of Spearman.

    Parameters
    ----------
    actual, predicted
        Shape (n_samples,).
    """
    errors = np.abs(predicted - actual)
    if len(actual) < FEWEST or np.ptp(predicted) == 0 or np.ptp(errors) == 0:
        return []
    from scipy.stats import spearmanr

    growth = spearmanr(errors, predicted)
    if not (growth.pvalue < 0.01 and growth.statistic > 0.3):
        return []
    numbers: dict[str, float | str] = {"correlation": float(growth.statistic)}
    return [Diagnosis("grows_with_level", numbers, "answers", ())]


def diagnose_threshold(
    labels: np.ndarray, is_called: np.ndarray, *, quantile: float
) -> list[Diagnosis]:
    """Find a threshold that is too low or too high for the watched rows.

    Parameters
    ----------
    labels
        1 where a row is anomalous, 0 where not, NaN where nobody knows.
    is_called
        Whether each row is called anomalous.
    quantile
        Share of the rows that settled the threshold that are at or below it; of
        further normal rows as many should be.
    """
    normal, bad = labels == 0, np.nan_to_num(labels) != 0
    if normal.sum() < FEWEST:
        return []
    alarms = float(is_called[normal].mean())
    if alarms > MANY_ALARMS:
        numbers: dict[str, float | str] = {"share": alarms, "expected": 1 - quantile}
        cures: tuple[Cure, ...] = ("more_dropout", "fewer_units")
        return [Diagnosis("threshold_low", numbers, "answers", cures)]
    missed = 1 - float(is_called[bad].mean()) if bad.sum() >= FEWEST else 0.0
    if missed > MANY_MISSED and alarms <= 1 - quantile:
        numbers = {"missed": missed, "share": alarms}
        cures = ("more_units", "longer_sequences")
        return [Diagnosis("threshold_high", numbers, "answers", cures)]
    return []
