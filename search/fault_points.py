"""Named points at which a test may kill, stop or break a process.

Asleep unless a test says otherwise in the environment of the process, which is read
once: ``SEARCH_TEST=1`` and ``SEARCH_TEST_FAULT=point:n[:action]``, the n-th time that
the process comes to the point. With ``SEARCH_TEST_FAULT_MARK=FILE`` this happens once
in all processes together: the file is made at that moment.

Points
------
after_ask
    A trial was claimed.
holding_claim_lock
    A trial is being claimed: under the lock, and not stored yet.
in_fit
    An epoch is done.
between_fit_and_tell
    The result lies in the spool; the storage knows nothing of it.
after_tell
    The storage has the result.
before_checkpoint_rename
    A file of a winner is written under its temporary name.
in_state_write
    `state.json` is written under its temporary name.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

TEST_VARIABLE = "SEARCH_TEST"
FAULT_VARIABLE = "SEARCH_TEST_FAULT"
MARK_VARIABLE = "SEARCH_TEST_FAULT_MARK"
LEDGER_VARIABLE = "SEARCH_TEST_LEDGER"

POINTS = (
    "after_ask",
    "holding_claim_lock",
    "in_fit",
    "between_fit_and_tell",
    "after_tell",
    "before_checkpoint_rename",
    "in_state_write",
)
_RENAMES = {
    "state.json": "in_state_write",
    "winner.json": "before_checkpoint_rename",
    "weights.npz": "before_checkpoint_rename",
    "bundle.zip": "before_checkpoint_rename",
}


def reach(point: str) -> None:
    """Do what a test asked for at this point; nothing outside of tests."""
    fault = _fault()
    if fault is not None:
        fault.reach(point)


def reach_rename(path: Path) -> None:
    """Reach the point at which `path` is written and not renamed yet, if it is one."""
    point = _RENAMES.get(path.name)
    if point is not None:
        reach(point)


def note_told(number: int, outcome: str, score: float | None) -> None:
    """Write into the ledger of a test that the storage has this result.

    What stands there must be found in the storage for ever after.
    """
    ledger = os.environ.get(LEDGER_VARIABLE)
    if ledger is None or os.environ.get(TEST_VARIABLE) != "1":
        return
    line = json.dumps({"number": number, "outcome": outcome, "score": score}) + "\n"
    descriptor = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Fault:
    """What happens at one point, the n-th time that this process comes to it."""

    def __init__(
        self, point: str, n: int, action: Callable[[str], None], mark: str | None
    ) -> None:
        self._point = point
        self._n_left = n
        self._action = action
        self._mark = mark

    def reach(self, point: str) -> None:
        if point != self._point:
            return
        self._n_left -= 1
        if self._n_left == 0 and self._is_first():
            self._action(point)

    def _is_first(self) -> bool:
        if self._mark is None:
            return True
        try:
            os.close(os.open(self._mark, os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        return True


@lru_cache(maxsize=1)
def _fault() -> _Fault | None:
    wanted = os.environ.get(FAULT_VARIABLE)
    if wanted is None or os.environ.get(TEST_VARIABLE) != "1":
        return None
    point, n, action = (*wanted.split(":"), "kill")[:3]
    if point not in POINTS:
        raise ValueError(f"`{FAULT_VARIABLE}`: {point} is none of {', '.join(POINTS)}")
    return _Fault(point, int(n), _ACTIONS[action], os.environ.get(MARK_VARIABLE))


def _exit(_point: str) -> None:
    os._exit(1)


def _kill(_point: str) -> None:
    # Where there is no such signal, an end without any clean-up is the same.
    if sys.platform == "win32":
        os._exit(9)
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(_point: str) -> None:
    while True:
        pass


def _raise(point: str) -> None:
    raise RuntimeError(f"a test asked for this at {point}")


def _fill_disk(_point: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


_ACTIONS: dict[str, Callable[[str], None]] = {
    "exit": _exit,
    "kill": _kill,
    "hang": _hang,
    "raise": _raise,
    "enospc": _fill_disk,
}
