"""`preprocessing.json` of any task but the forecast of one series: format 2."""

from dataclasses import dataclass, field
from typing import Any

from search.bundle.contents import BundleContents
from search.bundle.preprocessing import (
    Holdout,
    Preprocessing,
    Reading,
    reading_of,
    shared_fields,
)
from search.bundle.tasks.holdout import bundled_rows
from search.config import Roles, SampleChoice, Task, TaskKind
from search.evaluation.detector import Detector
from search.evaluation.panel import Panel
from search.evaluation.samples import asked_steps, is_padded
from search.evaluation.scaling import GroupScaler
from search.evaluation.windows import PADDING

TASK_FORMAT_VERSION = 2
_TEXT_FORMATS = ("csv", "zip")


@dataclass(frozen=True)
class TaskReading(Reading):
    """How the user's table is read, whatever the form of the file.

    Attributes
    ----------
    format, shape, label
        As in `search.data.reading.options.ReadOptions`.
    """

    format: str = "csv"
    shape: str = "long"
    label: str | None = None


@dataclass(frozen=True)
class ChannelScaler:
    """Center and scale of each network input, of one group."""

    center: tuple[float, ...]
    scale: tuple[float, ...]


@dataclass(frozen=True)
class TaskPreprocessing(Preprocessing):
    """The content of ``preprocessing.json``, with what a task adds to a forecast.

    Attributes
    ----------
    reading
        See `TaskReading`.
    channels, center, scale
        As for a forecast; center and scale are empty where each group has its own.
    kind, samples, stride, classes
        As in `search.config.Task`.
    group, label
        Columns of `search.config.Roles`.
    order_by
        See `search.data.source.Source`.
    group_scalers
        Scaler of each group by its name; empty where one serves all.
    label_center, label_scale
        Scaler of the targets where they are no inputs; places of classes as they are.
    padding
        Stands for the rows before a group begins; None where no window begins there.
    detector
        What makes scores and anomalies of errors.
    first_rows
        For each group in ``holdout_inputs.csv``, the row of the study that is its
        first one there; `holdout` spans them.
    """

    reading: TaskReading
    kind: TaskKind = "forecasting"
    samples: SampleChoice = "whole"
    stride: int = 1
    classes: tuple[str, ...] = ()
    group: str | None = None
    label: str | None = None
    order_by: tuple[str, ...] = ()
    group_scalers: dict[str, ChannelScaler] = field(default_factory=dict)
    label_center: tuple[float, ...] = ()
    label_scale: tuple[float, ...] = ()
    padding: float | None = None
    detector: Detector | None = None
    first_rows: dict[str, int] = field(default_factory=dict)


def make_task_preprocessing(contents: BundleContents) -> TaskPreprocessing:
    """Return the preprocessing of the delivered network."""
    settings, params, task = contents.settings, contents.params, contents.settings.task
    panel, roles = contents.panel(), contents.settings.roles
    bundled = bundled_rows(contents)
    rows = [row for one in bundled for row in (one.start, one.stop)]
    offset, _ = asked_steps(task, params.sequence_length)
    return TaskPreprocessing(
        reading=reading_of(settings.source, TaskReading, text_formats=_TEXT_FORMATS),
        n_known=0 if offset else panel.n_known,
        holdout=Holdout(min(rows), min(rows), max(rows)),
        format_version=TASK_FORMAT_VERSION,
        **shared_fields(contents, panel),
        **_scalers(contents, panel),
        **_of_task(task, roles),
        order_by=settings.source.order_by,
        detector=contents.detector,
        first_rows={one.name: one.start for one in bundled},
    )


def _of_task(task: Task, roles: Roles) -> dict[str, Any]:
    return {
        "kind": task.kind,
        "samples": task.samples,
        "stride": task.stride,
        "classes": task.classes,
        "group": roles.group,
        "label": roles.label,
        "padding": PADDING if is_padded(task) else None,
    }


def _scalers(contents: BundleContents, panel: Panel) -> dict[str, Any]:
    scaler, labels = contents.scaler, contents.labels
    found: dict[str, Any] = {"center": (), "scale": ()}
    if isinstance(scaler, GroupScaler):
        pairs = zip(panel.group_names, scaler.center, scaler.scale, strict=True)
        found["group_scalers"] = {
            name: ChannelScaler(tuple(map(float, center)), tuple(map(float, scale)))
            for name, center, scale in pairs
        }
    else:
        found["center"] = tuple(map(float, scaler.center))
        found["scale"] = tuple(map(float, scaler.scale))
    if labels is not None:
        found["label_center"] = tuple(map(float, labels.center))
        found["label_scale"] = tuple(map(float, labels.scale))
    return found
