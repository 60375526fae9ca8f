"""Fixtures of all tests: an empty place for studies, and a database server."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from search.config import Environment
from search.study.storage.opening import prepare_storage
from tests.postgres import Server, missing, running_server

pytest_plugins = ["tests.case_table"]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables once; every test gets a copy."""
    path = tmp_path_factory.mktemp("storage") / "optuna.db"
    prepare_storage(f"sqlite:///{path}")
    return path


@pytest.fixture
def environment(tmp_path: Path, empty_database: Path) -> Environment:
    folder = tmp_path / "studies"
    folder.mkdir()
    (folder / "optuna.db").write_bytes(empty_database.read_bytes())
    return Environment(folder, f"sqlite:///{folder / 'optuna.db'}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return a PostgreSQL server that all tests share; skip where there is none."""
    if missing():
        pytest.skip(missing())
    with running_server() as server:
        prepare_storage(server.create_database("prepared"))
        yield server


@pytest.fixture(scope="session")
def make_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Return a function that gives the URL of a new storage on a server.

    `STUDIES_TEST_SERVER` names a database of another server; all tests share it then.
    """
    given = os.environ.get("STUDIES_TEST_SERVER")
    if given:
        prepare_storage(given)
        return lambda: given
    server: Server = request.getfixturevalue("postgres")
    numbers = count()
    return lambda: server.create_database(f"t{next(numbers)}", template="prepared")


@pytest.fixture
def server_environment(tmp_path: Path, make_database: Callable[[], str]) -> Environment:
    """Return an empty place for studies whose storage is on a server."""
    folder = tmp_path / "studies"
    folder.mkdir()
    return Environment(folder, make_database())
