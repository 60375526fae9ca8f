"""What pages see of trials, and how little they read for it."""

import math
import os
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import optuna
import pytest
import sqlalchemy
from optuna.trial import TrialState, create_trial

from search.errors import StudyCorrupted
from search.study.optuna_study import open_study, optuna_study_id
from search.study.steering import enqueue
from search.study.storage import batching
from search.study.storage import opening as storage
from search.study.storage.opening import cached_reader, open_reader, sqlite_path
from search.study.storage.trial_rows import load_trials
from search.study.trials import listing as trials
from search.study.trials.claims import claim_trial
from search.study.trials.listing import _Reader, read_trials, view_trial
from search.study.trials.outcomes import fail_trial, finish_trial
from search.study.trials.owners import current_owner, owner_of
from search.study.trials.spool import TrialRecord

PARIS = timezone(timedelta(hours=1))
RECORD = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)


@pytest.fixture
def at_once(monkeypatch):
    """Let workers store each report at once, not every other second."""
    monkeypatch.setattr(batching, "REPORT_SECONDS", 0.0)


@contextmanager
def statements_of(handle):
    """Collect what the readers of this process ask the storage."""
    statements = []

    def note(connection, cursor, statement, parameters, context, executemany):
        statements.append(statement)

    engine = cached_reader(handle.environment.storage_url).engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sqlalchemy.event.remove(engine, "before_cursor_execute", note)


def connection_of(handle):
    return cached_reader(handle.environment.storage_url).engine.connect()


def _last(trial):
    """Return the last report of a trial as a text, so that NaN equals NaN."""
    reports = trial.intermediate_values
    return str((max(reports), reports[max(reports)])) if reports else None


def finish_next(handle, study, record=RECORD):
    owner = current_owner()
    claim = claim_trial(handle, study, owner)
    finish_trial(handle, study, claim.trial.number, record, owner=owner)
    return claim


def test_read_trials_of_a_new_study_shows_the_textbook(handle):
    views = read_trials(handle)
    assert [(view.state, view.cell) for view in views] == [
        ("waiting", "SimpleRNN"),
        ("waiting", "LSTM"),
        ("waiting", "GRU"),
    ]
    assert views[0].params["units"] == 32
    assert views[0].started is None
    assert views[0].seconds_total is None


def test_read_trials_complete(handle, study):
    claim = finish_next(handle, study)
    view = read_trials(handle)[0]
    assert (view.state, view.score, view.fold_scores) == ("complete", 2.5, (2.0, 3.0))
    assert (view.best_epoch, view.epochs_run, view.n_parameters) == (4, 6, 4321)
    assert (view.seconds_compile, view.seconds_train) == (1.5, 3.25)
    assert (view.worker_pid, view.seed) == (current_owner().pid, claim.seed)
    assert view.seconds_total >= 0
    # Searched and fixed values: a complete configuration.
    assert handle.settings.space.complete(view.params) == claim.params
    assert set(view.params) == {line.name for line in handle.settings.space.lines}


def test_read_trials_running_follows_the_reports(handle, study, at_once):
    claim = claim_trial(handle, study, current_owner())
    view = read_trials(handle)[0]
    assert (view.state, view.score, view.epochs_run) == ("running", None, 0)
    claim.trial.report(7.0, step=1)
    claim.trial.report(6.5, step=2)
    view = read_trials(handle)[0]
    assert (view.score, view.epochs_run) == (6.5, 2)
    assert view.finished is None


def test_read_trials_failed_has_the_reason(handle, study):
    owner = current_owner()
    claim_trial(handle, study, owner)
    fail_trial(handle, study, 0, "The loss is not a number.", owner=owner)
    view = read_trials(handle)[0]
    assert (view.state, view.error) == ("failed", "The loss is not a number.")
    assert (view.failure, view.is_retried, view.score) == ("trial", False, None)


def test_read_trials_sees_new_trials(handle, study):
    n_before = len(read_trials(handle))
    enqueue(handle, {"cell": "GRU", "units": 64})
    views = read_trials(handle)
    assert len(views) == n_before + 1
    assert views[-1].params["units"] == 64


def test_read_trials_asks_only_for_what_is_new(handle, study):
    """A page of a study with thousands of trials reads a handful each second."""
    for _ in range(6):
        finish_next(handle, study)
    first = read_trials(handle)
    with statements_of(handle) as statements:
        second = read_trials(handle)
    assert second is first
    assert len(statements) <= 3
    assert not any("trial_params" in statement for statement in statements)


def test_read_trials_reads_one_trial_when_one_has_ended(handle, study, monkeypatch):
    for _ in range(4):
        finish_next(handle, study)
    first = read_trials(handle)
    finish_next(handle, study)
    read: list[int] = []

    def note(*args, **wishes):
        found = load_trials(*args, **wishes)
        read.extend(trial.number for trial in found)
        return found

    monkeypatch.setattr(trials, "load_trials", note)
    second = read_trials(handle)
    assert read == [4]
    assert all(a is b for a, b in zip(first, second, strict=False))
    assert [view.state for view in second[4:]] == ["complete"]


def test_read_trials_follows_a_trial_that_is_older_than_the_last_ended_one(
    handle, study, at_once
):
    """Trial 0 still runs while trial 1, of a quicker worker, has ended."""
    slow = claim_trial(handle, study, owner_of(os.getppid()))
    finish_next(handle, study)
    states = [view.state for view in read_trials(handle)]
    assert states == ["running", "complete", "waiting"]
    slow.trial.report(4.5, step=1)
    assert read_trials(handle)[0].score == 4.5
    finish_trial(handle, study, 0, RECORD, owner=owner_of(os.getppid()))
    assert read_trials(handle)[0].state == "complete"


def test_read_trials_statements_do_not_grow_with_the_trials(handle, study):
    finish_next(handle, study)
    with statements_of(handle) as few:
        _Reader().read(handle)
    for _ in range(4):
        finish_next(handle, study)
    with statements_of(handle) as many:
        _Reader().read(handle)
    assert len(many) == len(few)


@pytest.fixture
def every_kind(handle, study, at_once):
    """Return a study with a trial in each state and reports that are not finite."""
    owner = current_owner()
    finish_next(handle, study)
    claim_trial(handle, study, owner).trial.report(math.inf, step=1)
    finish_trial(handle, study, 1, replace(RECORD, outcome="pruned"), owner=owner)
    claim_trial(handle, study, owner).trial.report(math.nan, step=3)
    fail_trial(handle, study, 2, "Killed.", owner=owner, kind="killed")
    running = claim_trial(handle, study, owner).trial
    for step in (1, 2):
        running.report(9.0 - step, step=step)
    enqueue(handle, {"units": 64})
    enqueue(handle, {"cell": "GRU"})
    return study


def test_load_trials_is_what_optuna_reads(handle, every_kind):
    """Every state and every kind of attribute; of the reports the last one."""
    with connection_of(handle) as connection:
        ours = load_trials(connection, every_kind._study_id, after=-1, among=())
    theirs = open_study(handle).get_trials()
    assert [t.state.name for t in ours] == [
        *("COMPLETE", "PRUNED", "FAIL", "RUNNING", "WAITING", "WAITING")
    ]
    for mine, trial in zip(ours, theirs, strict=True):
        assert mine._trial_id == trial._trial_id
        assert (mine.number, mine.state) == (trial.number, trial.state)
        assert (mine.params, mine.values) == (trial.params, trial.values)
        assert mine.user_attrs == trial.user_attrs
        assert mine.system_attrs == trial.system_attrs
        assert _last(mine) == _last(trial)


def test_the_reader_gives_whole_trials_as_optuna_does(handle, every_kind, monkeypatch):
    """For optuna-dashboard: equal in every field, in any time zone."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        url, study_id = handle.environment.storage_url, every_kind._study_id
        ours, theirs = open_reader(url), storage.open_storage(url)
        light = ours.get_all_trials(study_id)
        whole = theirs.get_all_trials(study_id)
        light[2].intermediate_values, whole[2].intermediate_values = {}, {}  # NaN
        assert light == whole
        states = (TrialState.COMPLETE, TrialState.FAIL)
        some = ours.get_all_trials(study_id, states=states)
        assert [trial.number for trial in some] == [0, 2]
        with pytest.raises(KeyError):
            ours.get_all_trials(study_id + 1)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_reader_does_not_ask_more_for_more_trials(handle, study):
    finish_next(handle, study)
    reader = cached_reader(handle.environment.storage_url)
    with statements_of(handle) as few:
        reader.get_all_trials(study._study_id)
    for _ in range(4):
        finish_next(handle, study)
    with statements_of(handle) as many:
        assert len(reader.get_all_trials(study._study_id)) == 5
    assert len(many) == len(few)


def test_load_trials_of_another_study_are_left_out(make_study):
    first, second = make_study(), make_study()
    finish_next(first, open_study(first))
    study_id = open_study(second)._study_id
    with connection_of(first) as connection:
        found = load_trials(connection, study_id, after=-1, among=())
        ids = [trial._trial_id for trial in found]
        nothing = load_trials(connection, study_id, after=ids[-1], among=())
        later = load_trials(connection, study_id, after=ids[1], among=ids[:1])
    assert [trial.state.name for trial in found] == ["WAITING"] * 3
    assert nothing == []
    assert [trial._trial_id for trial in later] == [ids[0], ids[2]]


@pytest.mark.case("R2", "TZ of another place")
def test_read_trials_times_are_utc_wherever_the_machine_is(handle, study, monkeypatch):
    """Optuna hands out local times without a zone; they were taken for UTC."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        before = datetime.now(UTC)
        claim_trial(handle, study, current_owner())
        view = read_trials(handle)[0]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert before <= datetime.fromisoformat(view.started) <= datetime.now(UTC)
    assert 0 <= view.seconds_total < 60


@pytest.mark.sqlite
def test_read_trials_while_locked_returns_the_last_known(handle, study, monkeypatch):
    monkeypatch.setattr(storage, "READER_TIMEOUT_SECONDS", 0.05)
    finish_next(handle, study)
    known = read_trials(handle)
    other = sqlite3.connect(sqlite_path(handle.environment.storage_url))
    other.execute("BEGIN EXCLUSIVE")
    assert read_trials(handle) is known
    other.close()


@pytest.mark.sqlite
def test_read_trials_locked_from_the_start_says_so(handle, monkeypatch):
    monkeypatch.setattr(storage, "READER_TIMEOUT_SECONDS", 0.05)
    other = sqlite3.connect(sqlite_path(handle.environment.storage_url))
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StudyCorrupted, match=r"optuna\.db is in use by another"):
        read_trials(handle)
    other.close()
    assert len(read_trials(handle)) == 3


def test_read_trials_of_a_deleted_study(handle, study):
    read_trials(handle)
    optuna.delete_study(study_name=handle.optuna_name, storage=study._storage)
    with pytest.raises(StudyCorrupted, match="'Power' is no longer in the storage"):
        read_trials(handle)


@pytest.mark.sqlite
def test_read_trials_never_shows_the_study_that_took_over_the_id(
    make_study, handle, study
):
    finish_next(handle, study)
    read_trials(handle)
    optuna.delete_study(study_name=handle.optuna_name, storage=study._storage)
    other = make_study()
    assert open_study(other)._study_id == study._study_id
    assert {view.state for view in read_trials(other)} == {"waiting"}
    with pytest.raises(StudyCorrupted, match="no longer in the storage"):
        read_trials(handle)


@pytest.mark.sqlite
def test_read_trials_without_the_storage_file(handle):
    sqlite_path(handle.environment.storage_url).unlink()
    with pytest.raises(StudyCorrupted, match=r"optuna\.db is missing"):
        read_trials(handle)


@pytest.mark.sqlite
def test_read_trials_of_a_damaged_storage(handle):
    path = sqlite_path(handle.environment.storage_url)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(b"\0" * 100 + content[100:])
    with pytest.raises(StudyCorrupted, match=r"optuna\.db is damaged"):
        read_trials(handle)


def test_optuna_study_id(make_study):
    handles = [make_study(), make_study()]
    ids = [optuna_study_id(handle) for handle in handles]
    assert ids == [open_study(handle)._study_id for handle in handles]


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_view_trial_hides_scores_that_are_not_finite(settings, value):
    trial = create_trial(state=TrialState.COMPLETE, value=value)
    assert view_trial(trial, settings.space).score is None


def test_view_trial_times_are_utc(settings):
    trial = create_trial(state=TrialState.COMPLETE, value=1.0)
    trial.datetime_start = datetime(2026, 3, 1, 11, 0, 0, tzinfo=PARIS)
    trial.datetime_complete = datetime(2026, 3, 1, 10, 0, 9, tzinfo=UTC)
    view = view_trial(trial, settings.space)
    assert view.started == "2026-03-01T10:00:00+00:00"
    assert view.finished == "2026-03-01T10:00:09+00:00"
    assert view.seconds_total == 9.0


@pytest.mark.case("R1", "trial that ends before it began")
def test_view_trial_after_a_clock_jump_is_not_negative(settings):
    trial = create_trial(state=TrialState.COMPLETE, value=1.0)
    trial.datetime_start = datetime(2026, 3, 1, 10, 0, 0, tzinfo=UTC)
    trial.datetime_complete = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
    assert view_trial(trial, settings.space).seconds_total == 0.0
