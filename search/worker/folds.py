"""One fold, or the refit, as the compiled program takes it."""

from dataclasses import dataclass, replace

import numpy as np

from search.config import Task
from search.evaluation.framing import FramedSeries, frame_series
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, SampleSplit, asked_steps, is_padded
from search.evaluation.scaling import (
    GroupScaler,
    Scaler,
    ScalerName,
    fit_label_scaler,
    fit_task_scaler,
)
from search.evaluation.splits import SplitPlan
from search.space.lines import TrialParams
from search.worker.engine import EpochProgram, epoch_program
from search.worker.gathering import SeriesTensors, series_tensors
from search.worker.models import network_shape
from search.worker.records import Rates, State

_INITIAL_WEIGHTS, _BATCH_ORDER = 0, 1


@dataclass
class Run:
    """A training in progress: what it learns from and how far it has come.

    Attributes
    ----------
    origins
        Training origins, ascending.
    validation
        Validation origins; empty in a refit.
    units
        What makes a validation error one in original units, (n_targets,).
    rates
        Settings that need no compilation.
    series
        The scaled series.
    seed
        Seed and number of the fold; decides initial weights and batch order.
    state
        Weights and optimizer after the epochs so far.
    """

    origins: np.ndarray
    validation: np.ndarray
    units: np.ndarray
    rates: Rates
    series: SeriesTensors
    seed: tuple[int, int]
    state: State

    def order(self, epoch: int) -> np.ndarray:
        """Return the origins in the shuffled order of one epoch (1 for the first)."""
        generator = np.random.default_rng([*self.seed, _BATCH_ORDER, epoch])
        return generator.permutation(self.origins)


@dataclass(frozen=True)
class Scalers:
    """How a panel is scaled in a fold.

    Attributes
    ----------
    inputs
        Of the channels.
    labels
        Of targets that are no inputs; None where the targets are the first channels.
    """

    inputs: Scaler | GroupScaler
    labels: Scaler | None = None

    @classmethod
    def fit(
        cls, panel: Panel, name: ScalerName, task: Task, *, rows: np.ndarray
    ) -> "Scalers":
        """Fit on the rows marked in `rows`, bool of shape (n_rows,)."""
        return cls(
            fit_task_scaler(panel, name, task, rows=rows),
            fit_label_scaler(panel, name, task, rows=rows),
        )

    def frame(self, panel: Panel, params: TrialParams, task: Task) -> FramedSeries:
        """Scale `panel` and arrange it for what `params` ask."""
        return frame_series(
            panel,
            self.inputs,
            params.framing,
            horizon=asked_steps(task, params.sequence_length)[1],
            season=task.season,
            labels=self.labels,
            has_padding=is_padded(task),
        )

    def inverse(self, values: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Return predictions in original units; see `Scaler.inverse`."""
        return (self.labels or self.inputs).inverse(values, stops)

    def units(self, n_targets: int) -> np.ndarray:
        """Return the factor of validation errors, (n_targets,).

        With a scale for each group the engine has already applied it.
        """
        if self.labels is None and isinstance(self.inputs, GroupScaler):
            return np.ones(n_targets)
        return (self.labels or self.inputs).scale[:n_targets]


def fold_splits(plan: SplitPlan | SamplePlan, first: int) -> list[SampleSplit]:
    """Return what each fold learns from and is judged on.

    Parameters
    ----------
    plan
        The folds.
    first
        First origin of the trial, or the rows of its group that it needs.
    """
    if isinstance(plan, SamplePlan):
        return [_usable(plan, fold, first) for fold in plan.folds]
    return [
        SampleSplit(
            training=np.arange(first, fold.train_stop),
            validation=np.arange(fold.valid_start, fold.valid_stop),
            rows=np.arange(plan.n_rows) < fold.valid_start,
        )
        for fold in plan.folds
    ]


def refit_split(plan: SplitPlan | SamplePlan, first: int) -> SampleSplit:
    """Return what the refit learns from, and the holdout as its validation.

    Where anomalies are looked for, the rows that settle the threshold belong to it.
    """
    if isinstance(plan, SamplePlan):
        return replace(_usable(plan, plan.final, first), validation=plan.scored)
    return SampleSplit(
        training=np.arange(first, plan.refit_stop),
        validation=np.arange(plan.holdout_start, plan.holdout_stop),
        rows=np.arange(plan.n_rows) < plan.holdout_start,
    )


def _usable(plan: SamplePlan, split: SampleSplit, first: int) -> SampleSplit:
    return replace(split, training=plan.samples.usable(split.training, first))


def panel_of(panel: Panel, params: TrialParams) -> Panel:
    """Leave the calendar channels out where `params` does not use them."""
    if params.calendar == "cycles" or not panel.n_calendar:
        return panel
    n_channels = panel.n_channels - panel.n_calendar
    return replace(
        panel,
        values=panel.values[:, :n_channels],
        channels=panel.channels[:n_channels],
        n_known=max(0, panel.n_known - panel.n_calendar),
        n_calendar=0,
    )


def program_of(panel: Panel, params: TrialParams, task: Task) -> EpochProgram:
    """Return the program that trains `params` on `panel`; see `epoch_program`."""
    shape = network_shape(params, panel, task)
    return epoch_program(shape, params.batch_size, params.optimizer, panel.n_rows)


def start_run(
    panel: Panel,
    params: TrialParams,
    task: Task,
    *,
    split: SampleSplit,
    seed: tuple[int, int],
) -> Run:
    """Scale the series, draw the initial weights and stand before the first epoch.

    Parameters
    ----------
    panel
        The series with the channels that `params` uses; see `panel_of`.
    split
        What is learned from and validated on; see `fold_splits`.
    seed
        Seed and number of the fold.
    """
    scalers = Scalers.fit(panel, params.scaler, task, rows=split.rows)
    framed = scalers.frame(panel, params, task)
    program = program_of(panel, params, task)
    words = np.random.SeedSequence([*seed, _INITIAL_WEIGHTS]).generate_state(1)
    shape = network_shape(params, panel, task)
    state = program.start(shape, learning_rate=params.learning_rate, seed=int(words[0]))
    return Run(
        origins=split.training,
        validation=split.validation,
        units=scalers.units(shape.n_targets),
        rates=replace(
            Rates.of(params),
            class_weights=_class_weights(panel, task, split.training),
        ),
        series=series_tensors(framed),
        seed=seed,
        state=state,
    )


def _class_weights(panel: Panel, task: Task, stops: np.ndarray) -> tuple[float, ...]:
    """Return the weight of each class in the loss; nothing where all count alike.

    ``balanced`` gives each class the same total weight over the training samples.
    """
    if task.class_weights == "none" or not task.has_classes:
        return ()
    n_classes = len(task.classes)
    places = panel.targets[stops - 1, 0].astype(np.int64)
    counts = np.bincount(places, minlength=n_classes)
    weights = len(places) / (n_classes * np.maximum(counts, 1))
    return tuple(map(float, weights))
