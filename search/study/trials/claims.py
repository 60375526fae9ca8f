"""How a worker gets its next trial: under one lock, so that totals are exact.

Workers call `claim_trial`, train, then `finish_trial` or `fail_trial`; the supervisor
calls `replay_spool` and `reap_dead_trials`.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import optuna
from optuna.trial import FrozenTrial, TrialState

from search.disk import insist
from search.fault_points import reach
from search.space.earlier import current
from search.space.lines import Line, TrialParams
from search.study.control import Control, read_control, read_state
from search.study.folders import StudyHandle
from search.study.optuna_study import check_uuid, claim_lock
from search.study.storage.batching import batching_storage
from search.study.storage.opening import call_storage
from search.study.trials.listing import REMOVED, FailureKind
from search.study.trials.outcomes import (
    ReapedTrial,
    TrialRecord,
    clear_spool,
    close_abandoned,
    fail_trial,
    finish_trial,
    reap_dead_trials,
    replay_spool,
)
from search.study.trials.owners import Owner, current_owner, is_alive, owner_of
from search.study.trials.turns import derive_seed, make_sampler, next_cell

__all__ = [
    "Claim",
    "ClaimReason",
    "Owner",
    "ReapedTrial",
    "TrialRecord",
    "claim_trial",
    "current_owner",
    "fail_trial",
    "finish_trial",
    "is_alive",
    "owner_of",
    "reap_dead_trials",
    "replay_spool",
]

MOST_DRAWS = 10

_WORKER_ENDS: tuple[FailureKind, ...] = ("memory", "time")
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)

ClaimReason = Literal[
    "claimed",  # here is a trial
    "wait",  # the running trials fill the budget; one may fail, so ask again
    "budget",  # the budget is used up; nothing will come
    "wish",  # the user wants the study paused or stopped
]


@dataclass(frozen=True)
class Claim:
    """The answer to a worker that asks for work.

    Attributes
    ----------
    reason
        See `ClaimReason`; the other fields are None unless it is ``claimed``.
    trial
        The trial, for `report` and `should_prune`.
    params
        Its complete configuration, already stored.
    seed
        Seed for initial weights and batch order.
    """

    reason: ClaimReason
    trial: optuna.Trial | None = None
    params: TrialParams | None = None
    seed: int | None = None


def claim_trial(handle: StudyHandle, study: optuna.Study, owner: Owner) -> Claim:
    """Give the next trial of the study to `owner`.

    Under the claim lock: complete, pruned and running trials are counted against the
    budget, queued configurations go first (of these, what a person asked for), else
    the cell with the fewest trials has its turn. The trial is marked with its owner
    and its configuration is stored before the lock is given back. What the user
    narrowed meanwhile holds from this claim on.

    A worker has one trial at a time: one that it still holds is closed first.

    Parameters
    ----------
    study
        From `open_study`; its sampler is replaced.

    Raises
    ------
    StudyCorrupted
        If the study was deleted or its storage is damaged.
    """
    return insist(
        lambda: call_storage(lambda: _claim(handle, study, owner)), handle.folder
    )


def _claim(handle: StudyHandle, study: optuna.Study, owner: Owner) -> Claim:
    with claim_lock(handle):
        with batching_storage(study).together():
            check_uuid(handle, study)
            reaped = close_abandoned(
                handle,
                study,
                lambda other: other == owner,
                reason="The worker lost this trial.",
                kind="killed",
            )
            trials = study.get_trials(deepcopy=False)
            control = read_control(handle)
            refusal = _refusal(handle, trials, control)
            claim = (
                _take_new(handle, study, trials, owner, narrowed=control.narrowed)
                if refusal is None
                else Claim(refusal)
            )
            reach("holding_claim_lock")
        clear_spool(handle, reaped)
        return claim


def _refusal(
    handle: StudyHandle, trials: Sequence[FrozenTrial], control: Control
) -> ClaimReason | None:
    if control.wish != "run":
        return "wish"
    budget = control.budget
    seconds, most = budget.seconds, budget.trials
    if seconds is not None or budget.stop_early:
        state = read_state(handle)
        if seconds is not None and state.seconds_used >= seconds:
            return "budget"
        if budget.stop_early and state.is_enough:
            return "budget"
    n_done = sum(trial.state in _DONE for trial in trials)
    if most is None or n_done + _count_running(trials) < most:
        return None
    return "wait" if n_done < most else "budget"


def _take_new(
    handle: StudyHandle,
    study: optuna.Study,
    trials: Sequence[FrozenTrial],
    owner: Owner,
    *,
    narrowed: Sequence[Line],
) -> Claim:
    """Take a trial whose configuration has not ended a worker before.

    A configuration that ran out of memory or time would do so again. It is set aside,
    unless a person asks for it, and another one is drawn at random, because the
    sampler knows nothing of failures and may want it again; where nothing else comes,
    it is tried.
    """
    for n_left in reversed(range(MOST_DRAWS)):
        at_random = n_left < MOST_DRAWS - 1
        claim = _take(
            handle, study, trials, owner, narrowed=narrowed, at_random=at_random
        )
        assert claim.trial is not None
        culprit = _culprit(trials, claim.trial)
        if culprit is None or n_left == 0:
            break
        _set_aside(study, claim.trial, culprit)
        trials = study.get_trials(deepcopy=False)
    return claim


def _culprit(trials: Sequence[FrozenTrial], taken: optuna.Trial) -> int | None:
    """Return the trial with the same configuration that ended its worker, if any."""
    if taken.user_attrs.get("is_asked"):
        return None
    params = taken.params
    for trial in trials:
        failure = trial.user_attrs.get("failure")
        if failure in _WORKER_ENDS and trial.params == params:
            return trial.number
    return None


def _set_aside(study: optuna.Study, taken: optuna.Trial, culprit: int) -> None:
    """Close a trial that was just taken as one that was removed from the queue."""
    storage = batching_storage(study)
    reason = (
        f"Not tried: this is the configuration of trial {culprit}, which ended its "
        "worker."
    )
    storage.set_trial_user_attr(taken._trial_id, "error", reason)
    storage.set_trial_user_attr(taken._trial_id, "failure", REMOVED)
    storage.set_trial_state_values(taken._trial_id, TrialState.FAIL)


def _take(
    handle: StudyHandle,
    study: optuna.Study,
    trials: Sequence[FrozenTrial],
    owner: Owner,
    *,
    narrowed: Sequence[Line],
    at_random: bool,
) -> Claim:
    settings = handle.settings
    queued = [trial for trial in trials if trial.state == TrialState.WAITING]
    first = min(queued, key=_place_in_queue, default=None)
    number = len(trials) if first is None else first.number
    if first is not None:
        _bring_inside(study, first, narrowed)
    fixed: dict[str, object] = {}
    cells = settings.space.cells
    if settings.training.balance == "equal_trials" and len(cells) > 1:
        fixed["cell"] = next_cell(trials, cells)
    study.sampler = make_sampler(
        settings,
        number=number,
        fixed=fixed,
        former=study.sampler,
        narrowed=narrowed,
        at_random=at_random,
    )
    seed = derive_seed(settings.training.seed, number, purpose=1)
    trial = study.ask() if first is None else _start_queued(study, first)
    trial.set_user_attr("owner", msgspec.to_builtins(owner))
    trial.set_user_attr("seed", seed)
    with warnings.catch_warnings():
        # A queued value between the steps of its range is what the user wants.
        warnings.filterwarnings("ignore", "Fixed parameter", UserWarning)
        params = settings.space.suggest(trial)
    return Claim("claimed", trial, params, seed)


def _place_in_queue(trial: FrozenTrial) -> tuple[bool, int]:
    return not trial.user_attrs.get("is_asked"), trial.number


def _start_queued(study: optuna.Study, queued: FrozenTrial) -> optuna.Trial:
    """Return the trial that waits as one that runs.

    `Study.ask` does the same with the lowest number that waits and cannot be given
    another one. Nobody else starts it meanwhile: the caller holds the claim lock.
    """
    study._storage.set_trial_state_values(queued._trial_id, TrialState.RUNNING)
    study._thread_local.cached_all_trials = None
    return optuna.Trial(study, queued._trial_id)


def _bring_inside(
    study: optuna.Study, queued: FrozenTrial, narrowed: Sequence[Line]
) -> None:
    """Leave values outside the narrowed lines to the sampler.

    What a person asked for is tried as it is; but what an earlier version queued is
    called as it is now.
    """
    given = queued.system_attrs.get("fixed_params", {})
    kept = current(given)
    if not queued.user_attrs.get("is_asked"):
        outside = [
            line.name
            for line in narrowed
            if line.name in kept and not line.contains(kept[line.name])
        ]
        kept = {name: value for name, value in kept.items() if name not in outside}
    if kept != given:
        # Optuna has no public way to change a configuration that waits.
        study._storage.set_trial_system_attr(queued._trial_id, "fixed_params", kept)


def _count_running(trials: Sequence[FrozenTrial]) -> int:
    return sum(trial.state == TrialState.RUNNING for trial in trials)
