"""Studies with the toy objective, a ledger, and processes that may be killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import psutil
import pytest

from search import fault_points
from search.config import Budget, Environment, Roles, Task, Training
from search.data.source import Source
from search.jobs.commands import child_environment, start_process
from search.space.defaults import default_space
from search.study.control import wish
from search.study.folders import StudyHandle
from search.study.settings import StudySettings
from search.study.studies import create_study
from search.worker.toy import EPOCH_VARIABLE, TOY_VARIABLE
from tests.faults.oracle import processes_of
from tests.jobs.conftest import wait_until

ROOT = Path(__file__).parents[2]
N_ROWS = 120

optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True)
class Place:
    """A study that is wished to run, and where its workers note what they told."""

    handle: StudyHandle
    ledger: Path
    mark: Path

    @property
    def was_reached(self) -> bool:
        """Whether the fault that was asked for has happened."""
        return self.mark.exists()


class Nursery:
    """A process that makes workers by fork; see `tests.faults.nursery`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: object) -> Any:
        """Return the answer to a request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Workers:
    """Workers of one study without a supervisor.

    To be used in a ``with`` block, after which all are gone and the study rests.
    """

    def __init__(self, nursery: Nursery, handle: StudyHandle) -> None:
        self._nursery = nursery
        self._handle = handle
        self._started: list[int] = []

    def start(self) -> int:
        """Start a worker in the environment of now; return its process id."""
        pid: int = self._nursery.ask(
            uuid=self._handle.uuid,
            folder=str(self._handle.folder),
            start=child_environment(self._handle.environment),
        )
        self._started.append(pid)
        return pid

    def ended(self, pid: int) -> int:
        """Wait for the end of a worker and return its exit code."""
        wait_until(lambda: is_gone(pid), f"the end of worker {pid}")
        code: int = self._nursery.ask(code=pid)
        return code

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self._started:
            if not is_gone(pid):
                kill(pid)
                self.ended(pid)
        if self._handle.folder.exists():
            wish(self._handle, "pause")


@pytest.fixture(scope="session")
def nursery_process() -> Iterator[Nursery]:
    """Start one nursery for all tests: importing everything is most of its time."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def workers_of(nursery_process: Nursery) -> Callable[[Place], Workers]:
    """Return a function that gives the place where workers of a study are made."""
    return lambda made: Workers(nursery_process, made.handle)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let workers train the toy; by default its epochs take no time."""

    def choose(mode: str = "toy", *, epoch_seconds: float = 0.0) -> None:
        monkeypatch.setenv(TOY_VARIABLE, mode)
        monkeypatch.setenv(EPOCH_VARIABLE, str(epoch_seconds))

    choose()
    return choose


@pytest.fixture
def settings() -> StudySettings:
    roles = Roles(targets=("load",))
    task = Task(horizon=2, holdout=20, folds=3)
    return StudySettings(
        name="Power",
        source=Source("power.csv"),
        roles=roles,
        task=task,
        space=default_space(N_ROWS, roles, task),
        budget=Budget(trials=6),
        training=Training(epochs=4, pruner="none", seed=7),
        workers=2,
    )


@pytest.fixture
def place(
    toy: Callable[..., None],
    environment: Environment,
    settings: StudySettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Place]]:
    """Return a function that makes a study; all its processes end with the test."""
    series = pd.DataFrame({"load": np.sin(np.arange(N_ROWS) / 3.0)})
    made: list[Place] = []

    def make(fault: str | None = None, **changes: object) -> Place:
        handle = create_study(environment, replace(settings, **changes), series)
        wish(handle, "run")
        monkeypatch.setenv("STUDIES_DIR", str(environment.studies_dir))
        monkeypatch.delenv("STUDIES_STORAGE", raising=False)
        ledger, mark = (tmp_path / f"{handle.uuid}.{end}" for end in ("told", "mark"))
        monkeypatch.setenv(fault_points.TEST_VARIABLE, "1")
        monkeypatch.setenv(fault_points.LEDGER_VARIABLE, str(ledger))
        monkeypatch.setenv(fault_points.MARK_VARIABLE, str(mark))
        if fault is not None:
            monkeypatch.setenv(fault_points.FAULT_VARIABLE, fault)
        made.append(Place(handle, ledger, mark))
        return made[-1]

    # The process of the tests itself must never be hit.
    monkeypatch.setattr(fault_points, "_fault", lambda: None)
    yield make
    for one in made:
        for pid in processes_of(one.handle):
            kill(pid)


def kill(pid: int) -> None:
    """Kill a process that may be gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_gone(pid: int) -> bool:
    """Return whether a process has ended, collected by its parent or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def start_supervisor() -> Iterator[Callable[[Place], int]]:
    """Return a function that starts the supervisor of a study as a process."""
    started: list[subprocess.Popen[bytes]] = []

    def start(made: Place) -> int:
        started.append(
            start_process(made.handle, "supervisor", "supervise", made.handle.uuid)
        )
        return started[-1].pid

    yield start
    for process in started:
        process.kill()
        process.wait()
