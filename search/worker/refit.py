"""The winner, trained once more on everything before the holdout."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from search.config import Deliver, Task
from search.errors import TrialFailed
from search.evaluation.panel import Panel
from search.evaluation.scaling import Scaler, fit_scaler
from search.evaluation.splits import SplitPlan
from search.study.results import DivergedSeed
from search.study.space import TrialParams
from search.worker.folds import Run, panel_of, program_of, start_run
from search.worker.models import (
    average_model,
    build_model,
    network_shape,
)
from search.worker.predictor import Predictor
from search.worker.records import Rates
from search.worker.training import check_finite

logger = logging.getLogger(__name__)


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
    forecast
        Forecast beyond the end of the series, of shape (horizon, n_targets), in
        original units; None where it cannot be made.
    weights
        In the order of ``Model.get_weights``.
    seconds, seconds_compile
        Seconds of training, and of compiling before it.
    """

    seed: int
    predictions: np.ndarray
    forecast: np.ndarray | None
    weights: tuple[np.ndarray, ...]
    seconds: float
    seconds_compile: float


@dataclass(frozen=True)
class Refit:
    """The winner trained from several seeds, and the model that is delivered.

    Attributes
    ----------
    deliver
        See `search.config.Training`.
    runs
        One for each seed that was trained, in the order given.
    diverged
        The other seeds, which diverged or ran out of memory.
    model
        The delivered model: plain Keras, of the first of `runs` or the mean of all.
    scaler
        Fitted on the rows before the holdout.
    panel
        The channels that the model sees.
    n_parameters
        Number of trained weights of `model`.
    inference_ms
        Milliseconds in which `model` predicts one window.
    """

    deliver: Deliver
    runs: tuple[SeedRun, ...]
    diverged: tuple[DivergedSeed, ...]
    model: keras.Model
    scaler: Scaler
    panel: Panel
    n_parameters: int
    inference_ms: float

    @property
    def delivered(self) -> tuple[SeedRun, ...]:
        """The runs whose networks are in the delivered model."""
        return delivered_runs(self.runs, self.deliver)

    @property
    def predictions(self) -> np.ndarray:
        """Forecasts of the delivered model; see `SeedRun`."""
        return np.mean([run.predictions for run in self.delivered], axis=0)

    @property
    def forecast(self) -> np.ndarray | None:
        """Forecast of the delivered model beyond the end; see `SeedRun`."""
        forecasts = [run.forecast for run in self.delivered]
        found = [forecast for forecast in forecasts if forecast is not None]
        return np.mean(found, axis=0) if found else None

    @property
    def seconds(self) -> float:
        """Seconds to train the delivered model."""
        return sum(run.seconds for run in self.delivered)


def refit_winner(
    panel: Panel,
    plan: SplitPlan,
    params: TrialParams,
    *,
    epochs: int,
    task: Task,
    seeds: Sequence[int],
    deliver: Deliver = "one",
    future: Panel | None = None,
) -> Refit:
    """Train `params` on all origins before the holdout and forecast the holdout.

    A seed whose training diverges or runs out of memory is set aside with its reason.

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
        One training for each.
    deliver
        Whether the first of them gives the delivered model, or all together.
    future
        `panel` extended by the rows of the next horizon, of which only the channels
        known in advance are read. With it the next horizon is forecast.

    Raises
    ------
    TrialFailed
        If the training of every seed diverges.
    MemoryError
        If no seed is trained and one of them ran out of memory.
    """
    panel = panel_of(panel, params)
    trainer = _Trainer(panel, plan, params, task, epochs=epochs, future=future)
    runs, diverged = [], []
    for seed in seeds:
        try:
            runs.append(trainer.train(seed))
        except TrialFailed as error:
            diverged.append(DivergedSeed(seed, str(error)))
        except (MemoryError, tf.errors.ResourceExhaustedError) as error:
            logger.warning("Seed %d ran out of memory: %s", seed, error)
            reason = "Training ran out of memory."
            diverged.append(DivergedSeed(seed, reason, kind="memory"))
    if not runs:
        if any(one.kind == "memory" for one in diverged):
            raise MemoryError
        raise TrialFailed(_all_diverged(diverged))
    model = trainer.model_of(delivered_runs(runs, deliver))
    predictor = Predictor(model, panel, params, task)
    return Refit(
        deliver=deliver,
        runs=tuple(runs),
        diverged=tuple(diverged),
        model=model,
        scaler=trainer.scaler,
        panel=panel,
        n_parameters=sum(math.prod(one.shape) for one in model.trainable_variables),
        inference_ms=predictor.milliseconds(panel, trainer.scaler, plan.holdout_start),
    )


def delivered_runs(runs: Sequence[SeedRun], deliver: Deliver) -> tuple[SeedRun, ...]:
    """Return the runs whose networks are delivered."""
    return tuple(runs) if deliver == "average" else tuple(runs[:1])


def _all_diverged(diverged: Sequence[DivergedSeed]) -> str:
    first = diverged[0]
    if len(diverged) == 1:
        return first.reason
    return f"All {len(diverged)} seeds diverged. Seed {first.seed}: {first.reason}"


class _Trainer:
    """Trains one configuration from any seed, each time on the same rows."""

    def __init__(
        self,
        panel: Panel,
        plan: SplitPlan,
        params: TrialParams,
        task: Task,
        *,
        epochs: int,
        future: Panel | None,
    ) -> None:
        self._panel = panel
        self._plan = plan
        self._params = params
        self._epochs = epochs
        self._task = task
        self._future = None if future is None else panel_of(future, params)
        self.scaler = fit_scaler(panel, params.scaler, stop=plan.holdout_start)
        self._model = self._build()
        self._predictor = Predictor(self._model, panel, params, task)

    def train(self, seed: int) -> SeedRun:
        """Train from `seed` and forecast.

        Raises
        ------
        TrialFailed
            If a loss, a weight or a forecast is not a finite number.
        """
        run = start_run(
            self._panel,
            self._params,
            self._task,
            train_stop=self._plan.refit_stop,
            scaler_stop=self._plan.holdout_start,
            seed=(seed, 0),
        )
        program = program_of(self._panel, self._params, self._task)
        seconds_compile = program.compile(run.state, run.series)
        seconds = self._run_epochs(run)
        weights = tuple(program.weights(run.state))
        _check_all_finite("A weight", weights, "the end of the refit")
        self._model.set_weights(weights)
        origins = np.arange(self._plan.holdout_start, self._plan.holdout_stop)
        predictions = self._predictor.predict(self._panel, self.scaler, origins)
        _check_all_finite("Forecast", [predictions], "the holdout")
        return SeedRun(
            seed, predictions, self._forecast(), weights, seconds, seconds_compile
        )

    def model_of(self, runs: Sequence[SeedRun]) -> keras.Model:
        """Return the network of a single run, or the mean of several."""
        members = []
        for number, run in enumerate(runs, 1):
            name = f"network_{number}" if len(runs) > 1 else None
            members.append(self._build(name))
            members[-1].set_weights(run.weights)
        return members[0] if len(members) == 1 else average_model(members)

    def _build(self, name: str | None = None) -> keras.Model:
        return build_model(
            network_shape(self._params, self._panel, self._task),
            dropout=self._params.dropout,
            recurrent_dropout=self._params.recurrent_dropout,
            name=name,
        )

    def _run_epochs(self, run: Run) -> float:
        """Train `run` to the end; return the seconds."""
        program = program_of(self._panel, self._params, self._task)
        started = time.perf_counter()
        for epoch in range(1, self._epochs + 1):
            outcome = program.run(
                run.state,
                run.series,
                order=run.order(epoch),
                validation=run.validation,
                rates=Rates.of(self._params),
            )
            check_finite("Loss", outcome.loss, f"epoch {epoch} of the refit")
            run.state = outcome.state
        return time.perf_counter() - started

    def _forecast(self) -> np.ndarray | None:
        """Forecast beyond the end with the weights that the model has now."""
        if self._future is None:
            return None
        end = np.array([self._panel.n_rows])
        forecast = self._predictor.predict(self._future, self.scaler, end)[0]
        _check_all_finite("Forecast", [forecast], "the rows after the data")
        return forecast


def _check_all_finite(what: str, arrays: Sequence[np.ndarray], where: str) -> None:
    """Fail if any number of `arrays` is NaN or infinite."""
    largest = np.max([np.abs(array).max() for array in arrays])
    check_finite(what, float(largest), where)
