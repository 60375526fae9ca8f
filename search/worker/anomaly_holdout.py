"""What a winner that looks for anomalies is judged on, and the detector it makes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from search.evaluation.anomaly import QUANTILE, SMOOTHING, Detection, detect_anomalies
from search.evaluation.detector import Detector
from search.evaluation.kind_metrics import anomaly_result
from search.evaluation.metrics import KindMetrics, Metrics
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import SamplePlan
from search.evaluation.scaling import GroupScaler, fit_task_scaler
from search.space.lines import TrialParams
from search.study.settings import StudySettings
from search.worker.sample_holdout import group_names
from search.worker.sample_tables import save_anomalies


@dataclass(frozen=True)
class AnomalyHoldout:
    """Rows that settle the threshold, and those after them that are judged.

    Attributes
    ----------
    settings, series, panel, plan
        The study, its rows and how they are divided.
    rows
        Rows that are scored, ascending, int64 of shape (n_rows,).
    is_normal
        Which of them settle the threshold, of shape (n_rows,); the others are judged.
    actual, units
        Values of the targets, and what one scaled unit is, of shape
        (n_rows, n_targets).
    """

    settings: StudySettings
    series: pd.DataFrame
    panel: Panel
    plan: SamplePlan
    rows: np.ndarray
    is_normal: np.ndarray
    actual: np.ndarray
    units: np.ndarray

    @classmethod
    def of(
        cls,
        settings: StudySettings,
        series: pd.DataFrame,
        plan: SamplePlan,
        params: TrialParams,
    ) -> "AnomalyHoldout":
        """Find the rows that the windows of `params` score."""
        panel = make_panel(series, settings.roles, kind="anomaly")
        scaler = fit_task_scaler(
            panel, params.scaler, settings.task, rows=plan.final.rows
        )
        rows = plan.samples.target_rows(plan.scored)[:, -1]
        n_targets = panel.n_targets
        if isinstance(scaler, GroupScaler):
            units = scaler.scale[panel.groups[rows], :n_targets]
        else:
            units = np.broadcast_to(
                scaler.scale[:n_targets], (len(rows), n_targets)
            ).copy()
        return cls(
            settings=settings,
            series=series,
            panel=panel,
            plan=plan,
            rows=rows,
            is_normal=~np.isin(plan.scored, plan.final.validation),
            actual=panel.targets[rows],
            units=units,
        )

    @property
    def groups(self) -> np.ndarray:
        """Place of the group of each row."""
        return self.panel.groups[self.rows]

    def detect(self, predicted: np.ndarray) -> Detection:
        """Score all rows from predictions of shape (n_rows, n_steps, n_targets).

        Of a window that is repeated only the last step counts.
        """
        errors = np.abs(predicted[:, -1] - self.actual) / self.units
        return detect_anomalies(
            errors,
            rows=self.rows,
            groups=self.groups,
            is_normal=self.is_normal,
            is_unseen=len(self.plan.calibration) > 0,
        )

    def metrics(self, predicted: np.ndarray) -> KindMetrics:
        """Score what is called among the judged rows."""
        found, judged = self.detect(predicted), ~self.is_normal
        labels = self._labels
        return anomaly_result(
            np.full(len(self.rows), np.nan)[judged] if labels is None else labels,
            found.is_called[judged],
            rows=self.rows[judged],
            groups=self.groups[judged],
        )

    def target_metrics(self, predicted: np.ndarray) -> dict[str, Metrics]:
        """Return nothing: a row is anomalous in all columns together."""
        return {}

    def detector(self, predicted: np.ndarray) -> Detector:
        """Return what scores new rows as `detect` does."""
        found = self.detect(predicted)
        return Detector(
            kind=self.settings.task.detector,
            channels=self.settings.roles.targets,
            scale=tuple(map(float, found.scale)),
            smoothing=SMOOTHING,
            quantile=QUANTILE,
            threshold=found.threshold.value,
            n_rows=found.threshold.n_rows,
            is_unseen=found.threshold.is_unseen,
            reason=found.threshold.reason,
        )

    def save(self, path: Path, predicted: np.ndarray) -> None:
        """Write scores and calls of the judged rows."""
        found, judged = self.detect(predicted), ~self.is_normal
        rows = self.rows[judged]
        save_anomalies(
            path,
            self.series.index,
            group_names(self.panel, rows),
            rows,
            labels=self._labels,
            scores=found.scores[judged],
            threshold=found.threshold.value,
            is_called=found.is_called[judged],
        )

    @property
    def _labels(self) -> np.ndarray | None:
        """Labels of the judged rows."""
        labels = self.panel.labels
        return None if labels is None else labels[self.rows[~self.is_normal], 0]
