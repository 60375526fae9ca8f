"""R1 to R7, T4, T12: clocks, load, memory, limits, and how processes start."""

import ast
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from search.config import Budget, Training
from search.jobs import memory, pool
from search.jobs.commands import child_environment, command
from search.jobs.supervisor import supervise
from search.space.lines import Line
from search.study.control import read_state, wish
from search.study.folders import StudyHandle, log_path
from search.study.steering import narrow
from search.study.trials.listing import read_trials
from search.worker.toy import MARKED_UNITS
from tests.jobs.conftest import QUICK, wait_until

MakeStudy = Callable[..., StudyHandle]
Record = Callable[[str, object], None]
Toy = Callable[..., None]
ROOT = Path(__file__).parents[3]
MEMORY_GROUPS = Path("/sys/fs/cgroup/memory")
LONG = Training(epochs=12, pruner="none", patience=0)


def start_supervisor(
    handle: StudyHandle, *, words: tuple[str, ...] = (), **variables: str
) -> "subprocess.Popen[bytes]":
    """Start the supervisor of a study, behind the command `words`."""
    with log_path(handle, "supervisor").open("ab") as log:
        return subprocess.Popen(
            [*words, *command("supervise", handle.uuid)],
            env={**child_environment(handle.environment), **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def finish(process: "subprocess.Popen[bytes]", *, seconds: float = 400.0) -> None:
    """Wait for the end of a supervisor, and leave none behind."""
    try:
        assert process.wait(timeout=seconds) == 0
    finally:
        process.kill()
        process.wait()


def await_trials(handle: StudyHandle, n_done: int) -> None:
    """Wait until so many trials are done."""
    pause, stop = threading.Event(), time.monotonic() + 240.0
    while sum(trial.is_done for trial in read_trials(handle)) < n_done:
        assert time.monotonic() < stop, f"{n_done} trials are not done"
        pause.wait(0.1)


class Clock:
    """The time of day of the processes that are started with `variables`."""

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "clock_shim.so", folder / "shift"
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None or sys.platform != "linux":
            pytest.skip("moving the clock of a process needs Linux and a C compiler")
        source = Path(__file__).with_name("clock_shim.c")
        words = ["-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
        subprocess.run([compiler, *words], check=True, capture_output=True)
        self.variables = {
            "LD_PRELOAD": str(library),
            "CLOCK_SHIFT_FILE": str(self._file),
        }
        self.move(0)

    def move(self, seconds: float) -> None:
        mode = "r+b" if self._file.exists() else "wb"
        with self._file.open(mode) as file:
            file.write(struct.pack("q", int(seconds)))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def test_the_clock_of_a_process_can_be_moved(clock: Clock) -> None:
    code = "import time, datetime; print(time.time(), datetime.datetime.now().year)"
    clock.move(10 * 365.25 * 86_400)
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **clock.variables},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, year = run.stdout.split()
    assert float(seconds) - time.time() > 3e8
    assert int(year) >= datetime.now(UTC).year + 9


@pytest.mark.faults
@pytest.mark.case("R1", "clock set 1 h on, 1 h back and 10 years on while searching")
def test_r1_clock_jumps_change_no_trial_and_no_budget(
    toy: Toy, make_study: MakeStudy, clock: Clock, record_property: Record
) -> None:
    toy(epoch_seconds=0.1)
    # By the time of day the first jump would use up the seconds.
    budget = Budget(trials=8, seconds=3_000.0)
    handle = make_study(training=LONG, budget=budget)
    started = time.monotonic()
    process = start_supervisor(handle, **clock.variables)
    try:
        for n_done, shift in ((1, 3_600), (3, -3_600), (5, 3.2e8)):
            await_trials(handle, n_done)
            clock.move(shift)
        finish(process)
    finally:
        process.kill()
        process.wait()
    seconds = time.monotonic() - started
    trials = read_trials(handle)
    assert not any(trial.state in ("failed", "running") for trial in trials)
    assert all((trial.seconds_total or 0.0) >= 0.0 for trial in trials)
    assert sum(trial.state == "complete" for trial in trials) == 8
    state = read_state(handle)
    assert state.state == "finished"
    assert 0.0 < state.seconds_used <= seconds
    record_property(
        "figure",
        f"8 of 8 complete, {state.seconds_used:.0f} of {seconds:.0f} s counted",
    )


@pytest.mark.faults
@pytest.mark.case("R4", "8 busy loops beside two workers")
@pytest.mark.usefixtures("without_winners")
def test_r4_a_busy_machine_loses_no_worker(
    toy: Toy, make_study: MakeStudy, record_property: Record
) -> None:
    toy(epoch_seconds=0.05)
    handle = make_study(training=LONG, budget=Budget(trials=8))
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)
    ]
    try:
        assert supervise(handle, limits=QUICK) == "finished"
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    states = [trial.state for trial in read_trials(handle)]
    assert states == ["complete"] * 8
    record_property("figure", "8 of 8 complete, 0 false deaths")


@pytest.mark.case("R5", "64 open files at most")
def test_r5_few_open_files_are_enough(toy: Toy, make_study: MakeStudy) -> None:
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("limiting open files needs prlimit")
    handle = make_study()
    finish(start_supervisor(handle, words=(prlimit, "--nofile=64")))
    assert read_state(handle).state == "finished"
    assert sum(trial.state == "complete" for trial in read_trials(handle)) == 3


@pytest.mark.case("R5", "no further process or open file allowed")
@pytest.mark.parametrize(
    ("number", "words"), [(11, "temporarily unavailable"), (24, "Too many open files")]
)
def test_r5_a_system_that_starts_no_worker_is_one_sentence(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    tries: list[float] = []

    def refuse(*_: object) -> None:
        tries.append(time.monotonic())
        raise OSError(number, os.strerror(number))

    handle = make_study()
    monkeypatch.setattr(pool, "start_process", refuse)
    assert supervise(handle, limits=replace(QUICK, most_deaths=3)) == "failed"
    message = read_state(handle).message
    assert message.startswith("The system started no worker: ")
    assert words in message
    assert "`ulimit -a`" in message
    # No loop: each try waits twice as long as the one before.
    assert len(tries) == 3
    assert tries[2] - tries[1] >= 0.1


@pytest.mark.case("R6", "300 MB of memory free")
def test_r6_no_worker_starts_without_memory(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 300_000_000)
    handle = make_study()
    assert supervise(handle, limits=QUICK) == "failed"
    message = read_state(handle).message
    assert message.startswith("A worker needs about 0.6 GB of memory and 0.3 GB")
    assert not list((handle.folder / "logs").glob("worker-*"))
    # It goes on from there once there is memory.
    monkeypatch.undo()
    assert read_trials(handle)[0].state == "waiting"


@pytest.fixture
def make_group() -> Iterator[Callable[[int], tuple[str, ...]]]:
    """Return a function that limits memory: the command to start processes behind."""
    made: list[Path] = []

    def make(limit: int) -> tuple[str, ...]:
        folder = MEMORY_GROUPS / f"search-test-{os.getpid()}"
        try:
            folder.mkdir()
            made.append(folder)
            (folder / "memory.limit_in_bytes").write_text(str(limit))
        except OSError:
            pytest.skip("limiting memory needs root and control groups of version 1")
        swap = folder / "memory.memsw.limit_in_bytes"
        if swap.exists():
            swap.write_text(str(limit))
        join = f'echo $$ > {folder}/cgroup.procs && exec "$@"'
        return ("sh", "-c", join, "sh")

    yield make
    for folder in made:
        is_empty = lambda: not (folder / "cgroup.procs").read_text()  # noqa: B023, E731
        wait_until(is_empty, "the end of the processes")
        folder.rmdir()


@pytest.mark.faults
@pytest.mark.case("R6", "started in a control group of 300 MB")
def test_r6_a_small_container_is_refused_with_its_limit(
    make_study: MakeStudy, make_group: Callable[[int], tuple[str, ...]]
) -> None:
    handle = make_study()
    finish(start_supervisor(handle, words=make_group(300_000_000)))
    message = read_state(handle).message
    assert read_state(handle).state == "failed"
    assert "of the 0.3 GB that it may take are free" in message
    assert not list((handle.folder / "logs").glob("worker-*"))


@pytest.mark.faults
@pytest.mark.case("T4", "worker ended by the kernel in a control group of 900 MB")
def test_t4_memory_that_runs_out_is_named_and_not_tried_again(
    toy: Toy,
    make_study: MakeStudy,
    make_group: Callable[[int], tuple[str, ...]],
    record_property: Record,
) -> None:
    toy("toy-memory")
    marked = {"cell": "LSTM", "units": MARKED_UNITS}
    handle = make_study(enqueue=(marked,), budget=Budget(trials=4), workers=1)
    # Only what is asked for is too large.
    narrow(handle, [Line("units", choices=(16, 32, 64))])
    own = memory.resident_bytes(os.getpid())
    finish(start_supervisor(handle, words=make_group(900_000_000)))

    trials = read_trials(handle)
    failed = [trial for trial in trials if trial.state == "failed"]
    assert [trial.failure for trial in failed] == ["memory"]
    assert (failed[0].error or "").startswith("Out of memory (limit 0.9 GB): ")
    assert not any(trial.retry_of == failed[0].number for trial in trials)
    assert sum(trial.state == "complete" for trial in trials) == 4
    assert read_state(handle).state == "finished"
    assert memory.resident_bytes(os.getpid()) < own + 100_000_000
    record_property("figure", "limit named, 0 retries, 4 of 4 complete")


@pytest.mark.case("R7", "port in use")
def test_r7_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        run = subprocess.run(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", port],
            cwd=ROOT,
            env={**os.environ, "STUDIES_DIR": str(tmp_path / "studies")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert run.returncode == 1
    told = run.stderr + run.stdout
    assert f"Port {port} is not available" in told
    assert "Traceback" not in told


@pytest.mark.case("T12", "every way to start a process in the sources")
def test_t12_processes_are_started_by_exec_and_never_forked() -> None:
    """TensorFlow hangs in a process that was forked after it had started threads."""
    forks = []
    for path in [
        ROOT / "app.py",
        *ROOT.glob("search/**/*.py"),
        *ROOT.glob("pages/**/*.py"),
    ]:
        for node in ast.walk(ast.parse(path.read_text())):
            forks += [(path.name, name) for name in _names(node) if _is_fork(name)]
    assert forks == []


def _names(node: ast.AST) -> list[str]:
    """Return what a piece of a program imports or takes from a module."""
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(one.name for one in node.names)]
    return [one.name for one in node.names] if isinstance(node, ast.Import) else []


def _is_fork(name: str) -> bool:
    first = name.partition(".")[0]
    return first in ("fork", "forkpty", "ProcessPoolExecutor", "multiprocessing")


@pytest.mark.faults
@pytest.mark.case("T12", "50 starts of a worker")
def test_t12_fifty_starts_hang_never(
    make_study: MakeStudy, record_property: Record
) -> None:
    handle = make_study()
    wish(handle, "pause")
    started = time.monotonic()
    for _ in range(50):
        subprocess.run(
            command("work", handle.uuid),
            env=child_environment(handle.environment),
            check=True,
            capture_output=True,
            timeout=120,
        )
    record_property("figure", f"50 starts, 0 hangs, {time.monotonic() - started:.0f} s")
