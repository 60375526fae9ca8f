"""A real server with made studies, and a client that speaks as a browser does."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.e2e.conftest import free_port, wait_until

ROOT = Path(__file__).parents[3]
START_SECONDS, RUN_SECONDS = 120.0, 120.0
MOST_BYTES = 2**27


@dataclass(frozen=True)
class Reply:
    """What a request was answered with; header names are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class WebServer:
    """The application on a port of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send one request; the path goes out as it is written."""
        request = urllib.request.Request(
            self.origin, data=body, method=method, headers=dict(headers or {})
        )
        request.selector = path
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return _reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error.code, error.headers, error.read())


def _reply(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    return Reply(status, {k.lower(): v for k, v in headers.items()}, body)


@contextmanager
def serving(
    studies: Path,
    *options: str,
    variables: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Iterator[WebServer]:
    """Run the application over the folder `studies` until the block ends."""
    port, log = port or free_port(), studies.parent / f"{studies.name}.log"
    environment = dict(os.environ, STUDIES_DIR=str(studies), **(variables or {}))
    environment.pop("STUDIES_STORAGE", None)
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), *options],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = WebServer(studies, port, process, log)

    def is_up() -> bool:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            return server.get("/_stcore/health").status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    try:
        wait_until(is_up, seconds=START_SECONDS, what="the server answers")
        yield server
    finally:
        process.kill()
        process.wait()


@dataclass
class Session:
    """One browser tab: its connection, and everything that the server sent."""

    socket: ClientConnection
    page: str
    query: str
    messages: list[ForwardMsg] = field(default_factory=list)

    def ask(self) -> None:
        """Ask for a run of the page, and do not wait for it."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        self.socket.send(message.SerializeToString())

    def take(self, timeout: float) -> ForwardMsg:
        """Wait for the next message of the server; TimeoutError if there is none."""
        content = self.socket.recv(timeout=timeout)
        assert isinstance(content, bytes)
        message = ForwardMsg.FromString(content)
        self.messages.append(message)
        return message

    def listen(self, seconds: float) -> None:
        """Take what the server sends in the next seconds, as a browser does."""
        stop = time.monotonic() + seconds
        while (left := stop - time.monotonic()) > 0:
            try:
                self.take(left)
            except TimeoutError:
                return

    def drain(self, quiet_seconds: float = 2.0) -> None:
        """Take what the server sends until it says nothing for a while."""
        while True:
            try:
                self.take(quiet_seconds)
            except TimeoutError:
                return

    def rerun(self) -> float:
        """Run the page and return the seconds until it was drawn."""
        start = time.monotonic()
        self.ask()
        while True:
            left = start + RUN_SECONDS - time.monotonic()
            assert left > 0, "the page was not drawn"
            if self.take(left).WhichOneof("type") == "script_finished":
                return time.monotonic() - start

    @property
    def session_id(self) -> str:
        """The name that the server gave this session."""
        for message in self.messages:
            if message.WhichOneof("type") == "new_session":
                return message.new_session.initialize.session_id
        raise AssertionError("no session was opened")

    def everything(self) -> str:
        """Return all that the server sent, as text."""
        return "\n".join(str(message) for message in self.messages)


@contextmanager
def session(
    server: WebServer,
    page: str = "",
    query: str = "",
    *,
    cookies: Mapping[str, str] | None = None,
    token: str | None = None,
) -> Iterator[Session]:
    """Open a page as a browser does: token against forged requests, own origin."""
    token = token or xsrf_token(server, cookies or {})
    jar = {"_streamlit_xsrf": token, **(cookies or {})}
    cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
    with connect(
        f"ws://127.0.0.1:{server.port}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit"), Subprotocol(token)],
        additional_headers={"Cookie": cookie},
        origin=Origin(server.origin),
        max_size=MOST_BYTES,
        open_timeout=60,
        proxy=None,
    ) as socket:
        yield Session(socket, page, query)


def xsrf_token(server: WebServer, cookies: Mapping[str, str]) -> str:
    """Return the token that protects uploads and sessions against foreign pages."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    reply = server.get("/_stcore/health", headers={"Cookie": cookie})
    found = re.search(r"_streamlit_xsrf=\"?([^;\"]+)", reply.headers["set-cookie"])
    assert found is not None
    return found[1]
