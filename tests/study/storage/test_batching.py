"""Batches store what Optuna's plain calls store, whole or not at all."""

import math
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages._cached_storage import _CachedStorage
from optuna.storages._rdb.models import TrialIntermediateValueModel
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, TrialState

from search.config import Budget, Training
from search.jobs.commands import child_environment
from search.study.control import wish
from search.study.optuna_study import open_study
from search.study.steering import enqueue
from search.study.storage import batching
from search.study.storage.batching import BatchingStorage, batching_storage
from search.study.storage.opening import open_storage
from search.study.trials import outcomes
from search.study.trials.claims import claim_trial, current_owner
from search.study.trials.outcomes import fail_trial, finish_trial, reap_dead_trials
from search.study.trials.spool import TrialRecord, read_entry, spool_path
from search.study.trials.turns import make_sampler

ROOT = Path(__file__).parents[3]
RECORD = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)


class PlainStorage(BatchingStorage):
    """The same methods, each call a transaction of its own as in Optuna."""

    def __init__(self, backend, **options):
        super().__init__(backend, **options)
        for name in (
            "set_trial_param",
            "set_trial_user_attr",
            "set_trial_system_attr",
            "set_trial_intermediate_value",
            "set_trial_state_values",
            "get_trial",
            "_read_trials_from_remote_storage",
        ):
            setattr(self, name, getattr(_CachedStorage, name).__get__(self))

    def together(self):
        return nullcontext()


@pytest.fixture
def commits() -> Iterator[list[str]]:
    """Collect the transactions that changed something."""
    found: list[str] = []
    changes: dict[int, int] = {}

    def begin(connection) -> None:
        changes[id(connection)] = 0

    def execute(connection, cursor, statement, parameters, context, many) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            changes[id(connection)] = changes.get(id(connection), 0) + 1

    def commit(connection) -> None:
        if changes.pop(id(connection), 0):
            found.append("commit")

    engine = sqlalchemy.Engine
    listeners = {"begin": begin, "before_cursor_execute": execute, "commit": commit}
    for name, listener in listeners.items():
        sqlalchemy.event.listen(engine, name, listener)
    yield found
    for name, listener in listeners.items():
        sqlalchemy.event.remove(engine, name, listener)


def run_study(handle, study: optuna.Study) -> None:
    """Run claims, reports and ends of all kinds."""
    owner = current_owner()
    for turn in range(14):
        if turn == 6:
            enqueue(handle, {"cell": "GRU", "units": 64})
        claim = claim_trial(handle, study, owner)
        number, score = claim.trial.number, 1.0 + claim.params.units / 100
        for epoch in range(1, 4):
            claim.trial.report(score + 1 / epoch, step=epoch)
            claim.trial.should_prune()
        if turn % 5 == 3:
            fail_trial(handle, study, number, "No.", owner=owner, kind="killed")
        elif turn % 5 == 4:
            pruned = replace(RECORD, outcome="pruned", score=score)
            finish_trial(handle, study, number, pruned, owner=owner)
        else:
            done = replace(RECORD, score=score)
            finish_trial(handle, study, number, done, owner=owner)


def content(trials: list[FrozenTrial]) -> list[dict[str, object]]:
    """Return all that is stored of trials but times."""
    return [
        {
            "number": trial.number,
            "state": trial.state,
            "values": trial.values,
            "params": trial.params,
            "distributions": trial.distributions,
            "user_attrs": trial.user_attrs,
            "system_attrs": trial.system_attrs,
            "intermediate_values": trial.intermediate_values,
            "has_start": trial.datetime_start is not None,
            "has_end": trial.datetime_complete is not None,
        }
        for trial in trials
    ]


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_batches_store_what_plain_calls_store(make_study, monkeypatch, pruner):
    """Random numbers depend on seed and number only, so both studies are the same."""
    training = Training(epochs=5, seed=7, pruner=pruner)
    stored = []
    for kind in (PlainStorage, BatchingStorage):
        # Hyperband draws the bracket from the name.
        monkeypatch.setattr("search.study.studies.uuids.uuid4", _SameUuid)
        with monkeypatch.context() as patch:
            patch.setattr("search.study.optuna_study.BatchingStorage", kind)
            handle = make_study(budget=Budget(trials=50), training=training)
            study = open_study(handle)
            assert type(study._storage) is kind
            run_study(handle, study)
        stored.append(content(open_study(handle).trials))
        handle.folder.rename(handle.folder.with_name(f"done-{kind.__name__}"))
        optuna.delete_study(study_name=handle.optuna_name, storage=study._storage)
    assert stored[0] == stored[1]
    assert len(stored[0]) >= 14
    states = {trial["state"] for trial in stored[0]}
    assert states >= {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}


def test_what_a_sampler_learned_of_the_space_changes_no_sample(make_study, monkeypatch):
    stored = []
    for is_kept in (True, False):
        handle = make_study(budget=Budget(trials=50))
        with monkeypatch.context() as patch:
            if not is_kept:
                patch.setattr(
                    "search.study.trials.claims.make_sampler", _make_fresh_sampler
                )
            run_study(handle, open_study(handle))
        stored.append(content(open_study(handle).trials))
    assert stored[0] == stored[1]


def _make_fresh_sampler(settings, *, number, fixed, former, narrowed, at_random):
    return make_sampler(settings, number=number, fixed=fixed, narrowed=narrowed)


class _SameUuid:
    hex = "0123456789abcdef0123456789abcdef"


def test_claim_and_tell_are_one_transaction_each(handle, study, commits):
    owner = current_owner()
    claim_trial(handle, study, owner)
    finish_trial(handle, study, 0, RECORD, owner=owner)
    commits.clear()
    for number in range(1, 4):
        claim = claim_trial(handle, study, owner)
        assert (claim.trial.number, len(commits)) == (number, 1)
        finish_trial(handle, study, number, RECORD, owner=owner)
        assert len(commits) == 2
        commits.clear()


def test_failure_and_retry_are_one_transaction(handle, study, commits):
    owner = current_owner()
    claim_trial(handle, study, owner)
    commits.clear()
    fail_trial(handle, study, 0, "Killed.", owner=owner, kind="killed")
    assert len(commits) == 1
    assert open_study(handle).trials[-1].user_attrs == {"retry_of": 0}


def test_reports_are_stored_in_bundles(handle, study, commits, monkeypatch):
    clock = _Clock()
    monkeypatch.setattr(batching, "time", clock)
    owner = current_owner()
    trial = claim_trial(handle, study, owner).trial
    commits.clear()
    for epoch in range(1, 5):
        trial.report(1.0 / epoch, step=epoch)
        clock.now += 0.9
    # At once, then when two seconds are over.
    assert len(commits) == 2
    assert open_study(handle).trials[0].intermediate_values == {
        **{1: 1.0, 2: 0.5},
        **{3: pytest.approx(1 / 3), 4: 0.25},
    }
    trial.report(0.2, step=5)
    assert 5 not in open_study(handle).trials[0].intermediate_values
    finish_trial(handle, study, 0, RECORD, owner=owner)
    assert open_study(handle).trials[0].intermediate_values[5] == 0.2


class _Clock:
    now = 50.0

    def monotonic(self) -> float:
        return self.now


def waiting_reports(handle, study, monkeypatch) -> optuna.Trial:
    """Return a claimed trial with one report stored and two that wait."""
    monkeypatch.setattr(batching, "REPORT_SECONDS", math.inf)
    trial = claim_trial(handle, study, current_owner()).trial
    assert trial is not None
    for epoch, score in enumerate((3.0, 2.0, 9.0), start=1):
        trial.report(score, step=epoch)
    assert open_study(handle).trials[0].intermediate_values == {1: 3.0}
    return trial


def test_the_value_of_a_pruned_trial_is_its_last_report(handle, study, monkeypatch):
    waiting_reports(handle, study, monkeypatch)
    record = replace(RECORD, outcome="pruned", score=2.0)
    finish_trial(handle, study, 0, record, owner=current_owner())
    trial = open_study(handle).trials[0]
    assert (trial.state, trial.value) == (TrialState.PRUNED, 9.0)
    assert trial.intermediate_values == {1: 3.0, 2: 2.0, 3: 9.0}


def test_a_pruned_trial_whose_last_report_is_no_number_has_no_value(handle, study):
    """As `Study.tell` has it."""
    trial = claim_trial(handle, study, current_owner()).trial
    trial.report(math.nan, step=1)
    record = replace(RECORD, outcome="pruned", score=None)
    finish_trial(handle, study, 0, record, owner=current_owner())
    stored = open_study(handle).trials[0]
    assert (stored.state, stored.value) == (TrialState.PRUNED, None)


@pytest.mark.case("K2", "dead between fit and tell")
def test_reports_survive_a_worker_that_dies_before_it_tells(handle, study, monkeypatch):
    """They wait in the spool with the result."""
    waiting_reports(handle, study, monkeypatch)
    record = replace(RECORD, outcome="pruned", score=2.0)
    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "call_storage", _die)
        with pytest.raises(KeyboardInterrupt):
            finish_trial(handle, study, 0, record, owner=current_owner())
    entry = read_entry(spool_path(handle, 0))
    assert entry is not None
    assert entry.reports == {2: 2.0, 3: 9.0}
    monkeypatch.setattr(outcomes, "is_alive", lambda owner: False)
    assert reap_dead_trials(handle, open_study(handle))[0].fate == "told"
    trial = open_study(handle).trials[0]
    assert (trial.value, trial.intermediate_values[2]) == (9.0, 2.0)
    assert not spool_path(handle, 0).exists()


def _die(_: object) -> None:
    raise KeyboardInterrupt


def test_a_failed_trial_keeps_its_reports(handle, study, monkeypatch):
    waiting_reports(handle, study, monkeypatch)
    fail_trial(handle, study, 0, "No.", owner=current_owner())
    assert open_study(handle).trials[0].intermediate_values == {1: 3.0, 2: 2.0, 3: 9.0}


def test_reports_of_a_trial_that_was_closed_are_refused(handle, study, monkeypatch):
    """A worker that slept while its trial was reaped changes nothing."""
    trial = waiting_reports(handle, study, monkeypatch)
    fail_trial(handle, open_study(handle), 0, "Closed.", owner=current_owner())
    storage = batching_storage(study)
    with pytest.raises(UpdateFinishedTrialError):
        storage.add_reports(trial._trial_id, {4: 1.0})
    assert not finish_trial(handle, study, 0, RECORD, owner=current_owner())
    assert open_study(handle).trials[0].intermediate_values == {1: 3.0}
    assert storage.pending_reports(study._study_id, 0) == {}


@pytest.mark.sqlite
@pytest.mark.case("S11", "epoch of a worker whose study was deleted")
def test_reports_never_reach_the_study_that_took_over_the_id(
    make_study, handle, study, monkeypatch
):
    """Reports are stored without the claim lock, under which the uuid is checked."""
    monkeypatch.setattr("search.study.storage.batching.REPORT_SECONDS", 0.0)
    trial = claim_trial(handle, study, current_owner()).trial
    optuna.delete_study(study_name=handle.optuna_name, storage=study._storage)
    other = make_study()
    other_study = open_study(other)
    claim = claim_trial(other, other_study, current_owner())
    assert claim.trial._trial_id == trial._trial_id
    with pytest.raises(KeyError, match="belongs to another study"):
        trial.report(5.0, step=1)
    claim.trial.report(1.0, step=1)
    assert open_study(other).trials[0].intermediate_values == {1: 1.0}


def test_reports_whose_answer_was_lost_are_stored_once(handle, study):
    trial = claim_trial(handle, study, current_owner()).trial
    storage = batching_storage(study)
    storage.add_reports(trial._trial_id, {1: 3.0, 2: 2.0})
    storage.add_reports(trial._trial_id, {1: 3.0, 2: 2.0, 3: 1.0})
    assert study.trials[0].intermediate_values == {1: 3.0, 2: 2.0, 3: 1.0}


def test_a_claim_that_fails_half_way_leaves_nothing(handle, study, monkeypatch):
    before = content(open_study(handle).trials)
    with monkeypatch.context() as patch:
        patch.setattr("search.space.lines.Space.suggest", _fail)
        with pytest.raises(ZeroDivisionError):
            claim_trial(handle, study, current_owner())
    assert content(open_study(handle).trials) == before
    # The worker has no trial in its memory that is not stored.
    claim = claim_trial(handle, study, current_owner())
    assert claim.trial.number == 0
    assert [trial.state for trial in study.trials].count(TrialState.RUNNING) == 1


@pytest.mark.case("K10", "worker killed in a claim, on each storage")
def test_a_claim_that_is_killed_half_way_leaves_nothing(handle, study):
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED, handle.uuid],
        cwd=ROOT,
        env=child_environment(handle.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout.readline() == "0 RUNNING\n"
    worker.kill()
    worker.communicate()
    states = [trial.state for trial in open_study(handle).trials]
    assert states == [TrialState.WAITING] * 3
    assert claim_trial(handle, study, current_owner()).trial.number == 0


KILLED = """
import sys
from search.config import Environment
from search.study.storage.batching import batching_storage
from search.study.optuna_study import claim_lock, open_study
from search.study.studies import find_study

handle = find_study(Environment.from_process(), sys.argv[1])
study = open_study(handle)
with claim_lock(handle), batching_storage(study).together():
    trial = study.ask()
    trial.set_user_attr("seed", 1)
    stored = study._storage.get_trial(trial._trial_id)
    print(stored.number, stored.state.name, flush=True)
    sys.stdin.read()
"""


def _fail(*_: object) -> None:
    raise ZeroDivisionError


def test_a_new_trial_that_was_not_stored_is_forgotten(handle, study, monkeypatch):
    """It would count against the budget until its number is taken."""
    owner = current_owner()
    for number in range(3):  # what was queued
        claim_trial(handle, study, owner)
        finish_trial(handle, study, number, RECORD, owner=owner)
    with monkeypatch.context() as patch:
        patch.setattr("search.space.lines.Space.suggest", _fail)
        with pytest.raises(ZeroDivisionError):
            claim_trial(handle, study, owner)
    assert len(study.trials) == 3
    assert claim_trial(handle, study, owner).trial.number == 3


def test_a_tell_that_fails_half_way_changes_nothing(handle, study, monkeypatch):
    owner = current_owner()
    claim_trial(handle, study, owner)
    before = content(open_study(handle).trials)
    broken = sqlite3.OperationalError("disk I/O error")

    def refuse(*_: object) -> None:
        raise sqlalchemy.exc.OperationalError("UPDATE", {}, broken)

    with monkeypatch.context() as patch:
        patch.setattr(sqlalchemy.orm.Session, "commit", refuse)
        patch.setattr(outcomes, "call_storage", lambda function: function())
        with pytest.raises(sqlalchemy.exc.OperationalError, match="disk I/O error"):
            finish_trial(handle, study, 0, RECORD, owner=owner)
    assert content(open_study(handle).trials) == before
    assert finish_trial(handle, study, 0, RECORD, owner=owner)


def test_an_error_that_optuna_swallows_ends_the_block(handle, study):
    """After its rollback the first half would be lost and the second one kept."""
    trial_id = claim_trial(handle, study, current_owner()).trial._trial_id
    storage = batching_storage(study)

    def change() -> None:
        with storage.together():
            storage.set_trial_user_attr(trial_id, "first", 1)
            storage.get_trial(trial_id)
            with _create_scoped_session(storage._sessions, True) as session:
                row = batching._report_row(trial_id, 1, 3.0)
                session.execute(sqlalchemy.insert(TrialIntermediateValueModel), row)
                session.execute(sqlalchemy.insert(TrialIntermediateValueModel), row)
            storage.set_trial_user_attr(trial_id, "second", 2)

    with pytest.raises(StorageInternalError, match="belongs to others") as caught:
        change()
    assert "unique" in str(caught.value.__cause__).lower()
    stored = open_study(handle).trials[0]
    assert set(stored.user_attrs) == {"owner", "seed"}
    assert stored.intermediate_values == {}


def test_an_attribute_that_is_set_twice_has_its_last_value(handle, study):
    trial = claim_trial(handle, study, current_owner()).trial
    storage = batching_storage(study)
    storage.set_trial_user_attr(trial._trial_id, "note", "first")
    with storage.together():
        storage.set_trial_user_attr(trial._trial_id, "note", "second")
        assert storage.get_trial(trial._trial_id).user_attrs["note"] == "second"
        storage.set_trial_user_attr(trial._trial_id, "note", "third")
    assert open_study(handle).trials[0].user_attrs["note"] == "third"


def test_a_block_sees_trials_that_changed_their_state_in_it(handle, study):
    trial = claim_trial(handle, study, current_owner()).trial
    storage = batching_storage(study)
    with storage.together():
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        assert len(running) == 1
        storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        assert not study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def test_blocks_work_on_every_storage(environment, settings, series):
    from search.study.studies import create_study, delete_study

    handle = create_study(
        environment, replace(settings, budget=Budget(trials=50)), series
    )
    wish(handle, "run")
    study = open_study(handle)
    run_study(handle, study)
    theirs = optuna.load_study(
        study_name=handle.optuna_name, storage=open_storage(environment.storage_url)
    )
    assert content(theirs.trials) == content(study.trials)
    assert theirs.trials[1].intermediate_values[3] > 0
    for storage in (study._storage, theirs._storage):
        assert isinstance(storage, _CachedStorage)
        storage._backend.engine.dispose()
    delete_study(handle)


def play(
    study: optuna.Study,
    together: Callable[[], AbstractContextManager],
    *states: TrialState,
) -> None:
    """Do with a study what workers do, by a script that dice of one seed write."""
    dice = random.Random(4711)
    study.sampler = optuna.samplers.RandomSampler(seed=3)
    study.enqueue_trial({"size": 7}, user_attrs={"asked": True})
    for number in range(12):
        with together():
            trial = study.ask()
            trial.suggest_categorical("kind", ("a", "b"))
            trial.suggest_int("size", 1, 64, log=True)
            if number % 2:
                trial.suggest_float("pace", 1e-4, 1e-1, log=True)
            trial.set_user_attr("owner", {"pid": number, "host": "\u00e4\n"})
            trial.set_user_attr("owner", {"pid": number + 1})
            study._storage.set_trial_system_attr(trial._trial_id, "note", [1, None])
        for epoch in range(1, dice.randint(2, 5)):
            trial.report(dice.choice([0.1 + 0.2, 1e-300, math.inf, math.nan]), epoch)
        state = dice.choice(states)
        with together():
            trial.set_user_attr("seconds", dice.random())
            value = dice.random() if state is TrialState.COMPLETE else None
            study.tell(trial, value, state=state)
    with pytest.raises(ValueError, match="Cannot tell"):
        study.tell(trial, 1.0)


def seen(study: optuna.Study) -> list[str]:
    """Return all that a storage knows of the trials of a study, as texts."""
    return [
        repr((one.number, one.state, one.values, sorted(one.params.items()),
              sorted(one.distributions.items()), sorted(one.user_attrs.items()),
              sorted(one.system_attrs.items()), sorted(one.intermediate_values.items()),
              one.datetime_start is None, one.datetime_complete is None))
        for one in study.get_trials()
    ]  # fmt: skip


@pytest.mark.parametrize("is_delayed", [True, False])
def test_trials_are_those_of_the_storage_in_memory(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch, is_delayed: bool
) -> None:
    """What Optuna's plainest storage would hold after the same calls."""
    states = [TrialState.COMPLETE, TrialState.FAIL]
    if not is_delayed:
        # Optuna looks up the last report of a pruned trial before it changes the state;
        # `finish_trial` gives it.
        states.append(TrialState.PRUNED)
        monkeypatch.setattr(batching, "REPORT_SECONDS", -1.0)
    plain = optuna.create_study(storage=optuna.storages.InMemoryStorage())
    plain.add_trials(study.trials)
    play(plain, nullcontext, *states)
    play(study, batching_storage(study).together, *states)
    assert seen(study) == seen(plain)
    assert len(seen(study)) == 12
    assert study.best_trial.number == plain.best_trial.number
