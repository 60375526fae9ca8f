"""K3, K4, K7, K8, K11, K12: processes that die, sleep or never start."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from search.config import Budget, Training
from search.jobs.commands import child_environment
from search.jobs.limits import Limits
from search.jobs.supervisor import supervise
from search.study.control import is_supervised, read_state
from search.study.optuna_study import open_study
from search.study.progress import Progress
from search.study.trials.claims import fail_trial
from search.study.trials.owners import read_owner
from tests.faults.conftest import Place, Workers, is_gone, kill
from tests.faults.oracle import audit, page_faults, processes_of, read_ledger, read_rows
from tests.jobs.conftest import QUICK, Once, wait_until

MakePlace = Callable[..., Place]
MakeWorkers = Callable[[Place], Workers]
Start = Callable[[Place], int]
Record = Callable[..., None]
LONG = Training(epochs=40, pruner="none", patience=0, seed=7)
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def running_pids(made: Place) -> dict[int, int]:
    """Return the process of each running trial."""
    rows = [row for row in read_rows(made.handle) if row.state == "RUNNING"]
    owners = {row.number: read_owner(row.attributes.get("owner")) for row in rows}
    return {number: owner.pid for number, owner in owners.items() if owner}


@pytest.mark.case("K3", "all workers killed at once")
@pytest.mark.slow
def test_k3_all_workers_killed_at_once(
    place: MakePlace, toy: Callable[..., None], record_property: Record
) -> None:
    toy(epoch_seconds=0.1)
    made = place(training=replace(LONG, epochs=20), budget=Budget(trials=4))
    victims: dict[int, int] = {}
    times: list[float] = []

    def kill_all(_: Progress) -> None:
        victims.update(running_pids(made))
        for pid in victims.values():
            kill(pid)
        times.append(time.monotonic())

    strike = Once(lambda now: len(now.running) == 2, kill_all)

    def watch(progress: Progress) -> None:
        strike(progress)
        if victims and len(times) == 1:
            states = {row.number: row.state for row in read_rows(made.handle)}
            if "RUNNING" not in {states[number] for number in victims}:
                times.append(time.monotonic())

    assert supervise(made.handle, on_progress=watch, limits=QUICK) == "finished"
    assert len(victims) == 2
    assert times[1] - times[0] < 5.0
    n_told = audit(made.handle, made.ledger, total=4, least=4)
    assert page_faults(made.handle) == []
    figure = f"2 kills, {n_told} told, 0 lost, closed in {times[1] - times[0]:.2f} s"
    record_property("figure", figure)


@pytest.mark.case("K8", "worker stopped and woken while others go on")
@pytest.mark.slow
def test_k8_worker_sleeps_while_others_go_on(
    place: MakePlace, toy: Callable[..., None]
) -> None:
    toy(epoch_seconds=0.1)
    made = place(training=replace(LONG, epochs=10), budget=Budget(trials=5))
    asleep: list[int] = []

    def stop(_: Progress) -> None:
        asleep.append(min(running_pids(made).values()))
        os.kill(asleep[0], signal.SIGSTOP)

    sleep = Once(lambda now: len(now.running) == 2, stop)
    wake = Once(
        lambda now: bool(asleep) and now.n_done >= 3,
        lambda _: os.kill(asleep[0], signal.SIGCONT),
    )

    def watch(progress: Progress) -> None:
        sleep(progress)
        wake(progress)

    assert supervise(made.handle, on_progress=watch, limits=QUICK) == "finished"
    assert wake.happened
    rows = read_rows(made.handle)
    again = Counter(row.attributes.get("retry_of") for row in rows)
    assert all(n <= 1 for number, n in again.items() if number is not None)
    audit(made.handle, made.ledger, total=5, least=5)


@pytest.mark.case("K8", "worker woken after its trial was given to another")
def test_k8_late_result_is_refused_quietly(
    place: MakePlace, workers_of: MakeWorkers, toy: Callable[..., None]
) -> None:
    toy(epoch_seconds=0.1)
    made = place(training=replace(LONG, epochs=20), budget=Budget(trials=3))
    study = open_study(made.handle)
    with workers_of(made) as workers:
        sleeper = workers.start()
        wait_until(lambda: running_pids(made) == {0: sleeper}, "the first trial")
        os.kill(sleeper, signal.SIGSTOP)
        [row] = [row for row in read_rows(made.handle) if row.number == 0]
        owner = read_owner(row.attributes["owner"])
        assert fail_trial(
            made.handle, study, 0, "It slept.", owner=owner, kind="killed"
        )
        # Another one trains everything, also what the sleeper had.
        toy(epoch_seconds=0.0)
        assert workers.ended(workers.start()) == 0
        os.kill(sleeper, signal.SIGCONT)
        assert workers.ended(sleeper) == 0
    told = {one.number for one in read_ledger(made.ledger)}
    rows = read_rows(made.handle)
    assert 0 not in told
    assert [row.attributes.get("retry_of") for row in rows].count(0) == 1
    assert rows[0].attributes["error"] == "It slept."
    audit(made.handle, made.ledger, total=3, least=3)


@pytest.mark.case("K11", "workers that cannot even start")
def test_k11_a_broken_package_ends_the_search_with_its_cause(
    place: MakePlace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "msgspec.py").write_text("raise ImportError('built for another Python')")
    made = place(workers=1)
    monkeypatch.setenv("PYTHONPATH", str(broken))
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    limits = Limits(first_pause_seconds=0.2)
    assert supervise(made.handle, limits=limits) == "failed"
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    message = read_state(made.handle).message
    assert "5 workers in a row died before a trial was done" in message
    assert "built for another Python" in message
    # Pauses of 0.2, 0.4, 0.8 and 1.6 s lie between the five starts.
    assert seconds > 3.0
    log = "".join(
        path.read_text() for path in (made.handle.folder / "logs").glob("worker-*")
    )
    assert log.count("ImportError: built for another Python") == 5
    audit(made.handle, made.ledger, total=0, least=0)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figure = f"ended after {seconds:.0f} s, the supervisor used {busy / seconds:.1%}"
    record_property("figure", figure)


def namespace_tools() -> str:
    """Return why a power cut cannot be imitated here; nothing if it can."""
    if shutil.which("unshare") is None or not Path(BOOT_ID).exists():
        return "needs Linux and unshare (util-linux)"
    probe = ["unshare", "-U", "-r", "-m", "-p", "-f", "--mount-proc", "sh", "-c"]
    script = f"mount --bind /etc/hostname {BOOT_ID}"
    if subprocess.run([*probe, script], capture_output=True).returncode:
        return "needs namespaces of users and processes, which this kernel refuses"
    return ""


@pytest.mark.case("K7", "machine loses its power; it comes back with another boot id")
@pytest.mark.slow
def test_k7_power_cut(
    place: MakePlace,
    toy: Callable[..., None],
    tmp_path: Path,
    record_property: Record,
) -> None:
    """All processes live in a namespace of their own and die with its first one."""
    reason = namespace_tools()
    if reason:
        pytest.skip(reason)
    toy(epoch_seconds=0.05)
    made = place(training=replace(LONG, epochs=20), budget=Budget(trials=5))
    boot_id = tmp_path / "boot_id"
    boot_id.write_text("the-boot-before\n")
    script = f"mount --bind {boot_id} {BOOT_ID} && exec {sys.executable} -m search"
    machine = subprocess.Popen(
        [
            *("unshare", "-U", "-r", "-m", "-p", "-f", "--mount-proc"),
            *("--kill-child", "sh", "-c"),
            f"{script} supervise {made.handle.uuid}",
        ],
        env=child_environment(made.handle.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            lambda: len(read_ledger(made.ledger)) > 0 and bool(running_pids(made)),
            "a running trial after the first result",
        )
    finally:
        machine.kill()
        machine.wait()
    wait_until(lambda: not processes_of(made.handle), "the end of all processes")
    cut = running_pids(made)
    assert cut
    [row] = [row for row in read_rows(made.handle) if row.number == min(cut)]
    assert read_owner(row.attributes["owner"]).boot_id == "the-boot-before"

    closed: list[float] = []
    began = time.monotonic()

    def watch(_: Progress) -> None:
        states = {row.number: row.state for row in read_rows(made.handle)}
        if not closed and "RUNNING" not in {states[number] for number in cut}:
            closed.append(time.monotonic() - began)

    toy(epoch_seconds=0.0)
    assert supervise(made.handle, on_progress=watch, limits=QUICK) == "finished"
    assert closed[0] < 5.0
    # A worker may die after the storage has its result, before it notes that.
    n_told = audit(made.handle, made.ledger, total=5, least=4)
    figure = f"{n_told} told, 0 lost, closed {closed[0]:.1f} s after the start"
    record_property("figure", figure)


@pytest.mark.case("K4", "supervisor killed, its workers go, one successor")
@pytest.mark.case("K12", "everything killed, started again")
@pytest.mark.slow
def test_k12_everything_killed_and_started_again(
    place: MakePlace, toy: Callable[..., None], start_supervisor: Start
) -> None:
    toy(epoch_seconds=0.5)
    made = place(training=replace(LONG, epochs=4), budget=Budget(trials=20))
    n_before = 0
    for wanted in (2, 5):
        supervisor = start_supervisor(made)
        wait_until(partial(has_done, made, wanted), f"{wanted} results")
        second = start_supervisor(made)  # finds the lock taken
        wait_until(partial(is_gone, second), "the end of the second one")
        assert is_supervised(made.handle)
        for pid in [supervisor, *processes_of(made.handle)]:
            kill(pid)
        wait_until(lambda: not processes_of(made.handle), "the end of all")
        assert n_done(made) >= max(n_before, wanted)
        n_before = n_done(made)
    toy(epoch_seconds=0.0)
    assert supervise(made.handle, limits=QUICK) == "finished"
    audit(made.handle, made.ledger, total=20, least=10)


def n_done(made: Place) -> int:
    return sum(row.state in ("COMPLETE", "PRUNED") for row in read_rows(made.handle))


def has_done(made: Place, n: int) -> bool:
    return n_done(made) >= n
