"""What pages see of trials, and how little they read for it."""

import math
import sqlite3
from datetime import UTC, datetime

import optuna
import pytest
import sqlalchemy
from optuna.trial import TrialState, create_trial

from search.errors import StudyCorrupted
from search.study import storage
from search.study.claims import claim_trial
from search.study.control import enqueue
from search.study.optuna_study import open_study, optuna_study_id
from search.study.outcomes import fail_trial, finish_trial
from search.study.owners import current_owner
from search.study.spool import TrialRecord
from search.study.storage import cached_reader, sqlite_path
from search.study.trials import read_trials, view_trial

RECORD = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)


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


def test_read_trials_running_follows_the_reports(handle, study):
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
    statements = []

    def note(connection, cursor, statement, parameters, context, executemany):
        statements.append((statement, parameters))

    engine = cached_reader(handle.environment.storage_url).engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", note)
    second = read_trials(handle)
    sqlalchemy.event.remove(engine, "before_cursor_execute", note)
    assert all(a is b for a, b in zip(first, second, strict=True))
    assert len(statements) <= 4
    assert not any("trial_params" in statement for statement, _ in statements)


def test_read_trials_while_locked_returns_the_last_known(handle, study, monkeypatch):
    monkeypatch.setattr(storage, "READER_TIMEOUT_SECONDS", 0.05)
    finish_next(handle, study)
    known = read_trials(handle)
    other = sqlite3.connect(sqlite_path(handle.environment.storage_url))
    other.execute("BEGIN EXCLUSIVE")
    assert read_trials(handle) is known
    other.close()


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


def test_read_trials_without_the_storage_file(handle):
    sqlite_path(handle.environment.storage_url).unlink()
    with pytest.raises(StudyCorrupted, match=r"optuna\.db is missing"):
        read_trials(handle)


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
    trial.datetime_start = datetime(2026, 3, 1, 10, 0, 0)
    trial.datetime_complete = datetime(2026, 3, 1, 10, 0, 9, tzinfo=UTC)
    view = view_trial(trial, settings.space)
    assert view.started == "2026-03-01T10:00:00+00:00"
    assert view.finished == "2026-03-01T10:00:09+00:00"
    assert view.seconds_total == 9.0


def test_view_trial_after_a_clock_jump_is_not_negative(settings):
    trial = create_trial(state=TrialState.COMPLETE, value=1.0)
    trial.datetime_start = datetime(2026, 3, 1, 10, 0, 0)
    trial.datetime_complete = datetime(2026, 3, 1, 9, 0, 0)
    assert view_trial(trial, settings.space).seconds_total == 0.0
