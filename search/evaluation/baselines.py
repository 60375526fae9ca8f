"""Forecasts that need no training, on the same windows as the networks."""

from collections.abc import Callable

import numpy as np

from search.config import Task
from search.evaluation.framing import base_offsets
from search.evaluation.metrics import combine_targets, target_weights
from search.evaluation.splits import SplitPlan
from search.evaluation.windows import gather_targets

BASELINE_NAMES = ("last_value", "seasonal_naive", "drift")


def baseline_forecasts(
    targets: np.ndarray, origins: np.ndarray, *, horizon: int, season: int
) -> dict[str, np.ndarray]:
    """Return the forecasts of each baseline, of shape (n_origins, horizon, n_targets).

    Without a season (1) the seasonal naive forecast is the last value and is left out;
    so it is where an origin has less than one season before it.

    Parameters
    ----------
    targets
        The whole series of shape (n_rows, n_targets); each forecast uses only the
        rows before its origin.
    origins
        First target row of each forecast; at least 2.
    """
    methods: dict[str, Callable[[], np.ndarray]] = {
        "last_value": lambda: _last_value(targets, origins, horizon),
        "drift": lambda: _drift(targets, origins, horizon),
    }
    if 1 < season <= origins.min():
        offsets = base_offsets("seasonal", horizon=horizon, season=season)
        methods["seasonal_naive"] = lambda: targets[origins[:, None] + offsets]
    return {name: methods[name]() for name in BASELINE_NAMES if name in methods}


def baseline_scores(
    targets: np.ndarray, plan: SplitPlan, task: Task
) -> dict[str, tuple[float, ...]]:
    """Return the score of each baseline on each fold.

    The same targets, weights and formula as for the trials. A baseline that some fold
    cannot have is left out.

    Parameters
    ----------
    targets
        The series of shape (n_rows, n_targets), in original units; the holdout is not
        looked at.
    plan, task
        Folds, horizon, season and score.
    """
    weights = target_weights(targets[: plan.holdout_start])
    scores: dict[str, list[float]] = {}
    for fold in plan.folds:
        origins = np.arange(fold.valid_start, fold.valid_stop)
        actual = gather_targets(targets, origins, horizon=task.horizon)
        forecasts = baseline_forecasts(
            targets, origins, horizon=task.horizon, season=task.season
        )
        for name, predicted in forecasts.items():
            error = predicted - actual
            squared = (error**2).mean(axis=(0, 1))
            absolute = np.abs(error).mean(axis=(0, 1))
            score = combine_targets(squared, absolute, weights, task.score)
            scores.setdefault(name, []).append(score)
    return {
        name: tuple(values)
        for name, values in scores.items()
        if len(values) == len(plan.folds)
    }


def _last_value(targets: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    return np.repeat(targets[origins - 1][:, None, :], horizon, axis=1)


def _drift(targets: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    """Continue the straight line from the first row to the last known one."""
    last = targets[origins - 1]
    slope = (last - targets[0]) / (origins - 1)[:, None]
    steps = np.arange(1, horizon + 1)
    return last[:, None, :] + slope[:, None, :] * steps[None, :, None]
