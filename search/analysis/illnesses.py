"""What is wrong with a winner: its curve, its folds and its forecasts together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from search.analysis.comparison import skill
from search.analysis.predictions import Predictions
from search.evaluation.diagnosis import (
    Diagnosis,
    diagnose_curve,
    diagnose_lag,
    diagnose_residuals,
    diagnose_times,
)
from search.study.curves import EpochPoint

N_LEVELS = 5


def diagnose_training(
    points: Sequence[EpochPoint],
    *,
    most_epochs: int,
    score: float | None,
    reference: float | None,
) -> list[Diagnosis]:
    """Read the learning curve of a trial.

    Parameters
    ----------
    points
        Its epochs.
    most_epochs
        Largest number of epochs that the search allowed.
    score, reference
        Best mean score over the folds of the trial, and that of the best baseline.
    """
    train = np.array([_mean(point.train) for point in points])
    valid = np.array([_mean(point.valid) for point in points])
    share = None
    if score is not None and reference is not None:
        share = skill(score, reference)
    return diagnose_curve(train, valid, most_epochs=most_epochs, skill=share)


def diagnose_forecasts(holdout: Predictions, last: np.ndarray) -> list[Diagnosis]:
    """Look at the forecasts of the holdout.

    Parameters
    ----------
    holdout
        Forecasts of one target.
    last
        Last value before each origin, of shape (n_origins,).
    """
    found = diagnose_lag(holdout.actual, holdout.predicted, last)
    found += diagnose_residuals(holdout.actual[:, 0], holdout.predicted[:, 0])
    sizes = np.abs(holdout.errors)
    for groups in _groups(holdout):
        found += diagnose_times(sizes.ravel(), groups)
    return found


def _groups(holdout: Predictions) -> list[list[str]]:
    """Return the names of hour, weekday and level of each target, one list each."""
    groups = []
    times = holdout.times.ravel()
    if np.issubdtype(times.dtype, np.datetime64):
        index = pd.DatetimeIndex(times)
        if index.hour.nunique() > 1:
            groups.append([f"{hour:02d}:00" for hour in index.hour])
        groups.append(list(index.day_name()))
    levels = holdout.actual.ravel()
    edges = np.unique(np.quantile(levels, np.linspace(0, 1, N_LEVELS + 1)))
    if len(edges) > 2:
        places = np.clip(np.searchsorted(edges, levels, "right") - 1, 0, len(edges) - 2)
        groups.append([f"{edges[k]:.4g} … {edges[k + 1]:.4g}" for k in places])
    return groups


def _mean(values: Sequence[float | None]) -> float:
    known = [np.nan if value is None else value for value in values]
    return float(np.mean(known)) if known else float("nan")
