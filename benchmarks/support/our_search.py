"""Runs the real command line in a process of its own and reads what it stored."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.support.places import ROOT
from search.config import Environment
from search.study.folders import StudyHandle
from search.study.studies import list_studies
from search.study.trials.curves import EpochPoint, read_curve
from search.study.trials.listing import TrialView, read_trials

LONGEST_END_SECONDS = 60.0


class SearchFailed(Exception):
    """The search ended by itself although it should have gone on."""


@dataclass
class OurSearch:
    """A search under way.

    Attributes
    ----------
    studies
        Folder of its studies; it holds this one only.
    launched
        Time when the process was started, in seconds since 1970.
    process
        The command line.
    """

    studies: Path
    launched: float
    process: subprocess.Popen[bytes]

    @property
    def seconds(self) -> float:
        """Seconds since the process was started."""
        return time.time() - self.launched

    @property
    def handle(self) -> StudyHandle | None:
        """The study; None until it was created."""
        return study_in(self.studies)

    @property
    def trials(self) -> tuple[TrialView, ...]:
        """The trials so far."""
        handle = self.handle
        return () if handle is None else read_trials(handle)

    def curve(self, trial: TrialView) -> tuple[EpochPoint, ...]:
        """Return the learning curve of a trial."""
        handle = self.handle
        return () if handle is None else read_curve(handle.folder, trial.number)

    def finished_after(self, trial: TrialView) -> float:
        """Return the seconds from the start of the process to the end of `trial`."""
        assert trial.finished is not None
        return datetime.fromisoformat(trial.finished).timestamp() - self.launched

    def wait(self, seconds: float) -> None:
        """Wait for some seconds.

        Raises
        ------
        SearchFailed
            If the search has ended.
        """
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return
        raise SearchFailed(
            f"The search ended with code {code}; see {self.studies / 'run.log'}."
        )


@contextmanager
def our_search(
    options: Sequence[str], *, studies: Path, command: str = "run"
) -> Iterator[OurSearch]:
    """Start `python -m search run` with `options`, and end it when the block is left.

    An empty folder `studies` means that no compiled program is there to be used.
    """
    studies.mkdir(parents=True, exist_ok=True)
    with (studies / "run.log").open("ab") as log:
        launched = time.time()
        process = subprocess.Popen(
            [sys.executable, "-m", "search", command, *options],
            cwd=ROOT,
            env=clean_environment() | {"STUDIES_DIR": str(studies)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield OurSearch(studies, launched, process)
    finally:
        _end(process)


def study_in(studies: Path) -> StudyHandle | None:
    """Return the only study in the folder `studies`, or None."""
    url = f"sqlite:///{studies / 'optuna.db'}"
    found = list_studies(Environment(studies.resolve(), url))
    return found[0] if found else None


def clean_environment() -> dict[str, str]:
    """Return the environment of this process without settings of frameworks."""
    prefixes = ("TF_", "XLA_", "OMP_", "KERAS_", "STUDIES_")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(prefixes)
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the search to end, which pauses it; insist where that takes too long."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=LONGEST_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
