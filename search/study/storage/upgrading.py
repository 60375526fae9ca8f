"""Bring a storage that an older Optuna wrote up to date, and keep a copy of it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from search.errors import ConfigError, StudyCorrupted, UserInputError
from search.study.storage.opening import (
    check_storage,
    open_for_upgrade,
    preparing,
    readable_errors,
    sqlite_path,
)


def upgrade_storage(url: str) -> Path | None:
    """Upgrade the tables of an SQLite storage; return the copy of before.

    Returns
    -------
    None where nothing was to do; the storage is then as it was.

    Raises
    ------
    ConfigError
        If the storage is a database server, which has its own way to be copied.
    StudyCorrupted
        If the storage is missing, damaged, or newer than this program.
    """
    path = sqlite_path(url)
    if path is None:
        raise ConfigError(
            "Only an SQLite storage is upgraded here. Copy the database with the "
            "tools of the server (`pg_dump`), then run `optuna storage upgrade`."
        )
    if not path.exists():
        raise UserInputError(f"There is no storage file {path}.")
    with preparing(url):
        try:
            check_storage(url)
            return None
        except StudyCorrupted as error:
            if not is_older(error):
                raise
        copy = _copy(path)
        with readable_errors(url):
            storage = open_for_upgrade(url)
            storage.upgrade()
            storage.engine.dispose()
            check_storage(url)
    return copy


def is_older(error: StudyCorrupted) -> bool:
    """Return whether `error` says that the storage can be upgraded."""
    return "storage upgrade" in str(error.__cause__)


def _copy(path: Path) -> Path:
    """Copy a storage as it is between two transactions, and return the copy."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    copy = path.with_name(f"{path.name}.backup-{moment}")
    partial = copy.with_name(f".{copy.name}")
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(partial)) as target,
    ):
        source.backup(target)
    partial.replace(copy)
    return copy
