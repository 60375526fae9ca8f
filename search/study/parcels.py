"""What the hosts of a study send each other: learning curves, and untold results."""

import socket
import threading
import time
from pathlib import Path

from search.files import write_bytes
from search.study.folders import StudyHandle
from search.study.storage.artifacts import Artifacts
from search.study.trials.curves import CURVES_FOLDER, curve_path
from search.study.trials.listing import read_trials
from search.study.trials.spool import spool_path, spooled_paths

# After the end of a trial its host may still send the last epochs.
LATE_SECONDS = 10.0
_PAUSE_SECONDS = 1.0

_Stamp = tuple[int, int]


class Sender:
    """Sends what the workers of a copy write to the host of the supervisor.

    Parameters
    ----------
    handle
        A copy.
    place
        The artifact location.
    """

    def __init__(self, handle: StudyHandle, place: Artifacts) -> None:
        self._handle = handle
        self._place = place
        # Workers before this one have sent theirs.
        self._sent = {path: _stamp(path) for path in self._curves()}
        self._results: set[int] = set()

    def send(self) -> None:
        """Send what is new or was changed since the last call."""
        for path in self._curves():
            stamp = _stamp(path)
            if self._sent.get(path) != stamp:
                content = path.read_bytes()
                self._place.put(_curve_name(self._handle, int(path.stem)), content)
                self._sent[path] = stamp
        waiting = {int(path.stem): path for path in spooled_paths(self._handle)}
        for number in waiting.keys() - self._results:
            try:
                content = waiting[number].read_bytes()
            except FileNotFoundError:
                continue  # told meanwhile
            self._place.put(_result_name(self._handle, number), content)
            self._results.add(number)
        for number in self._results - waiting.keys():
            self._place.remove(_result_name(self._handle, number))
        self._results &= waiting.keys()

    def _curves(self) -> list[Path]:
        return list((self._handle.folder / CURVES_FOLDER).glob("[0-9]*.jsonl"))


class Receiver:
    """Takes what other hosts send into the folder of the original.

    Parameters
    ----------
    handle
        The original.
    place
        The artifact location.
    """

    def __init__(self, handle: StudyHandle, place: Artifacts) -> None:
        self._handle = handle
        self._place = place
        self._ended: dict[int, float] = {}
        self._closed: set[int] = set()

    def receive(self) -> None:
        """Take what is there of trials of other hosts; finished ones are closed.

        A result lies in the spool then, where it is told if its host falls silent.
        """
        here = socket.gethostname()
        for trial in read_trials(self._handle):
            number = trial.number
            if trial.worker_host in (None, here) or number in self._closed:
                continue
            self._take(_curve_name(self._handle, number), self._curve(number))
            if trial.state == "running":
                result = spool_path(self._handle, number)
                self._take(_result_name(self._handle, number), result)
                continue
            now = time.monotonic()
            if now - self._ended.setdefault(number, now) > LATE_SECONDS:
                self._close(number)

    def close(self) -> None:
        """Take what still comes, which hosts have `LATE_SECONDS` for."""
        pause = threading.Event()
        self.receive()
        while self._ended:
            pause.wait(_PAUSE_SECONDS)
            self.receive()

    def _take(self, name: str, path: Path) -> None:
        content = self._place.get(name)
        if content is not None and (not path.exists() or path.read_bytes() != content):
            write_bytes(path, content)

    def _curve(self, number: int) -> Path:
        return curve_path(self._handle.folder, number)

    def _close(self, number: int) -> None:
        self._place.remove(_curve_name(self._handle, number))
        self._place.remove(_result_name(self._handle, number))
        self._ended.pop(number, None)
        self._closed.add(number)


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _curve_name(handle: StudyHandle, number: int) -> str:
    return f"{handle.uuid}-curve-{number}.jsonl"


def _result_name(handle: StudyHandle, number: int) -> str:
    return f"{handle.uuid}-result-{number}.json"
