"""Processes of a study whose supervisor is gone, and the end of those that hang.

A worker in order notices that its supervisor died, and gives its trial back after the
epoch. One that hangs in compiled code notices nothing, and nobody is left to end it.
So whoever comes next, a new supervisor or `doctor`, gives each of them more time than
it needs to end by itself, by the own clock of who waits, and then ends it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from search.study.folders import StudyHandle
from search.study.trials.owners import Owner, owner_of

# A worker in order is gone after 20 s at the latest (`search.worker.orders`).
PATIENCE_SECONDS = 40.0
_PAUSE_SECONDS = 0.2

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Orphan:
    """A process whose supervisor is gone.

    Attributes
    ----------
    mark
        Tells it from a later process of the same id.
    command
        What it was started as, such as ``work``.
    supervisor
        Process id of its former supervisor.
    """

    mark: Owner
    command: str
    supervisor: str

    def __str__(self) -> str:
        return f"Process {self.mark.pid} ({self.command})"


def find_orphans(handle: StudyHandle) -> tuple[Orphan, ...]:
    """Return the processes of the study on this machine whose supervisor is gone.

    Those that a person started by hand have no supervisor and are left alone, and so
    are those of a study with the same uuid in another studies folder.
    """
    return tuple(_orphans(handle))


class OrphanWatch:
    """Ends the orphans of a study that do not end by themselves.

    Parameters
    ----------
    handle
        The study.
    patience_seconds
        How long one may go on after it was first seen.
    clock
        Seconds that nobody sets.
    """

    def __init__(
        self,
        handle: StudyHandle,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._handle = handle
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._first_seen: dict[Orphan, float] = {}

    def look(self) -> tuple[Orphan, ...]:
        """Look for orphans and end the stubborn ones; return those just ended."""
        now = self._clock()
        found = find_orphans(self._handle)
        self._first_seen = {one: self._first_seen.get(one, now) for one in found}
        late = [
            one
            for one, since in self._first_seen.items()
            if now - since > self._patience_seconds
        ]
        return tuple(one for one in late if _end(one))

    def wait(self) -> tuple[Orphan, ...]:
        """Return the orphans that had to be ended, when no other one is left."""
        ended = self.look()
        stop = self._clock() + 2 * self._patience_seconds + _PAUSE_SECONDS
        while self._first_seen and self._clock() < stop:
            time.sleep(_PAUSE_SECONDS)
            ended += self.look()
        return tuple(dict.fromkeys(ended))


def _orphans(handle: StudyHandle) -> Iterator[Orphan]:
    for process in psutil.process_iter(["ppid", "cmdline"]):
        words = process.info["cmdline"] or []
        if handle.uuid not in words or "--supervised" not in words[:-1]:
            continue
        supervisor = words[words.index("--supervised") + 1]
        if str(process.info["ppid"]) == supervisor:
            continue
        command = words[words.index(handle.uuid) - 1]
        try:
            if process.status() != psutil.STATUS_ZOMBIE and _is_ours(process, handle):
                yield Orphan(owner_of(process.pid), command, supervisor)
        except psutil.Error:
            continue  # It has just ended.


def _is_ours(process: psutil.Process, handle: StudyHandle) -> bool:
    """Return whether a process works in the folder of the study, as far as one sees."""
    try:
        folder = process.environ().get("STUDIES_DIR")
    except psutil.AccessDenied:
        return True
    return folder in (None, str(handle.environment.studies_dir))


def _end(orphan: Orphan) -> bool:
    """End a process at once if it is still the one that was found."""
    try:
        process = psutil.Process(orphan.mark.pid)
        if owner_of(orphan.mark.pid) != orphan.mark:
            return False
        process.kill()
        process.wait(timeout=5.0)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error as error:
        logger.warning("%s could not be ended: %s", orphan, error)
        return False
    logger.warning(
        "%s hung without its supervisor %s and was ended.", orphan, orphan.supervisor
    )
    return True
