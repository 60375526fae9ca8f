"""What is said of a table, in the columns of ``holdout_predictions.csv``.

A ``row`` is counted from 1 within its group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from one_series import ForecastError, is_missing
from task_rows import Rows, group_names
from task_setup import TaskSetup
from task_windows import (
    all_stops,
    in_units,
    prepare,
    probabilities,
    run_network,
    with_future,
)


@dataclass(frozen=True)
class Answers:
    """Predictions, one line each, and the place of each line in the rows.

    Attributes
    ----------
    table
        The columns that are written.
    places
        Row of each line: of a forecast its origin, else the last row of the window or
        the row that is scored.
    """

    table: pd.DataFrame
    places: np.ndarray


def next_answers(rows: Rows, setup: TaskSetup) -> Answers:
    """Return what is said of new rows: every window, or the next steps of a series."""
    if setup.kind == "forecasting":
        all_stops(rows, setup)  # refuses groups that are too short
        rows = with_future(rows, setup)
        return answers_at(rows, rows.stops, setup)
    stops = all_stops(rows, setup)
    if not len(stops):
        raise ForecastError("The table has too few rows for a single prediction.")
    return answers_at(rows, stops, setup)


def answers_at(rows: Rows, stops: np.ndarray, setup: TaskSetup) -> Answers:
    """Return what is said of the windows that end before `stops`."""
    prepared = prepare(rows, setup)
    outputs = run_network(rows, prepared, stops, setup)
    if setup.kind == "forecasting":
        return _forecasts(rows, stops, in_units(outputs, rows, prepared, stops), setup)
    if setup.kind == "anomaly":
        last = stops - 1 if setup.is_autoencoder else stops
        values = in_units(outputs[:, -1:], rows, prepared, stops)[:, 0]
        n_targets = values.shape[1]
        units = prepared.scale[rows.groups[last], :n_targets]
        errors = np.abs(values - rows.values[last, :n_targets]) / units
        return _anomalies(rows, last, errors, setup)
    last = stops - 1
    if setup.classes:
        return _classes(rows, last, probabilities(outputs[:, 0]), setup)
    return _values(rows, last, in_units(outputs, rows, prepared, stops)[:, 0], setup)


def _forecasts(
    rows: Rows, stops: np.ndarray, predicted: np.ndarray, setup: TaskSetup
) -> Answers:
    horizon, n_targets = predicted.shape[1:]
    places = (stops[:, None] + np.arange(horizon)).ravel()
    columns = _of_group(rows, np.repeat(stops - 1, horizon), setup)
    columns["step"] = np.tile(np.arange(1, horizon + 1), len(stops))
    columns["timestamp"] = _labels(rows, places)
    table = pd.DataFrame(columns)
    flat = predicted.reshape(len(places), n_targets)
    parts = [_with_target(table, flat[:, k], k, setup) for k in range(n_targets)]
    origins = np.tile(np.repeat(stops, horizon), n_targets)
    return Answers(pd.concat(parts, ignore_index=True), origins)


def _values(
    rows: Rows, last: np.ndarray, predicted: np.ndarray, setup: TaskSetup
) -> Answers:
    table = pd.DataFrame(_of_row(rows, last, setup))
    parts = [
        _with_target(table, predicted[:, k], k, setup)
        for k in range(predicted.shape[1])
    ]
    places = np.tile(last, predicted.shape[1])
    return Answers(pd.concat(parts, ignore_index=True), places)


def _with_target(
    table: pd.DataFrame, predicted: np.ndarray, place: int, setup: TaskSetup
) -> pd.DataFrame:
    found = table.assign(predicted=predicted)
    if len(setup.targets) > 1:
        found["target"] = setup.targets[place]
    return found


def _classes(
    rows: Rows, last: np.ndarray, shares: np.ndarray, setup: TaskSetup
) -> Answers:
    columns = _of_row(rows, last, setup)
    name = setup.targets[0]
    if name in rows.answers:
        columns["actual"] = group_names(rows.answers[name])[last]
    columns["predicted"] = np.array(setup.classes, dtype=object)[shares.argmax(axis=1)]
    for place, one in enumerate(setup.classes):
        columns[f"p_{one}"] = shares[:, place]
    return Answers(pd.DataFrame(columns), last)


def _anomalies(
    rows: Rows, last: np.ndarray, errors: np.ndarray, setup: TaskSetup
) -> Answers:
    detector = setup.detector or {}
    single = (errors / np.array(detector["scale"])).mean(axis=1)
    scores = smooth(single, last, rows.groups[last], int(detector["smoothing"]))
    columns = _of_row(rows, last, setup)
    for name in rows.answers.columns:
        cells = rows.answers[name].iloc[last]
        absent = is_missing(cells, setup.one_series()).to_numpy()
        columns["label"] = np.where(absent, "", cells.astype(str).to_numpy())
    columns["score"] = scores
    columns["threshold"] = np.full(len(last), float(detector["threshold"]))
    columns["anomaly"] = (scores > float(detector["threshold"])).astype(int)
    return Answers(pd.DataFrame(columns), last)


def smooth(
    scores: np.ndarray, rows: np.ndarray, groups: np.ndarray, window: int
) -> np.ndarray:
    """Average each score with those of the rows just before it in its group."""
    means = np.empty(len(scores))
    is_break = (np.diff(groups) != 0) | (np.diff(rows) != 1)
    edges = [0, *(np.flatnonzero(is_break) + 1).tolist(), len(scores)]
    for start, stop in pairwise(edges):
        sums = np.concatenate([[0.0], np.cumsum(scores[start:stop])])
        last = np.arange(1, stop - start + 1)
        first = np.maximum(0, last - window)
        means[start:stop] = (sums[last] - sums[first]) / (last - first)
    return means


def _of_group(rows: Rows, places: np.ndarray, setup: TaskSetup) -> dict[str, Any]:
    if setup.group is None:
        return {}
    return {"group": np.array(rows.names, dtype=object)[rows.groups[places]]}


def _of_row(rows: Rows, places: np.ndarray, setup: TaskSetup) -> dict[str, Any]:
    columns = _of_group(rows, places, setup)
    columns["row"] = places - rows.starts[places] + 1
    if rows.times is not None:
        columns["timestamp"] = _labels(rows, places)
    return columns


def _labels(rows: Rows, places: np.ndarray) -> Sequence[Any] | np.ndarray:
    """Return the time stamp of each row, or its number within its group, from 0."""
    if rows.times is None:
        return places - rows.starts[places]
    return rows.times[places].to_numpy()
