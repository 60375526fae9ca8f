"""What only a database server has: its lock, its connections, its moods."""

from dataclasses import replace

import pytest
import sqlalchemy
from optuna.trial import TrialState

from search.config import Budget
from search.errors import StudyCorrupted
from search.study.control import wish
from search.study.optuna_study import open_study
from search.study.progress import read_progress
from search.study.storage.batching import batching_storage
from search.study.storage.opening import call_storage, open_reader
from search.study.studies import create_study, delete_study, list_studies
from search.study.trials.claims import (
    TrialRecord,
    claim_trial,
    current_owner,
    finish_trial,
    reap_dead_trials,
)
from tests.postgres import PASSWORD

RECORD = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)


@pytest.fixture
def handle(server_environment, settings, series):
    few = replace(settings, budget=Budget(trials=2))
    handle = create_study(server_environment, few, series)
    wish(handle, "run")
    return handle


@pytest.fixture
def look(handle):
    """Return a function that asks the server, over a connection of its own."""
    engine = sqlalchemy.create_engine(
        handle.environment.storage_url,
        poolclass=sqlalchemy.NullPool,
        connect_args={"application_name": "test"},
    )

    def ask(statement: str) -> object:
        with engine.connect() as connection:
            return connection.execute(sqlalchemy.text(statement)).scalar()

    return ask


def test_a_study_on_a_server_from_start_to_deletion(handle):
    study, owner = open_study(handle), current_owner()
    claim_trial(handle, study, replace(owner, boot_id="earlier"))
    assert reap_dead_trials(handle, study)[0].fate == "retried"
    for _ in range(2):
        claim = claim_trial(handle, study, owner)
        assert finish_trial(handle, study, claim.trial.number, RECORD, owner=owner)
    assert claim_trial(handle, study, owner).reason == "budget"
    assert read_progress(handle).n_done == 2
    assert study.trials[0].state == TrialState.FAIL
    delete_study(handle)
    assert list_studies(handle.environment) == ()


def test_a_block_holds_the_lock_of_the_server_to_its_end(handle, look):
    """Workers on other machines see the lock of the server only."""
    held = (
        "SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid "
        "WHERE locktype = 'advisory' AND datname = current_database()"
    )
    storage = batching_storage(open_study(handle))
    with storage.together():
        assert look(held) == 1
    assert look(held) == 0


def test_a_worker_has_no_connection_between_its_transactions(handle, look):
    """With the default limit of 100 connections 45 workers were the most."""
    mine = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() "
        "AND application_name LIKE 'recurrent-search %'"
    )
    study = open_study(handle)
    storage = batching_storage(study)
    assert look(mine) == 0
    with storage.together():
        study.get_trials(deepcopy=False)
        assert look(mine) == 1
    assert look(mine) == 0


def test_a_server_forgets_a_machine_that_went_silent_inside_the_lock(handle, look):
    with batching_storage(open_study(handle)).together() as _:
        session = batching_storage(open_study(handle))._sessions()
        timeout = session.execute(
            sqlalchemy.text("SHOW idle_in_transaction_session_timeout")
        ).scalar()
        session.close()
    assert timeout == "1min"


@pytest.mark.case("P8", "wrong password")
def test_a_wrong_password_is_said_at_once_and_never_shown(handle):
    wrong = handle.environment.storage_url.replace(PASSWORD, "wrong-4711")
    with pytest.raises(StudyCorrupted, match="check the user, the password") as caught:
        open_reader(wrong)
    error: BaseException | None = caught.value
    while error is not None:
        assert "wrong-4711" not in f"{error}{error!r}"
        error = error.__cause__
    environment = replace(handle.environment, storage_url=wrong)
    with pytest.raises(StudyCorrupted, match="refuses this program"):
        open_study(replace(handle, environment=environment))
    assert PASSWORD not in repr(handle)


def test_call_storage_does_not_wait_for_what_a_server_refuses(handle):
    calls: list[str] = []

    def ask() -> None:
        calls.append("asked")
        name = handle.environment.storage_url.rpartition("/")[0]
        sqlalchemy.create_engine(f"{name}/nowhere").connect()

    with pytest.raises(sqlalchemy.exc.OperationalError, match="does not exist"):
        call_storage(ask)
    assert calls == ["asked"]
