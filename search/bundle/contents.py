"""What goes into a bundle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from search.evaluation.detector import Detector
from search.evaluation.metrics import KindMetrics
from search.evaluation.panel import Panel, make_panel
from search.evaluation.scaling import GroupScaler, Scaler
from search.space.lines import TrialParams
from search.study.results import WinnerResult
from search.study.settings import StudySettings


@dataclass(frozen=True)
class ExportedModel:
    """The files of one trained network.

    Attributes
    ----------
    keras_path, onnx_path
        ``model.keras`` and ``model.onnx``.
    largest_difference
        Largest absolute difference of either file from the network in memory, over
        random inputs, in scaled units.
    """

    keras_path: Path
    onnx_path: Path
    largest_difference: float


@dataclass(frozen=True)
class BundleContents:
    """Everything that a bundle is made of.

    Attributes
    ----------
    settings, params
        Settings of the study and configuration of the winner.
    series
        The whole series as it was confirmed, the holdout included; with groups their
        rows one after the other, see `search.evaluation.panel.make_panel`.
    scaler
        The scaler of the delivered network, for the channels of `panel`.
    model
        Files of the delivered network.
    predictions
        ``holdout_predictions.csv`` with the columns origin, step (from 1),
        timestamp, actual, predicted, and target where there are several. Of other
        tasks and of many series: see `search.worker.sample_tables`.
    result
        Scores of the winner; its fields `bundle` and `check` are not used.
    baselines
        Metrics of each baseline on the same windows.
    study_uuid, created, data_sha256
        Which study the network comes from.
    labels
        Scaler of the targets where these are no inputs.
    detector
        What makes scores and anomalies of errors, where these are looked for.
    """

    settings: StudySettings
    params: TrialParams
    series: pd.DataFrame
    scaler: Scaler | GroupScaler
    model: ExportedModel
    predictions: Path
    result: WinnerResult
    baselines: Mapping[str, KindMetrics] = field(default_factory=dict)
    study_uuid: str = ""
    created: str = ""
    data_sha256: str = ""
    labels: Scaler | None = None
    detector: Detector | None = None

    @property
    def is_one_series(self) -> bool:
        """Whether one series is forecast; these bundles have the first format."""
        task, roles = self.settings.task, self.settings.roles
        return task.kind == "forecasting" and roles.group is None

    def panel(self) -> Panel:
        """Return the series in the channel order of the network."""
        return make_panel(
            self.series,
            self.settings.roles,
            calendar=self.params.calendar != "none",
            kind=self.settings.task.kind,
        )
