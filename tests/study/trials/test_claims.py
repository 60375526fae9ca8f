"""Exact totals, one owner a trial, fair turns."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from search.config import Budget, Training
from search.errors import StudyCorrupted
from search.jobs.commands import child_environment
from search.space.lines import Line
from search.study.control import StateRecord, set_budget, wish, write_state
from search.study.optuna_study import open_study
from search.study.steering import enqueue
from search.study.storage.batching import UUID_ATTRIBUTE
from search.study.trials.claims import (
    ReapedTrial,
    claim_trial,
    current_owner,
    fail_trial,
    finish_trial,
    reap_dead_trials,
)
from search.study.trials.listing import read_trials
from search.study.trials.owners import Owner
from search.study.trials.spool import TrialRecord

ROOT = Path(__file__).parents[3]

# A worker that trains nothing: it prints the numbers of the trials it was given.
WORKER = """
import sqlite3, sys, time
import sqlalchemy
from search.config import Environment
from search.study.trials.claims import (
    TrialRecord, claim_trial, current_owner, finish_trial
)
from search.study.optuna_study import open_study
from search.study.studies import find_study

@sqlalchemy.event.listens_for(sqlalchemy.Engine, "connect")
def spare_the_disk(connection, record):
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")

handle = find_study(Environment.from_process(), sys.argv[1])
study, owner = open_study(handle), current_owner()
while (claim := claim_trial(handle, study, owner)).reason != "budget":
    if claim.reason == "wait":
        time.sleep(0.02)
        continue
    number = claim.trial.number
    print(number, claim.params.units, flush=True)
    record = TrialRecord("complete", 1.0, (1.0,), 1, 1, 10, 0.0, 0.0)
    assert finish_trial(handle, study, number, record, owner=owner)
"""

# A worker that dies inside the claim lock, its trial claimed.
HOLDER = """
import sys
from search.config import Environment
from search.study.storage.batching import batching_storage
from search.study.trials.claims import claim_trial, current_owner
from search.study.optuna_study import claim_lock, open_study
from search.study.studies import find_study

handle = find_study(Environment.from_process(), sys.argv[1])
study = open_study(handle)
claim = claim_trial(handle, study, current_owner())
with claim_lock(handle), batching_storage(study).together():
    print(claim.trial.number, flush=True)
    sys.stdin.read()
"""


def record(score: float = 1.0) -> TrialRecord:
    return TrialRecord("complete", score, (score, score), 2, 3, 100, 0.5, 1.5)


def start_worker(handle) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, handle.uuid],
        cwd=ROOT,
        env=child_environment(handle.environment),
        stdout=subprocess.PIPE,
        text=True,
    )


def run_trials(handle, study, n_trials: int, score: float = 1.0) -> list[str]:
    """Claim and finish trials; return the cell of each."""
    owner, cells = current_owner(), []
    for _ in range(n_trials):
        claim = claim_trial(handle, study, owner)
        finish_trial(handle, study, claim.trial.number, record(score), owner=owner)
        cells.append(claim.params.cell)
    return cells


@pytest.mark.case("C1", "4 processes, 30 queued trials, on each storage")
def test_claim_four_processes_share_thirty_queued_trials(make_study):
    """Plain SQLite storage gave 9 of 30 queued trials to two processes."""
    queue = tuple({"cell": "GRU", "units": 16 * 2 ** (k % 4)} for k in range(30))
    handle = make_study(enqueue=queue, budget=Budget(trials=30))
    workers = [start_worker(handle) for _ in range(4)]
    outputs = [worker.communicate(timeout=120)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    lines = [line.split() for output in outputs for line in output.splitlines()]
    assert sorted(int(number) for number, _ in lines) == list(range(30))
    assert {int(number): int(units) for number, units in lines} == {
        number: queue[number]["units"] for number in range(30)
    }
    states = Counter(trial.state for trial in open_study(handle).trials)
    # The first configurations of every search were queued behind the thirty.
    assert states == {TrialState.COMPLETE: 30, TrialState.WAITING: 9}


@pytest.mark.case("K10", "worker killed inside the lock, on each storage")
def test_claim_lock_and_trial_of_a_killed_worker_are_free_at_once(make_study):
    """Optuna's own file locks keep the others waiting for 30 seconds."""
    handle = make_study(budget=Budget(trials=1))
    study = open_study(handle)
    worker = subprocess.Popen(
        [sys.executable, "-c", HOLDER, handle.uuid],
        cwd=ROOT,
        env=child_environment(handle.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout.readline() == "0\n"
    assert study.trials[0].state == TrialState.RUNNING
    worker.kill()
    worker.communicate()
    assert claim_trial(handle, study, current_owner()).reason == "wait"
    assert reap_dead_trials(handle, study) == [ReapedTrial(0, "retried")]
    assert claim_trial(handle, study, current_owner()).trial.number == 1


def test_claim_marks_owner_seed_and_configuration(handle, study):
    owner = current_owner()
    claim = claim_trial(handle, study, owner)
    assert claim.reason == "claimed"
    stored = open_study(handle).trials[0]
    assert stored.state == TrialState.RUNNING
    assert stored.user_attrs["owner"]["pid"] == owner.pid
    assert stored.user_attrs["seed"] == claim.seed
    assert handle.settings.space.complete(stored.params) == claim.params


def test_claim_begins_with_the_textbook_of_each_cell(handle, study):
    assert run_trials(handle, study, 3) == ["SimpleRNN", "LSTM", "GRU"]
    units = {trial.params["units"] for trial in study.trials}
    assert units == {32}


def test_claim_gives_equal_trials_to_each_cell(make_study):
    handle = make_study(budget=Budget(trials=12))
    cells = run_trials(handle, open_study(handle), 12)
    assert Counter(cells) == {"SimpleRNN": 4, "LSTM": 4, "GRU": 4}


def test_claim_balance_sampler_leaves_the_cell_to_the_sampler(make_study):
    handle = make_study(training=Training(balance="sampler", seed=3))
    study = open_study(handle)
    run_trials(handle, study, 6)
    assert not isinstance(study.sampler, optuna.samplers.PartialFixedSampler)


@pytest.mark.case("C7", "one worker and one seed twice, no kills")
def test_claim_repeats_with_the_same_seed(make_study):
    """One worker and one seed give the same configurations again."""
    runs = []
    for _ in range(2):
        handle = make_study(budget=Budget(trials=8))
        study = open_study(handle)
        run_trials(handle, study, 8)
        runs.append([trial.params for trial in study.trials])
    assert runs[0] == runs[1]


def test_claim_seeds_differ_between_trials(handle, study):
    run_trials(handle, study, 4)
    seeds = [trial.user_attrs["seed"] for trial in study.trials if trial.user_attrs]
    assert len(set(seeds)) == 4
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_claim_waits_while_running_trials_fill_the_budget(make_study):
    handle = make_study(budget=Budget(trials=2))
    study = open_study(handle)
    first, second = foreign_owner(1), foreign_owner(2)
    a, b = (claim_trial(handle, study, owner) for owner in (first, second))
    assert claim_trial(handle, study, current_owner()).reason == "wait"
    finish_trial(handle, study, a.trial.number, record(), owner=first)
    assert claim_trial(handle, study, current_owner()).reason == "wait"
    finish_trial(handle, study, b.trial.number, record(), owner=second)
    assert claim_trial(handle, study, current_owner()).reason == "budget"


def test_claim_goes_on_after_a_larger_budget(make_study):
    handle = make_study(budget=Budget(trials=1))
    study = open_study(handle)
    run_trials(handle, study, 1)
    assert claim_trial(handle, study, current_owner()).reason == "budget"
    set_budget(handle, Budget(trials=2))
    run_trials(handle, study, 1)
    assert claim_trial(handle, study, current_owner()).reason == "budget"


def test_claim_ends_with_the_time_budget(make_study):
    handle = make_study(budget=Budget(trials=None, seconds=60))
    study = open_study(handle)
    write_state(handle, StateRecord("searching", seconds_used=59.9))
    assert claim_trial(handle, study, current_owner()).reason == "claimed"
    write_state(handle, StateRecord("searching", seconds_used=60.0))
    assert claim_trial(handle, study, current_owner()).reason == "budget"


@pytest.mark.parametrize("wanted", ["pause", "stop"])
def test_claim_obeys_the_wish(handle, study, wanted):
    wish(handle, wanted)
    assert claim_trial(handle, study, current_owner()).reason == "wish"
    wish(handle, "run")
    assert claim_trial(handle, study, current_owner()).reason == "claimed"


def test_claim_takes_a_queued_configuration_first(handle, study):
    run_trials(handle, study, 3)
    number = enqueue(handle, {"cell": "SimpleRNN", "units": 128})
    claim = claim_trial(handle, study, current_owner())
    assert claim.trial.number == number == 3
    assert (claim.params.cell, claim.params.units) == ("SimpleRNN", 128)


def test_claim_keeps_a_queued_value_between_the_steps(make_study, settings):
    space = settings.space.with_line(Line("units", low=16, high=128, step=16))
    handle = make_study(enqueue=({"cell": "GRU", "units": 50},), space=space)
    study = open_study(handle)
    assert claim_trial(handle, study, current_owner()).params.units == 50
    assert open_study(handle).trials[0].params["units"] == 50
    run_trials(handle, study, 6)  # the sampler can live with it


def test_enqueue_without_a_cell_takes_the_one_with_the_fewest_trials(handle, study):
    run_trials(handle, study, 2)
    enqueue(handle, {"units": 64})
    waiting = [t for t in open_study(handle).trials if t.state == TrialState.WAITING]
    assert waiting[-1].system_attrs["fixed_params"] == {"units": 64, "cell": "GRU"}


def test_claim_closes_the_trial_that_a_worker_still_holds(handle, study):
    """A worker whose claim broke half way asks again; its trial must not stay."""
    owner = current_owner()
    claim_trial(handle, study, owner)
    second = claim_trial(handle, study, owner)
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.RUNNING) == 1
    assert states[0] == TrialState.FAIL
    assert second.trial.number == 1


def test_claim_closes_a_trial_that_nobody_owns(handle, study):
    """A worker killed between ask and its mark leaves a trial without owner."""
    study.ask()
    claim = claim_trial(handle, study, current_owner())
    states = [trial.state for trial in study.trials]
    assert states[0] == TrialState.FAIL
    assert claim.trial.number == 1


def test_claim_refuses_a_study_that_took_over_the_id(handle, study):
    study.set_user_attr(UUID_ATTRIBUTE, "0" * 32)
    with pytest.raises(StudyCorrupted, match="no longer in the storage"):
        claim_trial(handle, study, current_owner())


def test_claim_refuses_when_the_folder_is_gone(handle, study):
    handle.folder.rename(handle.folder.with_name("moved"))
    with pytest.raises(StudyCorrupted, match="folder of the study 'Power' is gone"):
        claim_trial(handle, study, current_owner())


def test_claim_with_a_fixed_cell_needs_no_turns(make_study, one_cell):
    handle = make_study(space=one_cell.space)
    cells = run_trials(handle, open_study(handle), 3)
    assert cells == ["GRU", "GRU", "GRU"]


def test_claim_with_nothing_to_search(make_study, settings):
    space = settings.space
    for line in space.lines:
        space = space.with_line(Line(line.name, choices=(line.values[0],)))
    handle = make_study(space=space, budget=Budget(trials=2))
    assert run_trials(handle, open_study(handle), 2) == ["SimpleRNN", "SimpleRNN"]


def foreign_owner(pid: int) -> Owner:
    return replace(current_owner(), host="another-machine", pid=pid)


@pytest.mark.case("T4", "the sampler draws a configuration that ended a worker")
@pytest.mark.parametrize("kind", ["memory", "time"])
def test_claim_never_draws_again_what_ended_a_worker(make_study, settings, kind):
    space = settings.space
    for line in space.lines:
        space = space.with_line(Line(line.name, choices=(line.values[0],)))
    space = space.with_line(Line("units", choices=(16, 128)))
    large = {"units": 128}
    handle = make_study(space=space, enqueue=(large,), budget=Budget(trials=12))
    study, owner = open_study(handle), current_owner()
    first = claim_trial(handle, study, owner)
    fail_trial(handle, study, first.trial.number, "too much", owner=owner, kind=kind)
    drawn = []
    for _ in range(8):
        claim = claim_trial(handle, study, owner)
        drawn.append(claim.params.units)
        finish_trial(handle, study, claim.trial.number, record(), owner=owner)
    assert set(drawn) == {16}
    aside = [trial for trial in read_trials(handle) if trial.state == "removed"]
    assert aside
    assert "configuration of trial 0, which ended its worker" in aside[0].error
    enqueue(handle, large)
    assert claim_trial(handle, study, owner).params.units == 128
