"""What a winner is judged on: the holdout of a study, and the same windows for all."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from search.data.continuation import future_index
from search.evaluation.metrics import Metrics, forecast_metrics, seasonal_naive_scale
from search.evaluation.panel import make_panel
from search.evaluation.splits import SplitPlan
from search.evaluation.windows import gather_targets
from search.space.lines import TrialParams
from search.study.folders import StudyHandle
from search.study.settings import StudySettings
from search.study.studies import load_panel_series
from search.worker.anomaly_holdout import AnomalyHoldout
from search.worker.sample_holdout import SampleHoldout
from search.worker.tables import save_predictions


def holdout_of(
    handle: StudyHandle, params: TrialParams
) -> "Holdout | SampleHoldout | AnomalyHoldout":
    """Read the rows of a study and cut the holdout off that `params` are judged on.

    Raises
    ------
    StudyCorrupted
        If the rows cannot be used.
    """
    settings, series = handle.settings, load_panel_series(handle)
    kind = settings.task.kind
    plan = settings.plan_of(make_panel(series, settings.roles, kind=kind))
    if isinstance(plan, SplitPlan):
        return Holdout.of(settings, series, plan)
    if kind == "anomaly":
        return AnomalyHoldout.of(settings, series, plan, params)
    return SampleHoldout.of(settings, series, plan)


@dataclass(frozen=True)
class Holdout:
    """The series of a study and what happened in its holdout.

    Attributes
    ----------
    settings, series, plan
        The study, its whole series and where the holdout starts.
    origins
        Origins whose targets all lie in the holdout, of shape (n_origins,).
    actual
        Shape (n_origins, horizon, n_targets).
    naive_scale
        See `forecast_metrics`; from the rows before the holdout.
    """

    settings: StudySettings
    series: pd.DataFrame
    plan: SplitPlan
    origins: np.ndarray
    actual: np.ndarray
    naive_scale: np.ndarray

    @classmethod
    def of(
        cls, settings: StudySettings, series: pd.DataFrame, plan: SplitPlan
    ) -> "Holdout":
        """Cut the holdout of a series off."""
        values = series[list(settings.roles.targets)].to_numpy(dtype=np.float64)
        origins = np.arange(plan.holdout_start, plan.holdout_stop)
        before = values[: plan.holdout_start]
        return cls(
            settings=settings,
            series=series,
            plan=plan,
            origins=origins,
            actual=gather_targets(values, origins, horizon=settings.task.horizon),
            naive_scale=seasonal_naive_scale(before, settings.task.season),
        )

    @property
    def future_index(self) -> pd.Index:
        """The rows of the next horizon."""
        return future_index(
            self.series.index,
            self.settings.task.horizon,
            frequency=self.settings.source.frequency,
        )

    def save(self, path: Path, predicted: np.ndarray) -> None:
        """Write the forecasts beside what happened."""
        save_predictions(
            path,
            self.series.index,
            self.origins,
            actual=self.actual,
            predicted=predicted,
            targets=self.settings.roles.targets,
        )

    def metrics(self, predicted: np.ndarray) -> Metrics:
        """Score forecasts of the shape of `actual`."""
        return forecast_metrics(self.actual, predicted, naive_scale=self.naive_scale)

    def target_metrics(self, predicted: np.ndarray) -> dict[str, Metrics]:
        """Score the forecasts of each target by itself."""
        return {
            name: forecast_metrics(
                self.actual[..., [k]],
                predicted[..., [k]],
                naive_scale=self.naive_scale[[k]],
            )
            for k, name in enumerate(self.settings.roles.targets)
        }
