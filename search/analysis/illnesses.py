"""What is wrong with a trial: its curve and folds, and of a winner its forecasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from search.analysis.comparison import skill
from search.analysis.predictions import Predictions
from search.analysis.score_ranges import lowest_mean
from search.evaluation.curve_diagnosis import (
    diagnose_curve,
    diagnose_folds,
    diagnose_jumps,
    sound_epochs,
)
from search.evaluation.diagnosis import (
    Cure,
    Diagnosis,
    diagnose_lag,
    diagnose_residuals,
    diagnose_times,
)
from search.study.trials.curves import EpochPoint

N_LEVELS = 5
_WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


@dataclass(frozen=True)
class _Groups:
    """Which of several groups each target is in.

    Attributes
    ----------
    codes
        Place in `names`, of shape (n_targets,).
    names
        Names of the groups.
    cures
        What may help where the model fails in one of them.
    """

    codes: np.ndarray
    names: tuple[str, ...]
    cures: tuple[Cure, ...] = ()


def diagnose_trial(
    points: Sequence[EpochPoint],
    *,
    most_epochs: int,
    baselines: Mapping[str, Sequence[float]],
    fold_scores: Sequence[float] = (),
    was_ended: bool = False,
) -> list[Diagnosis]:
    """Read the learning curve and the fold scores of a trial, a winner or any other.

    Parameters
    ----------
    points
        Its epochs; may be none.
    most_epochs
        Largest number of epochs that the search allowed.
    baselines
        Fold scores of the baselines, by name; none while they are not known.
    fold_scores
        Its score on each fold; by default those of its best epoch.
    was_ended
        Whether it was pruned or failed, so that its curve is cut short.
    """
    train = _by_fold([point.train for point in points])
    valid = _by_fold([point.valid for point in points])
    found = diagnose_jumps(train, valid)
    n_sound = sound_epochs(train, valid)
    reference = lowest_mean(baselines)
    if n_sound:
        means = valid[:n_sound].mean(axis=1)
        share = None
        # After a jump a bad score tells nothing of whether it learned too slowly.
        if reference is not None and not found:
            share = skill(float(means.min()), reference[1])
        found += diagnose_curve(
            train[:n_sound].mean(axis=1),
            means,
            most_epochs=most_epochs,
            skill=share,
            was_ended=was_ended,
        )
        fold_scores = fold_scores or best_fold_scores(points)
    if reference is not None and fold_scores:
        found += diagnose_folds(fold_scores, baselines[reference[0]])
    return found


def best_fold_scores(points: Sequence[EpochPoint]) -> tuple[float, ...]:
    """Return the score on each fold after the best epoch; empty if there is none."""
    scored = [point for point in points if point.score is not None]
    if not scored:
        return ()
    best = min(scored, key=lambda point: point.score or 0.0)
    return tuple(score for score in best.valid if score is not None)


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
        found += diagnose_times(
            sizes.ravel(), groups.codes, groups.names, cures=groups.cures
        )
    return found


def _groups(holdout: Predictions) -> list[_Groups]:
    """Return hour, weekday and level of each target."""
    groups = []
    times = holdout.times.ravel()
    if np.issubdtype(times.dtype, np.datetime64):
        index = pd.DatetimeIndex(times)
        if index.hour.nunique() > 1:
            hours = tuple(f"{hour:02d}:00" for hour in range(24))
            groups.append(_Groups(index.hour.to_numpy(), hours, ("calendar",)))
        groups.append(_Groups(index.day_of_week.to_numpy(), _WEEKDAYS, ("calendar",)))
    levels = holdout.actual.ravel()
    edges = np.unique(np.quantile(levels, np.linspace(0, 1, N_LEVELS + 1)))
    if len(edges) > 2:
        places = np.clip(np.searchsorted(edges, levels, "right") - 1, 0, len(edges) - 2)
        names = tuple(f"{low:.4g} … {high:.4g}" for low, high in pairwise(edges))
        groups.append(_Groups(places, names))
    return groups


def _by_fold(epochs: Sequence[Sequence[float | None]]) -> np.ndarray:
    """Return one row an epoch and one column a fold; NaN where there is no number."""
    n_folds = max(map(len, epochs), default=0)
    table = np.full((len(epochs), n_folds), np.nan)
    for row, values in zip(table, epochs, strict=True):
        row[: len(values)] = [np.nan if value is None else value for value in values]
    return table
