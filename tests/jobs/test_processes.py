import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from search.environment import Environment
from search.jobs import commands
from search.jobs.commands import child_environment, command, last_lines, open_log
from search.jobs.parent import ParentWatch
from search.jobs.pool import _reason
from search.jobs.waking import Waker


def test_command_line_of_children_does_not_hold_the_storage(tmp_path: Path) -> None:
    """Every user of the machine can read a command line."""
    environment = Environment(tmp_path, "postgresql+psycopg://me:secret@host/db")
    variables = child_environment(environment)
    assert variables["STUDIES_STORAGE"] == environment.storage_url
    assert variables["STUDIES_DIR"] == str(tmp_path)
    line = command("work", "abc")
    assert line == [sys.executable, "-m", "search", "work", "abc"]


def test_children_find_the_package_from_any_folder(tmp_path: Path) -> None:
    variables = child_environment(Environment(tmp_path, "sqlite://"))
    run = subprocess.run(
        [sys.executable, "-c", "import search"], cwd=tmp_path, env=variables
    )
    assert run.returncode == 0


def test_open_log_sets_a_long_log_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MAX_LOG_BYTES", 10)
    path = tmp_path / "worker-1.log"
    path.write_text("0123456789A")
    with open_log(path) as log:
        log.write(b"new\n")
    assert path.read_text() == "new\n"
    assert (tmp_path / "worker-1.log.1").read_text() == "0123456789A"
    with open_log(path) as log:
        log.write(b"more\n")
    assert path.read_text() == "new\nmore\n"


def test_last_lines_skips_empty_ones(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert last_lines(path) == ""
    path.write_text("a\nb\n\nc\n\n")
    assert last_lines(path, 2) == "b\nc"


def test_waker_notes_signals_and_gives_the_handlers_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Waker() as waker:
        os.kill(os.getpid(), signal.SIGTERM)
        waker.wait(10.0)
        assert waker.n_ending_signals == 1
    assert signal.getsignal(signal.SIGTERM) == before


def test_waker_wakes_at_the_end_of_a_child() -> None:
    with Waker() as waker:
        started = time.monotonic()
        with subprocess.Popen([sys.executable, "-c", ""]) as child:
            while child.poll() is None:
                waker.wait(30.0)
        assert time.monotonic() - started < 30.0
        assert not waker.is_ending


def test_parent_watch_knows_its_parent() -> None:
    assert not ParentWatch(os.getppid(), grace_seconds=60.0).is_gone
    assert ParentWatch(os.getpid(), grace_seconds=60.0).is_gone


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-9, "killed (signal 9), by somebody or because the machine ran out of memory"),
        (-11, "ended by signal 11"),
        (3, "ended with exit code 3"),
    ],
)
def test_reason_of_a_death_in_plain_words(code: int, words: str) -> None:
    assert words in _reason(code)
