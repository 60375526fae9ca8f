"""What a worker measures for a configuration: real training, or a toy in tests."""

import os
from collections.abc import Callable
from typing import Protocol

from search.evaluation.panel import make_panel
from search.jobs.importing import quick_imports
from search.space.lines import TrialParams
from search.study.folders import StudyHandle
from search.study.studies import load_panel_series
from search.study.trials.curves import EpochPoint
from search.study.trials.outcomes import TrialRecord
from search.worker.environment import compile_cache, prepare_environment
from search.worker.toy import TOY_VARIABLE, ToyObjective

OnEpoch = Callable[[EpochPoint], None]


class Objective(Protocol):
    """Scores configurations one after the other; holds the series of the study."""

    def train(
        self, params: TrialParams, *, seed: int, on_epoch: OnEpoch
    ) -> TrialRecord:
        """Train and score `params`; what `on_epoch` raises ends the training.

        Raises
        ------
        TrialFailed
            If the configuration cannot be scored.
        MemoryError
            If it needs more memory than there is.
        """

    def n_parameters(self, params: TrialParams) -> int:
        """Return the number of trained weights of a configuration in training."""


def make_objective(handle: StudyHandle) -> Objective:
    """Load the series, set the process up and return what scores configurations.

    Raises
    ------
    StudyCorrupted
        If the series cannot be used.
    """
    if TOY_VARIABLE in os.environ:
        return ToyObjective(handle.settings.task, handle.settings.training)
    prepare_environment(cache_dir=compile_cache(handle.environment.studies_dir))
    return KerasObjective(handle)


class KerasObjective:
    """Trains networks on the series of a study.

    TensorFlow is imported when this object is made: after the process environment is
    set up, and before a trial is claimed, whose seconds it would cost.
    """

    def __init__(self, handle: StudyHandle) -> None:
        with quick_imports():
            import tensorflow as tf

            from search.worker import folds, models, training

        self._train_folds = training.train_folds
        self._folds = folds
        self._models = models
        self._out_of_memory = tf.errors.ResourceExhaustedError
        settings = handle.settings
        self._task = settings.task
        self._training = settings.training
        self._panel = make_panel(
            load_panel_series(handle), settings.roles, kind=self._task.kind
        )
        self._plan = settings.plan_of(self._panel)

    def train(
        self, params: TrialParams, *, seed: int, on_epoch: OnEpoch
    ) -> TrialRecord:
        """Train all folds of `params`."""
        try:
            outcome = self._train_folds(
                self._panel,
                self._plan,
                params,
                task=self._task,
                training=self._training,
                seed=seed,
                on_epoch=on_epoch,
            )
        except self._out_of_memory as error:
            raise MemoryError(str(error)) from error
        return TrialRecord(
            outcome="complete",
            score=outcome.score,
            fold_scores=outcome.fold_scores,
            best_epoch=outcome.best_epoch,
            epochs_run=outcome.epochs_run,
            n_parameters=outcome.n_parameters,
            seconds_compile=outcome.seconds_compile,
            seconds_train=outcome.seconds_train,
            rate_drops=outcome.rate_drops,
        )

    def n_parameters(self, params: TrialParams) -> int:
        """Return the number of trained weights."""
        panel = self._folds.panel_of(self._panel, params)
        return self._models.count_weights(
            self._models.network_shape(params, panel, self._task)
        )
