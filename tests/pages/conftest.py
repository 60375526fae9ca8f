"""What the tests of the pages share: a place for studies, and a way to open a page."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from search.config import Environment
from search.study.folders import StudyHandle
from search.study.storage.opening import prepare_storage
from tests.pages.study_factory import hold_supervisor, make_all, make_environment

MAIN = Path(__file__).parents[2] / "pages" / "main.py"

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def empty_storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared storage file; making its tables takes half a second."""
    path = tmp_path_factory.mktemp("storage") / "optuna.db"
    prepare_storage(f"sqlite:///{path}")
    return path


@pytest.fixture
def environment(
    tmp_path: Path, empty_storage: Path, monkeypatch: pytest.MonkeyPatch
) -> Environment:
    """Return an empty place for studies, which the pages use too."""
    monkeypatch.setenv("STUDIES_DIR", str(tmp_path))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    st.cache_resource.clear()
    shutil.copy(empty_storage, tmp_path / "optuna.db")
    return Environment.from_process()


@pytest.fixture
def open_page(environment: Environment) -> OpenPage:
    """Return a function that opens a page, with a study in its URL if one is given."""

    def open_it(page: str, *, study: str | None = None) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        if page != "home":
            app.switch_page(f"{page}.py")
        if study is not None:
            app.query_params["study"] = study
        return app.run()

    return open_it


@pytest.fixture(scope="session")
def made_studies(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, StudyHandle]]:
    """Return a study in each state; tests may look at them and not change them."""
    kinds = make_all(make_environment(tmp_path_factory.mktemp("studies")))
    with hold_supervisor(kinds["searching"]):
        yield kinds


@pytest.fixture
def open_made(
    made_studies: dict[str, StudyHandle], monkeypatch: pytest.MonkeyPatch
) -> OpenPage:
    """Return a function that opens a page with the made study of a state."""
    folder = made_studies["finished"].environment.studies_dir
    monkeypatch.setenv("STUDIES_DIR", str(folder))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)

    def open_it(page: str, state: str) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        app.switch_page(f"{page}.py")
        app.query_params["study"] = made_studies[state].uuid
        return app.run()

    return open_it


def words(app: AppTest) -> str:
    """Return all text of a page in one string."""
    parts = [app.title, app.subheader, app.markdown, app.caption, app.info, app.error,
             app.warning, app.success]  # fmt: skip
    return "\n".join(str(element.value) for part in parts for element in part)
