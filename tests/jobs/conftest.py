"""Studies that are searched with the toy objective, without TensorFlow."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
import pytest

from search.config import Budget, Environment, Roles, Task, Training
from search.data.source import Source
from search.jobs import supervisor
from search.jobs.limits import Limits
from search.space.defaults import default_space
from search.study.control import wish
from search.study.folders import StudyHandle
from search.study.progress import Progress
from search.study.settings import StudySettings
from search.study.studies import create_study
from search.worker.toy import EPOCH_VARIABLE, TOY_VARIABLE

QUICK = Limits(tick_seconds=0.05, publish_seconds=0.1, first_pause_seconds=0.05)
DEADLINE_SECONDS = 60.0

optuna.logging.set_verbosity(optuna.logging.WARNING)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as `condition` holds; fail after a minute."""
    pause = threading.Event()
    stop = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > stop:
            pytest.fail(f"{what} did not happen within {DEADLINE_SECONDS:.0f} s")
        pause.wait(0.05)


class Once:
    """An `on_progress` that acts the first time that a condition holds."""

    def __init__(
        self, when: Callable[[Progress], bool], action: Callable[[Progress], object]
    ) -> None:
        self._when = when
        self._action = action
        self.happened = False

    def __call__(self, progress: Progress) -> None:
        if not self.happened and self._when(progress):
            self.happened = True
            self._action(progress)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let workers train the toy; by default epochs take no time."""

    def choose(mode: str = "toy", *, epoch_seconds: float = 0.0) -> None:
        monkeypatch.setenv(TOY_VARIABLE, mode)
        monkeypatch.setenv(EPOCH_VARIABLE, str(epoch_seconds))

    choose()
    return choose


@pytest.fixture
def without_winners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave refits and the comparison out, where a test is about the search."""
    monkeypatch.setattr(supervisor, "needs_refit", lambda *_: False)
    monkeypatch.setattr(supervisor, "finish_study", lambda *_, **__: None)


@pytest.fixture
def settings() -> StudySettings:
    roles = Roles(targets=("load",))
    task = Task(horizon=2, holdout=20, folds=3)
    return StudySettings(
        name="Power",
        source=Source("power.csv"),
        roles=roles,
        task=task,
        space=default_space(120, roles, task),
        budget=Budget(trials=3),
        training=Training(epochs=2, pruner="none"),
        workers=2,
    )


@pytest.fixture
def make_study(
    toy: Callable[..., None], environment: Environment, settings: StudySettings
) -> Callable[..., StudyHandle]:
    """Return a function that makes a study which is wished to run."""
    series = pd.DataFrame({"load": np.sin(np.arange(120) / 3.0)})

    def make(**changes: object) -> StudyHandle:
        handle = create_study(environment, replace(settings, **changes), series)
        wish(handle, "run")
        return handle

    return make
