"""Secrets of the server stay in it: pages, logs, downloads, storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from search.study.folders import StudyHandle
from tests.faults.web.server import serving, session

CANARIES = ("canary-env-81b2", "canary-secret-93c7", "canary-cookie-5d5e" * 2)
PAGES = ("", "data", "setup", "progress", "compare", "forecast", "explain", "studies")
ROUTES = ("/", "/dashboard", "/api/studies", "/api/studies/1", "/csv/1", "/api/meta",
          "/_stcore/health", "/_stcore/metrics", "/_stcore/host-config",
          "/.streamlit/secrets.toml", "/app/static/secrets.toml")  # fmt: skip


@contextmanager
def without_trace(folder: Path) -> Iterator[None]:
    yield
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(one.encode() in content for one in CANARIES), path


@pytest.mark.slow
@pytest.mark.case("X11", "canary secrets in the environment and in secrets.toml")
def test_secrets_are_shown_and_stored_nowhere(
    kinds: dict[str, StudyHandle], tmp_path: Path, record_property
) -> None:
    folder = kinds["finished"].environment.studies_dir
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(f'token = "{CANARIES[1]}"\n[other]\nkey = "{CANARIES[2]}"\n')
    variables = {"DATABASE_PASSWORD": CANARIES[0]}
    variables["STREAMLIT_SERVER_COOKIE_SECRET"] = CANARIES[2]
    options = ("--secrets.files", str(secrets))
    n_messages = 0
    running = serving(folder, *options, variables=variables)
    with without_trace(folder), running as server:
        query = f"study={kinds['finished'].uuid}"
        with session(server, "", query) as tab:
            for page in PAGES:
                tab.page = page
                tab.rerun()
            shown, n_messages = tab.everything(), len(tab.messages)
        answers = [server.get(path).body for path in ROUTES]
    for canary in CANARIES:
        assert canary not in shown
        assert not any(canary.encode() in answer for answer in answers)
        assert canary not in server.log.read_text()
    record_property("figure", f"{n_messages} messages, {len(ROUTES)} routes, 0 hits")
