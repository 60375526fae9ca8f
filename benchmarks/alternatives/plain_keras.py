"""Optuna and Keras: the script that a user would write instead.

One process, Keras free to use all cores. An objective builds a model for each fold of
`TimeSeriesSplit` and calls `fit` with validation data; the score is the mean over the
folds. Where the sampler chooses, it is TPE, `MedianPruner` judges the mean of the folds
so far, and each fold stops early and keeps its best weights. Where configurations are
given, nothing ends early.

`python -m benchmarks.alternatives.plain_keras JOB.json`
"""

import os
import time
from collections.abc import Sequence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import msgspec
import numpy as np
import optuna

from benchmarks.alternatives.epoch_clock import EpochClock
from benchmarks.alternatives.job import Job, Note, read_job, write_note
from benchmarks.support.problems import FoldData, Problem, problem_of
from search.space.lines import TrialParams


def build_model(params: TrialParams, fold: FoldData) -> keras.Model:
    """Return a compiled network."""
    _, horizon, n_targets = fold.train.targets.shape
    inputs = [keras.Input(one.shape[1:]) for one in fold.train.inputs]
    state = inputs[0]
    for layer in range(params.layers):
        recurrent = getattr(keras.layers, params.cell)(
            params.units, return_sequences=layer < params.layers - 1
        )
        state = keras.layers.Dropout(params.dropout)(recurrent(state))
    if len(inputs) > 1:
        state = keras.layers.Concatenate()([state, keras.layers.Flatten()(inputs[1])])
    output = keras.layers.Dense(horizon * n_targets)(state)
    model = keras.Model(inputs, keras.layers.Reshape((horizon, n_targets))(output))
    optimizer = keras.optimizers.Adam(params.learning_rate, clipnorm=params.clipnorm)
    model.compile(optimizer=optimizer, loss=params.loss, metrics=["mse"])
    return model


def fit_fold(
    params: TrialParams, fold: FoldData, *, epochs: int, patience: int
) -> tuple[list[float], list[float]]:
    """Train one fold; return validation score and seconds of each epoch."""
    model = build_model(params, fold)
    clock = EpochClock()
    callbacks: list[keras.callbacks.Callback] = [clock]
    if patience:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=patience, restore_best_weights=True
            )
        )
    history = model.fit(
        fold.train.inputs,
        fold.train.targets,
        validation_data=(fold.valid.inputs, fold.valid.targets),
        batch_size=params.batch_size,
        epochs=epochs,
        callbacks=callbacks,
        verbose=0,
    )
    scores = [fold.scale * value**0.5 for value in history.history["val_mse"]]
    return scores, clock.seconds


class Objective:
    """Scores one trial by cross-validation."""

    def __init__(self, job: Job, problem: Problem) -> None:
        self._job = job
        self._problem = problem

    def __call__(self, trial: optuna.Trial) -> float:
        """Return the mean over the folds of the best score of each."""
        keras.backend.clear_session()
        job, started = self._job, time.time()
        number, epochs = trial.number, job.epochs
        if job.configurations:
            planned = job.configurations[trial.number]
            number, epochs = planned.number, planned.epochs
        params = self._problem.space.suggest(trial)
        best: list[float] = []
        curves, seconds = [], []
        is_pruned = False
        for step, fold in enumerate(self._problem.folds(params)):
            scores, spent = fit_fold(params, fold, epochs=epochs, patience=job.patience)
            best.append(min(scores))
            curves.append(scores)
            seconds.append(spent)
            trial.report(float(np.mean(best)), step)
            is_pruned = trial.should_prune()
            if is_pruned:
                break
        note = Note(
            number=number,
            state="pruned" if is_pruned else "complete",
            launched=job.launched,
            started=started,
            finished=time.time(),
            epoch_seconds=mean_curve(seconds, n_times=len(seconds)),
            epoch_scores=mean_curve(curves),
            score=None if is_pruned else float(np.mean(best)),
            params=msgspec.to_builtins(params),
        )
        write_note(job, note)
        if is_pruned:
            raise optuna.TrialPruned
        return float(np.mean(best))


def mean_curve(
    curves: Sequence[Sequence[float]], *, n_times: int = 1
) -> tuple[float, ...]:
    """Return `n_times` the mean of curves of one length; nothing if they differ."""
    if len({len(curve) for curve in curves}) != 1:
        return ()
    return tuple((n_times * np.mean(curves, axis=0)).tolist())


def main() -> None:
    """Do the job."""
    job = read_job()
    problem = problem_of(job.options)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    n_trials = job.n_trials
    pruner: optuna.pruners.BasePruner = optuna.pruners.MedianPruner()
    if job.configurations:
        n_trials, pruner = len(job.configurations), optuna.pruners.NopPruner()
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=job.seed), pruner=pruner
    )
    for planned in job.configurations:
        study.enqueue_trial(planned.params)
    study.optimize(Objective(job, problem), n_trials=n_trials)


if __name__ == "__main__":
    main()
