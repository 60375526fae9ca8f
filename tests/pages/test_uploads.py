"""Limits of uploads, and the parts of Streamlit that hold what was uploaded."""

import gc
import weakref
from types import SimpleNamespace

import pytest
import streamlit as st
from starlette.routing import Route
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionInfo
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.web.server.starlette.starlette_routes import create_upload_routes

from pages.components import uploads
from pages.components.uploads import (
    MEGABYTE,
    SESSION_MB,
    TOTAL_MB,
    UploadLimits,
    close_ended_sessions,
    kept_bytes,
    let_go,
)
from pages.server.uploads import _session_of
from search.errors import ConfigError


class Session:
    """A session that lets go of its files when it is shut down, as Streamlit's do."""

    def __init__(self, name: str, files: MemoryUploadedFileManager) -> None:
        self.id = name
        self._files = files
        self.itself = self

    def shutdown(self) -> None:
        self._files.remove_session_files(self.id)


@pytest.fixture
def files() -> MemoryUploadedFileManager:
    return MemoryUploadedFileManager("/_stcore/upload_file")


@pytest.fixture
def manager() -> WebsocketSessionManager:
    """Return Streamlit's own manager, whose sessions end at once."""
    storage = MemorySessionStorage(ttl_seconds=0)
    return WebsocketSessionManager(storage, None, None, None, None)


@pytest.fixture(autouse=True)
def runtime(
    files: MemoryUploadedFileManager,
    manager: WebsocketSessionManager,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = SimpleNamespace(uploaded_file_mgr=files, _session_mgr=manager)
    server = SimpleNamespace(exists=lambda: True, instance=lambda: running)
    monkeypatch.setattr(uploads, "Runtime", server)
    monkeypatch.delenv(SESSION_MB, raising=False)
    monkeypatch.delenv(TOTAL_MB, raising=False)


def add(files: MemoryUploadedFileManager, session: str, file: str, n: int) -> None:
    files.add_file(session, UploadedFileRec(file, "x.csv", "text/csv", bytes(n)))


def test_kept_bytes_are_those_that_streamlit_holds(files) -> None:
    assert kept_bytes() == {}
    add(files, "a", "1", 100_000)
    add(files, "a", "2", 200_000)
    add(files, "b", "1", 300_000)
    assert kept_bytes() == {"a": 300_000, "b": 300_000}
    files.remove_file("a", "1")
    files.remove_session_files("b")
    assert kept_bytes() == {"a": 200_000}


def test_empty_files_count_too(files) -> None:
    for number in range(100):
        add(files, "a", str(number), 0)
    assert kept_bytes()["a"] > 6 * MEGABYTE


def test_let_go_drops_the_file_of_the_session_whose_page_runs(
    files, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(files, "a", "1", 100_000)
    add(files, "b", "1", 100_000)
    context = SimpleNamespace(session_id="a", uploaded_file_mgr=files)
    monkeypatch.setattr(uploads, "get_script_run_ctx", lambda: context)
    let_go("1")
    let_go("never")
    assert kept_bytes().get("a", 0) == 0
    assert kept_bytes()["b"] == 100_000


def test_ended_sessions_are_closed_and_their_memory_comes_back(files, manager) -> None:
    session = Session("a", files)
    gone = weakref.ref(session)
    add(files, "a", "1", 100_000)
    manager._session_storage._cache["a"] = SessionInfo(None, session, 1)
    del session
    gc.disable()
    try:
        assert close_ended_sessions() == 1
    finally:
        gc.enable()
    assert kept_bytes() == {}
    assert gone() is None
    assert close_ended_sessions() == 0


def test_a_session_that_may_come_back_is_kept(files, manager) -> None:
    manager._session_storage = MemorySessionStorage(ttl_seconds=120)
    add(files, "a", "1", 100_000)
    manager._session_storage.save(SessionInfo(None, Session("a", files), 1))
    assert close_ended_sessions() == 0
    assert kept_bytes() == {"a": 100_000}


def test_the_upload_path_is_that_of_streamlit(files) -> None:
    routes = create_upload_routes(SimpleNamespace(), files, None)
    paths = {
        route.path
        for route in routes
        if isinstance(route, Route) and "PUT" in (route.methods or ())
    }
    assert paths == {"/_stcore/upload_file/{session_id}/{file_id}"}
    (url,) = files.get_upload_urls("me", ["x.csv"])
    scope = {"type": "http", "method": "PUT", "path": url.upload_url}
    assert _session_of(scope) == "me"


def test_defaults_hold_the_file_limit_of_the_server(monkeypatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda _name: 200)
    limits = UploadLimits.from_process()
    assert limits == UploadLimits()
    assert [limits.file, limits.session, limits.total] == [
        200 * MEGABYTE, 400 * MEGABYTE, 1000 * MEGABYTE
    ]  # fmt: skip
    monkeypatch.setattr(st, "get_option", lambda _name: 2_000)
    larger = UploadLimits.from_process()
    assert larger.total == larger.session == 4_000 * MEGABYTE


@pytest.mark.parametrize(
    ("session", "total", "message"),
    [
        (
            "100",
            "",
            f"session may have 100 MB, less than one file, 200 MB.*{SESSION_MB}",
        ),
        ("", "300", f"together may have 300 MB, less than.*400 MB.*{TOTAL_MB}"),
        ("many", "", f"{SESSION_MB} must be a whole number of MB above 0, got 'many'"),
        ("0", "", "above 0, got '0'"),
        ("-1", "", "above 0, got '-1'"),
    ],
)
def test_limits_that_cannot_work_are_refused(session, total, message, monkeypatch):
    monkeypatch.setattr(st, "get_option", lambda _name: 200)
    monkeypatch.setenv(SESSION_MB, session)
    monkeypatch.setenv(TOTAL_MB, total)
    with pytest.raises(ConfigError, match=message):
        UploadLimits.from_process()
