"""One trial: all folds of one configuration, advancing together."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from search.config import Score, Task, Training
from search.errors import TrialFailed
from search.evaluation.metrics import combine_targets, target_weights
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.evaluation.splits import SplitPlan
from search.space.lines import TrialParams
from search.space.schedule import Plateau, rate_at
from search.study.trials.curves import EpochPoint
from search.worker.engine import EpochProgram
from search.worker.folds import (
    Run,
    fold_splits,
    panel_of,
    program_of,
    refit_split,
    start_run,
)
from search.worker.models import count_weights
from search.worker.records import ClassErrors, EpochOutcome


@dataclass(frozen=True)
class TrialOutcome:
    """What a trial found.

    Attributes
    ----------
    score
        Mean of `fold_scores`.
    fold_scores
        Validation score of each fold after `best_epoch`, in units of the target.
    best_epoch
        Epoch with the lowest mean score, 1 for the first.
    epochs_run
        Epochs trained.
    n_parameters
        Number of trained weights.
    seconds_compile, seconds_train
        Seconds spent compiling, and on everything else.
    rate_drops
        Epochs that began with half the learning rate before them.
    """

    score: float
    fold_scores: tuple[float, ...]
    best_epoch: int
    epochs_run: int
    n_parameters: int
    seconds_compile: float
    seconds_train: float
    rate_drops: tuple[int, ...] = ()


def train_folds(
    panel: Panel,
    plan: SplitPlan | SamplePlan,
    params: TrialParams,
    *,
    task: Task,
    training: Training,
    seed: int,
    on_epoch: Callable[[EpochPoint], None],
) -> TrialOutcome:
    """Train and validate one configuration on every fold.

    The folds advance together, one epoch each, so that each epoch gives the mean
    score over all folds. The trial ends after `training.epochs`, or when the mean has
    not improved for `training.patience` epochs. With the schedule ``plateau`` the mean
    also decides when the learning rate falls, for all folds at once.

    Parameters
    ----------
    panel
        The series. Calendar channels are left out if `params` does not use them.
    plan
        The folds; nothing of the holdout is used.
    params
        The configuration.
    task, training
        What is predicted, and for how long to train.
    seed
        Decides initial weights, batch order and dropout, together with the fold.
    on_epoch
        Called after each epoch; whatever it raises ends the trial.

    Raises
    ------
    TrialFailed
        If a loss or a score is not a finite number; the message names the epoch.
    """
    started = time.perf_counter()
    panel = panel_of(panel, params)
    program = program_of(panel, params, task)
    runs = _start_folds(panel, plan, params, task=task, seed=seed)
    seconds_compile = program.compile(runs[0].state, runs[0].series)
    rows = refit_split(plan, params.first_origin(task.season)).rows
    weights = target_weights(panel.targets[rows])
    points: list[EpochPoint] = []
    best = 0
    drops: list[int] = []
    plateau, is_due = Plateau(), False
    for epoch in range(1, training.epochs + 1):
        if is_due:
            drops.append(epoch)
            _set_rate(program, runs, rate_at(params.learning_rate, drops, epoch))
        point = _train_epoch(program, runs, epoch, weights=weights, score=task.score)
        if point.score is None:
            # So that the curve shows where the training diverged.
            on_epoch(point)
            _refuse(point)
        points.append(point)
        if _score(point) < _score(points[best]):
            best = epoch - 1
        on_epoch(point)
        is_due = params.schedule == "plateau" and plateau.is_reached(_score(point))
        if training.patience and epoch - (best + 1) >= training.patience:
            break
    return TrialOutcome(
        score=_score(points[best]),
        fold_scores=tuple(one for one in points[best].valid if one is not None),
        best_epoch=best + 1,
        epochs_run=len(points),
        n_parameters=count_weights(runs[0].state.shape),
        seconds_compile=seconds_compile,
        seconds_train=time.perf_counter() - started - seconds_compile,
        rate_drops=tuple(drops),
    )


def _set_rate(program: EpochProgram, runs: list[Run], learning_rate: float) -> None:
    for run in runs:
        run.state = program.with_rate(run.state, learning_rate)


def _start_folds(
    panel: Panel,
    plan: SplitPlan | SamplePlan,
    params: TrialParams,
    *,
    task: Task,
    seed: int,
) -> list[Run]:
    first = params.first_origin(task.season)
    if first > plan.first_origin:
        raise TrialFailed(
            f"The first forecast of this configuration starts at row {first}, but the "
            f"folds were planned for row {plan.first_origin} at the latest."
        )
    return [
        start_run(panel, params, task, split=split, seed=(seed, number))
        for number, split in enumerate(fold_splits(plan, first))
    ]


def _train_epoch(
    program: EpochProgram,
    runs: list[Run],
    epoch: int,
    *,
    weights: np.ndarray,
    score: Score,
) -> EpochPoint:
    """Advance every fold by one epoch.

    The point has no score if a loss or a score was not finite; the folds after that
    one were not trained and have none either.
    """
    started = time.perf_counter()
    losses: list[float | None] = [None] * len(runs)
    scores: list[float | None] = [None] * len(runs)
    mean: float | None = None
    for fold, run in enumerate(runs):
        outcome = program.run(
            run.state,
            run.series,
            order=run.order(epoch),
            validation=run.validation,
            rates=run.rates,
        )
        losses[fold] = outcome.loss
        scores[fold] = fold_score = _fold_score(outcome, run, weights, score)
        if not (math.isfinite(outcome.loss) and math.isfinite(fold_score)):
            break
        run.state = outcome.state
    else:
        mean = float(np.mean(np.array(scores, dtype=np.float64)))
    return EpochPoint(
        epoch=epoch,
        train=tuple(losses),
        valid=tuple(scores),
        score=mean,
        seconds=time.perf_counter() - started,
    )


def _fold_score(
    outcome: EpochOutcome, run: Run, weights: np.ndarray, score: Score
) -> float:
    """Return the score of a fold, for numbers in original units."""
    if outcome.classes is not None:
        return _class_score(outcome.classes, score)
    units = run.units
    return combine_targets(
        outcome.squared * units**2, outcome.absolute * units, weights, score
    )


def _class_score(errors: ClassErrors, score: Score) -> float:
    if score == "log_loss":
        return float(errors.log_loss.mean())
    if score == "error_rate":
        return float(errors.error_rate.mean())
    right = np.diag(errors.confusion)
    total = errors.confusion.sum(axis=0) + errors.confusion.sum(axis=1)
    # As in `class_metrics`: the mean over classes that occur or are called.
    return 1.0 - float(np.mean(2 * right[total > 0] / total[total > 0]))


def _refuse(point: EpochPoint) -> None:
    """Fail the trial at the number of `point` that is not finite.

    Raises
    ------
    TrialFailed
        As of `check_finite`.
    """
    for fold, (loss, score) in enumerate(zip(point.train, point.valid, strict=True)):
        where = f"epoch {point.epoch} (fold {fold + 1})"
        for what, value in (("Loss", loss), ("Validation score", score)):
            check_finite(what, math.nan if value is None else value, where)


def check_finite(what: str, value: float, where: str) -> None:
    """Fail the trial if `value` is NaN or infinite.

    Raises
    ------
    TrialFailed
        With the value, `where` and what helps.
    """
    if math.isfinite(value):
        return
    kind = "not a number" if math.isnan(value) else "infinite"
    raise TrialFailed(
        f"{what} is {kind} at {where}. The training diverged; a lower learning rate or "
        "a smaller clipnorm helps."
    )


def _score(point: EpochPoint) -> float:
    assert point.score is not None
    return point.score
