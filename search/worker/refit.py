"""The winner, trained once more on everything before the holdout."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from search.config import Deliver, Task
from search.errors import TrialFailed
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.evaluation.scaling import GroupScaler, Scaler
from search.evaluation.splits import SplitPlan
from search.space.lines import TrialParams
from search.space.schedule import rate_at
from search.study.results import DivergedSeed
from search.worker.callbacks import CallbackMaker, WatchedTraining, no_callbacks
from search.worker.folds import (
    Run,
    Scalers,
    panel_of,
    program_of,
    refit_split,
    start_run,
)
from search.worker.models import (
    average_model,
    build_model,
    network_shape,
)
from search.worker.predictor import Predictor
from search.worker.training import check_finite

_ENDED = "The process that trained it was ended, probably for want of memory."

logger = logging.getLogger(__name__)

_LEAST = 1e-30  # a probability that has a logarithm


@dataclass(frozen=True)
class SeedRun:
    """The winner trained from one seed.

    Attributes
    ----------
    seed
        Decides initial weights and batch order.
    predictions
        Forecasts from every holdout origin, of shape (n_origins, horizon, n_targets),
        in original units; where classes are told apart their probabilities, see
        `Predictor.predict`.
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


class Kept(Protocol):
    """Where runs that are done wait for the others; see `search.worker.kept_seeds`."""

    def load(self, seed: int) -> SeedRun | None:
        """Return the run of `seed`; None if it is not there."""

    def save(self, run: SeedRun) -> None:
        """Add a run."""


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
    scaler, labels
        Fitted on the rows before the holdout; see `Scalers`.
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
    scaler: Scaler | GroupScaler
    labels: Scaler | None
    panel: Panel
    has_classes: bool
    n_parameters: int
    inference_ms: float

    @property
    def delivered(self) -> tuple[SeedRun, ...]:
        """The runs whose networks are in the delivered model."""
        return delivered_runs(self.runs, self.deliver)

    @property
    def predictions(self) -> np.ndarray:
        """Forecasts of the delivered model; see `SeedRun`."""
        found = [run.predictions for run in self.delivered]
        if not self.has_classes:
            return np.mean(found, axis=0)
        # The mean of the logits, as the delivered model takes it.
        powers = np.exp(np.mean(np.log(np.maximum(found, _LEAST)), axis=0))
        return powers / powers.sum(axis=-1, keepdims=True)

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
    plan: SplitPlan | SamplePlan,
    params: TrialParams,
    *,
    epochs: int,
    task: Task,
    seeds: Sequence[int],
    deliver: Deliver = "one",
    future: Panel | None = None,
    kept: Kept | None = None,
    only_kept: bool = False,
    rate_drops: Sequence[int] = (),
    callbacks: CallbackMaker = no_callbacks,
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
    kept
        Runs of a former process that was ended; each new one is added.
    only_kept
        Whether to train no other seed, because the process was ended for its memory.
    rate_drops
        Epochs of the search that began with half the learning rate before them; so
        they do here.
    callbacks
        Makes the Keras callbacks of the training from a seed.

    Raises
    ------
    TrialFailed
        If the training of every seed diverges.
    MemoryError
        If no seed is trained and one of them ran out of memory.
    """
    panel = panel_of(panel, params)
    trainer = _Trainer(
        panel,
        plan,
        params,
        task,
        epochs=epochs,
        future=future,
        rate_drops=rate_drops,
        callbacks=callbacks,
    )
    runs, diverged = [], []
    for seed in seeds:
        found = kept.load(seed) if kept is not None else None
        if found is not None:
            runs.append(found)
            continue
        if only_kept:
            diverged.append(DivergedSeed(seed, _ENDED, kind="memory"))
            continue
        try:
            run = trainer.train(seed)
            if kept is not None:
                kept.save(run)
            runs.append(run)
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
    predictor = Predictor(model, panel, params, task, labels=trainer.labels)
    return Refit(
        deliver=deliver,
        runs=tuple(runs),
        diverged=tuple(diverged),
        model=model,
        scaler=trainer.scaler,
        labels=trainer.labels,
        panel=panel,
        has_classes=task.has_classes,
        n_parameters=sum(math.prod(one.shape) for one in model.trainable_variables),
        inference_ms=predictor.milliseconds(
            panel, trainer.scaler, int(trainer.split.validation[0])
        ),
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
        plan: SplitPlan | SamplePlan,
        params: TrialParams,
        task: Task,
        *,
        epochs: int,
        future: Panel | None,
        rate_drops: Sequence[int],
        callbacks: CallbackMaker,
    ) -> None:
        self._panel = panel
        self.split = refit_split(plan, params.first_origin(task.season))
        self._params = params
        self._epochs = epochs
        self._task = task
        self._rate_drops = rate_drops
        self._callbacks = callbacks
        self._future = None if future is None else panel_of(future, params)
        scalers = Scalers.fit(panel, params.scaler, task, rows=self.split.rows)
        self.scaler, self.labels = scalers.inputs, scalers.labels
        self._model = self._build()
        self._predictor = Predictor(
            self._model, panel, params, task, labels=self.labels
        )

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
            split=replace(self.split, validation=self.split.validation[:0]),
            seed=(seed, 0),
        )
        program = program_of(self._panel, self._params, self._task)
        seconds_compile = program.compile(run.state, run.series)
        started = time.perf_counter()
        weights = self._run_epochs(run, seed)
        seconds = time.perf_counter() - started
        _check_all_finite("A weight", weights, "the end of the refit")
        self._model.set_weights(weights)
        predictions = self._predictor.predict(
            self._panel, self.scaler, self.split.validation
        )
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

    def _run_epochs(self, run: Run, seed: int) -> tuple[np.ndarray, ...]:
        """Train `run` to the end; return the weights."""
        program = program_of(self._panel, self._params, self._task)
        watched = WatchedTraining(
            self._callbacks(seed), self._model, epochs=self._epochs
        )
        watched.begin(lambda: program.weights(run.state))
        for epoch in range(1, self._epochs + 1):
            rate = rate_at(self._params.learning_rate, self._rate_drops, epoch)
            if epoch in self._rate_drops:
                run.state = program.with_rate(run.state, rate)
            outcome = program.run(
                run.state,
                run.series,
                order=run.order(epoch),
                validation=run.validation,
                rates=run.rates,
            )
            check_finite("Loss", outcome.loss, f"epoch {epoch} of the refit")
            run.state = outcome.state
            logs = {"loss": outcome.loss, "learning_rate": rate}
            if watched.is_over(epoch, logs, lambda: program.weights(run.state)):
                break
        return watched.end(lambda: program.weights(run.state))

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
