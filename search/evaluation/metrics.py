"""Errors of forecasts in original units. Formulas and edge cases: docs/metrics.md."""

import math
from dataclasses import dataclass

import numpy as np

from search.config import Score


class KindMetrics:
    """Any record that says how good a model is.

    `Metrics` for numbers, the records of `search.evaluation.kind_metrics` for classes
    and anomalies; `search.study.results` reads and writes each of them.
    """


@dataclass(frozen=True)
class Metrics(KindMetrics):
    """Errors over all origins and steps, averaged over targets.

    Attributes
    ----------
    mse, rmse, mae
        In (squared) units of the target.
    mase
        Mean absolute error over the in-sample mean absolute error of the seasonal
        naive forecast; None where that one is 0. Hyndman and Koehler (2006),
        https://doi.org/10.1016/j.ijforecast.2006.03.001
    smape
        Symmetric mean absolute percentage error in percent, 0 to 200.
    r2
        Coefficient of determination; None where the actual values are constant.
    """

    mse: float
    rmse: float
    mae: float
    mase: float | None
    smape: float
    r2: float | None


def forecast_metrics(
    actual: np.ndarray, predicted: np.ndarray, *, naive_scale: np.ndarray
) -> Metrics:
    """Compare forecasts with what happened.

    Parameters
    ----------
    actual, predicted
        Arrays of shape (n_origins, horizon, n_targets).
    naive_scale
        In-sample error of the seasonal naive forecast for each target, of shape
        (n_targets,); see `seasonal_naive_scale`.

    Examples
    --------
    >>> actual = np.array([[[1.0]], [[3.0]]])
    >>> predicted = np.array([[[2.0]], [[3.0]]])
    >>> metrics = forecast_metrics(actual, predicted, naive_scale=np.array([2.0]))
    >>> metrics.mse, metrics.mae, metrics.mase, metrics.r2
    (0.5, 0.5, 0.25, 0.5)
    """
    each = [
        _target_metrics(actual[..., k], predicted[..., k], float(naive_scale[k]))
        for k in range(actual.shape[-1])
    ]
    return Metrics(
        mse=float(np.mean([one.mse for one in each])),
        rmse=float(np.mean([one.rmse for one in each])),
        mae=float(np.mean([one.mae for one in each])),
        mase=_mean_defined([one.mase for one in each]),
        smape=float(np.mean([one.smape for one in each])),
        r2=_mean_defined([one.r2 for one in each]),
    )


def value_metrics(actual: np.ndarray, predicted: np.ndarray) -> Metrics:
    """Compare predicted values of samples with actual ones; MASE is undefined.

    Parameters
    ----------
    actual, predicted
        Shape (n_samples, n_targets), in original units.
    """
    n_targets = actual.shape[1]
    return forecast_metrics(
        actual[:, None], predicted[:, None], naive_scale=np.zeros(n_targets)
    )


def seasonal_naive_scale(targets: np.ndarray, season: int) -> np.ndarray:
    """Return the mean absolute seasonal difference of each target.

    Parameters
    ----------
    targets
        Rows before the holdout, of shape (n_rows, n_targets).
    season
        Rows in one season; 1 compares with the row before. With no row that has one
        a season before it the error is taken as 0, so that MASE is undefined.

    Examples
    --------
    >>> seasonal_naive_scale(np.array([[1.0], [2.0], [4.0]]), 1)
    array([1.5])
    """
    if len(targets) <= season:
        return np.zeros(targets.shape[1])
    return np.abs(targets[season:] - targets[:-season]).mean(axis=0)


def combine_targets(
    squared: np.ndarray, absolute: np.ndarray, weights: np.ndarray, score: Score
) -> float:
    """Return the one number that the search minimises on a fold.

    Parameters
    ----------
    squared, absolute
        Mean squared and mean absolute error of each target, of shape (n_targets,),
        in original units.
    weights
        Weight of each target; see `target_weights`.
    score
        Which of the two counts.
    """
    error = np.sqrt(squared) if score == "rmse" else absolute
    return float(np.mean(error * weights))


def target_weights(targets: np.ndarray) -> np.ndarray:
    """Return how errors of several targets are made comparable.

    One target keeps its unit (weight 1). Several targets are divided by their
    standard deviation over the rows before the holdout, `targets` of shape
    (n_rows, n_targets); a constant target keeps weight 1.
    """
    if targets.shape[1] == 1:
        return np.ones(1)
    constant = targets.max(axis=0) == targets.min(axis=0)  # std may be 1e-17
    return 1.0 / np.where(constant, 1.0, targets.std(axis=0))


def _target_metrics(
    actual: np.ndarray, predicted: np.ndarray, naive_scale: float
) -> Metrics:
    error = predicted - actual
    mse = float(np.mean(error**2))
    mae = float(np.mean(np.abs(error)))
    size = np.abs(actual) + np.abs(predicted)
    relative = np.divide(
        2 * np.abs(error), size, out=np.zeros_like(error), where=size > 0
    )
    is_constant = actual.max() == actual.min()  # numpy may call its variance 1e-34
    variance = 0.0 if is_constant else float(np.var(actual))
    return Metrics(
        mse=mse,
        rmse=math.sqrt(mse),
        mae=mae,
        mase=mae / naive_scale if naive_scale > 0 else None,
        smape=100 * float(np.mean(relative)),
        r2=1 - mse / variance if variance > 0 else None,
    )


def _mean_defined(values: list[float | None]) -> float | None:
    """Return the mean, or None if one of the values is undefined."""
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if len(defined) == len(values) else None
