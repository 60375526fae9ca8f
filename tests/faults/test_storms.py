"""K1, K12: random kills, by the hundred, with the seed printed.

N kills without a loss bound the rate of losses to about 3 / N (95 %).
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from search.config import Budget, Training
from search.study.control import read_control, read_state, set_budget
from search.study.optuna_study import open_study
from search.study.trials.claims import reap_dead_trials
from tests.faults.conftest import Place, Workers, is_gone, kill
from tests.faults.oracle import audit, page_faults, processes_of, read_ledger, read_rows
from tests.jobs.conftest import wait_until

MakePlace = Callable[..., Place]
MakeWorkers = Callable[[Place], Workers]
Toy = Callable[..., None]
Start = Callable[[Place], int]
Record = Callable[..., None]
QUICK = Training(epochs=4, pruner="none", patience=0, seed=7)
CLOSED_SECONDS = 5.0
SEARCH_MINUTES = 30


class Watch:
    """Notes in a thread how long trials run on after their process was killed."""

    def __init__(self, made: Place) -> None:
        self._made = made
        self._killed: dict[int, float] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.longest = 0.0

    def note_kill(self, pid: int) -> None:
        self._killed[pid] = time.monotonic()

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ending.wait(0.2):
            owners = running_owners(self._made)
            now = time.monotonic()
            for pid, since in list(self._killed.items()):
                if pid in owners:
                    self.longest = max(self.longest, now - since)


def running_owners(made: Place) -> set[int]:
    """Return the processes that own a running trial."""
    rows = [row for row in read_rows(made.handle) if row.state == "RUNNING"]
    owners = [row.attributes.get("owner") for row in rows]
    return {owner["pid"] for owner in owners if isinstance(owner, dict)}


def n_done(made: Place) -> int:
    return sum(row.state in ("COMPLETE", "PRUNED") for row in read_rows(made.handle))


def has_done(made: Place, n: int) -> bool:
    return n_done(made) >= n


def has_workers(made: Place, supervisor: int) -> bool:
    """Return whether workers run, or nothing is left to do for them."""
    return bool(read_state(made.handle).workers) or is_gone(supervisor)


def say_seed(seed: int) -> random.Random:
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    return random.Random(seed)


def wait_for_end(made: Place, supervisor: int) -> None:
    """Wait for the end of a search that takes longer than an ordinary test may."""
    pause, stop = threading.Event(), time.monotonic() + 60 * SEARCH_MINUTES
    while not is_gone(supervisor):
        assert time.monotonic() < stop, "the search hangs"
        pause.wait(0.5)


@pytest.mark.case("K1", "workers killed at random under a supervisor")
@pytest.mark.parametrize(
    ("n_trials", "n_kills"),
    [
        pytest.param(40, 10, marks=pytest.mark.slow),
        pytest.param(400, 100, marks=pytest.mark.faults),
    ],
)
def test_k1_storm_of_kills(
    place: MakePlace,
    toy: Toy,
    start_supervisor: Start,
    n_trials: int,
    n_kills: int,
    record_property: Record,
) -> None:
    seed = int.from_bytes(os.urandom(4))
    dice = say_seed(seed)
    toy(epoch_seconds=0.2)
    made = place(training=QUICK, budget=Budget(trials=n_trials))
    began = time.monotonic()
    supervisor = start_supervisor(made)
    pause, n_struck = threading.Event(), 0
    with Watch(made) as watch:
        while n_struck < n_kills and not is_gone(supervisor):
            pause.wait(dice.uniform(1.2, 2.4))
            alive = [pid for pid in read_state(made.handle).workers if not is_gone(pid)]
            if alive and running_owners(made):
                victim = dice.choice(alive)
                watch.note_kill(victim)
                kill(victim)
                n_struck += 1
        wait_for_end(made, supervisor)
    seconds = time.monotonic() - began
    assert n_struck == n_kills, read_state(made.handle).message
    assert watch.longest < CLOSED_SECONDS
    n_told = audit(made.handle, made.ledger, total=n_trials, least=n_trials // 2)
    assert page_faults(made.handle) == []
    # What two workers need without kills: four epochs of 0.2 s a trial.
    plain = n_trials * 0.8 / 2
    record_property(
        "figure",
        f"seed {seed}: {n_kills} kills, {n_told} told, 0 lost, {n_trials} done; "
        f"closed in {watch.longest:.1f} s; {seconds:.0f} s, training {plain:.0f} s",
    )


@pytest.mark.case("K1", "workers killed in claims and tells, many times a second")
@pytest.mark.parametrize("n_kills", [10, pytest.param(200, marks=pytest.mark.faults)])
def test_k1_storm_on_claims_and_tells(
    place: MakePlace,
    workers_of: MakeWorkers,
    toy: Toy,
    n_kills: int,
    record_property: Record,
) -> None:
    """Epochs take no time, so that most kills meet the storage at work."""
    seed = int.from_bytes(os.urandom(4))
    dice = say_seed(seed)
    toy(epoch_seconds=0.005)
    training = replace(QUICK, epochs=2)
    made = place(training=training, budget=Budget(trials=4_000), workers=3)
    study = open_study(made.handle)
    n_told_by_reaper = 0
    pause = threading.Event()
    with workers_of(made) as workers:
        alive = [workers.start() for _ in range(3)]
        for _ in range(n_kills):
            pause.wait(dice.uniform(0.05, 0.3))
            victim = alive.pop(dice.randrange(len(alive)))
            kill(victim)
            assert workers.ended(victim) == -9
            reaped = reap_dead_trials(made.handle, study, pid=victim)
            n_told_by_reaper += sum(trial.fate == "told" for trial in reaped)
            alive.append(workers.start())
        total = n_done(made) + 10
        set_budget(made.handle, Budget(trials=total))
        assert read_control(made.handle).budget.trials == total
        assert [workers.ended(pid) for pid in alive] == [0, 0, 0]
    n_told = audit(made.handle, made.ledger, total=total, least=5)
    n_cut = sum(row.state == "FAIL" for row in read_rows(made.handle))
    record_property(
        "figure",
        f"seed {seed}: {n_kills} kills, {n_told} told, 0 lost; {n_cut} cut short, "
        f"{n_told_by_reaper} told from the spool",
    )


@pytest.mark.faults
@pytest.mark.case("K12", "supervisor and workers killed, five cycles")
@pytest.mark.case("K3", "all killed at once, five times")
def test_k12_storm_of_restarts(
    place: MakePlace, toy: Toy, start_supervisor: Start, record_property: Record
) -> None:
    seed = int.from_bytes(os.urandom(4))
    dice = say_seed(seed)
    toy(epoch_seconds=0.1)
    made = place(training=QUICK, budget=Budget(trials=40))
    n_kills, before = 0, 0
    numbers: set[int] = set()
    for _ in range(5):
        supervisor = start_supervisor(made)
        least = before + dice.randint(3, 6)
        wait_until(partial(has_done, made, least), f"{least} results")
        # Sometimes its workers first, sometimes the supervisor alone.
        targets = [supervisor, *processes_of(made.handle, "work")]
        dice.shuffle(targets)
        for pid in targets:
            kill(pid)
            n_kills += 1
        wait_until(lambda: not processes_of(made.handle), "the end of all processes")
        assert n_done(made) >= before
        before = n_done(made)
        told = {one.number for one in read_ledger(made.ledger)}
        assert numbers <= told
        numbers = told
    supervisor = start_supervisor(made)
    wait_for_end(made, supervisor)
    n_told = audit(made.handle, made.ledger, total=40, least=30)
    figure = f"seed {seed}: {n_kills} kills, {n_told} told, 0 lost, 40 of 40"
    record_property("figure", figure)


@pytest.mark.faults
@pytest.mark.case("K4", "supervisor killed again and again, its workers live on")
def test_k4_storm_on_supervisors(
    place: MakePlace, toy: Toy, start_supervisor: Start, record_property: Record
) -> None:
    """Workers give their trial back when they see that they are alone."""
    toy(epoch_seconds=0.05)
    made = place(training=QUICK, budget=Budget(trials=100))
    seed = int.from_bytes(os.urandom(4))
    dice = say_seed(seed)
    pause, n_kills, longest = threading.Event(), 0, 0.0
    while n_kills < 20:
        supervisor = start_supervisor(made)
        wait_until(partial(has_workers, made, supervisor), "workers")
        if is_gone(supervisor):
            break
        pause.wait(dice.uniform(0.2, 1.5))
        os.kill(supervisor, signal.SIGKILL)
        n_kills += 1
        began = time.monotonic()
        wait_until(lambda: not processes_of(made.handle, "work"), "the workers' end")
        longest = max(longest, time.monotonic() - began)
    assert longest < 30.0
    supervisor = start_supervisor(made)
    wait_for_end(made, supervisor)
    n_told = audit(made.handle, made.ledger, total=100, least=60)
    figure = f"seed {seed}: {n_kills} kills, {n_told} told, 0 lost, 100 of 100; "
    record_property("figure", f"{figure}workers alone for {longest:.1f} s at most")
