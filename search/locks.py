"""Locks between processes that the kernel frees when their holder dies."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PROBE_SECONDS = 0.002
_TRY_SECONDS = 0.2


class FileLock:
    """An exclusive lock that is held as long as this object is open.

    The lock file stays where it is; only the lock on it counts. Use `try_lock` to
    get one, `close` or a ``with`` block to give it back.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def close(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "FileLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def try_lock(path: Path) -> FileLock | None:
    """Return the lock on `path`, or None if another process holds it.

    Tries for a fifth of a second, because `is_locked` in another process holds the
    lock for an instant.

    Raises
    ------
    FileNotFoundError
        If the folder of `path` does not exist; a lock never creates folders.
    """
    stop = time.monotonic() + _TRY_SECONDS
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    while not _take(descriptor, wait=False):
        if time.monotonic() >= stop:
            os.close(descriptor)
            return None
        time.sleep(_PROBE_SECONDS)
    return FileLock(descriptor)


def is_locked(path: Path) -> bool:
    """Return whether another process, or another part of this one, holds the lock.

    Asked with a shared lock, so that two who ask at a time do not take each other for
    its holder.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _take(descriptor, wait=False, is_shared=True)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Wait for the lock on `path` and hold it inside the ``with`` block.

    Raises
    ------
    FileNotFoundError
        If the folder of `path` does not exist.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        while not _take(descriptor, wait=True):
            time.sleep(_PROBE_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, *, wait: bool, is_shared: bool = False) -> bool:
    """Lock an open file; the lock ends when the file is closed or the process dies."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
            fcntl.flock(descriptor, kind | (0 if wait else fcntl.LOCK_NB))
    except (BlockingIOError, PermissionError):
        return False
    return True
