"""The Optuna storage: how it is opened for writing, for reading, and prepared.

On SQLite, writers begin each transaction with BEGIN IMMEDIATE, so that two processes
cannot both read a state and then both change it (without it, six processes took 9 of
30 queued trials twice). That serialises reads too, hence readers (pages,
optuna-dashboard) have an engine of their own.

On a database server the same order comes from a lock of the server, taken by the
transaction itself. Writers hold a connection only during a transaction and one at a
time, so that hundreds of workers fit below the limit of a server.
"""

import hashlib
import logging
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from search.disk import full_sentence, is_full
from search.errors import StudyCorrupted
from search.locks import exclusive_lock
from search.study.storage.mounts import check_local
from search.study.storage.trial_rows import LightStorage

WRITER_TIMEOUT_SECONDS = 60.0
READER_TIMEOUT_SECONDS = 1.5
PATIENCE_SECONDS = 120.0
# How a server lists our connections, with the process id behind it.
APPLICATION = "recurrent-search"

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 2.0
_BUSY = ("database is locked", "database table is locked")
_TEMPORARY = (
    *_BUSY,
    "disk i/o error",
    "connection",
    "starting up",
    "shutting down",
    "in recovery mode",
    "too many clients",
    "resolve host",
    "deadlock detected",
    "could not serialize",
)
# What a server says to a user that it will never let in.
_REFUSED = (
    "password authentication failed",
    "no password supplied",
    "pg_hba.conf",
    "does not exist",
    "permission denied",
)
# A machine that lost its network or its power must not keep the claim lock: both
# sides of a connection notice within a minute.
_SERVER_SETTINGS = (
    "-c idle_in_transaction_session_timeout=60s -c tcp_keepalives_idle=20 "
    "-c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)
_SERVER_ARGUMENTS: dict[str, Any] = {
    "options": _SERVER_SETTINGS,
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# Threads of one process take turns, so that it has one writing connection at most.
_turn = threading.RLock()

_Result = TypeVar("_Result")
_logger = logging.getLogger(__name__)


def prepare_storage(url: str) -> None:
    """Create the tables of the storage once, however many processes start at a time.

    Raises
    ------
    ConfigError
        If it would be an SQLite file on a network file system.
    StudyCorrupted
        If the storage exists and cannot be used.
    """
    path = sqlite_path(url)
    if path is not None:
        check_local(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    with readable_errors(url), preparing(url):
        storage = RDBStorage(
            url, engine_kwargs=_engine_options(url), skip_compatibility_check=True
        )
        storage.engine.dispose()
        _check_version(url, storage_stamp(url))


@contextmanager
def preparing(url: str) -> Iterator[None]:
    """Hold the lock under which the tables of a storage are made or upgraded."""
    with exclusive_lock(_prepare_lock(url)):
        yield


def check_storage(url: str) -> None:
    """Make sure that the tables are those of this version of Optuna.

    Raises
    ------
    StudyCorrupted
        If the storage is missing, damaged, older or newer.
    """
    with readable_errors(url):
        _check_version(url, storage_stamp(url))


def open_for_upgrade(url: str) -> RDBStorage:
    """Return a storage whose tables may be older than this version of Optuna."""
    return _connect(url, timeout=WRITER_TIMEOUT_SECONDS, skip_compatibility_check=True)


def open_storage(url: str) -> RDBStorage:
    """Return a storage for supervisors, workers and everything else that writes.

    Raises
    ------
    StudyCorrupted
        If the storage is missing or cannot be used; it is never created here, so
        that a storage that was moved away is not silently replaced.
    """
    path = sqlite_path(url)
    if path is not None:
        check_local(path)
    with readable_errors(url):
        storage = call_storage(partial(_open, url, timeout=WRITER_TIMEOUT_SECONDS))
        if path is not None:
            sqlalchemy.event.listen(storage.engine, "connect", _leave_begin_to_us)
            sqlalchemy.event.listen(storage.engine, "begin", _begin_immediate)
            # Connections of before the listeners would begin in the old way.
            storage.engine.dispose()
        return storage


def open_reader(url: str) -> RDBStorage:
    """Return a storage for pages, the command line and optuna-dashboard.

    It waits two seconds at most for a writer, and never creates a file.

    Raises
    ------
    StudyCorrupted
        If the storage is missing or cannot be used.
    """
    with readable_errors(url):
        return _open(url, timeout=READER_TIMEOUT_SECONDS, kind=LightStorage)


def cached_reader(url: str) -> RDBStorage:
    """Return the reader that this process shares; a replaced file gets a new one."""
    return _cached_reader(url, storage_stamp(url))


def storage_stamp(url: str) -> str:
    """Return what changes when the file behind `url` is replaced by another one."""
    path = sqlite_path(url)
    if path is None:
        return url
    try:
        status = path.stat()
    except OSError:
        return "missing"
    return f"{status.st_dev}-{status.st_ino}"


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite storage; None for a database server."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    return Path(parsed.database or "")


def call_storage(
    function: Callable[[], _Result],
    *,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> _Result:
    """Call `function`, again and again while the storage is out of reach.

    Threads of a process take turns. Pauses grow from 0.2 to 2 seconds. Faults that
    waiting does not mend (a damaged file, a missing table, a wrong password) are raised
    at once, and so is a full disk, which may last: see `search.disk.insist`.

    Parameters
    ----------
    function
        Must be safe to repeat.
    patience
        Seconds after which the last error is raised.
    sleep
        For tests.
    """
    stop = time.monotonic() + patience
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            with _turn:
                return function()
        except (StorageInternalError, SQLAlchemyError, StudyCorrupted) as error:
            is_late = time.monotonic() + pause > stop
            if is_late or is_full(error) or not is_temporary(error):
                raise
            _logger.warning("The storage is out of reach, trying again: %s", error)
        sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def lock_transaction(connection: Connection | Session, key: str) -> None:
    """Wait for the lock `key` of a database server; does nothing on SQLite.

    Workers on several machines share nothing but the server. It frees the lock at the
    end of the transaction, also where that is the end of the process.
    """
    bound = connection.get_bind() if isinstance(connection, Session) else connection
    if bound.dialect.name == "sqlite":
        return
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)
    statement = sqlalchemy.text("SELECT pg_advisory_xact_lock(:number)")
    connection.execute(statement, {"number": number})


def is_temporary(error: BaseException) -> bool:
    """Return whether waiting may help: locks, full disks, lost connections."""
    text = _chain(error)
    if any(words in text for words in _REFUSED):
        return False
    return is_full(error) or any(words in text for words in _TEMPORARY)


def is_busy(error: BaseException) -> bool:
    """Return whether `error` only says that another process holds the storage."""
    return any(words in _chain(error) for words in _BUSY)


def explain_storage_error(url: str, error: Exception) -> str:
    """Return a sentence about a fault of the storage; of other errors their text."""
    is_ours = isinstance(error, (StorageInternalError, SQLAlchemyError))
    return _sentence(url, error) if is_ours else str(error)


@contextmanager
def readable_errors(url: str) -> Iterator[None]:
    """Turn the errors of a storage that cannot be used into `StudyCorrupted`."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError, RuntimeError) as error:
        raise StudyCorrupted(_sentence(url, error)) from error


def _open(
    url: str, *, timeout: float, kind: type[RDBStorage] = RDBStorage
) -> RDBStorage:
    # Before, so that a process never has two connections.
    _check_version(url, storage_stamp(url))
    return _connect(url, timeout=timeout, skip_compatibility_check=True, kind=kind)


@lru_cache(maxsize=64)
def _check_version(url: str, stamp: str) -> None:
    """Make sure that Optuna knows the tables; once, because it reads many scripts."""
    timeout = READER_TIMEOUT_SECONDS
    _connect(url, timeout=timeout, skip_compatibility_check=False).engine.dispose()


def _connect(
    url: str,
    *,
    timeout: float,
    skip_compatibility_check: bool,
    kind: type[RDBStorage] = RDBStorage,
) -> RDBStorage:
    options = _engine_options(
        url, timeout=timeout, is_pooled=issubclass(kind, LightStorage)
    )
    path = sqlite_path(url)
    if path is not None:
        options["creator"] = _connector(path, timeout)
        del options["connect_args"]
    return kind(
        url,
        engine_kwargs=options,
        skip_compatibility_check=skip_compatibility_check,
        skip_table_creation=True,
    )


def _engine_options(
    url: str, *, timeout: float = WRITER_TIMEOUT_SECONDS, is_pooled: bool = False
) -> dict[str, Any]:
    if sqlite_path(url) is not None:
        # Opening a file is cheap. A pool would keep it open behind a file that was
        # replaced, and leave its connections to the garbage collector.
        return {"connect_args": {"timeout": timeout}, "poolclass": NullPool}
    given = make_url(url).query
    wanted = {**_SERVER_ARGUMENTS, "application_name": f"{APPLICATION} {os.getpid()}"}
    arguments = {name: value for name, value in wanted.items() if name not in given}
    if not is_pooled:
        return {"connect_args": arguments, "poolclass": NullPool}
    # Pages look every second or two, in several threads.
    return {
        "connect_args": arguments,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "pool_size": 1,
        "max_overflow": 1,
        "pool_timeout": 10,
    }


def _connector(path: Path, timeout: float) -> Callable[[], sqlite3.Connection]:
    """Return a function that opens an existing file and never creates one.

    Readers open it for writing too: after a kill they may have to roll back what the
    dead process left half done.
    """
    address = f"file:{quote(str(path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            address, uri=True, timeout=timeout, check_same_thread=False
        )

    return connect


@lru_cache(maxsize=8)
def _cached_reader(url: str, stamp: str) -> RDBStorage:
    return open_reader(url)


def _leave_begin_to_us(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None


def _begin_immediate(connection: sqlalchemy.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_lock(url: str) -> Path:
    """Return the lock beside an SQLite file, or in the temporary folder."""
    path = sqlite_path(url)
    if path is not None:
        return path.with_name(f".{path.name}.lock")
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"studies-{name}.lock"


def _chain(error: BaseException) -> str:
    """Return the texts of an error and of its causes, in lower case."""
    texts = []
    current: BaseException | None = error
    while current is not None:
        texts.append(str(current).lower())
        current = current.__cause__ or current.__context__
    return "\n".join(texts)


def _sentence(url: str, error: BaseException) -> str:
    path = sqlite_path(url)
    where = "The database server" if path is None else f"The storage file {path.name}"
    text = _chain(error)
    if is_full(error):
        return (
            f"{where} has no space left; make room on its machine."
            if path is None
            else full_sentence(path.parent)
        )
    if is_busy(error):
        return f"{where} is in use by another process for long; try again in a moment."
    if path is not None and not path.exists():
        return f"{where} is missing. Put it back, or start in another folder."
    if path is None and any(words in text for words in _REFUSED):
        return (
            f"{where} refuses this program; check the user, the password and the name "
            "of the database in STUDIES_STORAGE."
        )
    if path is None and (isinstance(error, OperationalError) or is_temporary(error)):
        return f"{where} does not answer; check that it runs and can be reached."
    if "storage upgrade" in text:
        return (
            f"{where} was written by an older version of Optuna. Upgrade it with "
            "`python -m search upgrade`, which keeps a copy of it first."
        )
    if "updating optuna" in text:
        return (
            f"{where} was written by a newer version of Optuna than this program has. "
            "Update the program, or name another folder with STUDIES_DIR."
        )
    if "no such table" in text or isinstance(error, RuntimeError):
        return f"{where} does not belong to this program or to another version of it."
    return f"{where} is damaged. Restore it from a copy, or start in another folder."
