"""Run ``predict.py`` in a process of its own that sees nothing of this program."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from search.bundle.scripts import SCRIPT
from search.errors import SearchError

LONGEST_SECONDS = 900.0
_KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL")


@dataclass(frozen=True)
class Run:
    """How a run of ``predict.py`` ended."""

    exit_code: int
    output: str
    messages: str


def run_predict(folder: Path, *arguments: str) -> Run:
    """Run the ``predict.py`` in `folder` with this Python, isolated (``-I``).

    The working folder is `folder`; of the environment only what an interpreter needs
    to start is passed on, so that this package cannot be imported by accident and no
    password leaks.

    Raises
    ------
    SearchError
        If it does not end within 15 minutes.
    """
    environment = {k: os.environ[k] for k in _KEPT_VARIABLES if k in os.environ}
    command = [sys.executable, "-I", "-X", "utf8", str(folder / SCRIPT), *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SearchError(
            f"predict.py did not end within {LONGEST_SECONDS:.0f} seconds."
        ) from error
    return Run(done.returncode, done.stdout, done.stderr)


def refuse_failure(run: Run) -> None:
    """Refuse a run that did not end well, with its last message.

    Raises
    ------
    SearchError
        If its exit code is not 0.
    """
    if run.exit_code:
        last_line = (run.messages.strip().splitlines() or ["no message"])[-1]
        raise SearchError(f"predict.py ended with {run.exit_code}: {last_line}")
