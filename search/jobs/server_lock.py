"""One web server for each folder of studies.

Two servers would both watch over the studies. They would do no harm, because each
supervisor holds a lock, but a person who started a second one by mistake should learn
it, and where the first one runs.
"""

import contextlib
from pathlib import Path

from search.errors import ConfigError
from search.locks import FileLock, is_locked, try_lock

SERVER_LOCK = ".server.lock"


def lock_server(studies_dir: Path, *, pid: int) -> FileLock:
    """Return the lock of the web server with this process id, to hold while it runs.

    The kernel frees it when the process ends in whatever way.

    Raises
    ------
    ConfigError
        If another server holds it; the message names its process id.
    """
    path = studies_dir / SERVER_LOCK
    lock = try_lock(path)
    if lock is None:
        raise _taken(studies_dir)
    # Only for the message; a full disk must not keep the server from starting.
    with contextlib.suppress(OSError):
        path.write_text(str(pid))
    return lock


def check_server(studies_dir: Path) -> None:
    """Refuse to start a second web server; takes no lock and creates nothing.

    Raises
    ------
    ConfigError
        As `lock_server`.
    """
    if is_locked(studies_dir / SERVER_LOCK):
        raise _taken(studies_dir)


def _taken(studies_dir: Path) -> ConfigError:
    other = _written_pid(studies_dir / SERVER_LOCK)
    who = f"process {other}" if other else "another process"
    return ConfigError(
        f"A server for the studies in {studies_dir} already runs ({who}). Open that "
        "one in the browser, end it, or name another folder with STUDIES_DIR."
    )


def _written_pid(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    return None
