"""What pages and terminal say of a full disk or a damaged storage; large studies."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import streamlit as st

from benchmarks.support.stored_studies import add_running, add_study
from pages.components.state import forget_progress
from search import disk
from search.cli import main as entry
from search.config import Environment
from search.study.folders import StudyHandle
from search.study.storage.opening import sqlite_path
from search.study.trials.listing import read_trials
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import (
    add_trials,
    hold_supervisor,
    make_settings,
    new_study,
    set_state,
)

Record = Callable[[str, object], None]


@pytest.fixture
def server_environment(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> Environment:
    """Let the pages of this process show the studies of a test."""
    monkeypatch.setenv("STUDIES_DIR", str(environment.studies_dir))
    monkeypatch.setenv("STUDIES_STORAGE", environment.storage_url)
    st.cache_resource.clear()
    return environment


@pytest.fixture
def searching(server_environment: Environment) -> StudyHandle:
    handle = new_study(server_environment, make_settings("Searching"))
    add_trials(handle, "ccc")
    set_state(handle, "searching")
    return handle


def free(monkeypatch: pytest.MonkeyPatch, n_bytes: float) -> None:
    monkeypatch.setattr(
        "search.disk.shutil.disk_usage", lambda _: SimpleNamespace(free=int(n_bytes))
    )


def said(app: object) -> str:
    """Return all text of a page without the escapes of markdown."""
    return words(app).replace("\\", "").replace("\u2060", "")  # type: ignore[arg-type]


@pytest.mark.case("S4", "disk full, seen on the pages")
def test_s4_pages_say_that_the_disk_is_full_and_where(
    searching: StudyHandle, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 1.5e6)
    sentence = "The disk is full: 1.5 MB are free for "
    with hold_supervisor(searching):
        forget_progress()
        app = open_page("progress", study=searching.uuid)
    assert not app.exception
    # Once, above the page: the state of the study only says that it waits for room.
    assert said(app).count(sentence) == 1
    assert str(searching.folder.parent) in said(app)
    assert "The search waits because the disk" in said(app)
    forget_progress()


@pytest.mark.case("S5", "too little space, upload on the Data page")
def test_s5_the_data_page_takes_no_upload_without_space(
    server_environment: Environment,
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(open_page("data").get("file_uploader")) == 1
    free(monkeypatch, 400e6)
    app = open_page("data")
    assert not app.exception
    assert not app.get("file_uploader")
    told = said(app)
    assert "There is too little space for an upload: 400.0 MB are free" in told
    assert str(server_environment.studies_dir) in told


@pytest.mark.case("S3", "SQLite file damaged, seen on the page")
@pytest.mark.parametrize("content", [b"my notes\n" * 999, b"", bytes(8192)])
def test_s3_the_page_says_what_is_wrong_with_the_storage(
    searching: StudyHandle, open_page: OpenPage, content: bytes
) -> None:
    path = sqlite_path(searching.environment.storage_url)
    assert path is not None
    path.write_bytes(content)
    forget_progress()
    app = open_page("progress", study=searching.uuid)
    assert not app.exception
    assert "The storage file optuna.db" in said(app)
    assert "Something went wrong" not in said(app)
    assert "Traceback" not in said(app)
    assert path.read_bytes() == content
    assert not open_page("home").exception
    forget_progress()


@pytest.mark.case("S5", "disk full when the terminal writes")
@pytest.mark.parametrize(
    ("number", "words_of_it"),
    [
        (errno.ENOSPC, "The disk is full: "),
        (errno.EACCES, "/srv/studies/x cannot be opened or written by"),
        (errno.EMFILE, "Too many open files"),
    ],
)
def test_s5_the_terminal_says_it_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    words_of_it: str,
) -> None:
    def refuse(_: object) -> int:
        raise OSError(number, os.strerror(number), "/srv/studies/x")

    monkeypatch.setitem(entry._COMMANDS, "list", refuse)
    assert entry.main(["list"]) == 1
    told = capsys.readouterr().err
    assert words_of_it in told
    assert told.count("\n") == 1


@pytest.mark.faults
@pytest.mark.case("S13", "10,000 trials, read and shown")
def test_s13_ten_thousand_trials_are_shown_at_once(
    server_environment: Environment, open_page: OpenPage, record_property: Record
) -> None:
    """Seconds of this process, because other work on the machine is no fault."""
    open_page("home")  # loads what pages need, and knows nothing of the study yet
    handle = add_study(server_environment, "Many", 10_000, seed=0)
    set_state(handle, "paused")
    st.cache_resource.clear()
    before = psutil.Process().memory_info().rss

    def seconds(action: Callable[[], object]) -> float:
        began = time.process_time()
        action()
        return time.process_time() - began

    first_read = seconds(lambda: read_trials(handle))
    first_page = seconds(lambda: open_page("progress", study=handle.uuid))
    add_running(handle, 10_000, pid=1)
    refresh = seconds(lambda: read_trials(handle))
    grown = psutil.Process().memory_info().rss - before
    assert len(read_trials(handle)) == 10_001
    record_property(
        "figure",
        f"read {first_read:.1f} s, page {first_page:.1f} s, refresh {refresh:.2f} s, "
        f"+{grown / 1e6:.0f} MB",
    )
    assert first_read + first_page <= 3.0 + 3.0
    assert refresh <= 1.0
    assert grown <= 200e6


def test_folder_of_a_message_may_not_exist_yet(tmp_path: Path) -> None:
    assert disk.free_bytes(tmp_path / "a" / "b") > 0
