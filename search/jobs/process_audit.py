"""Whether processes of a study are left without a supervisor, or hold a lock."""

import threading
import time
from pathlib import Path

from search.jobs.orphans import find_orphans
from search.locks import is_locked
from search.study.folders import CLAIM_LOCK, CONTROL_LOCK, StudyHandle

PATIENCE_SECONDS = 2.0
_PROBE_SECONDS = 0.05
_LOCKS = Path("/proc/locks")


def stray_processes(handle: StudyHandle) -> list[str]:
    """Return a sentence for each process whose supervisor is gone and that goes on.

    To be called after those that can be ended were: see `search.jobs.orphans`.
    """
    return [
        f"{orphan} goes on without its supervisor {orphan.supervisor}. It could not be "
        "ended from here; end it."
        for orphan in find_orphans(handle)
    ]


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
