"""Whether the places where studies are kept can be used, and what to do if not."""

import os
from pathlib import Path

from search.config import Environment
from search.errors import ConfigError
from search.study.storage.mounts import check_local
from search.study.storage.opening import sqlite_path


def check_places(environment: Environment) -> None:
    """Refuse places in which no study can be kept; creates nothing.

    Raises
    ------
    ConfigError
        If the folder of the studies or the SQLite file cannot be written, or the
        file lies on a network file system.
    """
    _check_folder(environment.studies_dir)
    path = sqlite_path(environment.storage_url)
    if path is not None:
        check_local(path)
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise ConfigError(
                f"The storage file {path} cannot be written by {_user()}. "
                f"{_remedy(path)}"
            )


def refusal(error: OSError) -> str:
    """Return in one sentence that a file cannot be opened or written, and the fix."""
    path = Path(str(error.filename)) if error.filename else None
    reason = error.strerror or str(error)
    if path is None:
        return f"A file cannot be opened or written: {reason}."
    return f"{path} cannot be opened or written by {_user()}: {reason}. {_remedy(path)}"


def _check_folder(folder: Path) -> None:
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise ConfigError(
            f"The folder of the studies, {folder}, is a file. Name a folder with "
            "STUDIES_DIR."
        )
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(
            f"The folder of the studies, {folder}, cannot be written by {_user()}. "
            f"{_remedy(nearest)}"
        )


def _remedy(path: Path) -> str:
    return (
        f"Give that user the right (`chown -R` or `chmod u+rwX` on {path}), or name "
        "another folder with STUDIES_DIR."
    )


def _user() -> str:
    if not hasattr(os, "geteuid"):
        return "this user"
    return f"the user with the id {os.geteuid()}"
