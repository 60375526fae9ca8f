"""C1, C2, C4, C6: double claims, double starts, and data files that change."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from search.cli.main import main
from search.config import Budget, Environment, Training
from search.jobs.launch import start_study, stop_study
from search.study.control import read_state
from search.study.studies import list_studies
from tests.faults.conftest import ROOT, Place
from tests.faults.oracle import audit, processes_of, read_ledger
from tests.jobs.conftest import wait_until

MakePlace = Callable[..., Place]
Toy = Callable[..., None]
Record = Callable[..., None]

CLAIMERS = """
import os, sys
from pathlib import Path
from search.config import Environment
from search.study.trials.claims import TrialRecord, claim_trial
from search.study.trials.claims import current_owner, finish_trial
from search.study.optuna_study import open_study
from search.study.studies import find_study

folder = Path(sys.argv[1])
environment = Environment(folder, f"sqlite:///{folder / 'optuna.db'}")
handle = find_study(environment, sys.argv[2])
for _ in range(int(sys.argv[3])):
    if not os.fork():
        study, owner = open_study(handle), current_owner()
        while (claim := claim_trial(handle, study, owner)).reason == "claimed":
            line = f"{claim.trial.number} {claim.params.units}\\n"
            os.write(1, line.encode())
            record = TrialRecord("complete", 1.0, (1.0,), 1, 1, 10, 0.0, 0.0)
            assert finish_trial(handle, study, claim.trial.number, record, owner=owner)
        os._exit(0)
codes = [os.wait()[1] for _ in range(int(sys.argv[3]))]
sys.exit(any(codes))
"""


@pytest.mark.faults
@pytest.mark.case("C1", "six processes, 30 queued trials, 20 rounds")
def test_c1_no_queued_trial_is_claimed_twice(
    place: MakePlace, record_property: Record
) -> None:
    n_rounds, n_doubled = 20, 0
    for _ in range(n_rounds):
        queue = tuple({"cell": "GRU", "units": 16 * 2 ** (k % 4)} for k in range(30))
        made = place(enqueue=queue, budget=Budget(trials=30))
        folder = str(made.handle.environment.studies_dir)
        run = subprocess.run(
            [sys.executable, "-c", CLAIMERS, folder, made.handle.uuid, "6"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        lines = [line.split() for line in run.stdout.splitlines()]
        numbers = [int(number) for number, _ in lines]
        n_doubled += len(numbers) - len(set(numbers))
        assert sorted(set(numbers)) == list(range(30))
        units = {int(number): int(given) for number, given in lines}
        assert units == {number: queue[number]["units"] for number in range(30)}
    assert n_doubled == 0
    record_property("figure", f"{30 * n_rounds} of {30 * n_rounds} distinct")


@pytest.mark.case("C2", "start pressed twenty times at once")
def test_c2_twenty_starts_launch_one_supervisor(
    place: MakePlace, toy: Toy, record_property: Record
) -> None:
    """Each of them started a process, of which all but one found the lock taken."""
    toy(epoch_seconds=0.02)
    made = place(budget=Budget(trials=2))
    barrier = threading.Barrier(20)

    def press(_: int) -> None:
        barrier.wait()
        start_study(made.handle)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(press, range(20)))
    supervisors = processes_of(made.handle, "supervise")
    assert len(supervisors) == 1
    wait_until(lambda: len(read_ledger(made.ledger)) == 2, "two results")
    start_study(made.handle)
    assert processes_of(made.handle, "supervise") in ([], supervisors)
    wait_until(lambda: not processes_of(made.handle), "the end of the study")
    audit(made.handle, made.ledger, total=2, least=2)
    record_property("figure", "20 starts, 1 supervisor")


def has_told(made: Place, n: int) -> bool:
    return len(read_ledger(made.ledger)) >= n


@pytest.mark.case("C4", "stopped and started again at once, stopped twice")
@pytest.mark.slow
def test_c4_never_more_workers_than_wanted(place: MakePlace, toy: Toy) -> None:
    toy(epoch_seconds=0.05)
    training = Training(epochs=10, pruner="none", patience=0, seed=7)
    made = place(training=training, budget=Budget(trials=12))
    most: list[int] = []
    watching = threading.Event()

    def watch() -> None:
        while not watching.wait(0.1):
            most.append(len(processes_of(made.handle, "work")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        start_study(made.handle)
        for wanted in (1, 3):
            wait_until(partial(has_told, made, wanted), "results")
            stop_study(made.handle)
            stop_study(made.handle)
            start_study(made.handle)
        wait_until(
            lambda: read_state(made.handle).state == "finished", "the end of the study"
        )
        wait_until(lambda: not processes_of(made.handle), "the end of all processes")
    finally:
        watching.set()
        watcher.join()
    assert max(most) == made.handle.settings.workers
    audit(made.handle, made.ledger, total=12, least=12)


@pytest.mark.case("C6", "data file replaced while two studies of it exist")
@pytest.mark.slow
def test_c6_a_study_keeps_its_own_data(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies, table = tmp_path / "studies", tmp_path / "plant.csv"
    monkeypatch.setenv("STUDIES_DIR", str(studies))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    # It would change the logging of the tests that follow.
    monkeypatch.setattr("search.cli.run._log_to_file", lambda _: None)
    days = pd.date_range("2024-01-01", periods=120, freq="D").strftime("%Y-%m-%d")
    first = pd.DataFrame({"day": days, "load": [step % 7 for step in range(120)]})
    first.to_csv(table, index=False)
    run = ("run", str(table), "--target", "load", "--horizon", "2", "--cells", "gru")
    options = ("--trials", "1", "--workers", "1", "--epochs", "2", "--patience", "0")
    assert main([*run, *options, "--name", "before"]) == 0
    first.assign(load=first["load"] * 100).to_csv(table, index=False)
    assert main([*run, *options, "--name", "after"]) == 0
    assert main(["resume", "before", "--trials", "2"]) == 0

    by_name = {
        study.settings.name: study for study in list_studies(Environment.from_process())
    }
    held = {
        name: pd.read_csv(study.folder / "winners" / "GRU" / "holdout_predictions.csv")[
            "actual"
        ]
        for name, study in by_name.items()
    }
    assert held["before"].max() == 6
    assert held["after"].max() == 600
    assert by_name["before"].data_sha256 != by_name["after"].data_sha256
    assert main(["doctor"]) == 0
