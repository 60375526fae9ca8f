"""Forecasts over the holdout, and the errors that can be read from them.

An *error* is the forecast less what happened: above 0 means the forecast was too high.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from search.errors import StudyCorrupted

COLUMNS = ("origin", "step", "timestamp", "actual", "predicted")
COVERAGE = 0.8
FEW_FORECASTS = 20
FEWEST_COVERED = 10


@dataclass(frozen=True)
class Predictions:
    """The forecasts of one model for one target, from several origins.

    Attributes
    ----------
    origins
        First target row of each forecast, of shape (n_origins,).
    steps
        Name of each step, counted from 1, of shape (horizon,).
    times
        Time stamp or row number of each target, of shape (n_origins, horizon).
    actual, predicted
        Original units, of shape (n_origins, horizon).
    """

    origins: np.ndarray
    steps: np.ndarray
    times: np.ndarray
    actual: np.ndarray
    predicted: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Forecast less actual value, of shape (n_origins, horizon)."""
        error: np.ndarray = self.predicted - self.actual
        return error

    @property
    def horizon(self) -> int:
        """Number of steps."""
        return len(self.steps)


@dataclass(frozen=True)
class ErrorBand:
    """How far forecasts missed on the holdout, for each step.

    Attributes
    ----------
    half_width
        Distance from the forecast on either side, of shape (horizon,).
    coverage
        Share of the forecasts that the band is meant to hold.
    is_largest
        Whether there are too few forecasts for that share; the band is then the
        largest error that was seen.
    n_origins
        Number of forecasts behind each step; they overlap, so they are not
        independent of each other.
    """

    half_width: np.ndarray
    coverage: float
    is_largest: bool
    n_origins: int

    @property
    def is_rough(self) -> bool:
        """Whether so few forecasts stand behind the band that it says little."""
        return self.n_origins < FEW_FORECASTS


def load_predictions(path: Path, targets: Sequence[str]) -> dict[str, Predictions]:
    """Read `holdout_predictions.csv`, for each target.

    Parameters
    ----------
    path
        CSV with the columns `origin, step, timestamp, actual, predicted`, and
        `target` where there are several.
    targets
        Names of the targets in their order.

    Raises
    ------
    StudyCorrupted
        If the file is absent, lacks a column or does not hold every step of every
        origin.
    """
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise StudyCorrupted(f"{path.name} cannot be read: {error}.") from error
    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        raise StudyCorrupted(f"{path.name} has no column {', '.join(absent)}.")
    if "target" not in frame.columns:
        frame["target"] = targets[0]
    frame["timestamp"] = parse_times(frame["timestamp"])
    return {
        target: arrange(frame[frame["target"] == target], path.name)
        for target in targets
    }


def parse_times(column: pd.Series) -> pd.Series:
    """Return time stamps as such; row numbers stay numbers."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    return pd.to_datetime(column, format="ISO8601")


def baseline_predictions(
    forecasts: Mapping[str, np.ndarray], like: Mapping[str, Predictions]
) -> dict[str, dict[str, Predictions]]:
    """Arrange the forecasts of baselines like those of a winner, by target.

    Parameters
    ----------
    forecasts
        By name of the baseline, of shape (n_origins, horizon, n_targets).
    like
        Forecasts of a winner for each target, in the order of the targets.
    """
    return {
        name: {
            target: replace(winner, predicted=values[:, :, k])
            for k, (target, winner) in enumerate(like.items())
        }
        for name, values in forecasts.items()
    }


def error_by_step(predictions: Predictions) -> np.ndarray:
    """Return the mean absolute error of each step, of shape (horizon,)."""
    error: np.ndarray = np.abs(predictions.errors).mean(axis=0)
    return error


def residual_table(models: Mapping[str, Predictions], step: int) -> pd.DataFrame:
    """Return the error of each model at one step (from 0), one row a time stamp."""
    first = next(iter(models.values()))
    return pd.DataFrame(
        {
            "timestamp": first.times[:, step],
            **{name: models[name].errors[:, step] for name in models},
        }
    )


def error_band(predictions: Predictions, *, coverage: float = COVERAGE) -> ErrorBand:
    """Return the band that held the share `coverage` of the holdout errors.

    The half-width is the split-conformal quantile of the absolute errors of a step:
    the ``ceil((n + 1) * coverage)``-th smallest of n. Lei and others (2018),
    https://doi.org/10.1080/01621459.2017.1307116

    Examples
    --------
    Nine forecasts with errors 1 to 9: the band of 80 % is the eighth smallest.

    >>> nine = np.arange(1.0, 10.0)[:, None]
    >>> shown = Predictions(np.arange(9), np.array([1]), nine, 0 * nine, nine)
    >>> error_band(shown).half_width.tolist()
    [8.0]
    """
    sizes = np.sort(np.abs(predictions.errors), axis=0)
    n_origins = len(sizes)
    rank = int(np.ceil((n_origins + 1) * coverage - 1e-9))
    return ErrorBand(
        half_width=sizes[min(rank, n_origins) - 1],
        coverage=coverage,
        is_largest=rank > n_origins,
        n_origins=n_origins,
    )


def measured_coverage(
    predictions: Predictions, *, coverage: float = COVERAGE
) -> np.ndarray | None:
    """Return how often a band from older forecasts held newer ones, for each step.

    The band is made of the older half of the holdout, less a horizon so that no target
    counts twice, and tried on the newer half.

    Returns
    -------
    numpy.ndarray or None
        Share of the newer forecasts that the band held, of shape (horizon,); None
        where either part has fewer than ten forecasts.

    Examples
    --------
    Errors of 1 at first and of 2 later: a band from the first ones holds none of them.

    >>> zeros, size = np.zeros((40, 1)), np.repeat([1.0, 2.0], 20)[:, None]
    >>> shown = Predictions(np.arange(40), np.array([1]), zeros, zeros, size)
    >>> measured_coverage(shown).tolist()
    [0.0]
    """
    half = len(predictions.origins) // 2
    n_older = half - predictions.horizon + 1
    if min(n_older, len(predictions.origins) - half) < FEWEST_COVERED:
        return None
    older = replace(
        predictions,
        origins=predictions.origins[:n_older],
        times=predictions.times[:n_older],
        actual=predictions.actual[:n_older],
        predicted=predictions.predicted[:n_older],
    )
    band = error_band(older, coverage=coverage).half_width
    held: np.ndarray = (np.abs(predictions.errors[half:]) <= band).mean(axis=0)
    return held


def arrange(frame: pd.DataFrame, name: str) -> Predictions:
    """Return the rows of one target as arrays of shape (n_origins, horizon).

    Raises
    ------
    StudyCorrupted
        If a step of an origin is absent; `name` is that of the file.
    """
    frame = frame.sort_values(["origin", "step"])
    origins = frame["origin"].unique()
    steps = np.sort(frame["step"].unique())
    shape = (len(origins), len(steps))
    if not len(frame) or len(frame) != shape[0] * shape[1]:
        raise StudyCorrupted(
            f"{name} holds {len(frame)} forecasts instead of {shape[0]} origins of "
            f"{shape[1]} steps."
        )
    return Predictions(
        origins=origins,
        steps=steps,
        times=frame["timestamp"].to_numpy().reshape(shape),
        actual=frame["actual"].to_numpy(dtype=np.float64).reshape(shape),
        predicted=frame["predicted"].to_numpy(dtype=np.float64).reshape(shape),
    )
