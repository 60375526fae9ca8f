"""One view of a study for terminal and page: counts, the best, what is left to do."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from search.config import Cell, Training
from search.space.lines import Value
from search.study.control import Control, State, StateRecord, read_control, read_state
from search.study.eta import Plan, remaining_seconds
from search.study.folders import StudyHandle
from search.study.results import TrialCounts
from search.study.trials.listing import TrialView, read_trials
from search.study.trials.selection import best_trials


@dataclass(frozen=True)
class RunningTrial:
    """A trial that is being trained.

    Attributes
    ----------
    epoch, epochs
        Epochs finished and the most that it may run.
    score
        Mean validation score of the last epoch; None before the first.
    seconds
        Seconds since it was claimed.
    """

    number: int
    cell: Cell
    params: dict[str, Value]
    epoch: int
    epochs: int
    score: float | None
    seconds: float


@dataclass(frozen=True)
class Progress:
    """Where a study stands; numbers only, the words belong to the reader.

    Attributes
    ----------
    state, message
        As in `StateRecord`.
    n_done
        Complete and pruned trials.
    n_trials
        Trials of the budget; None if only time limits the search.
    counts
        How the trials ended; `per_cell` counts the done ones.
    seconds_used, seconds_budget
        Seconds of searching so far, and allowed (None: no limit).
    fraction
        Share of the budget that is used, 0 to 1; the larger of trials and seconds.
    eta_seconds
        Seconds until the results are there, refit included; None while nothing runs
        or nothing is known.
    best
        Best complete trial of each cell.
    running
        Trials that are being trained.
    failures
        Failed trials, the latest first.
    trials
        All trials.
    refitted
        Cells whose winner is trained and scored.
    workers
        Living worker processes.
    is_enough
        Whether the search ended by itself before its budget was used.
    judged_from
        As in `StateRecord`.
    """

    state: State
    message: str
    n_done: int
    n_trials: int | None
    counts: TrialCounts
    seconds_used: float
    seconds_budget: float | None
    fraction: float
    eta_seconds: float | None
    best: dict[Cell, TrialView]
    running: tuple[RunningTrial, ...]
    failures: tuple[TrialView, ...]
    trials: tuple[TrialView, ...]
    refitted: tuple[Cell, ...]
    workers: int
    is_enough: bool = False
    judged_from: int = 0


def read_progress(handle: StudyHandle) -> Progress:
    """Return where the study stands now.

    Raises
    ------
    StudyCorrupted
        If its storage or files cannot be used.
    """
    trials = read_trials(handle)
    control, state = read_control(handle), read_state(handle)
    plan = Plan.of(handle.settings, control.budget, state, handle.n_rows)
    return make_progress(trials, control, state, plan, handle.settings.training)


def count_trials(trials: Sequence[TrialView]) -> TrialCounts:
    """Return how the trials ended; `per_cell` counts complete and pruned ones."""
    states = Counter(trial.state for trial in trials)
    cells: Counter[str] = Counter(trial.cell for trial in trials if trial.is_done)
    return TrialCounts(
        complete=states["complete"],
        pruned=states["pruned"],
        failed=states["failed"],
        per_cell=dict(cells),
    )


def make_progress(
    trials: Sequence[TrialView],
    control: Control,
    state: StateRecord,
    plan: Plan,
    training: Training,
) -> Progress:
    """Put together what was read; see `Progress`."""
    counts = count_trials(trials)
    n_done = counts.complete + counts.pruned
    failed = [trial for trial in trials if trial.state == "failed"]
    return Progress(
        state=state.state,
        message=state.message,
        n_done=n_done,
        n_trials=control.budget.trials,
        counts=counts,
        seconds_used=state.seconds_used,
        seconds_budget=control.budget.seconds,
        fraction=_fraction(n_done, control, state),
        eta_seconds=remaining_seconds(trials, plan),
        best=best_trials(trials),
        running=tuple(
            _running(trial, training) for trial in trials if trial.state == "running"
        ),
        failures=tuple(reversed(failed)),
        trials=tuple(trials),
        refitted=state.refitted,
        workers=len(state.workers),
        is_enough=state.is_enough,
        judged_from=state.judged_from,
    )


def _running(trial: TrialView, training: Training) -> RunningTrial:
    return RunningTrial(
        number=trial.number,
        cell=trial.cell,
        params=trial.params,
        epoch=trial.epochs_run,
        epochs=training.epochs,
        score=trial.score,
        seconds=trial.seconds_total or 0.0,
    )


def _fraction(n_done: int, control: Control, state: StateRecord) -> float:
    if state.state in ("refitting", "finished"):
        return 1.0
    shares = [0.0]
    if control.budget.trials is not None:
        shares.append(n_done / control.budget.trials)
    if control.budget.seconds is not None:
        shares.append(state.seconds_used / control.budget.seconds)
    return min(1.0, max(shares))
