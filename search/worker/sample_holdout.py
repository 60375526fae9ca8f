"""What a winner is judged on where more than one series is forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from search.analysis.comparison.sample_baselines import naive_scale
from search.evaluation.kind_metrics import class_result
from search.evaluation.metrics import (
    KindMetrics,
    Metrics,
    forecast_metrics,
    value_metrics,
)
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import SamplePlan
from search.study.settings import StudySettings
from search.worker.sample_tables import (
    save_classes,
    save_group_forecasts,
    save_values,
)


@dataclass(frozen=True)
class SampleHoldout:
    """Samples that the search never saw, and what was there.

    Attributes
    ----------
    settings, series, panel, plan
        The study, its rows and how they are divided.
    stops
        Stops of the samples, int64 of shape (n_samples,).
    rows
        Rows of their targets, of shape (n_samples, n_steps).
    actual
        Shape (n_samples, n_steps, n_targets); of classes their places.
    """

    settings: StudySettings
    series: pd.DataFrame
    panel: Panel
    plan: SamplePlan
    stops: np.ndarray
    rows: np.ndarray
    actual: np.ndarray

    @classmethod
    def of(
        cls, settings: StudySettings, series: pd.DataFrame, plan: SamplePlan
    ) -> "SampleHoldout":
        """Cut the holdout off."""
        panel = make_panel(series, settings.roles, kind=settings.task.kind)
        stops = plan.final.validation
        rows = plan.samples.target_rows(stops)
        return cls(settings, series, panel, plan, stops, rows, panel.targets[rows])

    @property
    def groups(self) -> np.ndarray:
        """Place of the group of each sample."""
        return self.panel.groups[self.stops - 1]

    def metrics(self, predicted: np.ndarray) -> KindMetrics:
        """Score predictions; see `Predictor.predict` for their shape."""
        task = self.settings.task
        if task.has_classes:
            is_labelling = task.kind == "labelling"
            return class_result(
                self.actual[:, 0, 0].astype(np.int64),
                predicted[:, 0],
                classes=task.classes,
                rows=self.rows[:, 0] if is_labelling else None,
                groups=self.groups if is_labelling else None,
            )
        return self._number_metrics(range(self.actual.shape[-1]), predicted)

    def target_metrics(self, predicted: np.ndarray) -> dict[str, Metrics]:
        """Score each target by itself; nothing where classes are told apart."""
        if self.settings.task.has_classes:
            return {}
        return {
            name: self._number_metrics([place], predicted)
            for place, name in enumerate(self.settings.roles.targets)
        }

    def save(self, path: Path, predicted: np.ndarray) -> None:
        """Write the predictions beside what was there."""
        roles, task = self.settings.roles, self.settings.task
        if task.kind == "forecasting":
            save_group_forecasts(
                path,
                self.series.index,
                group_names(self.panel, self.rows[:, 0]),
                self.stops,
                actual=self.actual,
                predicted=predicted,
                targets=roles.targets,
            )
            return
        rows = self.rows[:, 0]
        names = group_names(self.panel, rows)
        if task.has_classes:
            save_classes(
                path,
                self.series.index,
                names,
                rows,
                actual=self.actual[:, 0, 0].astype(np.int64),
                probabilities=predicted[:, 0],
                classes=task.classes,
            )
            return
        save_values(
            path,
            self.series.index,
            names,
            rows,
            actual=self.actual[:, 0],
            predicted=predicted[:, 0],
            targets=roles.targets,
        )

    def _number_metrics(self, targets: Sequence[int], predicted: np.ndarray) -> Metrics:
        places = list(targets)
        actual, called = self.actual[..., places], predicted[..., places]
        if self.settings.task.kind != "forecasting":
            return value_metrics(actual[:, 0], called[:, 0])
        scale = naive_scale(self.panel, self.plan, season=self.settings.task.season)
        return forecast_metrics(actual, called, naive_scale=scale[places])


def group_names(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """Return the name of the group of each row; empty where there are no groups."""
    if not panel.group_names:
        return np.full(len(rows), "")
    return np.asarray(panel.group_names, dtype=object)[panel.groups[rows]]
