"""Every damage is found: the audit must be able to fail."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from search.config import Budget
from search.jobs import audit, process_audit
from search.jobs.audit import audit_study
from search.locks import try_lock
from search.study.control import StateRecord, read_state, set_budget, wish, write_state
from search.study.folders import CLAIM_LOCK, SUPERVISOR_LOCK, StudyHandle
from search.study.optuna_study import open_study
from search.study.progress import count_trials
from search.study.results import StudyResults, save_results
from search.study.storage.opening import sqlite_path
from search.study.trials.claims import (
    TrialRecord,
    claim_trial,
    current_owner,
    finish_trial,
)
from search.study.trials.curves import CurveWriter, EpochPoint
from search.study.trials.listing import read_trials
from search.worker.toy import make_toy_winner

MakeStudy = Callable[..., StudyHandle]


@pytest.fixture
def searched(make_study: MakeStudy) -> StudyHandle:
    """Return a study with three results and the winner of a cell."""
    handle = make_study(budget=Budget(trials=3))
    study, owner = open_study(handle), current_owner()
    for number in range(3):
        claim_trial(handle, study, owner)
        CurveWriter(handle.folder, number).write_epoch(
            EpochPoint(1, (1.0, 1.0), (2.0, 3.0), 2.5, 0.1)
        )
        record = TrialRecord("complete", 2.5, (2.0, 3.0), 1, 1, 10, 0.0, 0.1)
        finish_trial(handle, study, number, record, owner=owner)
    winner = make_toy_winner(handle, read_trials(handle)[2].cell)
    results = StudyResults(
        study={"uuid": handle.uuid, "name": "Power", "state": "finished"},
        data={},
        trials=count_trials(read_trials(handle)),
        winners={read_trials(handle)[2].cell: winner},
        baselines={},
        best_cell=None,
        verdict="",
        comparisons=(),
        seconds=0.0,
    )
    save_results(handle.folder, results)
    with try_lock(handle.folder / SUPERVISOR_LOCK):
        write_state(handle, StateRecord("finished"))
    return handle


def messages(handle: StudyHandle) -> list[str]:
    return [fault.message for fault in audit_study(handle) if not fault.is_mended]


def change_storage(handle: StudyHandle, statement: str) -> None:
    """Do to the tables what no part of the program does."""
    path = sqlite_path(handle.environment.storage_url)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def winner_file(handle: StudyHandle) -> Path:
    [path] = (handle.folder / "winners").glob("*/holdout_predictions.csv")
    return path


def test_a_sound_study_has_no_fault(searched: StudyHandle) -> None:
    assert audit_study(searched) == ()


@pytest.mark.case("K1", "audit (a): a value is tampered with")
def test_a_changed_value_is_found_by_folds_and_curve(searched: StudyHandle) -> None:
    change_storage(searched, "UPDATE trial_values SET value = 0.1 WHERE trial_id = 1")
    assert messages(searched) == [
        "Trial 0 has the score 0.1, and its folds have the mean 2.5.",
        "Trial 0 has the score 0.1, and its learning curve has 2.5 at epoch 1.",
    ]


def test_a_complete_trial_without_a_value_is_found(searched: StudyHandle) -> None:
    change_storage(searched, "DELETE FROM trial_values WHERE trial_id = 2")
    change_storage(searched, "DELETE FROM trial_intermediate_values WHERE trial_id = 2")
    assert messages(searched) == ["Trial 1 is complete and has no finite score."]


@pytest.mark.case("K1", "audit (d): a number is missing or there twice")
def test_a_missing_number_is_found(searched: StudyHandle) -> None:
    change_storage(searched, "UPDATE trials SET number = 9 WHERE number = 1")
    assert messages(searched)[0].startswith("The numbers of its trials have gaps: 1,")


def test_a_number_that_is_there_twice_is_found(searched: StudyHandle) -> None:
    change_storage(searched, "UPDATE trials SET number = 0 WHERE number = 1")
    assert messages(searched)[:2] == [
        "Several trials have the same number: 0.",
        "The numbers of its trials have gaps: 1 are missing.",
    ]


@pytest.mark.case("K1", "audit (c): a total is not exact")
def test_more_trials_than_any_budget_are_found(make_study: MakeStudy) -> None:
    handle = make_study(budget=Budget(trials=1))
    study, owner = open_study(handle), current_owner()
    set_budget(handle, Budget(trials=2))
    for number in range(2):
        claim_trial(handle, study, owner)
        record = TrialRecord("complete", 2.5, (2.0, 3.0), 1, 1, 10, 0.0, 0.1)
        finish_trial(handle, study, number, record, owner=owner)
    # A budget that was lowered afterwards is no fault.
    set_budget(handle, Budget(trials=1))
    wish(handle, "pause")
    assert messages(handle) == []
    change_storage(handle, "UPDATE trials SET state = 'COMPLETE' WHERE number = 2")
    change_storage(handle, "INSERT INTO trial_values VALUES (99, 3, 0, 1.0, 'FINITE')")
    assert messages(handle) == ["3 trials are done where 2 were asked for at most."]


def test_a_finished_study_with_fewer_trials_is_found(searched: StudyHandle) -> None:
    change_storage(searched, "UPDATE trials SET state = 'FAIL' WHERE number = 0")
    assert messages(searched) == ["The search is finished with 2 of 3 trials."]
    # Unless it says why.
    state = read_state(searched)
    with try_lock(searched.folder / SUPERVISOR_LOCK):
        write_state(searched, replace(state, message="The time budget is used up."))
    assert messages(searched) == []


@pytest.mark.case("K1", "audit (f): a file of a winner is missing or changed")
def test_files_of_winners_are_compared_with_their_digests(
    searched: StudyHandle,
) -> None:
    path = winner_file(searched)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"2", 1))
    [message] = messages(searched)
    assert message.startswith(f"{path}, a file of the winner of")
    assert "was changed. Remove the folder winners/" in message
    path.unlink()
    [message] = messages(searched)
    assert "is missing. Remove the folder winners/" in message
    # While the study goes on, winners are made anew before the results are.
    path.write_bytes(content + b"\n")
    with try_lock(searched.folder / SUPERVISOR_LOCK):
        wish(searched, "run")
        write_state(searched, StateRecord("refitting"))
        assert messages(searched) == []


def test_a_winner_of_another_trial_is_found(searched: StudyHandle) -> None:
    change_storage(searched, "UPDATE trial_values SET value = 0.1 WHERE trial_id = 3")
    assert any(
        "comes from trial 2 with the score 2.5; the storage has 0.1" in text
        for text in messages(searched)
    )
    change_storage(searched, "UPDATE trials SET state = 'FAIL' WHERE number = 2")
    assert any("no complete trial of that cell" in text for text in messages(searched))


@pytest.mark.case("K10", "audit (g): a lock is kept")
def test_a_lock_that_somebody_keeps_is_found(
    searched: StudyHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_audit, "PATIENCE_SECONDS", 0.1)
    lock = try_lock(searched.folder / CLAIM_LOCK)
    assert lock is not None
    with lock:
        [text] = process_audit.held_locks(searched)
    assert text.startswith("claim.lock is held")
    assert "so nobody can claim a trial" in text
    assert process_audit.held_locks(searched) == []


@pytest.fixture
def sleeper(searched: StudyHandle) -> Iterator[subprocess.Popen[str]]:
    """Start a process that looks like a worker whose supervisor has another id."""
    words = ("search", "work", searched.uuid, "--supervised", "999999999")
    with subprocess.Popen(
        [sys.executable, "-c", "input()", *words], stdin=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.case("K4", "audit (g): a process is left without its supervisor")
def test_a_process_without_its_supervisor_is_ended_if_it_does_not_end(
    searched: StudyHandle,
    sleeper: "subprocess.Popen[str]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "PATIENCE_SECONDS", 0.3)
    [fault] = audit_study(searched)
    assert fault.is_mended
    assert fault.message.startswith(
        f"Process {sleeper.pid} (work) went on without its supervisor 999999999 "
    )
    assert not psutil.pid_exists(sleeper.pid)
    assert audit_study(searched) == ()


def test_a_process_that_cannot_be_ended_is_named(
    searched: StudyHandle,
    sleeper: "subprocess.Popen[str]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr("search.jobs.orphans._end", lambda _: False)
    [message] = messages(searched)
    assert message.startswith(
        f"Process {sleeper.pid} (work) goes on without its supervisor 999999999."
    )
