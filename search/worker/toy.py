"""A stand-in for training that tests of processes use; it learns nothing.

Where the environment variable ``SEARCH_TEST_OBJECTIVE`` is set, workers and refits take
their numbers from here instead of from a network, so that a test of killing, pausing
and resuming takes seconds and never loads TensorFlow. Nothing here is a result.
"""

import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from search.config import Cell, Task, Training
from search.errors import TrialFailed
from search.evaluation.metrics import (
    KindMetrics,
    Metrics,
    forecast_metrics,
    seasonal_naive_scale,
)
from search.evaluation.windows import gather_targets
from search.files import sha256, write_bytes, write_json
from search.space.lines import TrialParams
from search.study.folders import StudyHandle, winner_folder
from search.study.results import SeedResult, WinnerResult
from search.study.studies import load_panel_series
from search.study.trials.curves import EpochPoint
from search.study.trials.listing import await_trials
from search.study.trials.outcomes import TrialRecord
from search.study.trials.selection import best_trials
from search.worker.holdout import holdout_of

TOY_VARIABLE = "SEARCH_TEST_OBJECTIVE"
EPOCH_VARIABLE = "SEARCH_TEST_EPOCH_SECONDS"
MARKED_UNITS = 128
_CELL_SCORES = {"SimpleRNN": 3.0, "LSTM": 2.0, "GRU": 1.0}


class ToyObjective:
    """Scores that depend on cell and units only, falling over the epochs.

    The value of the environment variable decides: ``toy`` scores, ``toy-fail`` fails
    every trial, ``toy-crash`` ends the process. A network of `MARKED_UNITS` is the one
    that ``toy-hang`` never lets end its second epoch, in compiled code that answers no
    signal, and that ``toy-memory`` fills the memory with. An epoch takes
    ``SEARCH_TEST_EPOCH_SECONDS`` (0.01).
    """

    def __init__(self, task: Task, training: Training) -> None:
        self._n_folds = task.folds
        self._n_epochs = training.epochs
        self._mode = os.environ[TOY_VARIABLE]
        self._epoch_seconds = float(os.environ.get(EPOCH_VARIABLE, "0.01"))

    def train(
        self,
        params: TrialParams,
        *,
        seed: int,
        on_epoch: Callable[[EpochPoint], None],
    ) -> TrialRecord:
        """Report one epoch after the other; the last one is the best."""
        if self._mode == "toy-crash":
            sys.exit(3)
        if self._mode == "toy-fail":
            raise TrialFailed("the toy was told to fail")
        point = None
        for epoch in range(1, self._n_epochs + 1):
            time.sleep(self._epoch_seconds)
            if epoch == 2 and params.units == MARKED_UNITS:
                self._misbehave()
            point = self._point(params, epoch)
            on_epoch(point)
        assert point is not None
        return TrialRecord(
            outcome="complete",
            score=point.score,
            fold_scores=tuple(one for one in point.valid if one is not None),
            best_epoch=self._n_epochs,
            epochs_run=self._n_epochs,
            n_parameters=params.units,
            seconds_compile=0.0,
            seconds_train=self._n_epochs * self._epoch_seconds,
        )

    def _misbehave(self) -> None:
        if self._mode == "toy-hang":
            # A call that keeps Python's lock: neither threads nor signals get a turn.
            while True:
                ctypes.PyDLL(None).sleep(1_000)
        if self._mode == "toy-memory":
            held = []
            while True:
                held.append(b"\1" * 10_000_000)

    def n_parameters(self, params: TrialParams) -> int:
        """Return the units; a toy has no weights."""
        return params.units

    def _point(self, params: TrialParams, epoch: int) -> EpochPoint:
        score = _CELL_SCORES[params.cell] + params.units / 1000 + 1 / epoch
        folds = (score,) * self._n_folds
        return EpochPoint(epoch, folds, folds, score, self._epoch_seconds)


def make_toy_winner(handle: StudyHandle, cell: Cell) -> WinnerResult:
    """Write a winner whose forecasts miss by the score of its cell."""
    best = best_trials(await_trials(handle))[cell]
    settings = handle.settings
    folder = winner_folder(handle, cell)
    folder.mkdir(parents=True, exist_ok=True)
    predictions = folder / "holdout_predictions.csv"
    if settings.task.kind == "forecasting" and settings.roles.group is None:
        forecast = _toy_forecast(handle, cell, predictions)
        metrics: KindMetrics = forecast
        of_targets = {settings.roles.targets[0]: forecast}
    else:
        holdout = holdout_of(handle, settings.space.complete(best.params))
        predicted = _toy_predictions(settings.task, holdout.actual, cell)
        holdout.save(predictions, predicted)
        metrics = holdout.metrics(predicted)
        of_targets = holdout.target_metrics(predicted)
    result = WinnerResult(
        trial=best.number,
        params=best.params,
        cv=best.score or 0.0,
        cv_folds=best.fold_scores,
        epochs=best.best_epoch or 1,
        holdout=metrics,
        seeds=(SeedResult(0, metrics, 0.0),),
        targets=of_targets,
        n_parameters=best.n_parameters or 0,
        seconds=0.0,
        inference_ms=0.0,
        bundle=None,
        predictions=str(predictions),
        sha256={predictions.name: sha256(predictions)},
    )
    write_json(folder / "winner.json", result)
    return result


def _toy_forecast(handle: StudyHandle, cell: Cell, path: Path) -> Metrics:
    """Write forecasts of a series that miss by the score of the cell."""
    settings = handle.settings
    values = load_panel_series(handle)[list(settings.roles.targets)].to_numpy()
    task = settings.task
    holdout_start = handle.n_rows - task.holdout
    origins = np.arange(holdout_start, handle.n_rows - task.horizon + 1)
    actual = gather_targets(values, origins, horizon=task.horizon)
    predicted = _toy_predictions(task, actual, cell)
    _save_predictions(path, origins, actual, predicted)
    return forecast_metrics(
        actual,
        predicted,
        naive_scale=seasonal_naive_scale(values[:holdout_start], task.season),
    )


def _toy_predictions(task: Task, actual: np.ndarray, cell: Cell) -> np.ndarray:
    """Return what misses by the score of the cell; classes as probabilities.

    Where anomalies are looked for, `actual` has a row for each target of one step.
    """
    if task.has_classes:
        n_classes = len(task.classes)
        right = np.eye(n_classes)[actual[:, :1, 0].astype(np.int64)]
        probabilities = right + _CELL_SCORES[cell] / n_classes
        return np.asarray(probabilities / probabilities.sum(axis=-1, keepdims=True))
    steps = actual if actual.ndim == 3 else actual[:, None]
    signs = np.where(np.arange(len(steps)) % 2 == 0, 1.0, -1.0)
    return np.asarray(steps + signs[:, None, None] * _CELL_SCORES[cell])


def _save_predictions(
    path: Path, origins: np.ndarray, actual: np.ndarray, predicted: np.ndarray
) -> None:
    """Write the forecasts of the first target; rows are counted as time stamps."""
    horizon = actual.shape[1]
    table = pd.DataFrame(
        {
            "origin": np.repeat(origins, horizon),
            "step": np.tile(np.arange(1, horizon + 1), len(origins)),
            "timestamp": (origins[:, None] + np.arange(horizon)).ravel(),
            "actual": actual[..., 0].ravel(),
            "predicted": predicted[..., 0].ravel(),
        }
    )
    write_bytes(path, table.to_csv(index=False).encode())
