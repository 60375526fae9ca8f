"""`preprocessing.json` of any task but the forecast of one series: format 2."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import msgspec

from search.bundle.contents import BundleContents
from search.bundle.preprocessing import (
    Holdout,
    Preprocessing,
    Reading,
    time_stamps,
    versions,
)
from search.bundle.task_holdout import bundled_rows
from search.config import Roles, SampleChoice, Task, TaskKind
from search.data.source import Source
from search.evaluation.detector import Detector
from search.evaluation.panel import Panel
from search.evaluation.samples import asked_steps, is_padded
from search.evaluation.scaling import GroupScaler
from search.evaluation.windows import PADDING
from search.files import sha256

TASK_FORMAT_VERSION = 2
_TEXT_FORMATS = ("csv", "zip")
_OF_TEXT = ("encoding", "delimiter", "decimal", "thousands")


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
        reading=_reading(settings.source),
        time=time_stamps(settings.source),
        targets=roles.targets,
        past_features=roles.past_features,
        known_features=roles.known_features,
        categories=settings.source.categories,
        calendar=roles.calendar if params.calendar != "none" else (),
        channels=panel.channels,
        n_known=0 if offset else panel.n_known,
        framing=params.framing,
        season=task.season,
        sequence_length=params.sequence_length,
        horizon=task.horizon,
        holdout=Holdout(min(rows), min(rows), max(rows)),
        versions=versions(),
        sha256={
            "model.keras": sha256(contents.model.keras_path),
            "model.onnx": sha256(contents.model.onnx_path),
        },
        format_version=TASK_FORMAT_VERSION,
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


def _reading(source: Source) -> TaskReading:
    """Return how tables are read; marks of text files stay standard for others."""
    is_text = source.reading.get("format", "csv") in _TEXT_FORMATS
    names = {one.name for one in fields(TaskReading)}
    if not is_text:
        names -= {*_OF_TEXT}
    given = {
        name: value
        for name, value in source.reading.items()
        if name in names and value is not None
    }
    # msgspec leaves defaults out of what it builds, and of its JSON; a copy has them.
    return replace(msgspec.convert(given, TaskReading, strict=False))
