"""S4 and S5: a full disk pauses work; nothing fails, is lost or half written."""

import errno
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.exc import OperationalError

from search import disk
from search.config import Budget, Environment, Training
from search.disk import MIN_FREE_VARIABLE, insist, is_full, shortage
from search.errors import StudyCorrupted, UserInputError
from search.jobs.supervisor import supervise
from search.study.control import read_state, set_budget, wish
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.progress import Progress
from search.study.settings import StudySettings
from search.study.storage.opening import call_storage
from search.study.studies import create_study, list_studies
from search.study.trials import outcomes
from search.study.trials.claims import claim_trial, current_owner, finish_trial
from search.study.trials.curves import CurveWriter, EpochPoint, read_curve
from search.study.trials.listing import read_trials
from search.study.trials.outcomes import TrialRecord
from search.study.trials.spool import spool_path
from tests.faults.machine.conftest import fill
from tests.jobs.conftest import QUICK

MakeStudy = Callable[..., StudyHandle]
Record = Callable[[str, object], None]
PLENTY = SimpleNamespace(free=10**12)
SERIES = pd.DataFrame({"load": np.sin(np.arange(120) / 3.0)})


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file below `folder`."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Filled:
    """An `on_progress` that fills the disk for a while, and looks on."""

    def __init__(self, handle: StudyHandle, *, seconds: float) -> None:
        self._handle = handle
        self._seconds = seconds
        self._filler: Path | None = None
        self._since = 0.0
        self._before: dict[str, str] = {}
        self.messages: list[str] = []
        self.n_done: list[int] = []
        self.is_over = False

    def __call__(self, progress: Progress) -> None:
        if self.is_over or (self._filler is None and progress.n_done < 4):
            return
        winners = self._handle.folder / "winners"
        if self._filler is None:
            self._before = digests(winners)
            self._filler = fill(self._handle.environment.studies_dir)
            self._since = time.monotonic()
            return
        self.messages.append(progress.message)
        self.n_done.append(progress.n_done)
        if time.monotonic() - self._since > self._seconds:
            assert digests(winners) == self._before
            self._filler.unlink()
            self.is_over = True


@pytest.mark.case("S4", "disk full while two workers train, then freed")
@pytest.mark.slow
def test_s4_a_full_disk_pauses_the_search_which_goes_on_by_itself(
    toy: Callable[..., None],
    small_environment: Environment,
    settings: StudySettings,
    record_property: Record,
) -> None:
    study = replace(settings, training=Training(epochs=8, pruner="none"))
    handle = create_study(small_environment, study, SERIES)
    wish(handle, "run")
    assert supervise(handle, limits=QUICK) == "finished"

    toy(epoch_seconds=0.05)
    set_budget(handle, Budget(trials=10))
    wish(handle, "run")
    watch = Filled(handle, seconds=3.0)
    assert supervise(handle, on_progress=watch, limits=QUICK) == "finished"

    assert watch.is_over
    assert watch.messages[-1].startswith("The disk is full: ")
    assert str(handle.folder) in watch.messages[-1]
    trials = read_trials(handle)
    assert sum(trial.state == "complete" for trial in trials) == 10
    assert not any(trial.state in ("failed", "running") for trial in trials)
    # No training of an epoch was lost to the pause either.
    assert all(len(read_curve(handle.folder, one.number)) == 8 for one in trials[:10])
    # Time in which nobody could work does not count against the budget.
    assert read_state(handle).seconds_used < 60.0
    record_property("figure", "10 of 10 complete, 0 failed, winners unchanged")


@pytest.mark.case("S4", "disk full when a result is told, in storage and spool")
def test_s4_a_result_waits_for_room(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = make_study()
    study = open_study(handle)
    claim = claim_trial(handle, study, current_owner())
    assert claim.trial is not None
    tries: list[int] = []
    tell = outcomes._tell_entry

    def full_twice(*arguments: object) -> bool:
        tries.append(1)
        if len(tries) < 3:
            cause = sqlite3.OperationalError("database or disk is full")
            raise OperationalError("INSERT", {}, cause)
        return tell(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(outcomes, "_tell_entry", full_twice)
    monkeypatch.setattr(disk, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr("search.study.trials.spool.write_json", no_space)
    record = TrialRecord("complete", 1.5, (1.5,), 1, 1, 10, 0.0, 0.0)
    number = claim.trial.number
    assert finish_trial(handle, study, number, record, owner=current_owner())
    assert len(tries) == 3
    assert read_trials(handle)[number].score == 1.5
    assert not spool_path(handle, number).exists()


@pytest.mark.case("S4", "disk full in the middle of a line of the learning curve")
def test_s4_a_torn_line_of_a_curve_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "curves").mkdir()
    writer = CurveWriter(tmp_path, 0)
    points = [EpochPoint(n, (1.0,), (2.0,), 2.0, 0.1) for n in (1, 2, 3)]
    writer.write_epoch(points[0])

    def torn(file: object, content: bytes) -> None:
        file.write(content[:5])  # type: ignore[attr-defined]
        no_space()

    with monkeypatch.context() as patch:
        patch.setattr("search.study.trials.curves._write_all", torn)
        with pytest.raises(OSError, match="No space left"):
            writer.write_epoch(points[1])
    assert read_curve(tmp_path, 0) == (points[0],)
    writer.write_epoch(points[1])
    writer.write_epoch(points[2])
    assert read_curve(tmp_path, 0) == tuple(points)


@pytest.mark.case("S5", "too little space: new study and upload")
def test_s5_too_little_space_refuses_a_new_study(
    environment: Environment,
    settings: StudySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "search.disk.shutil.disk_usage", lambda _: SimpleNamespace(free=4e8)
    )
    words = r"too little space for a new study: 400\.0 MB are free on the disk of .*"
    with pytest.raises(UserInputError, match=words + r"500\.0 MB are needed"):
        create_study(environment, settings, SERIES)
    assert list_studies(environment) == ()
    assert [path.name for path in environment.studies_dir.iterdir()] == ["optuna.db"]
    monkeypatch.setenv(MIN_FREE_VARIABLE, "300")
    assert create_study(environment, settings, SERIES).folder.is_dir()


@pytest.mark.case("S5", "disk full while a study is created")
def test_s5_a_study_that_finds_no_room_leaves_nothing(
    small_environment: Environment, settings: StudySettings
) -> None:
    filler = fill(small_environment.studies_dir)
    with pytest.raises((UserInputError, StudyCorrupted), match=r"space|disk is full"):
        create_study(small_environment, settings, SERIES)
    filler.unlink()
    assert list_studies(small_environment) == ()
    handle = create_study(small_environment, settings, SERIES)
    assert len(read_trials(handle)) == 3


def test_shortage_is_said_below_a_tenth_of_what_new_work_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [49e6]
    monkeypatch.setattr(
        "search.disk.shutil.disk_usage", lambda _: SimpleNamespace(free=free[0])
    )
    assert shortage(tmp_path) == (
        f"The disk is full: 49.0 MB are free for {tmp_path}. Make room there; nothing "
        "is lost, and the search goes on by itself."
    )
    free[0] = 51e6
    assert shortage(tmp_path) == ""


def test_insist_raises_what_is_no_full_disk(tmp_path: Path) -> None:
    def function() -> None:
        raise OSError(errno.EACCES, "Permission denied")

    with pytest.raises(PermissionError):
        insist(function, tmp_path)


def test_call_storage_leaves_a_full_disk_to_the_caller() -> None:
    def function() -> None:
        cause = sqlite3.OperationalError("database or disk is full")
        raise OperationalError("INSERT", {}, cause)

    with pytest.raises(OperationalError) as caught:
        call_storage(function, sleep=lambda _: pytest.fail("waited"))
    assert is_full(caught.value)
