"""The rows that repeat the holdout of any task, as one long table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.bundle.contents import BundleContents
from search.bundle.holdout import time_cells, value_cells
from search.bundle.preprocessing import Preprocessing
from search.evaluation.baselines.anomalies import judged_rows
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan


@dataclass(frozen=True)
class BundledRows:
    """Rows [start, stop) of the study that are bundled of one group.

    `name` is that of the group; empty where all rows are one series.
    """

    name: str
    start: int
    stop: int


def bundled_rows(contents: BundleContents) -> tuple[BundledRows, ...]:
    """Return the rows of each group that its stored predictions need."""
    panel, task = contents.panel(), contents.settings.task
    stored = pd.read_csv(contents.predictions)
    key = "origin" if "origin" in stored else "row"
    rows = np.unique(stored[key].to_numpy(dtype=np.int64))
    after = task.horizon if key == "origin" else 1
    needed = _rows_before(contents, key)
    scored = _scored(contents, panel) if task.kind == "anomaly" else None
    names = panel.group_names or ("",)
    bundled = []
    for group in np.unique(panel.groups[rows]):
        own = rows[panel.groups[rows] == group]
        first, size = panel.first_rows[group], int(panel.group_sizes[group])
        earliest = int(own[0])
        if scored is not None:
            earliest -= _smoothed(contents, scored[panel.groups[scored] == group], own)
        bundled.append(
            BundledRows(
                names[group],
                max(first, earliest - needed),
                min(first + size, int(own[-1]) + after),
            )
        )
    return tuple(bundled)


def task_holdout_inputs(
    contents: BundleContents, preprocessing: Preprocessing
) -> bytes:
    """Return the bundled rows as a CSV with one row a time step.

    It is written with commas, decimal points and a header, whatever the user's file
    looks like: ``predict.py`` knows it by its name. Numbers are those of the confirmed
    rows, so repairs are in them; classes have their names.
    """
    series, roles = contents.series, contents.settings.roles
    places = [np.arange(one.start, one.stop) for one in bundled_rows(contents)]
    rows = series.iloc[np.concatenate(places)]
    columns: dict[str, np.ndarray] = {}
    if roles.group is not None:
        columns[roles.group] = rows[roles.group].astype(str).to_numpy()
    columns |= time_cells(rows.index, preprocessing.time)
    columns |= value_cells(rows, preprocessing)
    if roles.label is not None:
        columns[roles.label] = rows[roles.label].to_numpy()
    classes = np.array(contents.settings.task.classes, dtype=object)
    if len(classes):
        (target,) = roles.targets
        columns[target] = classes[rows[target].to_numpy(dtype=np.int64)]
    text = pd.DataFrame(columns).to_csv(index=False, lineterminator="\n")
    return text.encode()


def _rows_before(contents: BundleContents, key: str) -> int:
    """Return the rows that a prediction needs before its origin or row."""
    task, params = contents.settings.task, contents.params
    before = params.first_origin(task.season)
    is_next = task.kind == "anomaly" and task.detector == "forecaster"
    return before if key == "origin" or is_next else before - 1


def _scored(contents: BundleContents, panel: Panel) -> np.ndarray:
    """Return all rows that were scored, those that settle the threshold among them."""
    plan = contents.settings.plan_of(panel)
    assert isinstance(plan, SamplePlan)
    return judged_rows(plan)[0]


def _smoothed(contents: BundleContents, scored: np.ndarray, own: np.ndarray) -> int:
    """Return how many rows before the first stored one are averaged with it."""
    detector = contents.detector
    most = 0 if detector is None else detector.smoothing - 1
    before = scored[scored < own[0]][::-1]
    is_next = before == own[0] - 1 - np.arange(len(before))
    n_next = len(before) if is_next.all() else int(is_next.argmin())
    return min(most, n_next)
