"""A PostgreSQL server for tests: started on its own folder, stopped afterwards.

The programs are those of Debian's package `postgresql`, or the newest found beside
`pg_config`. PostgreSQL refuses to run for root, so root lends it the user `nobody`.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import psycopg

USER, PASSWORD = "studies", "canary-7391"
START_SECONDS = 60.0
_DEBIAN = Path("/usr/lib/postgresql")
_SERVANT = "nobody"
# A crash of the machine is no subject here; one of the server is.
_FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB")


def missing() -> str:
    """Return why no server can be started here; nothing where one can."""
    if os.name != "posix":
        return "the tests start PostgreSQL on Linux and macOS only"
    if _programs() is None:
        return "PostgreSQL's programs are not installed (Debian: postgresql)"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "PostgreSQL does not run for root, and there is no setpriv"
    return ""


class Server:
    """One server: its folder, its port on 127.0.0.1, and its socket.

    Parameters
    ----------
    folder
        Empty folder that belongs to the user that the server runs for.
    settings
        Further settings, such as ``max_connections=12``.
    """

    def __init__(self, folder: Path, *settings: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ends a child with the thread that started it, so one stays.
        self._starter = ThreadPoolExecutor(max_workers=1)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self._run(
            "initdb",
            f"--pgdata={folder / 'data'}",
            f"--username={USER}",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--no-sync",
            "--no-instructions",
        )

    def start(self) -> None:
        """Start the server and wait until it answers.

        After a crash its former processes may still hold its memory for a moment, so
        it is started again where it does not come up.
        """
        stop = time.monotonic() + START_SECONDS
        pause = threading.Event()
        self._process = self._starter.submit(self._spawn).result()
        while not self._answers():
            if time.monotonic() > stop:
                raise RuntimeError((self._folder / "log").read_text()[-2000:])
            pause.wait(0.1)
            if self._process.poll() is not None:
                self._process = self._starter.submit(self._spawn).result()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        words = [f"-c{one}" for one in (*_FAST, *self._settings)]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [
                    *_as_servant(),
                    str(_program("postgres")),
                    f"-D{self._folder / 'data'}",
                    f"-k{self._folder}",
                    "-h127.0.0.1",
                    f"-p{self.port}",
                    *words,
                ],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop the server: SIGQUIT at once, as in a crash; SIGINT in order."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)
            self._process = None

    def close(self) -> None:
        """Stop the server for good."""
        self.stop()
        self._starter.shutdown()

    def url(self, database: str, *, port: int | None = None) -> str:
        """Return the URL of a database, by way of another port if one is given."""
        address = f"{USER}:{PASSWORD}@127.0.0.1:{port or self.port}/{database}"
        return f"postgresql+psycopg://{address}"

    def create_database(self, name: str, *, template: str = "template0") -> str:
        """Create a database and return its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and cut its connections."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement as the owner of the server; return its rows."""
        with self._connect() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname="postgres",
            application_name="test",
            autocommit=True,
        )

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [*_as_servant(), str(_program(program)), *words],
            check=True,
            capture_output=True,
            cwd=self._folder,
        )


@contextmanager
def running_server(*settings: str) -> Iterator[Server]:
    """Return a server that runs inside the block and leaves nothing behind."""
    # Not below pytest's folder: that one is closed to the servant.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = None
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _SERVANT)
        server = Server(folder, *settings)
        server.start()
        yield server
    finally:
        if server is not None:
            server.close()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _as_servant() -> list[str]:
    """Return the words before a program that must not run for root.

    The server ends with the tests, also where these are killed.
    """
    if shutil.which("setpriv") is None:
        return []
    words = ["setpriv", "--pdeathsig=QUIT"]
    if os.geteuid() == 0:
        words += [f"--reuid={_SERVANT}", "--regid=nogroup", "--clear-groups"]
    return words


def _program(name: str) -> Path:
    folder = _programs()
    assert folder is not None
    return folder / name


@lru_cache(maxsize=1)
def _programs() -> Path | None:
    """Return the folder of the newest server that is installed."""
    found = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: int(path.parent.name.split(".")[0]))
    initdb = shutil.which("initdb")
    return None if initdb is None else Path(initdb).resolve().parent
