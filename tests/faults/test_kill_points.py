"""K2, K10: a worker dies at each named point, and nothing is lost."""

import os
import time
from collections import Counter
from collections.abc import Callable

import pytest

from search.config import Budget
from search.fault_points import FAULT_VARIABLE, POINTS, _fault, note_told, reach
from search.jobs.audit import audit_study
from search.jobs.supervisor import supervise
from search.study.control import read_state
from search.study.optuna_study import open_study
from search.study.results import load_results
from search.study.trials.claims import (
    TrialRecord,
    claim_trial,
    current_owner,
    finish_trial,
    reap_dead_trials,
)
from search.study.trials.spool import spooled_paths
from tests.faults.conftest import Place, Workers, is_gone, kill
from tests.faults.oracle import audit, processes_of, read_ledger, read_rows
from tests.jobs.conftest import QUICK, wait_until

MakePlace = Callable[..., Place]
MakeWorkers = Callable[[Place], Workers]
OF_WORKERS = POINTS[:5]
RECORD = TrialRecord("complete", 1.0, (1.0,), 1, 1, 10, 0.0, 0.0)


def test_points_are_asleep_without_the_test_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    ledger = tmp_path / "told"
    monkeypatch.setenv(FAULT_VARIABLE, "in_fit:1:raise")
    monkeypatch.setenv("SEARCH_TEST_LEDGER", str(ledger))
    monkeypatch.delenv("SEARCH_TEST", raising=False)
    _fault.cache_clear()
    reach("in_fit")
    note_told(0, "complete", 1.0)
    assert not ledger.exists()
    monkeypatch.setenv("SEARCH_TEST", "1")
    _fault.cache_clear()
    with pytest.raises(RuntimeError, match="asked for this at in_fit"):
        reach("in_fit")
    reach("in_fit")  # the first time only
    note_told(0, "complete", 1.0)
    assert ledger.exists()
    _fault.cache_clear()


@pytest.mark.case("K2", "worker killed at a named point")
@pytest.mark.parametrize("point", OF_WORKERS)
def test_k2_worker_killed_at_a_point(
    place: MakePlace,
    workers_of: MakeWorkers,
    point: str,
    record_property: Callable[..., None],
) -> None:
    made = place(f"{point}:2:kill", budget=Budget(trials=4), workers=1)
    study = open_study(made.handle)
    with workers_of(made) as workers:
        first = workers.start()
        assert workers.ended(first) == -9
        assert made.was_reached
        n_waiting = len(spooled_paths(made.handle))
        started = time.monotonic()
        reaped = reap_dead_trials(made.handle, study, pid=first)
        seconds = time.monotonic() - started
        assert seconds < 5.0
        assert workers.ended(workers.start()) == 0
    n_failed = Counter(row.state for row in read_rows(made.handle))["FAIL"]
    # A claim is stored whole or not at all, a result that was finished is never
    # trained again, and what was cut short is tried again once.
    fates = {"after_ask": ["retried"], "in_fit": ["retried"]}
    expected = {**fates, "between_fit_and_tell": ["told"]}.get(point, [])
    assert [trial.fate for trial in reaped] == expected
    assert n_failed == expected.count("retried")
    assert n_waiting == (point == "between_fit_and_tell")
    n_told = audit(made.handle, made.ledger, total=4, least=3)
    figure = f"{point}: {n_told} told, 0 lost, closed in {seconds:.2f} s"
    record_property("figure", figure)


@pytest.mark.case("K2", "worker that ends, breaks or meets a full disk at a point")
@pytest.mark.parametrize(
    ("fault", "n_failed"),
    [("in_fit:3:raise", 1), ("in_fit:3:exit", 1), ("between_fit_and_tell:2:enospc", 0)],
)
def test_k2_worker_breaks_at_a_point(
    place: MakePlace, workers_of: MakeWorkers, fault: str, n_failed: int
) -> None:
    """A full disk costs nothing at all; what breaks is one trial, closed and told."""
    made = place(fault, budget=Budget(trials=4), workers=1)
    with workers_of(made) as workers:
        workers.ended(first := workers.start())
        assert made.was_reached
        reap_dead_trials(made.handle, open_study(made.handle), pid=first)
        assert workers.ended(workers.start()) == 0
    states = Counter(row.state for row in read_rows(made.handle))
    assert states == Counter(COMPLETE=4, FAIL=n_failed)
    told = [one.number for one in read_ledger(made.ledger)]
    assert len(told) == len(set(told)) == 4
    assert spooled_paths(made.handle) == []
    audit(made.handle, made.ledger, total=4, least=4)


@pytest.mark.case("K2", "process of a winner killed before its file has its name")
def test_k2_refit_killed_before_the_rename(place: MakePlace) -> None:
    """A winner that somebody killed was left out of the comparison."""
    made = place("before_checkpoint_rename:1:kill", budget=Budget(trials=3))
    assert supervise(made.handle, limits=QUICK) == "finished"
    assert made.was_reached
    results = load_results(made.handle.folder)
    assert len(results.winners) == 3
    assert results.skipped_cells == {}
    audit(made.handle, made.ledger, total=3, least=3)


@pytest.mark.case("K2", "supervisor killed while it writes its state")
@pytest.mark.slow
def test_k2_supervisor_killed_in_a_state_write(
    place: MakePlace, start_supervisor: Callable[[Place], int]
) -> None:
    made = place("in_state_write:3:kill", budget=Budget(trials=3))
    first = start_supervisor(made)
    wait_until(lambda: is_gone(first), "the death of the supervisor")
    assert made.was_reached
    # Its lock is free as soon as a child that it was starting runs its own program.
    wait_until(
        lambda: read_state(made.handle).state == "interrupted", "the lock to be free"
    )
    for pid in processes_of(made.handle):
        kill(pid)
    second = start_supervisor(made)
    wait_until(lambda: is_gone(second), "the end of the study")
    assert read_state(made.handle).state == "finished"
    # What was half written goes when it is an hour old.
    [left] = made.handle.folder.glob(".state.json.*")
    os.utime(left, (0, 0))
    audit_twice(made)


def audit_twice(made: Place) -> None:
    """Audit after the doctor has mended what is safe to mend."""
    assert all(fault.is_mended for fault in audit_study(made.handle))
    # A worker that was killed after a tell had no time to note it.
    audit(made.handle, made.ledger, total=3, least=1)


@pytest.mark.case("K10", "worker killed while it holds the claim lock")
def test_k10_next_claim_after_a_kill_under_the_lock(
    place: MakePlace, workers_of: MakeWorkers, record_property: Callable[..., None]
) -> None:
    made = place("holding_claim_lock:1:kill", budget=Budget(trials=3))
    study, owner = open_study(made.handle), current_owner()
    with workers_of(made) as workers:
        victim = workers.start()
        wait_until(lambda: is_gone(victim), "the kill under the lock")
        started = time.monotonic()
        claim = claim_trial(made.handle, study, owner)
        seconds = time.monotonic() - started
        assert seconds < 1.0
        assert claim.trial.number == 0
        assert finish_trial(made.handle, study, 0, RECORD, owner=owner)
        assert workers.ended(workers.start()) == 0
    audit(made.handle, made.ledger, total=3, least=2)
    assert {one.number for one in read_ledger(made.ledger)} == {1, 2}
    record_property("figure", f"next claim after {seconds:.3f} s")
