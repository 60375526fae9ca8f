"""All baselines over the folds and the holdout of one series."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from search.config import Task
from search.evaluation.baselines.ets import fit_ets
from search.evaluation.baselines.naive import NAIVE_NAMES, naive_forecasts
from search.evaluation.baselines.ridge import fit_ridge
from search.evaluation.baselines.theta import fit_theta
from search.evaluation.metrics import combine_targets, target_weights
from search.evaluation.panel import Panel
from search.evaluation.splits import SplitPlan
from search.evaluation.windows import gather_targets

FITTED_NAMES = ("ets", "theta", "ridge")
BASELINE_NAMES = (*NAIVE_NAMES, *FITTED_NAMES)

Forecasts = dict[str, np.ndarray]
"""By name of the baseline, each of shape (n_origins, horizon, n_targets)."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BaselineForecasts:
    """What the baselines forecast of one series.

    Attributes
    ----------
    fold_scores
        Score on each fold, in original units; only of those baselines that every
        fold can have.
    holdout
        Forecasts from each holdout origin.
    absent
        For each baseline that has no forecasts of the holdout, why.
    """

    fold_scores: dict[str, tuple[float, ...]]
    holdout: Forecasts
    absent: dict[str, str]


class _Fitted(Protocol):
    """A model of one series."""

    def forecasts(
        self, values: np.ndarray, origins: np.ndarray, *, horizon: int
    ) -> np.ndarray:
        """Return forecasts of shape (n_origins, horizon)."""
        ...


class _Fit(Protocol):
    def __call__(self, values: np.ndarray, *, season: int) -> _Fitted | None: ...


class _Absent(Exception):
    """A baseline that these rows cannot have, and why."""


_Value = TypeVar("_Value")


def forecast_baselines(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    *,
    sequence_length: int,
    names: Collection[str] = BASELINE_NAMES,
) -> BaselineForecasts:
    """Fit and forecast every baseline on every fold and on the holdout.

    What is fitted learns from the rows that the networks of that fold learn from, and
    the scores have the same targets, weights and formula as those of the trials.

    Parameters
    ----------
    panel
        The series; features and calendar are of use to the ridge regression only.
    plan, task
        Folds, holdout, horizon, season and score.
    sequence_length
        Rows of a window of the ridge regression.
    names
        Which baselines.
    """
    weights = target_weights(panel.targets[: plan.holdout_start])
    scores: dict[str, list[float]] = {}
    for fold in plan.folds:
        origins = np.arange(fold.valid_start, fold.valid_stop)
        actual = gather_targets(panel.targets, origins, horizon=task.horizon)
        found, _ = forecast_from(panel, origins, task, sequence_length, names)
        for name, predicted in found.items():
            error = predicted - actual
            squared = (error**2).mean(axis=(0, 1))
            absolute = np.abs(error).mean(axis=(0, 1))
            score = combine_targets(squared, absolute, weights, task.score)
            scores.setdefault(name, []).append(score)
    origins = np.arange(plan.holdout_start, plan.holdout_stop)
    holdout, absent = forecast_from(panel, origins, task, sequence_length, names)
    fold_scores = {
        name: tuple(values)
        for name, values in scores.items()
        if len(values) == len(plan.folds)
    }
    return BaselineForecasts(_in_order(fold_scores), _in_order(holdout), absent)


def forecast_from(
    panel: Panel,
    origins: np.ndarray,
    task: Task,
    sequence_length: int,
    names: Collection[str],
) -> tuple[Forecasts, dict[str, str]]:
    """Return what each baseline forecasts that was fitted before the first origin.

    Parameters
    ----------
    panel, task, sequence_length, names
        As in `forecast_baselines`.
    origins
        First target row of each forecast, ascending.

    Returns
    -------
    tuple
        The forecasts, and for each baseline that has none, why.
    """
    methods: dict[str, Callable[[], np.ndarray]] = {
        "ets": lambda: _by_target(fit_ets, panel, origins, task),
        "theta": lambda: _by_target(fit_theta, panel, origins, task),
        "ridge": lambda: _ridge(panel, origins, task, sequence_length),
    }
    naive = naive_forecasts(
        panel.targets, origins, horizon=task.horizon, season=task.season
    )
    found = {name: values for name, values in naive.items() if name in names}
    absent: dict[str, str] = {}
    if task.season > 1 and "seasonal_naive" not in naive:
        absent["seasonal_naive"] = f"needs {task.season} rows before each forecast"
    for name in [name for name in methods if name in names]:
        try:
            found[name] = methods[name]()
        except _Absent as reason:
            absent[name] = str(reason)
    return found, absent


def _by_target(fit: _Fit, panel: Panel, origins: np.ndarray, task: Task) -> np.ndarray:
    columns = []
    for values in panel.targets.T:
        fitted = _fitted(partial(fit, values[: origins[0]], season=task.season))
        columns.append(fitted.forecasts(values, origins, horizon=task.horizon))
    return _finite(np.stack(columns, axis=-1))


def _ridge(
    panel: Panel, origins: np.ndarray, task: Task, sequence_length: int
) -> np.ndarray:
    fitted = _fitted(
        lambda: fit_ridge(
            panel,
            stop=int(origins[0]),
            horizon=task.horizon,
            sequence_length=sequence_length,
        )
    )
    return _finite(fitted.forecasts(panel, origins, horizon=task.horizon))


def _fitted(fit: Callable[[], _Value | None]) -> _Value:
    try:
        fitted = fit()
    except (ValueError, np.linalg.LinAlgError) as error:
        logger.warning("A baseline could not be fitted.", exc_info=True)
        raise _Absent(f"could not be fitted: {error}") from error
    if fitted is None:
        raise _Absent("too few rows to be fitted")
    return fitted


def _finite(forecasts: np.ndarray) -> np.ndarray:
    if not np.isfinite(forecasts).all():
        raise _Absent("its forecasts are not finite numbers")
    return forecasts


def _in_order(found: Mapping[str, _Value]) -> dict[str, _Value]:
    return {name: found[name] for name in BASELINE_NAMES if name in found}
