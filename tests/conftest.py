"""Fixtures of all tests: an empty place for studies."""

from pathlib import Path

import pytest

from search.config import Environment
from search.study.storage import prepare_storage

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
