import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial

import psutil
import pytest

from search.config import Budget
from search.jobs import searching
from search.jobs.commands import child_environment
from search.jobs.launch import start_study
from search.jobs.orphans import Orphan, OrphanWatch, find_orphans
from search.jobs.parent import die_with_parent
from search.jobs.supervisor import supervise
from search.study.control import is_supervised, read_state
from search.study.folders import StudyHandle
from search.study.trials.listing import read_trials
from search.study.trials.owners import is_alive, owner_of
from search.worker.toy import MARKED_UNITS
from tests.e2e.conftest import end_processes_of
from tests.jobs.conftest import QUICK, wait_until

MakeStudy = Callable[..., StudyHandle]
Start = Callable[..., "subprocess.Popen[bytes]"]
# Holds Python's lock, so that no thread of the process runs.
HUNG = "import ctypes; ctypes.PyDLL(None).sleep(600)"


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def start(make_study: MakeStudy) -> Iterator[Start]:
    """Return a function that starts a hung process with the words of a study's."""
    started = []

    def begin(
        handle: StudyHandle, *words: str, **variables: str
    ) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-c", HUNG, "search", "work", handle.uuid, *words],
            env=child_environment(handle.environment) | variables,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.case("K4", "hung worker whose supervisor is gone, met by the next one")
def test_an_orphan_that_hangs_is_ended_after_its_time(
    make_study: MakeStudy, start: Start
) -> None:
    handle = make_study()
    hung = start(handle, "--supervised", "999999999")
    clock = Time()
    watch = OrphanWatch(handle, patience_seconds=40.0, clock=clock)
    assert watch.look() == ()
    clock.now = 39.0
    assert watch.look() == ()
    assert hung.poll() is None

    clock.now = 41.0
    [ended] = watch.look()
    assert (ended.mark.pid, ended.command) == (hung.pid, "work")
    assert not psutil.pid_exists(hung.pid)
    assert watch.look() == ()


def test_an_orphan_that_ends_by_itself_is_left_alone(
    make_study: MakeStudy, start: Start
) -> None:
    handle = make_study()
    orphan = start(handle, "--supervised", "999999999")
    clock = Time()
    watch = OrphanWatch(handle, patience_seconds=40.0, clock=clock)
    assert watch.look() == ()
    orphan.kill()
    orphan.wait()
    clock.now = 100.0
    assert watch.look() == ()

    # The next one has its own time, whatever the first has used.
    late = start(handle, "--supervised", "999999999")
    assert watch.look() == ()
    assert late.poll() is None


def test_processes_that_are_no_orphans_are_not_touched(
    make_study: MakeStudy, start: Start
) -> None:
    handle, other = make_study(), make_study(name="Other")
    start(handle)  # by hand
    start(handle, "--supervised", str(os.getpid()))  # its supervisor lives
    start(other, "--supervised", "999999999")
    start(handle, "--supervised", "999999999", STUDIES_DIR="/elsewhere")
    assert find_orphans(handle) == ()
    assert [one.supervisor for one in find_orphans(other)] == ["999999999"]


def test_a_later_process_of_the_same_id_is_not_ended(
    make_study: MakeStudy, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = make_study()
    later = start(handle)
    mark = owner_of(later.pid)
    former = Orphan(
        type(mark)(mark.host, mark.boot_id, mark.pid, mark.started - 60), "work", "7"
    )
    monkeypatch.setattr("search.jobs.orphans.find_orphans", lambda _: (former,))
    watch = OrphanWatch(handle, patience_seconds=-1.0)
    assert watch.look() == ()
    assert later.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
@pytest.mark.case("K4", "supervisor killed while its refit hangs in compiled code")
def test_a_hung_child_dies_with_its_parent() -> None:
    child = (
        "import os, sys; from search.jobs.parent import die_with_parent; "
        f"die_with_parent(os.getppid()); print(os.getpid(), flush=True); {HUNG}"
    )
    parent = (
        "import subprocess, sys, time; "
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        hung = owner_of(int(process.stdout.readline()))
        assert is_alive(hung)
        process.kill()
        wait_until(lambda: not is_alive(hung), "the end of the child")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_a_child_whose_parent_has_died_already_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel says nothing of what happened before it was asked."""
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from search.jobs.parent import die_with_parent; die_with_parent(99999999)",
        ]
    ) as process:
        assert process.wait() == 1
    calls: list[int] = []
    monkeypatch.setattr("search.jobs.parent.sys.platform", "darwin")
    monkeypatch.setattr("search.jobs.parent.os._exit", calls.append)
    die_with_parent(999999999)
    assert calls == []


@pytest.mark.faults
@pytest.mark.case("K4", "supervisor killed while its worker hangs, study resumed")
@pytest.mark.usefixtures("without_winners")
def test_k4_the_next_supervisor_ends_a_hung_worker_and_goes_on(
    toy: Callable[..., None],
    make_study: MakeStudy,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    toy("toy-hang")
    marked = {"cell": "LSTM", "units": MARKED_UNITS}
    handle = make_study(enqueue=(marked,), budget=Budget(trials=3), workers=1)
    start_study(handle)
    request.addfinalizer(lambda: end_processes_of(handle.environment.studies_dir))
    wait_until(
        lambda: any(trial.epochs_run for trial in read_trials(handle)), "the hang"
    )
    state = read_state(handle)
    [worker] = [owner_of(pid) for pid in state.workers]
    assert state.supervisor_pid is not None
    os.kill(state.supervisor_pid, signal.SIGKILL)
    wait_until(lambda: not is_supervised(handle), "the end of the supervisor")

    toy()
    impatient = partial(OrphanWatch, patience_seconds=4.0)
    monkeypatch.setattr(searching, "OrphanWatch", impatient)
    assert is_alive(worker)
    assert supervise(handle, limits=QUICK) == "finished"
    assert not is_alive(worker)
    states = [trial.state for trial in read_trials(handle)]
    assert states.count("complete") == 3
    assert "running" not in states
