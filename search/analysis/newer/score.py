"""Forecasts for newer rows, held against what came and against the promise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from search.analysis.comparison.verdict import origin_losses as losses_of
from search.analysis.holdout.predictions import ErrorBand, Predictions
from search.config import Task
from search.data.continuation import Continuation
from search.data.findings import counted
from search.errors import SeriesError
from search.evaluation.baselines.naive import naive_forecasts
from search.evaluation.change import (
    LEAST_DISTANCE,
    LEVEL,
    Drift,
    Growth,
    column_drift,
    error_growth,
    holm,
)
from search.evaluation.forecasting import Forecaster
from search.evaluation.metrics import (
    Metrics,
    forecast_metrics,
    seasonal_naive_scale,
    target_weights,
)
from search.evaluation.windows import gather_targets

LEAST_GROWTH, GROWTH_LEVEL = 0.1, 0.05
_MOST_VALUES = 1_000_000


@dataclass(frozen=True)
class NewerScore:
    """How the forecasts of a winner for newer rows turned out.

    Attributes
    ----------
    forecasts
        Of the winner, by target.
    naive_name
        The baseline with the lowest error on these windows.
    naive
        Its forecasts, by target.
    metrics, naive_metrics
        On these windows, by target; the scale of MASE is that of the study.
    """

    forecasts: dict[str, Predictions]
    naive_name: str
    naive: dict[str, Predictions]
    metrics: dict[str, Metrics]
    naive_metrics: dict[str, Metrics]


@dataclass(frozen=True)
class Learned:
    """What the network learned from.

    Attributes
    ----------
    rows
        The series before the holdout.
    targets
        Names of the targets.
    task
        Horizon and season.
    """

    rows: pd.DataFrame
    targets: tuple[str, ...]
    task: Task

    def of(self, target: str) -> "Learned":
        """Return the same for one target."""
        return replace(self, targets=(target,))

    @property
    def naive_scale(self) -> np.ndarray:
        """See `forecast_metrics`."""
        return seasonal_naive_scale(self._values, self.task.season)

    @property
    def weights(self) -> np.ndarray:
        """See `target_weights`."""
        return target_weights(self._values)

    @property
    def _values(self) -> np.ndarray:
        return self.rows[list(self.targets)].to_numpy(dtype=np.float64)


def score_newer(
    forecaster: Forecaster, newer: Continuation, learned: Learned
) -> NewerScore:
    """Forecast from every row whose targets are all new, and compare with what came.

    The naive forecasts that need no training compete on the same windows.

    Raises
    ------
    SeriesError
        If no forecast can be compared, or there are more than the page computes.
    """
    horizon, season = learned.task.horizon, learned.task.season
    first = max(newer.first_new, forecaster.rows_before, 2)
    origins = np.arange(first, len(newer.series) - horizon + 1)
    if not len(origins):
        raise SeriesError(_too_few(forecaster, newer))
    check_number(len(origins), forecaster)
    values = newer.series[list(learned.targets)].to_numpy(dtype=np.float64)
    actual = gather_targets(values, origins, horizon=horizon)
    predicted = forecaster.forecast(newer.series, origins)
    baselines = naive_forecasts(values, origins, horizon=horizon, season=season)
    # A line through the first row means nothing where that row is not the study's.
    if newer.n_gap:
        baselines.pop("drift", None)
    weights, naive_scale = learned.weights, learned.naive_scale
    best = min(
        baselines,
        key=lambda name: float((np.abs(baselines[name] - actual) * weights).mean()),
    )
    times = np.asarray(newer.series.index)[origins[:, None] + np.arange(horizon)]

    def by_target(forecasts: np.ndarray) -> dict[str, Predictions]:
        return {
            name: Predictions(
                origins=origins,
                steps=np.arange(1, horizon + 1),
                times=times,
                actual=actual[..., k],
                predicted=forecasts[..., k],
            )
            for k, name in enumerate(learned.targets)
        }

    def metrics(forecasts: np.ndarray) -> dict[str, Metrics]:
        return {
            name: forecast_metrics(
                actual[..., [k]],
                forecasts[..., [k]],
                naive_scale=naive_scale[[k]],
            )
            for k, name in enumerate(learned.targets)
        }

    return NewerScore(
        forecasts=by_target(predicted),
        naive_name=best,
        naive=by_target(baselines[best]),
        metrics=metrics(predicted),
        naive_metrics=metrics(baselines[best]),
    )


def check_number(
    n_forecasts: int,
    forecaster: Forecaster,
    *,
    advice: str = "Upload fewer new rows",
) -> None:
    """Refuse more forecasts than are worth waiting for.

    Parameters
    ----------
    advice
        What makes them fewer, without a full stop.

    Raises
    ------
    SeriesError
        With both numbers.
    """
    most = most_at_once(forecaster)
    if n_forecasts > most:
        raise SeriesError(
            f"These are {n_forecasts:,} forecasts; with this network at most "
            f"{most:,} are computed here at a time. {advice}, or use the bundle, which "
            "has no limit."
        )


def most_at_once(forecaster: Forecaster) -> int:
    """Return how many forecasts are worth waiting for, and fit into a table."""
    n_values = forecaster.task.horizon * len(forecaster.roles.targets)
    return min(forecaster.most_origins, max(1, _MOST_VALUES // n_values))


def step_metrics(predictions: Predictions, naive_scale: float) -> list[Metrics]:
    """Return the metrics of each step by itself."""
    scale = np.array([naive_scale])
    return [
        forecast_metrics(
            predictions.actual[:, [step], None],
            predictions.predicted[:, [step], None],
            naive_scale=scale,
        )
        for step in range(predictions.horizon)
    ]


def band_coverage(predictions: Predictions, band: ErrorBand) -> np.ndarray:
    """Return the share of values inside the band of the holdout, by step."""
    held: np.ndarray = (np.abs(predictions.errors) <= band.half_width).mean(axis=0)
    return held


def origin_losses(
    predictions: Mapping[str, Predictions], weights: np.ndarray
) -> np.ndarray:
    """Return the mean absolute error of each origin over steps and weighted targets."""
    each = list(predictions.values())
    return losses_of(
        np.stack([one.actual for one in each], axis=-1),
        np.stack([one.predicted for one in each], axis=-1),
        weights,
        score="mae",
    )


def decay(
    holdout: Mapping[str, Predictions],
    newer: Mapping[str, Predictions],
    learned: Learned,
) -> Growth | None:
    """Compare the errors on newer data with those on the holdout; None without any."""
    if not holdout:
        return None
    weights = learned.weights
    before = origin_losses(holdout, weights)
    if not before.mean():
        return None
    after = origin_losses(newer, weights)
    return error_growth(before, after, horizon=learned.task.horizon)


def has_decayed(growth: Growth | None) -> bool:
    """Tell whether the error grew by a tenth at least, and by more than chance."""
    if growth is None or growth.p_value is None:
        return False
    return growth.relative >= LEAST_GROWTH and growth.p_value <= GROWTH_LEVEL


def input_drift(
    forecaster: Forecaster, newer: Continuation, learned: Learned
) -> list[Drift]:
    """Compare each column with the rows learned from, as the network sees it.

    Targets of a network that sees changes are compared by their changes. Where there
    are so many columns that not even the smallest p-value would be beyond chance, none
    has one.
    """
    season = learned.task.season
    lags = {"none": 0, "last_value": 1, "seasonal": season}
    found = []
    for name in learned.rows.columns:
        is_target = name in learned.targets
        seen = forecaster.framing if is_target else "none"
        found.append(
            column_drift(
                str(name),
                learned.rows[name].to_numpy(dtype=np.float64),
                newer.new_rows[name].to_numpy(dtype=np.float64),
                seen=seen,
                lag=lags[seen],
            )
        )
    n_tested = sum(one.p_value is not None for one in found)
    return [
        replace(one, p_value=None) if one.least_p * n_tested > LEVEL else one
        for one in found
    ]


def drifted(found: Iterable[Drift]) -> list[Drift]:
    """Return the columns that changed by more than chance, and by enough to matter."""
    tested = [(one, one.p_value) for one in found if one.p_value is not None]
    adjusted = holm([p_value for _, p_value in tested])
    return [
        one
        for (one, _), p_value in zip(tested, adjusted, strict=True)
        if p_value <= LEVEL and one.distance >= LEAST_DISTANCE
    ]


def _too_few(forecaster: Forecaster, newer: Continuation) -> str:
    horizon, n_new = forecaster.task.horizon, newer.n_new
    if not n_new:
        return "The file has no row that the study does not have."
    if newer.n_gap:
        needed = forecaster.rows_before + horizon
        return (
            f"Between the study and the file {newer.n_gap:,} rows are absent, so a "
            f"forecast needs {needed:,} new rows ({forecaster.rows_before:,} to look "
            f"back on and {horizon} to compare); the file has {n_new:,}. Upload a "
            "file with the absent rows, or with more rows."
        )
    return (
        f"A forecast can be compared when all its {horizon} steps have happened; the "
        f"file has {counted(n_new, 'new row')}. Come back with at least {horizon}."
    )
