"""A folder with studies for the tests that start a server of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from search.study.folders import StudyHandle
from tests.faults.web.server import WebServer, serving
from tests.pages.study_factory import hold_supervisor, make_all, make_environment


@pytest.fixture(scope="module")
def kinds(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, StudyHandle]]:
    """Return a study in each state that no watcher starts again."""
    folder: Path = tmp_path_factory.mktemp("web") / "studies"
    found = make_all(make_environment(folder))
    names = ("waiting", "searching", "interrupted", "paused", "failed")
    held = [hold_supervisor(found[name]) for name in names]
    yield found
    for lock in held:
        lock.close()


@pytest.fixture(scope="module")
def server(kinds: dict[str, StudyHandle]) -> Iterator[WebServer]:
    """Return a server over these studies."""
    with serving(kinds["finished"].environment.studies_dir) as running:
        yield running
