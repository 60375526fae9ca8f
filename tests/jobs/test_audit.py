import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from search.config import Environment
from search.jobs.audit import audit_folders, audit_storage, audit_study
from search.study.control import wish
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.trials.claims import claim_trial, current_owner
from search.study.trials.listing import read_trials

MakeStudy = Callable[..., StudyHandle]


@pytest.fixture
def resting(make_study: MakeStudy) -> StudyHandle:
    handle = make_study()
    wish(handle, "pause")
    return handle


def messages(handle: StudyHandle) -> list[str]:
    return [fault.message for fault in audit_study(handle)]


def test_audit_of_a_sound_study_finds_nothing(
    environment: Environment, resting: StudyHandle
) -> None:
    assert audit_study(resting) == ()
    assert audit_folders(environment) == ()
    assert audit_storage(environment) == ()


def test_audit_closes_trials_whose_worker_is_dead(make_study: MakeStudy) -> None:
    handle = make_study()
    dead = replace(current_owner(), pid=2**22 + 1)
    claim_trial(handle, open_study(handle), dead)
    wish(handle, "pause")
    [fault] = audit_study(handle)
    assert fault.message == "Trials ran without a worker, closed now: 0."
    assert fault.is_mended
    assert read_trials(handle)[0].state == "failed"
    assert audit_study(handle) == ()


def test_audit_names_a_study_that_nobody_sees_to(make_study: MakeStudy) -> None:
    handle = make_study()
    [fault] = audit_study(handle)
    assert fault.message.startswith("The study should run and nobody sees to it.")
    assert not fault.is_mended


def test_audit_names_a_changed_snapshot(resting: StudyHandle) -> None:
    with (resting.folder / "data.parquet").open("ab") as file:
        file.write(b"x")
    [fault] = audit_study(resting)
    assert "data.parquet" in fault.message
    assert not fault.is_mended


def test_audit_names_results_that_cannot_be_read(resting: StudyHandle) -> None:
    (resting.folder / "results.json").write_text("{")
    assert any("results.json cannot be read" in text for text in messages(resting))


def test_audit_names_what_is_no_result_in_the_spool(resting: StudyHandle) -> None:
    (resting.folder / "spool" / "7.json").write_text("{")
    assert messages(resting) == ["spool/7.json is not a result."]


@pytest.mark.case("T8", "half written files that a kill left")
def test_audit_removes_old_temporary_files_only(resting: StudyHandle) -> None:
    old, new = resting.folder / ".old.tmp", resting.folder / ".new.tmp"
    old.write_text("half")
    new.write_text("half")
    os.utime(old, (0, 0))
    [fault] = audit_study(resting)
    assert fault.message == "1 half written files were removed."
    assert not old.exists()
    assert new.exists()


def test_audit_names_a_damaged_storage(
    environment: Environment, resting: StudyHandle
) -> None:
    path = environment.studies_dir / "optuna.db"
    path.write_bytes(b"SQLite format 3\0" + b"\0" * 5000)
    [fault] = audit_storage(environment)
    assert fault.message.startswith("The storage is damaged")


def test_audit_names_unreadable_folders(
    environment: Environment, resting: StudyHandle
) -> None:
    (resting.folder / "study.json").write_text("{")
    [fault] = audit_folders(environment)
    assert fault.study == resting.uuid
    assert "The study cannot be read: study.json is damaged" in fault.message
