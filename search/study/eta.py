"""How long a study will still take, from the trials that it has finished."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from search.config import Balance, Budget, Cell
from search.study.control import State, StateRecord
from search.study.settings import StudySettings
from search.study.trials.listing import TrialView
from search.study.trials.selection import best_trials

# To start a process with TensorFlow, score, export and check one winner.
WINNER_SECONDS = 14.0
# To export and check one more network where the average of several is delivered.
NETWORK_SECONDS = 2.0
# Share of the allowed epochs that early stopping leaves, before anything is known.
USUAL_EPOCHS_SHARE = 0.6
# A running trial counts as unfinished however long it has taken.
LEAST_LEFT_SHARE = 0.05


@dataclass(frozen=True)
class Plan:
    """What a study still has to do.

    Attributes
    ----------
    state
        Nothing is estimated for a study that does not run.
    n_trials, seconds_left
        The trial budget, and what is left of the time budget; None without.
    workers
        Trials at a time.
    cells, balance
        Cells that take part and how trials are spread over them.
    epochs
        Epochs that a trial is expected to take before any has finished.
    refit_share
        Training windows of the refit over those of all folds together.
    refit_seeds
        Trainings of each winner.
    networks
        Networks in each delivered model.
    refitted, refit_seconds
        Winners that are done, and seconds since the refit began.
    """

    state: State
    n_trials: int | None
    seconds_left: float | None
    workers: int
    cells: tuple[Cell, ...]
    balance: Balance
    epochs: float
    refit_share: float
    refit_seeds: int
    refitted: tuple[Cell, ...] = ()
    refit_seconds: float = 0.0
    networks: int = 1

    @classmethod
    def of(
        cls, settings: StudySettings, budget: Budget, state: StateRecord, n_rows: int
    ) -> "Plan":
        """Return the plan of a study from its settings and its state."""
        training = settings.training
        left = None
        if budget.seconds is not None:
            left = max(0.0, budget.seconds - state.seconds_used)
        return cls(
            state=state.state,
            n_trials=budget.trials,
            seconds_left=left,
            workers=len(state.workers) or settings.workers,
            cells=settings.space.cells,
            balance=training.balance,
            epochs=training.epochs * (USUAL_EPOCHS_SHARE if training.patience else 1),
            refit_share=_refit_share(settings, n_rows),
            refit_seeds=training.refit_seeds,
            refitted=state.refitted,
            refit_seconds=state.refit_seconds,
            networks=training.networks,
        )


def remaining_seconds(trials: Sequence[TrialView], plan: Plan) -> float | None:
    """Return the seconds until the results are there; None where nothing is known.

    The trials that are left, each as long as the finished ones of its cell, shared by
    the workers, or the rest of the time budget if that is less; then the refit.
    """
    if plan.state == "refitting":
        return _refit_left(trials, plan)
    if plan.state != "searching":
        return None
    search = _search_seconds(trials, plan)
    if plan.seconds_left is not None:
        search = min(plan.seconds_left, math.inf if search is None else search)
    return None if search is None else search + _refit_seconds(trials, plan, ())


def _search_seconds(trials: Sequence[TrialView], plan: Plan) -> float | None:
    if plan.n_trials is None:
        return None
    done = [trial for trial in trials if trial.is_done]
    n_left = plan.n_trials - len(done)
    if n_left <= 0:
        return 0.0
    running = [trial for trial in trials if trial.state == "running"]
    means = _mean_seconds(done, plan.cells) or _guessed_seconds(running, plan)
    if means is None:
        return None
    shares = _left_by_cell(done, plan, n_left)
    work = sum(shares[cell] * means[cell] for cell in plan.cells)
    longest = 0.0
    for trial in running:
        mean = means.get(trial.cell, 0.0)
        elapsed = min(trial.seconds_total or 0.0, (1 - LEAST_LEFT_SHARE) * mean)
        work -= elapsed
        longest = max(longest, mean - elapsed)
    if n_left > len(running):
        longest = max(longest, min(means.values()))
    return max(work / plan.workers, longest)


def _mean_seconds(
    done: Sequence[TrialView], cells: Sequence[Cell]
) -> dict[Cell, float] | None:
    """Return the mean of each cell, drawn to the mean of all by one trial's weight."""
    known = [trial for trial in done if trial.seconds_total is not None]
    if not known:
        return None
    overall = _mean([trial.seconds_total or 0.0 for trial in known])
    means = {}
    for cell in cells:
        own = [trial.seconds_total or 0.0 for trial in known if trial.cell == cell]
        means[cell] = _mean([*own, overall])
    return means


def _guessed_seconds(
    running: Sequence[TrialView], plan: Plan
) -> dict[Cell, float] | None:
    """Return what a trial will take by the epochs of those that run."""
    guesses = [
        max(trial.seconds_total / trial.epochs_run * plan.epochs, trial.seconds_total)
        for trial in running
        if trial.seconds_total and trial.epochs_run
    ]
    if not guesses:
        return None
    return dict.fromkeys(plan.cells, _mean(guesses))


def _left_by_cell(
    done: Sequence[TrialView], plan: Plan, n_left: int
) -> dict[Cell, float]:
    """Spread the trials that are left over the cells."""
    counts = {cell: sum(trial.cell == cell for trial in done) for cell in plan.cells}
    if plan.balance == "equal_trials":
        quota = (n_left + len(done)) / len(plan.cells)
        wanted = {cell: max(0.0, quota - count) for cell, count in counts.items()}
    else:
        wanted = {cell: count + 1.0 for cell, count in counts.items()}
    scale = n_left / (sum(wanted.values()) or 1.0)
    return {cell: share * scale for cell, share in wanted.items()}


def _refit_left(trials: Sequence[TrialView], plan: Plan) -> float:
    everything = _refit_seconds(trials, plan, ())
    left = _refit_seconds(trials, plan, plan.refitted)
    return min(left, max(everything - plan.refit_seconds, LEAST_LEFT_SHARE * left))


def _refit_seconds(
    trials: Sequence[TrialView], plan: Plan, refitted: Sequence[Cell]
) -> float:
    """Return the seconds to train all winners again that are not yet `refitted`."""
    best = best_trials(trials)
    known = {cell: _winner_seconds(trial, plan) for cell, trial in best.items()}
    usual = _mean(list(known.values())) if known else WINNER_SECONDS
    cells = best if plan.state == "refitting" else plan.cells
    each = [known.get(cell, usual) for cell in cells if cell not in refitted]
    return max(sum(each) / plan.workers, max(each, default=0.0))


def _winner_seconds(trial: TrialView, plan: Plan) -> float:
    epoch = (trial.seconds_train or 0.0) / max(1, trial.epochs_run)
    epochs = trial.best_epoch or trial.epochs_run
    training = epochs * epoch * plan.refit_share * plan.refit_seeds
    export = NETWORK_SECONDS * (plan.networks - 1)
    return WINNER_SECONDS + export + (trial.seconds_compile or 0.0) + training


def _refit_share(settings: StudySettings, n_rows: int) -> float:
    """Return the windows of the refit over the training windows of all folds.

    Standard folds train on 1, 2 .. K parts of K + 1, together K / 2 of the series.
    """
    folds = settings.task.folds
    size = settings.task.valid_size
    if size is None:
        return 2 / folds
    first = settings.space.first_origin(settings.task.season)
    n_windows = max(1, n_rows - settings.task.holdout - first)
    n_folds = folds * n_windows - size * folds * (folds + 1) / 2
    return n_windows / max(n_folds, 1.0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
