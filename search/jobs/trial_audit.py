"""Whether the trials of a study agree with each other, its budget and its curves."""

import math
from collections.abc import Iterable, Iterator
from statistics import fmean

from search.config import Budget
from search.study.control import Control, StateRecord, read_control, read_state
from search.study.folders import StudyHandle
from search.study.trials.curves import read_curve
from search.study.trials.listing import TrialView, read_numbers, read_trials_anew

_TOLERANCE = 1e-9


def odd_trials(handle: StudyHandle) -> list[str]:
    """Return a sentence for everything that cannot be true.

    To be asked after trials of dead workers were closed.

    Raises
    ------
    StudyCorrupted
        If the storage or a file of the study cannot be used.
    """
    control, state = read_control(handle), read_state(handle)
    trials = read_trials_anew(handle)
    return [
        *_odd_numbers(read_numbers(handle)),
        *_odd_total(handle, control, state, sum(trial.is_done for trial in trials)),
        *(text for trial in trials for text in _odd_score(handle, trial)),
    ]


def _odd_numbers(numbers: Iterable[int]) -> Iterator[str]:
    found = sorted(numbers)
    if len(set(found)) < len(found):
        twice = sorted({one for one in found if found.count(one) > 1})
        yield f"Several trials have the same number: {_listed(twice)}."
    missing = sorted(set(range(max(found, default=-1) + 1)) - set(found))
    if missing:
        yield f"The numbers of its trials have gaps: {_listed(missing)} are missing."


def _odd_total(
    handle: StudyHandle, control: Control, state: StateRecord, n_done: int
) -> Iterator[str]:
    budgets = [handle.settings.budget, control.budget]
    budgets += [change.budget for change in control.history if change.budget]
    most = _largest(budgets)
    if most is not None and n_done > most:
        yield f"{n_done} trials are done where {most} were asked for at most."
    wanted = control.budget.trials
    # A message says why it ended; a later wish or budget is not answered yet.
    is_whole = state.state == "finished" and not state.message and not state.is_enough
    if is_whole and control.updated <= state.updated and n_done < (wanted or 0):
        yield f"The search is finished with {n_done} of {wanted} trials."


def _largest(budgets: Iterable[Budget]) -> int | None:
    """Return the most trials that any budget allowed; None if one had no limit."""
    limits = [budget.trials for budget in budgets]
    known = [limit for limit in limits if limit is not None]
    return max(known) if len(known) == len(limits) else None


def _odd_score(handle: StudyHandle, trial: TrialView) -> Iterator[str]:
    """Compare the score of a complete trial with its folds and its curve."""
    if trial.state != "complete":
        return
    name = f"Trial {trial.number}"
    if trial.score is None:
        yield f"{name} is complete and has no finite score."
        return
    if trial.fold_scores and not _is_equal(fmean(trial.fold_scores), trial.score):
        yield (
            f"{name} has the score {trial.score:g}, and its folds have the mean "
            f"{fmean(trial.fold_scores):g}."
        )
    curve = {one.epoch: one.score for one in read_curve(handle.folder, trial.number)}
    recorded = curve.get(trial.best_epoch or 0)
    if recorded is not None and not _is_equal(recorded, trial.score):
        yield (
            f"{name} has the score {trial.score:g}, and its learning curve has "
            f"{recorded:g} at epoch {trial.best_epoch}."
        )


def _is_equal(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
