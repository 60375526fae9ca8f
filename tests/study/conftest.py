"""Studies on a small series, on an SQLite file of their own or on a server."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
import sqlalchemy

from search.config import Budget, Environment, Roles, Task, Training
from search.data.source import Source
from search.space.defaults import default_space
from search.space.lines import Line
from search.study.control import wish
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.settings import StudySettings
from search.study.studies import create_study

N_ROWS = 120
# What these say holds for every storage; tests marked `sqlite` are about the file. On a
# server they take a while, so the quick suite has only `test_server`.
CONTRACT = ("test_batching", "test_claims", "test_outcomes", "test_trials")

optuna.logging.set_verbosity(optuna.logging.WARNING)


def series_of(n_rows: int) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=n_rows, freq="D")
    return pd.DataFrame({"load": np.sin(np.arange(n_rows) / 3.0)}, index=index)


@pytest.fixture(autouse=True)
def connections() -> Iterator[None]:
    """Spare the disk in this process, and close what a test leaves open.

    The tests of kills use other processes.
    """
    opened: list[Any] = []

    def note(connection: Any, _record: object) -> None:
        opened.append(connection)
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=OFF")

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", note)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", note)
    for connection in opened:
        connection.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat the tests of the contract on PostgreSQL."""
    is_contract = metafunc.module.__name__.rpartition(".")[2] in CONTRACT
    is_sqlite = metafunc.definition.get_closest_marker("sqlite") is not None
    if is_contract and not is_sqlite and "environment" in metafunc.fixturenames:
        storages = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
        metafunc.parametrize("environment", storages, indirect=True)


@pytest.fixture
def environment(
    request: pytest.FixtureRequest, environment: Environment
) -> Environment:
    """Return an empty place for studies, on the storage that the test asks for."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return environment
    url = request.getfixturevalue("module_database")
    return replace(environment, storage_url=url)


@pytest.fixture(scope="module")
def module_database(make_database: Callable[[], str]) -> str:
    """Return a storage on a server for the studies of all tests of a module.

    Making one takes longer than most of these tests. A study is told from the others
    by its own id, as in use.
    """
    return make_database()


@pytest.fixture
def series() -> pd.DataFrame:
    return series_of(N_ROWS)


@pytest.fixture
def settings() -> StudySettings:
    roles = Roles(targets=("load",))
    task = Task(horizon=2, holdout=10, folds=3)
    return StudySettings(
        name="Power",
        source=Source("power.csv", time_columns=("time",), frequency="D"),
        roles=roles,
        task=task,
        space=default_space(N_ROWS, roles, task),
        budget=Budget(trials=6),
        training=Training(epochs=5, seed=7),
        workers=2,
    )


@pytest.fixture
def make_study(
    environment: Environment, settings: StudySettings, series: pd.DataFrame
) -> Callable[..., StudyHandle]:
    """Return a function that creates a study, by default one that runs."""

    def make(*, is_running: bool = True, **changes: object) -> StudyHandle:
        handle = create_study(environment, replace(settings, **changes), series)
        if is_running:
            wish(handle, "run")
        return handle

    return make


@pytest.fixture
def handle(make_study: Callable[..., StudyHandle]) -> StudyHandle:
    return make_study()


@pytest.fixture
def study(handle: StudyHandle) -> optuna.Study:
    return open_study(handle)


@pytest.fixture
def one_cell(settings: StudySettings) -> StudySettings:
    return replace(
        settings, space=settings.space.with_line(Line("cell", choices=("GRU",)))
    )
