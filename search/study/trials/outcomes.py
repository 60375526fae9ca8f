"""How a trial ends: told by its worker, replayed from the spool, or reaped.

A result is written to ``spool/<number>.json`` before the storage is told, so a fault
of the storage never costs a finished training. The storage is told under the claim
lock, after the study's uuid, the owner and the state were checked, so a worker that
comes late changes nothing.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import msgspec
import optuna
from optuna.trial import FrozenTrial, TrialState

from search.disk import insist
from search.fault_points import reach
from search.study.folders import StudyHandle
from search.study.optuna_study import check_uuid, claim_lock
from search.study.storage.batching import batching_storage
from search.study.storage.opening import call_storage
from search.study.trials.listing import FailureKind
from search.study.trials.owners import Owner, is_alive, read_owner
from search.study.trials.spool import (
    SpoolEntry,
    TrialRecord,
    read_entry,
    spool_path,
    spooled_paths,
    write_entry,
)

LONGEST_REASON = 1_000
# Beyond any error of a forecast; sums of several such numbers are not finite.
LARGEST_SCORE = 1e300

__all__ = [
    "ReapedTrial",
    "TrialRecord",
    "clear_spool",
    "close_abandoned",
    "fail_trial",
    "finish_trial",
    "reap_dead_trials",
    "replay_spool",
]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReapedTrial:
    """A trial whose worker died.

    Attributes
    ----------
    number
        Number of the trial.
    fate
        ``told``: its finished result was in the spool; ``retried``: failed, and its
        configuration waits to be tried again; ``failed``: failed for good.
    """

    number: int
    fate: Literal["told", "retried", "failed"]


def finish_trial(
    handle: StudyHandle,
    study: optuna.Study,
    number: int,
    record: TrialRecord,
    *,
    owner: Owner,
) -> bool:
    """Store the result of a trial; return whether it counted.

    It does not count if the trial was closed meanwhile or belongs to another worker.
    A score that is not finite fails the trial. If the storage stays out of reach,
    the result stays in the spool; while the disk is full, this waits.

    Raises
    ------
    StudyCorrupted
        If the study was deleted.
    """
    if record.outcome == "complete" and not _is_sound(record):
        reason = f"The score is not a finite number ({record.score})."
        return fail_trial(handle, study, number, reason, owner=owner)
    storage = batching_storage(study)
    reports = storage.pending_reports(study._study_id, number)
    entry = SpoolEntry(handle.uuid, number, owner, record, reports)
    path = spool_path(handle, number)

    def tell() -> bool:
        if not path.exists():
            write_entry(handle, entry)
        reach("between_fit_and_tell")
        return call_storage(partial(_tell_entry, handle, study, entry))

    counted = insist(tell, handle.folder)
    storage.forget_reports(study._study_id, number)
    path.unlink(missing_ok=True)
    return counted


def fail_trial(
    handle: StudyHandle,
    study: optuna.Study,
    number: int,
    reason: str,
    *,
    owner: Owner,
    kind: FailureKind = "trial",
) -> bool:
    """Store that a trial failed and why; return whether it counted.

    Parameters
    ----------
    reason
        One sentence for the user; cut at 1,000 characters.
    kind
        ``trial`` if the configuration is at fault, ``memory`` if it is too large.
    """

    def fail() -> bool:
        with claim_lock(handle), batching_storage(study).together():
            check_uuid(handle, study)
            trial = _running_trial(study, number, owner)
            if trial is not None:
                _close_failed(study, trial, reason, kind)
            return trial is not None

    return insist(lambda: call_storage(fail), handle.folder)


def reap_dead_trials(
    handle: StudyHandle,
    study: optuna.Study,
    *,
    pid: int | None = None,
    reason: str = "The worker was ended from outside.",
    kind: FailureKind = "killed",
) -> list[ReapedTrial]:
    """Close the running trials whose worker is dead.

    A result in the spool is told. Else the trial fails; the configuration of a killed
    worker is queued again, once. One that ran out of memory is not: it would again.
    Trials of other machines are left alone.

    Parameters
    ----------
    pid
        Only the trials of this process of this machine; by default of all dead ones.
    reason, kind
        Why they died, as far as the caller knows.
    """

    def is_dead(owner: Owner) -> bool:
        return (pid is None or owner.pid == pid) and is_alive(owner) is False

    def reap() -> list[ReapedTrial]:
        with claim_lock(handle):
            with batching_storage(study).together():
                check_uuid(handle, study)
                reaped = close_abandoned(
                    handle, study, is_dead, reason=reason, kind=kind
                )
            clear_spool(handle, reaped)
            return reaped

    return call_storage(reap)


def close_abandoned(
    handle: StudyHandle,
    study: optuna.Study,
    is_dead: Callable[[Owner], bool],
    *,
    reason: str,
    kind: FailureKind,
) -> list[ReapedTrial]:
    """Close running trials of dead owners, and those that nobody owns.

    The caller holds the claim lock; so a running trial without an owner is one whose
    worker died while it claimed. The caller also stores all of it in one transaction,
    and calls `clear_spool` after that.
    """
    reaped = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        owner = read_owner(trial.user_attrs.get("owner"))
        if owner is not None and not is_dead(owner):
            continue
        entry = read_entry(spool_path(handle, trial.number))
        if entry is not None and entry.uuid == handle.uuid and entry.owner == owner:
            _close_finished(study, trial, entry)
            reaped.append(ReapedTrial(trial.number, "told"))
        else:
            is_retried = _close_failed(study, trial, reason, kind)
            fate: Literal["retried", "failed"] = "retried" if is_retried else "failed"
            reaped.append(ReapedTrial(trial.number, fate))
    return reaped


def clear_spool(handle: StudyHandle, reaped: Iterable[ReapedTrial]) -> None:
    """Remove the results that `close_abandoned` told, now that they are stored."""
    for trial in reaped:
        if trial.fate == "told":
            spool_path(handle, trial.number).unlink(missing_ok=True)


def replay_spool(handle: StudyHandle, study: optuna.Study) -> list[int]:
    """Tell the storage the results that a fault left in the spool.

    Returns
    -------
    list of int
        Numbers of the trials that counted now. Results of trials that were closed
        meanwhile are dropped; files that cannot be read are kept.
    """
    told = []
    for path in spooled_paths(handle):
        entry = read_entry(path)
        if entry is None or entry.uuid != handle.uuid:
            _logger.warning("Study %s: %s is not a result", handle.uuid, path.name)
            continue
        if call_storage(partial(_tell_entry, handle, study, entry)):
            told.append(entry.number)
        path.unlink(missing_ok=True)
    return told


def _tell_entry(handle: StudyHandle, study: optuna.Study, entry: SpoolEntry) -> bool:
    with claim_lock(handle), batching_storage(study).together():
        check_uuid(handle, study)
        trial = _running_trial(study, entry.number, entry.owner)
        if trial is None:
            _logger.info("Study %s, trial %d: late", handle.uuid, entry.number)
            return False
        _close_finished(study, trial, entry)
        return True


def _running_trial(
    study: optuna.Study, number: int, owner: Owner
) -> FrozenTrial | None:
    """Return the trial if it still runs and belongs to `owner`."""
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    trial = next((trial for trial in running if trial.number == number), None)
    if trial is None or read_owner(trial.user_attrs.get("owner")) != owner:
        return None
    return trial


def _close_finished(study: optuna.Study, trial: FrozenTrial, entry: SpoolEntry) -> None:
    """Store a result as `Study.tell` does, without its reading the trial again.

    The value of a pruned trial is that of its last report.
    """
    # A finished trial cannot be changed: reports and attributes first.
    storage = batching_storage(study)
    storage.add_reports(trial._trial_id, entry.reports)
    attributes = msgspec.to_builtins(entry.record)
    is_complete = attributes.pop("outcome") == "complete"
    score = attributes.pop("score")
    if not entry.record.rate_drops:
        # As most trials; a result of an earlier version does not name them at all.
        attributes.pop("rate_drops", None)
    _set_attributes(study, trial, attributes)
    reports = {**trial.intermediate_values, **entry.reports}
    if is_complete:
        storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [score])
    else:
        last = reports[max(reports)] if reports else math.nan
        values = None if math.isnan(last) else [last]
        storage.set_trial_state_values(trial._trial_id, TrialState.PRUNED, values)


def _close_failed(
    study: optuna.Study, trial: FrozenTrial, reason: str, kind: FailureKind
) -> bool:
    """Fail a trial; return whether its configuration was queued again."""
    queued = trial.system_attrs.get("fixed_params", {})
    params = {**queued, **trial.params}
    is_retried = bool(
        kind == "killed" and params and "retry_of" not in trial.user_attrs
    )
    attributes: dict[str, Any] = {"error": reason[:LONGEST_REASON], "failure": kind}
    if is_retried:
        attributes["is_retried"] = True
    _set_attributes(study, trial, attributes)
    batching_storage(study).set_trial_state_values(trial._trial_id, TrialState.FAIL)
    if is_retried:
        again: dict[str, Any] = {"retry_of": trial.number}
        if trial.user_attrs.get("is_asked"):
            again["is_asked"] = True
        study.enqueue_trial(params, user_attrs=again)
    return is_retried


def _set_attributes(
    study: optuna.Study, trial: FrozenTrial, attributes: Mapping[str, Any]
) -> None:
    # Optuna has no public way to write to a trial of another process.
    storage = batching_storage(study)
    for name, value in attributes.items():
        storage.set_trial_user_attr(trial._trial_id, name, value)


def _is_sound(record: TrialRecord) -> bool:
    scores: tuple[object, ...] = (record.score, *record.fold_scores)
    return all(
        isinstance(score, int | float) and abs(score) < LARGEST_SCORE
        for score in scores
    )
