"""Which process works on a trial, and whether that process is still alive."""

import os
import socket
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc")
_SAME_START_SECONDS = 2.0


@dataclass(frozen=True)
class Owner:
    """The mark that a worker leaves on its trial.

    Attributes
    ----------
    host
        Name of the machine.
    boot_id
        Changes when the machine starts again, so that a process id of before the
        power cut means nobody.
    pid
        Process id.
    started
        When the process started, in seconds since the machine did (where the system
        does not say, since 1970); tells it from a later process of the same id.
    """

    host: str
    boot_id: str
    pid: int
    started: float


def current_owner() -> Owner:
    """Return the mark of this process."""
    return owner_of(os.getpid())


def owner_of(pid: int) -> Owner:
    """Return the mark of the living process `pid` of this machine.

    Raises
    ------
    psutil.NoSuchProcess
        If there is no such process.
    """
    return Owner(
        socket.gethostname(), _boot_id(), pid, _start_seconds(psutil.Process(pid))
    )


def is_alive(owner: Owner) -> bool | None:
    """Return whether the process lives; None if it belongs to another machine."""
    if owner.host != socket.gethostname():
        return None
    if owner.boot_id != _boot_id():
        return False
    try:
        process = psutil.Process(owner.pid)
        started = _start_seconds(process)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return False
    return abs(started - owner.started) < _SAME_START_SECONDS


def read_owner(document: object) -> Owner | None:
    """Return the owner from a stored attribute; None if there is none to read."""
    try:
        return msgspec.convert(document, Owner)
    except msgspec.ValidationError:
        return None


def _start_seconds(process: psutil.Process) -> float:
    """Return when a process started, by a clock that nobody sets.

    The time of day would not do: when it is corrected, the start of every process
    moves with it, and a living worker would count as another one.
    """
    try:
        fields = (_PROCESSES / str(process.pid) / "stat").read_text()
        # The name of the program stands in brackets and may hold anything.
        ticks = int(fields.rpartition(")")[2].split()[19])
        return ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return float(process.create_time())


@lru_cache(maxsize=1)
def _boot_id() -> str:
    """Return what changes with each start of the machine.

    Linux has an id for it; elsewhere the time of the start, to the minute, because
    some systems compute it from a clock that is set from time to time.
    """
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return f"boot-{round(psutil.boot_time() / 60)}"
