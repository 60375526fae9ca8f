"""How the processes of a study are started: their commands, environment and logs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import search
from search.environment import Environment
from search.study.folders import StudyHandle, log_path

MAX_LOG_BYTES = 2_000_000


def command(*arguments: str) -> list[str]:
    """Return the command line that runs ``search`` with the same interpreter."""
    return [sys.executable, "-m", "search", *arguments]


def child_environment(environment: Environment) -> dict[str, str]:
    """Return the variables of a child process.

    The storage travels here and not on the command line, where every user of the
    machine could read its password.
    """
    variables = dict(os.environ)
    variables["STUDIES_DIR"] = str(environment.studies_dir)
    variables["STUDIES_STORAGE"] = environment.storage_url
    variables["STUDIES_ARTIFACTS"] = environment.artifacts or ""
    package_parent = str(Path(search.__file__).resolve().parents[1])
    paths = [package_parent, variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return variables


def start_process(
    handle: StudyHandle, log_name: str, *arguments: str
) -> "subprocess.Popen[bytes]":
    """Start a process of a study, in a session of its own, that writes to its log.

    Parameters
    ----------
    log_name
        See `search.study.folders.log_path`.
    arguments
        Of `command`.
    """
    with open_log(log_path(handle, log_name)) as log:
        return subprocess.Popen(
            command(*arguments),
            env=child_environment(handle.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def open_log(path: Path) -> BinaryIO:
    """Open the log at `path` for appending; a long one is set aside first.

    At most two files of about `MAX_LOG_BYTES` are kept: `path` and `path` with the
    ending ``.1``.
    """
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def last_lines(path: Path, n_lines: int = 5) -> str:
    """Return the last lines of the log at `path` that hold text, as one text."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8_192))
        text = file.read().decode("utf-8", "replace")
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-n_lines:])
