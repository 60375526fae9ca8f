import os
import signal
from collections import Counter
from collections.abc import Callable

import psutil
import pytest

from search.config import MAX_RUNNING, Environment, Training
from search.errors import ConfigError, StudyCorrupted
from search.jobs import launch
from search.jobs.launch import (
    LaunchRecord,
    check_running_studies,
    ensure_running,
    forget_launches,
    pause_study,
    start_study,
    stop_study,
)
from search.jobs.supervisor import supervise
from search.locks import try_lock
from search.study.control import (
    StateRecord,
    is_supervised,
    read_control,
    read_state,
    wish,
    write_state,
)
from search.study.folders import SUPERVISOR_LOCK, StudyHandle
from search.study.trials.listing import read_trials
from search.study.trials.owners import Owner, current_owner, owner_of
from tests.jobs.conftest import QUICK, wait_until

MakeStudy = Callable[..., StudyHandle]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note launches instead of starting processes."""
    uuids: list[str] = []
    monkeypatch.setattr(launch, "_spawn", lambda handle: uuids.append(handle.uuid))
    return uuids


def is_searching(handle: StudyHandle) -> bool:
    return any(
        trial.state == "running" and trial.epochs_run > 0
        for trial in read_trials(handle)
    )


@pytest.mark.case("K4", "supervisor killed")
@pytest.mark.usefixtures("without_winners")
def test_a_killed_supervisor_takes_its_workers_along_and_the_study_goes_on(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy(epoch_seconds=0.1)
    training = Training(epochs=40, pruner="none", patience=0)
    handle = make_study(workers=1, training=training)
    start_study(handle)
    wait_until(lambda: is_searching(handle), "a running trial")
    before = read_state(handle)
    assert before.state == "searching"
    assert before.supervisor_pid is not None
    workers = [owner_of(pid) for pid in before.workers]

    os.kill(before.supervisor_pid, signal.SIGKILL)
    wait_until(lambda: not is_supervised(handle), "the end of the supervisor")
    assert read_state(handle).state == "interrupted"
    wait_until(
        lambda: not any(psutil.pid_exists(owner.pid) for owner in workers),
        "the end of its workers",
    )

    toy(epoch_seconds=0.0)
    assert supervise(handle, limits=QUICK) == "finished"
    counts = Counter(trial.state for trial in read_trials(handle))
    assert counts["complete"] == 3
    assert counts["running"] == 0


@pytest.mark.case("C2", "start under a supervisor")
def test_start_study_launches_once(make_study: MakeStudy, launched: list[str]) -> None:
    handle = make_study()
    start_study(handle)
    assert launched == [handle.uuid]
    lock = try_lock(handle.folder / SUPERVISOR_LOCK)
    assert lock is not None
    with lock:
        start_study(handle)
    assert launched == [handle.uuid]
    assert read_control(handle).wish == "run"


@pytest.mark.case("W9", "50 studies started, one beside the other")
def test_a_start_is_refused_while_as_many_studies_run_as_may(
    environment: Environment,
    make_study: MakeStudy,
    launched: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handles = [make_study(name=f"study {number}") for number in range(6)]
    for handle in handles:
        wish(handle, "pause")
    for handle in handles[:MAX_RUNNING]:
        start_study(handle)
    late = handles[MAX_RUNNING]
    for _ in range(50):
        with pytest.raises(
            ConfigError, match="At most 4 studies may run at once, and 4 do"
        ):
            start_study(late)
    assert read_control(late).wish == "pause"
    assert launched == [handle.uuid for handle in handles[:MAX_RUNNING]]
    # What runs may be started again, and one that rests makes room.
    start_study(handles[0])
    pause_study(handles[0])
    start_study(late)
    assert launched[-1] == late.uuid
    monkeypatch.setenv("STUDIES_MAX_RUNNING", "5")
    start_study(handles[-1])
    with pytest.raises(ConfigError, match="At most 5 studies may run at once"):
        check_running_studies(environment)
    for words in ("0", "many", "-1"):
        monkeypatch.setenv("STUDIES_MAX_RUNNING", words)
        with pytest.raises(ConfigError, match=f"above 0, got '{words}'"):
            check_running_studies(environment)


@pytest.mark.case("C2", "start while a supervisor is on its way")
def test_start_study_waits_for_the_supervisor_that_is_on_its_way(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its start and its lock a supervisor imports for a second or more."""
    started: list[str] = []

    def spawn(handle: StudyHandle) -> Owner:
        started.append(handle.uuid)
        return current_owner()

    monkeypatch.setattr(launch, "_spawn", spawn)
    handle = make_study()
    start_study(handle)
    start_study(handle)
    assert len(started) == 1
    # One that hangs on its way is not waited for any longer.
    monkeypatch.setattr(launch, "COMING_UP_SECONDS", 0.0)
    start_study(handle)
    assert len(started) == 2


def test_ensure_running_starts_what_should_run_and_waits_longer_each_time(
    environment: Environment,
    make_study: MakeStudy,
    launched: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1_000.0]
    monkeypatch.setattr("search.jobs.launch.time.time", lambda: clock[0])
    handle = make_study()
    resting = make_study()
    wish(resting, "pause")

    starts = []
    for second in range(16):
        clock[0] = 1_000.0 + second
        if ensure_running(environment):
            starts.append(second)
    # After pauses of 2, 4 and 8 seconds.
    assert starts == [0, 3, 8]
    assert set(launched) == {handle.uuid}

    forget_launches(handle)
    assert ensure_running(environment) == (handle.uuid,)


def test_ensure_running_goes_on_with_the_others_after_a_damaged_study(
    environment: Environment,
    make_study: MakeStudy,
    launched: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    good, damaged = make_study(), make_study()
    (damaged.folder / "control.json").write_text("{")
    assert ensure_running(environment) == (good.uuid,)
    assert "could not be started" in caplog.text


def test_ensure_running_leaves_ended_studies_alone(
    environment: Environment, make_study: MakeStudy, launched: list[str]
) -> None:
    handle = make_study()
    write_state(handle, StateRecord(state="failed", message="why"))
    assert ensure_running(environment) == ()
    wish(handle, "run")
    assert ensure_running(environment) == (handle.uuid,)


def test_pause_study_says_whether_anything_ran(
    make_study: MakeStudy, launched: list[str]
) -> None:
    handle = make_study()
    assert pause_study(handle) is False
    assert read_control(handle).wish == "pause"
    lock = try_lock(handle.folder / SUPERVISOR_LOCK)
    assert lock is not None
    with lock:
        assert pause_study(handle) is True
        assert stop_study(handle) is True
    assert launched == []


def test_stop_study_takes_up_a_paused_study_to_compare_what_was_found(
    make_study: MakeStudy, launched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = make_study()
    write_state(handle, StateRecord(state="paused"))
    assert stop_study(handle) is False
    assert launched == []
    monkeypatch.setattr(launch, "best_trials", lambda _: {"GRU": object()})
    assert stop_study(handle) is True
    assert launched == [handle.uuid]


def test_launch_record_counts_starts(
    make_study: MakeStudy, launched: list[str]
) -> None:
    handle = make_study()
    start_study(handle)
    start_study(handle)
    assert launch._read_launches(handle).attempts == 2
    forget_launches(handle)
    assert launch._read_launches(handle) == LaunchRecord(0, 0.0)


def test_start_study_refuses_a_damaged_wish(make_study: MakeStudy) -> None:
    handle = make_study()
    (handle.folder / "control.json").write_text("{")
    with pytest.raises(StudyCorrupted, match=r"control\.json is damaged"):
        start_study(handle)
