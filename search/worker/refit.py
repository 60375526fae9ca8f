"""The winner, trained once more on everything before the holdout."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from search.config import Task
from search.evaluation.framing import FramedSeries, frame_series
from search.evaluation.panel import Panel
from search.evaluation.scaling import Scaler
from search.evaluation.splits import SplitPlan
from search.evaluation.windows import gather_windows
from search.study.space import TrialParams
from search.worker.folds import Run, panel_of, program_of, start_run
from search.worker.models import (
    as_inputs,
    build_model,
    count_weights,
    network_shape,
)
from search.worker.records import Rates
from search.worker.training import check_finite

PREDICTION_BATCH = 512
_TIMED_CALLS = 20


@dataclass(frozen=True)
class SeedRun:
    """The winner trained from one seed.

    Attributes
    ----------
    seed
        Decides initial weights and batch order.
    predictions
        Forecasts from every holdout origin, of shape (n_origins, horizon, n_targets),
        in original units.
    seconds
        Seconds of training, without compiling.
    """

    seed: int
    predictions: np.ndarray
    seconds: float


@dataclass(frozen=True)
class Refit:
    """The winner trained from several seeds; the model is that of the first one.

    Attributes
    ----------
    runs
        One for each seed, in the order given.
    model
        Plain Keras model of the first seed.
    scaler
        Fitted on the rows before the holdout.
    panel
        The channels that the model sees.
    forecast
        Forecast of the first seed beyond the end of the series, of shape
        (horizon, n_targets), in original units; None where it cannot be made.
    n_parameters
        Number of trained weights.
    inference_ms
        Milliseconds to predict one window.
    seconds_compile
        Seconds spent compiling.
    """

    runs: tuple[SeedRun, ...]
    model: keras.Model
    scaler: Scaler
    panel: Panel
    forecast: np.ndarray | None
    n_parameters: int
    inference_ms: float
    seconds_compile: float


def refit_winner(
    panel: Panel,
    plan: SplitPlan,
    params: TrialParams,
    *,
    epochs: int,
    task: Task,
    seeds: Sequence[int],
    future: Panel | None = None,
) -> Refit:
    """Train `params` on all origins before the holdout and forecast the holdout.

    Parameters
    ----------
    panel
        The series. Calendar channels are left out if `params` does not use them.
    plan
        Where the holdout starts. Each forecast uses only rows before its origin, and
        values that are known in advance.
    params
        The configuration.
    epochs
        How long to train: the best epoch of the search.
    task
        What is predicted.
    seeds
        One training for each; the first one gives the delivered model.
    future
        `panel` extended by the rows of the next horizon, of which only the channels
        known in advance are read. With it the next horizon is forecast.

    Raises
    ------
    TrialFailed
        If a loss or a forecast is not a finite number.
    """
    panel = panel_of(panel, params)
    model = build_model(
        network_shape(params, panel, task),
        dropout=params.dropout,
        recurrent_dropout=params.recurrent_dropout,
    )
    predictor = _Predictor(model, panel, params, task)
    runs, seconds_compile = [], 0.0
    for seed in reversed(seeds):  # the first one is last, and stays in the model
        run = start_run(
            panel,
            params,
            task,
            train_stop=plan.refit_stop,
            scaler_stop=plan.holdout_start,
            seed=(seed, 0),
        )
        program = program_of(panel, params, task)
        seconds_compile += program.compile(run.state, run.series)
        seconds = _train(run, panel, params, task=task, epochs=epochs)
        model.set_weights(program.weights(run.state))
        origins = np.arange(plan.holdout_start, plan.holdout_stop)
        predictions = predictor.predict(panel, run.scaler, origins)
        check_finite("Forecast", float(np.abs(predictions).max()), "the holdout")
        runs.append(SeedRun(seed, predictions, seconds))
    forecast = None
    if future is not None:
        end = np.array([panel.n_rows])
        forecast = predictor.predict(panel_of(future, params), run.scaler, end)[0]
    return Refit(
        runs=tuple(reversed(runs)),
        model=model,
        scaler=run.scaler,
        panel=panel,
        forecast=forecast,
        n_parameters=count_weights(run.state.shape),
        inference_ms=predictor.milliseconds(panel, run.scaler, plan.holdout_start),
        seconds_compile=seconds_compile,
    )


def _train(
    run: Run, panel: Panel, params: TrialParams, *, task: Task, epochs: int
) -> float:
    """Train `run` for some epochs; return the seconds."""
    program = program_of(panel, params, task)
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        outcome = program.run(
            run.state,
            run.series,
            order=run.order(epoch),
            validation=run.validation,
            rates=Rates.of(params),
        )
        check_finite("Loss", outcome.loss, f"epoch {epoch} of the refit")
        run.state = outcome.state
    return time.perf_counter() - started


class _Predictor:
    """Forecasts of the plain model in original units."""

    def __init__(
        self, model: keras.Model, panel: Panel, params: TrialParams, task: Task
    ) -> None:
        self._model = model
        self._params = params
        self._task = task
        self._n_known = panel.n_known
        signature = [
            tf.TensorSpec((None, *one.shape[1:]), tf.float32) for one in model.inputs
        ]
        self._call = tf.function(
            lambda *inputs: model(as_inputs(inputs), training=False),
            input_signature=signature,
            autograph=False,
        )

    def predict(self, panel: Panel, scaler: Scaler, origins: np.ndarray) -> np.ndarray:
        """Return the forecasts of shape (n_origins, horizon, n_targets)."""
        framed = self._frame(panel, scaler)
        parts = [
            self._predict_scaled(framed, origins[start : start + PREDICTION_BATCH])
            for start in range(0, len(origins), PREDICTION_BATCH)
        ]
        n = panel.n_targets
        return np.concatenate(parts) * scaler.scale[:n] + scaler.center[:n]

    def milliseconds(self, panel: Panel, scaler: Scaler, origin: int) -> float:
        """Return the median time to predict one window."""
        framed = self._frame(panel, scaler)
        seconds = []
        for _ in range(_TIMED_CALLS):
            started = time.perf_counter()
            self._predict_scaled(framed, np.array([origin]))
            seconds.append(time.perf_counter() - started)
        return 1000 * float(np.median(seconds))

    def _frame(self, panel: Panel, scaler: Scaler) -> FramedSeries:
        return frame_series(
            panel,
            scaler,
            self._params.framing,
            horizon=self._task.horizon,
            season=self._task.season,
        )

    def _predict_scaled(self, framed: FramedSeries, origins: np.ndarray) -> np.ndarray:
        windows = gather_windows(
            framed,
            origins,
            sequence_length=self._params.sequence_length,
            n_known=self._n_known,
        )
        inputs = [windows.past, windows.known][: len(self._model.inputs)]
        output = self._call(*map(tf.constant, inputs)).numpy()
        # In float64, so that original units lose nothing.
        return output.astype(np.float64) + windows.base
