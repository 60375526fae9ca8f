"""The same rules on a database server; `STUDIES_TEST_SERVER` gives its URL."""

import os
from dataclasses import replace

import pytest
import sqlalchemy
from optuna.trial import TrialState

from search.config import Budget, Environment
from search.study.claims import (
    TrialRecord,
    claim_trial,
    current_owner,
    finish_trial,
    reap_dead_trials,
)
from search.study.control import wish
from search.study.optuna_study import claim_lock, open_study
from search.study.progress import read_progress
from search.study.studies import create_study, delete_study, list_studies

URL = os.environ.get("STUDIES_TEST_SERVER", "")
RECORD = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)

pytestmark = pytest.mark.skipif(not URL, reason="STUDIES_TEST_SERVER is not set")


@pytest.fixture
def handle(tmp_path, settings, series):
    environment = Environment(tmp_path / "studies", URL)
    few = replace(settings, budget=Budget(trials=2))
    handle = create_study(environment, few, series)
    wish(handle, "run")
    return handle


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


def test_the_claim_lock_is_held_on_the_server(handle):
    """Workers on other machines see the lock of the server only."""
    held = sqlalchemy.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    engine = sqlalchemy.create_engine(URL, poolclass=sqlalchemy.NullPool)
    with claim_lock(handle), engine.connect() as connection:
        assert connection.execute(held).scalar() == 1
    with engine.connect() as connection:
        assert connection.execute(held).scalar() == 0
