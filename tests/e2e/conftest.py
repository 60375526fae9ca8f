"""A real server with a studies folder of its own, and a real browser."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
WIDGET_MS = 30_000
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str | None:
    """Return the Chromium of the system; None if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def wait_until(is_true: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Ask again and again; fail with `what` after `seconds`."""
    pause, stop = threading.Event(), time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < stop, f"not within {seconds:g} s: {what}"
        pause.wait(0.2)


@dataclass
class Server:
    """The application as a person starts it, which may be killed and started again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)
    # Further options of `streamlit run`, variables, and what the server runs under.
    options: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    under: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        variables = dict(os.environ, STUDIES_DIR=str(self.folder / "studies"))
        variables.pop("STUDIES_STORAGE", None)
        variables |= self.variables
        command = [*self.under, sys.executable, "-m", "streamlit", "run", "app.py"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port), *self.options],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._is_healthy, seconds=START_SECONDS, what=self._failure())

    def kill(self) -> None:
        """End the server as a power cut would: nothing is said good-bye to."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def loaded_libraries(self) -> str:
        """Return the paths of all files that the server process has mapped."""
        assert self.process is not None
        maps = psutil.Process(self.process.pid).memory_maps()
        return "\n".join(one.path for one in maps)

    def status_of(self, path: str, *, method: str = "GET") -> int:
        """Return the status that a request is answered with."""
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def _is_healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._failure()
        try:
            return self.status_of("/_stcore/health") == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _failure(self) -> str:
        return f"the server answers; its log:\n{self.log.read_text('utf-8')[-3000:]}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def end_processes_of(folder: Path) -> None:
    """End the supervisors and workers whose studies lie in `folder`."""
    for process in psutil.process_iter():
        try:
            is_ours = process.environ().get("STUDIES_DIR") == str(folder)
            if is_ours and "search" in process.cmdline():
                process.kill()
        except psutil.Error:
            continue


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a running server; everything that it started ends with the test."""
    server = Server(tmp_path, free_port())
    try:
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
        end_processes_of(tmp_path / "studies")


@pytest.fixture
def page() -> Iterator[Page]:
    """Return an empty page of a fresh browser."""
    path = chromium_path()
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_OPTIONS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(WIDGET_MS)
        expect.set_options(timeout=WIDGET_MS)
        try:
            yield context.new_page()
        finally:
            browser.close()
