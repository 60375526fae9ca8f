"""Check what a study left on disk and in the storage, and mend what is safe."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from search.config import Environment
from search.errors import StudyCorrupted
from search.jobs.orphans import PATIENCE_SECONDS, OrphanWatch
from search.jobs.process_audit import held_locks, stray_processes
from search.jobs.trial_audit import odd_trials
from search.jobs.winner_audit import odd_winners
from search.study.control import (
    needs_supervisor,
    read_control,
    read_state,
)
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.storage.opening import sqlite_path
from search.study.studies import load_panel_series, unreadable_studies
from search.study.trials.claims import reap_dead_trials, replay_spool

OLD_SECONDS = 3600.0


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it should be.

    Attributes
    ----------
    study
        Uuid of the study or name of its folder.
    message
        What is wrong, and what was or can be done, in one or two sentences.
    is_mended
        Whether it is in order now, or needs nothing but time.
    """

    study: str
    message: str
    is_mended: bool


def audit_folders(environment: Environment) -> tuple[Fault, ...]:
    """Return the folders that should be studies and cannot be read."""
    return tuple(
        Fault(name, f"The study cannot be read: {reason}", is_mended=False)
        for name, reason in unreadable_studies(environment).items()
    )


def audit_storage(environment: Environment) -> tuple[Fault, ...]:
    """Return what SQLite finds wrong with its file; a server looks after itself."""
    path = sqlite_path(environment.storage_url)
    if path is None or not path.exists():
        return ()
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found == "ok":
        return ()
    message = f"The storage is damaged ({found}). Restore it from a copy."
    return (Fault(path.name, message, is_mended=False),)


def audit_study(handle: StudyHandle) -> tuple[Fault, ...]:
    """Check one study; close trials of dead workers and store results in the spool.

    Processes whose supervisor is gone get time to end by themselves and are ended
    then. Nothing is deleted but temporary files that are older than an hour.
    """
    faults: list[Fault] = []
    for check in _CHECKS:
        try:
            faults.extend(check(handle))
        except StudyCorrupted as error:
            faults.append(Fault(handle.uuid, str(error), is_mended=False))
    return tuple(dict.fromkeys(faults))


def _check_files(handle: StudyHandle) -> list[Fault]:
    """Check that snapshot, wishes and state can be read."""
    load_panel_series(handle)
    read_control(handle)
    read_state(handle)
    return []


def _check_trials(handle: StudyHandle) -> list[Fault]:
    """Check that the Optuna study is there, and that no trial waits for the dead."""
    faults = []
    study = open_study(handle)
    spool = handle.folder / "spool"
    told = replay_spool(handle, study)
    if told:
        text = f"Results were left in the spool, stored now: trials {_numbers(told)}."
        faults.append(_mended(handle, text))
    for path in sorted(spool.glob("[0-9]*.json")):
        faults.append(_wrong(handle, f"spool/{path.name} is not a result."))
    reaped = [trial.number for trial in reap_dead_trials(handle, study)]
    if reaped:
        text = f"Trials ran without a worker, closed now: {_numbers(reaped)}."
        faults.append(_mended(handle, text))
    faults += [_wrong(handle, text) for text in odd_trials(handle)]
    return faults


def _check_winners(handle: StudyHandle) -> list[Fault]:
    """Check that results and winners are what was proved when they were made."""
    return [_wrong(handle, text) for text in odd_winners(handle)]


def _check_processes(handle: StudyHandle) -> list[Fault]:
    """End what hangs without its supervisor; check that no lock is kept."""
    ended = [
        _mended(
            handle,
            f"{orphan} went on without its supervisor {orphan.supervisor} and did not "
            "end by itself; it was ended.",
        )
        for orphan in OrphanWatch(handle, patience_seconds=PATIENCE_SECONDS).wait()
    ]
    found = [*stray_processes(handle), *held_locks(handle)]
    return ended + [_wrong(handle, text) for text in found]


def _remove_temporary_files(handle: StudyHandle) -> list[Fault]:
    """Remove what was half written when its process ended."""
    old = [
        path
        for path in handle.folder.rglob(".*")
        if path.is_file() and time.time() - path.stat().st_mtime > OLD_SECONDS
    ]
    for path in old:
        path.unlink(missing_ok=True)
    if not old:
        return []
    return [_mended(handle, f"{len(old)} half written files were removed.")]


def _check_supervisor(handle: StudyHandle) -> list[Fault]:
    """Check that a study that should run does run."""
    if not needs_supervisor(handle):
        return []
    return [
        _wrong(
            handle,
            "The study should run and nobody sees to it. Go on with: "
            f"python -m search resume {handle.uuid[:8]}",
        )
    ]


def _mended(handle: StudyHandle, message: str) -> Fault:
    return Fault(handle.uuid, message, is_mended=True)


def _wrong(handle: StudyHandle, message: str) -> Fault:
    return Fault(handle.uuid, message, is_mended=False)


def _numbers(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


_CHECKS: tuple[Callable[[StudyHandle], list[Fault]], ...] = (
    _check_files,
    # Before the trials: closing them takes the lock that may be held.
    _check_processes,
    _check_trials,
    _check_winners,
    _remove_temporary_files,
    _check_supervisor,
)
