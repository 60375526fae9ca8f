"""The audit after each case must be able to fail."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from search.config import Budget
from search.locks import try_lock
from search.study.control import wish
from search.study.folders import CLAIM_LOCK
from search.study.optuna_study import open_study
from search.study.storage.opening import sqlite_path
from search.study.trials.claims import (
    TrialRecord,
    claim_trial,
    current_owner,
    finish_trial,
)
from tests.faults.conftest import Place
from tests.faults.oracle import audit, find_faults

MakePlace = Callable[..., Place]
SCORE = 2.5


@pytest.fixture
def told(place: MakePlace) -> Place:
    """Return a study of three results, each of them in the ledger."""
    made = place(budget=Budget(trials=3))
    study, owner = open_study(made.handle), current_owner()
    lines = []
    for number in range(3):
        claim_trial(made.handle, study, owner)
        record = TrialRecord("complete", SCORE, (2.0, 3.0), 1, 1, 10, 0.0, 0.1)
        finish_trial(made.handle, study, number, record, owner=owner)
        lines.append({"number": number, "outcome": "complete", "score": SCORE})
    wish(made.handle, "pause")
    made.ledger.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return made


def letters(made: Place, *, total: int = 3, least: int = 3) -> set[str]:
    found = find_faults(made.handle, made.ledger, total=total, least=least)
    return {text[:3] for text in found}


def change_storage(made: Place, statement: str) -> None:
    path = sqlite_path(made.handle.environment.storage_url)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_sound_study_passes(told: Place) -> None:
    assert audit(told.handle, told.ledger, total=3, least=3) == 3


def test_a_wrong_total_or_a_short_ledger_is_found(told: Place) -> None:
    assert letters(told, total=4) == {"(c)"}
    assert letters(told, least=4) == {"(a)"}
    with pytest.raises(pytest.fail.Exception, match="3 trials are done, 4 were wanted"):
        audit(told.handle, told.ledger, total=4)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE trial_values SET value = 2.4 WHERE trial_id = 1", {"(a)", "(h)"}),
        ("UPDATE trials SET state = 'RUNNING' WHERE number = 1", {"(a)", "(b)", "(c)"}),
        ("UPDATE trials SET state = 'FAIL' WHERE number = 1", {"(a)", "(c)"}),
        ("UPDATE trials SET number = 7 WHERE number = 2", {"(a)", "(d)", "(h)"}),
        ("UPDATE trials SET number = 1 WHERE number = 2", {"(a)", "(d)", "(h)"}),
        ("DELETE FROM trial_values WHERE trial_id = 1", {"(a)", "(e)", "(h)"}),
    ],
)
def test_each_damage_of_the_storage_is_found(
    told: Place, statement: str, expected: set[str]
) -> None:
    change_storage(told, statement)
    assert letters(told) == expected


def test_a_result_that_was_told_twice_is_found(told: Place) -> None:
    line = told.ledger.read_text().splitlines()[0]
    told.ledger.write_text(told.ledger.read_text() + line + "\n")
    assert letters(told) == {"(a)"}


def test_a_kept_lock_is_found(told: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.oracle.audit_study", lambda _: ())
    lock = try_lock(told.handle.folder / CLAIM_LOCK)
    assert lock is not None
    with lock:
        assert letters(told) == {"(g)"}
