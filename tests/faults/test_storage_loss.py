"""S6, S8, S10, S11, S12: a storage that is moved, locked, shared, or loses a study."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from search.config import Budget, Environment, Training
from search.errors import StudyCorrupted
from search.jobs.supervisor import supervise
from search.study.control import read_state, wish
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.progress import Progress
from search.study.storage.opening import open_storage, sqlite_path
from search.study.studies import delete_study, list_studies
from search.study.trials.listing import read_trials
from search.study.trials.owners import read_owner
from tests.faults.conftest import ROOT, Place, Workers, is_gone
from tests.faults.oracle import audit, processes_of, read_rows
from tests.jobs.conftest import QUICK, Once, wait_until

MakePlace = Callable[..., Place]
MakeWorkers = Callable[[Place], Workers]
Toy = Callable[..., None]
Record = Callable[..., None]
SLOW = Training(epochs=20, pruner="none", patience=0, seed=7)


def storage_file(handle: StudyHandle) -> Path:
    path = sqlite_path(handle.environment.storage_url)
    assert path is not None
    return path


@pytest.mark.case("S6", "storage file moved away or replaced while workers train")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "The storage file optuna.db is missing. Put it back"),
        (b"another program\n" * 100, "The storage file optuna.db is damaged"),
    ],
)
def test_s6_storage_moved_away_and_put_back(
    place: MakePlace, toy: Toy, content: bytes | None, sentence: str
) -> None:
    toy(epoch_seconds=0.05)
    made = place(training=SLOW, budget=Budget(trials=6))
    path = storage_file(made.handle)
    aside = path.with_name("aside.db")

    def take_away(_: Progress) -> None:
        # Between two transactions: the journal of one would be played into the file
        # that takes its place, which no program can help.
        with closing(sqlite3.connect(path, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            path.rename(aside)
        if content is not None:
            path.write_bytes(content)

    strike = Once(lambda now: now.n_done >= 1, take_away)
    assert supervise(made.handle, on_progress=strike, limits=QUICK) == "failed"
    assert not processes_of(made.handle)
    assert sentence in read_state(made.handle).message
    # Nothing was made in its place, or changed.
    assert path.exists() == (content is not None)
    assert content is None or path.read_bytes() == content

    aside.rename(path)
    toy(epoch_seconds=0.0)
    wish(made.handle, "run")
    assert supervise(made.handle, limits=QUICK) == "finished"
    # What waited in the spool was told by the supervisor, which keeps no ledger.
    audit(made.handle, made.ledger, total=6, least=2)


@pytest.mark.case("S6", "storage file gone when a result is told")
def test_s6_result_of_a_lost_storage_waits_in_the_spool(
    place: MakePlace, workers_of: MakeWorkers
) -> None:
    made = place("between_fit_and_tell:2:hang", budget=Budget(trials=3), workers=1)
    path = storage_file(made.handle)
    with workers_of(made) as workers:
        worker = workers.start()
        wait_until(lambda: made.was_reached, "the second result in the spool")
        # It hangs where the storage would be asked next, and never will be.
        path.rename(path.with_name("aside.db"))
        with pytest.raises(StudyCorrupted, match="is missing"):
            read_trials(made.handle)
        assert (made.handle.folder / "spool" / "1.json").exists()
        assert not is_gone(worker)
    path.with_name("aside.db").rename(path)
    wish(made.handle, "run")
    assert supervise(made.handle, limits=QUICK) == "finished"
    rows = read_rows(made.handle)
    assert [row.state for row in rows] == ["COMPLETE"] * 3
    audit(made.handle, made.ledger, total=3, least=2)


@pytest.mark.case("S8", "database locked by another program")
@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(3.0, marks=pytest.mark.slow),
        pytest.param(20.0, marks=pytest.mark.faults),
    ],
)
def test_s8_database_locked(
    place: MakePlace, toy: Toy, seconds: float, record_property: Record
) -> None:
    toy(epoch_seconds=0.05)
    made = place(training=SLOW, budget=Budget(trials=6))
    answers: list[float] = []

    def hold() -> None:
        with closing(sqlite3.connect(storage_file(made.handle), timeout=30)) as other:
            other.execute("BEGIN EXCLUSIVE")
            stop = time.monotonic() + seconds
            while time.monotonic() < stop:
                began = time.monotonic()
                # A page that has seen the study goes on with what it knows.
                assert read_trials(made.handle)
                answers.append(time.monotonic() - began)
            other.rollback()

    holder = threading.Thread(target=hold)
    strike = Once(lambda now: now.n_done >= 1, lambda _: holder.start())
    assert supervise(made.handle, on_progress=strike, limits=QUICK) == "finished"
    holder.join()
    assert [row.state for row in read_rows(made.handle)].count("FAIL") == 0
    assert max(answers) < 2.5
    audit(made.handle, made.ledger, total=6, least=6)
    figure = (
        f"locked {seconds:g} s: 0 failed, reading took {max(answers):.1f} s at most"
    )
    record_property("figure", figure)


STARTERS = """
import os, sys, time
from pathlib import Path
import optuna
from search.study.storage.opening import open_storage, prepare_storage

root, n_rounds, n_processes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
n_good = 0
for turn in range(n_rounds):
    url = f"sqlite:///{root / f'round-{turn}' / 'optuna.db'}"
    gate, children = root / f"gate-{turn}", []
    for _ in range(n_processes):
        child = os.fork()
        if not child:
            try:
                while not gate.exists():
                    time.sleep(0.001)
                prepare_storage(url)
                study = optuna.create_study(
                    storage=open_storage(url), study_name="one", load_if_exists=True
                )
                study.ask()
                os._exit(0)
            except BaseException as error:
                print(repr(error), flush=True)
                os._exit(1)
        children.append(child)
    gate.touch()
    n_good += sum(os.waitpid(child, 0)[1] == 0 for child in children)
    storage = open_storage(url)
    [study] = storage.get_all_studies()
    trials = storage.get_all_trials(study._study_id)
    assert sorted(t.number for t in trials) == list(range(n_processes))
print(n_good)
"""


@pytest.mark.case("S10", "processes start on an empty directory at once")
@pytest.mark.parametrize("n_rounds", [1, pytest.param(20, marks=pytest.mark.faults)])
def test_s10_many_first_starts(
    tmp_path: Path, n_rounds: int, record_property: Record
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", STARTERS, str(tmp_path), str(n_rounds), "10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.stdout == f"{10 * n_rounds}\n", run.stderr
    record_property("figure", f"{10 * n_rounds} of {10 * n_rounds} starts")


@pytest.mark.case("S11", "study deleted by another program while it runs")
@pytest.mark.case("S12", "study renamed by another program while it runs")
@pytest.mark.parametrize("is_renamed", [False, True], ids=["deleted", "renamed"])
def test_s11_study_taken_away_while_it_runs(
    place: MakePlace,
    toy: Toy,
    environment: Environment,
    is_renamed: bool,
    record_property: Record,
) -> None:
    """Plain optuna-dashboard renames by copying, and deletes what it copied."""
    toy(epoch_seconds=0.1)
    made = place(training=SLOW, budget=Budget(trials=6))
    others: list[StudyHandle] = []
    times: list[float] = []

    def take_away(_: Progress) -> None:
        storage = open_storage(environment.storage_url)
        name = made.handle.optuna_name
        if is_renamed:
            optuna.copy_study(
                from_study_name=name,
                from_storage=storage,
                to_storage=storage,
                to_study_name="other name",
            )
        optuna.delete_study(study_name=name, storage=storage)
        times.append(time.monotonic())
        # SQLite gives the id that is free again to this one.
        others.append(place(training=SLOW).handle)
        wish(others[0], "pause")

    strike = Once(lambda now: len(now.running) == 2, take_away)
    assert supervise(made.handle, on_progress=strike, limits=QUICK) == "failed"
    seconds = time.monotonic() - times[0]
    assert not processes_of(made.handle)
    assert seconds < 10.0
    assert "no longer in the storage" in read_state(made.handle).message
    [other] = others
    assert {row.state for row in read_rows(other)} == {"WAITING"}
    assert not any(read_owner(row.attributes.get("owner")) for row in read_rows(other))
    assert not any(trial.intermediate_values for trial in open_study(other).trials)
    # What is left of it can be removed; the other one stays.
    delete_study(made.handle)
    assert list_studies(environment) == (other,)
    assert not made.handle.folder.exists()
    record_property("figure", f"ended after {seconds:.1f} s, 0 foreign values")
