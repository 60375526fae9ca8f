"""Opening, preparing and retrying the storage."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import OperationalError

from search.errors import StudyCorrupted
from search.study.optuna_study import read_study
from search.study.storage.opening import (
    cached_reader,
    call_storage,
    lock_transaction,
    open_reader,
    open_storage,
    prepare_storage,
    sqlite_path,
)

ROOT = Path(__file__).parents[3]
PREPARE = """
import sys
from search.study.storage.opening import open_storage, prepare_storage
prepare_storage(sys.argv[1])
open_storage(sys.argv[1]).get_all_studies()
"""


@pytest.fixture
def url(environment) -> str:
    return environment.storage_url


@pytest.fixture
def path(environment) -> Path:
    return environment.studies_dir / "optuna.db"


def locked() -> OperationalError:
    return OperationalError("BEGIN", {}, sqlite3.OperationalError("database is locked"))


@pytest.mark.case("S10", "four processes make the tables at once")
def test_prepare_storage_by_several_processes_at_once(tmp_path):
    """Four of six processes crashed when all created the tables themselves."""
    url = f"sqlite:///{tmp_path / 'deep' / 'optuna.db'}"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PREPARE, url], cwd=ROOT, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
    assert open_reader(url).get_all_studies() == []


def test_prepare_storage_twice_keeps_what_is_there(url):
    optuna.create_study(storage=open_storage(url), study_name="kept")
    prepare_storage(url)
    assert [study.study_name for study in open_reader(url).get_all_studies()] == [
        "kept"
    ]


def test_writer_begins_immediately(url):
    """Without it two processes both read WAITING and both set RUNNING."""
    storage = open_storage(url)
    with storage.engine.connect() as connection, connection.begin():
        other = sqlite3.connect(sqlite_path(url), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_writer_keeps_the_rollback_journal(url):
    with open_storage(url).engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    assert mode == "delete"


def test_writer_rolls_back_what_failed(url):
    study = optuna.create_study(storage=open_storage(url), study_name="a")
    trial = study.ask()
    with pytest.raises(TypeError):
        trial.set_user_attr("bad", object())
    trial.set_user_attr("good", 1)
    assert open_reader(url).get_all_trials(study._study_id)[0].user_attrs == {"good": 1}


@pytest.mark.case("S8", "page reads while a worker writes")
def test_reader_does_not_wait_for_a_writer(url):
    storage, reader = open_storage(url), open_reader(url)
    optuna.create_study(storage=storage, study_name="a")
    with storage.engine.connect() as connection, connection.begin():
        assert len(reader.get_all_studies()) == 1


def test_many_threads_ask_one_writer(url):
    study = optuna.create_study(storage=open_storage(url), study_name="a")
    with ThreadPoolExecutor(4) as pool:
        trials = list(pool.map(lambda _: study.ask(), range(12)))
    assert sorted(trial.number for trial in trials) == list(range(12))


@pytest.mark.case("S6", "missing file is opened")
@pytest.mark.parametrize("opener", [open_storage, open_reader])
def test_open_never_creates_a_missing_file(tmp_path, opener):
    with pytest.raises(StudyCorrupted, match=r"file optuna\.db is missing"):
        opener(f"sqlite:///{tmp_path / 'optuna.db'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.case("S3", "empty, text and zeros as storage file")
@pytest.mark.parametrize("content", [b"", b"just text", b"\0" * 8192])
@pytest.mark.parametrize("opener", [open_storage, open_reader])
def test_open_damaged_file_is_one_sentence(path, url, opener, content):
    path.write_bytes(content)
    with pytest.raises(StudyCorrupted, match=r"The storage file optuna\.db"):
        opener(url)
    assert path.read_bytes() == content


@pytest.mark.case("S3", "storage file cut in half under a reader")
def test_file_cut_in_half_is_one_sentence(path, url, handle):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(StudyCorrupted, match=r"The storage file optuna\.db"):
        read_study(handle)


def test_prepare_storage_refuses_another_program(path, url):
    path.write_bytes(b"")
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE version_info (x)")
    connection.close()
    with pytest.raises(StudyCorrupted, match=r"optuna\.db"):
        prepare_storage(url)


def test_open_path_with_signs_of_a_url(tmp_path):
    url = f"sqlite:///{tmp_path / '50% a#b é' / 'optuna.db'}"
    prepare_storage(url)
    assert open_storage(url).get_all_studies() == []


def test_cached_reader_follows_a_replaced_file(tmp_path, path, url, empty_database):
    optuna.create_study(storage=open_storage(url), study_name="a")
    assert len(cached_reader(url).get_all_studies()) == 1
    assert cached_reader(url) is cached_reader(url)
    fresh = tmp_path / "fresh.db"
    fresh.write_bytes(empty_database.read_bytes())
    fresh.replace(path)
    assert cached_reader(url).get_all_studies() == []


def test_lock_transaction_does_nothing_on_sqlite(url):
    with open_storage(url).engine.connect() as connection:
        lock_transaction(connection, "a")
        lock_transaction(connection, "a")


def test_sqlite_path_of_a_server_is_none():
    assert sqlite_path("postgresql+psycopg://user:secret@host/db") is None


@pytest.mark.case("S8", "locked for a while")
def test_call_storage_tries_again_while_locked():
    answers = [locked(), StorageInternalError("connection refused"), None]
    pauses: list[float] = []

    def function() -> str:
        error = answers.pop(0)
        if error is not None:
            raise error
        return "done"

    assert call_storage(function, sleep=pauses.append) == "done"
    assert pauses == [0.2, 0.4]


def test_call_storage_pauses_grow_to_two_seconds():
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 6:
            raise KeyboardInterrupt

    def function() -> None:
        raise locked()

    with pytest.raises(KeyboardInterrupt):
        call_storage(function, sleep=sleep)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_call_storage_gives_up_after_its_patience():
    def function() -> None:
        raise locked()

    with pytest.raises(OperationalError, match="database is locked"):
        call_storage(function, patience=0.1, sleep=lambda _: None)


@pytest.mark.parametrize(
    "message", ["no such table: studies", "file is not a database"]
)
def test_call_storage_raises_what_waiting_does_not_mend(message):
    calls = []

    def function() -> None:
        calls.append(1)
        raise OperationalError("SELECT", {}, sqlite3.OperationalError(message))

    with pytest.raises(OperationalError, match=message):
        call_storage(function)
    assert len(calls) == 1


def test_call_storage_lets_other_errors_pass():
    def function() -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        call_storage(function)
