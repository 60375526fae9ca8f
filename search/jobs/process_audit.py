"""Whether processes of a study are left without a supervisor, or hold a lock."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from search.study.folders import CLAIM_LOCK, CONTROL_LOCK, StudyHandle
from search.study.locks import is_locked

PATIENCE_SECONDS = 2.0
_PROBE_SECONDS = 0.05
_LOCKS = Path("/proc/locks")


def stray_processes(handle: StudyHandle) -> list[str]:
    """Return a sentence for each process whose supervisor is gone.

    Such a process ends by itself after its epoch, or half a minute at most.
    """
    return list(_orphans(handle.uuid))


def held_locks(handle: StudyHandle) -> list[str]:
    """Return a sentence for each lock that somebody keeps for seconds.

    Claims and wishes hold theirs for an instant, so it is asked again for a while.
    """
    return [
        f"{name} is held{_holders(handle.folder / name)} for more than "
        f"{PATIENCE_SECONDS:g} s, so nobody can claim a trial or change a wish."
        for name in (CLAIM_LOCK, CONTROL_LOCK)
        if _is_kept(handle.folder / name)
    ]


def _orphans(uuid: str) -> Iterator[str]:
    for process in psutil.process_iter(["pid", "ppid", "cmdline"]):
        words = process.info["cmdline"] or []
        if uuid not in words or "--supervised" not in words[:-1]:
            continue
        supervisor = words[words.index("--supervised") + 1]
        if str(process.info["ppid"]) != supervisor:
            kind = words[words.index(uuid) - 1]
            yield (
                f"Process {process.info['pid']} ({kind}) goes on without its "
                f"supervisor {supervisor}. It ends by itself within half a minute; if "
                "it does not, end it."
            )


def _is_kept(path: Path) -> bool:
    pause, stop = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while is_locked(path):
        if time.monotonic() > stop:
            return True
        pause.wait(_PROBE_SECONDS)
    return False


def _holders(path: Path) -> str:
    """Return who holds the lock, where the system tells."""
    try:
        inode = path.stat().st_ino
        rows = [line.split() for line in _LOCKS.read_text().splitlines()]
    except OSError:
        return ""
    pids = [row[4] for row in rows if len(row) > 5 and row[5].endswith(f":{inode}")]
    return f" by process {', '.join(pids)}" if pids else ""
