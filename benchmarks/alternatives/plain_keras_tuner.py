"""KerasTuner with time-ordered folds, written as its documentation shows.

A hypermodel builds the network, a tuner overrides `run_trial` with the loop over the
folds and returns the mean score. The grid runs over the numbers of the given
configurations, so that they are those of the other scripts.

`python -m benchmarks.alternatives.plain_keras_tuner JOB.json`
"""

import os
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import keras_tuner
import numpy as np

from benchmarks.alternatives.epoch_clock import EpochClock
from benchmarks.alternatives.job import Job, Note, read_job, write_note
from benchmarks.support.problems import FoldData, Problem, problem_of
from search.space.lines import TrialParams


class Forecaster(keras_tuner.HyperModel):
    """Builds the network of the configuration with the chosen number."""

    def __init__(self, job: Job, problem: Problem) -> None:
        super().__init__()
        self._job = job
        self._problem = problem

    def params(self, hp: keras_tuner.HyperParameters) -> TrialParams:
        """Return the configuration that `hp` stands for."""
        index = hp.Int("configuration", 0, len(self._job.configurations) - 1)
        return self._problem.space.complete(self._job.configurations[index].params)

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Return a compiled network."""
        params = self.params(hp)
        panel, task = self._problem.panel(params), self._problem.settings.task
        inputs = [keras.Input((params.sequence_length, panel.n_channels))]
        if panel.n_known:
            inputs.append(keras.Input((task.horizon, panel.n_known)))
        state = inputs[0]
        for layer in range(params.layers):
            recurrent = getattr(keras.layers, params.cell)(
                params.units, return_sequences=layer < params.layers - 1
            )
            state = keras.layers.Dropout(params.dropout)(recurrent(state))
        if panel.n_known:
            flat = keras.layers.Flatten()(inputs[1])
            state = keras.layers.Concatenate()([state, flat])
        output = keras.layers.Dense(task.horizon)(state)
        model = keras.Model(inputs, keras.layers.Reshape((task.horizon, 1))(output))
        optimizer = keras.optimizers.Adam(
            params.learning_rate, clipnorm=params.clipnorm
        )
        model.compile(optimizer=optimizer, loss=params.loss, metrics=["mse"])
        return model


class CrossValidation(keras_tuner.GridSearch):
    """Scores each trial by the mean over the folds."""

    def __init__(self, job: Job, forecaster: Forecaster, problem: Problem) -> None:
        self._job = job
        self._problem = problem
        self._forecaster = forecaster
        super().__init__(
            forecaster,
            max_trials=len(job.configurations),
            directory=tempfile.mkdtemp(),
            overwrite=True,
        )

    def run_trial(
        self, trial: keras_tuner.engine.trial.Trial, **search_options: object
    ) -> float:
        """Train every fold and return the mean of their best scores."""
        started = time.time()
        hp = trial.hyperparameters
        params = self._forecaster.params(hp)
        planned = self._job.configurations[hp.get("configuration")]
        curves, seconds = [], []
        for fold in self._problem.folds(params):
            model = self.hypermodel.build(hp)
            scores, spent = self._fit(model, params, fold, epochs=planned.epochs)
            curves.append(scores)
            seconds.append(spent)
        score = float(np.mean([min(scores) for scores in curves]))
        note = Note(
            number=planned.number,
            state="complete",
            launched=self._job.launched,
            started=started,
            finished=time.time(),
            epoch_seconds=tuple(np.sum(seconds, axis=0).tolist()),
            epoch_scores=tuple(np.mean(curves, axis=0).tolist()),
            score=score,
        )
        write_note(self._job, note)
        return score

    def _fit(
        self, model: keras.Model, params: TrialParams, fold: FoldData, *, epochs: int
    ) -> tuple[list[float], list[float]]:
        clock = EpochClock()
        history = model.fit(
            fold.train.inputs,
            fold.train.targets,
            validation_data=(fold.valid.inputs, fold.valid.targets),
            batch_size=params.batch_size,
            epochs=epochs,
            callbacks=[clock],
            verbose=0,
        )
        scores = [fold.scale * value**0.5 for value in history.history["val_mse"]]
        return scores, clock.seconds


def main() -> None:
    """Do the job."""
    job = read_job()
    problem = problem_of(job.options)
    tuner = CrossValidation(job, Forecaster(job, problem), problem)
    tuner.search(verbose=0)


if __name__ == "__main__":
    main()
