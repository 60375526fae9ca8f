"""A child that notices when the process that started it is gone."""

import ctypes
import os
import signal
import sys
import threading

CHECK_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


class ParentWatch:
    """Watches a parent process from a thread.

    A killed parent cannot tell its children, and a worker without a supervisor must
    not go on: nobody would collect it or count its time.

    Parameters
    ----------
    parent_pid
        The parent as it was when it started this process.
    grace_seconds
        Time to end in order after the parent is gone; then the process is ended by
        force.
    """

    def __init__(self, parent_pid: int, *, grace_seconds: float) -> None:
        self._parent_pid = parent_pid
        self._grace_seconds = grace_seconds

    @property
    def is_gone(self) -> bool:
        """Whether the parent has ended."""
        return os.getppid() != self._parent_pid

    def start(self) -> None:
        """Start the thread that ends this process if it does not do so itself."""
        threading.Thread(target=self._watch, name="parent-watch", daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        while not self.is_gone:
            pause.wait(CHECK_SECONDS)
        pause.wait(self._grace_seconds)
        os._exit(1)


def die_with_parent(parent_pid: int) -> None:
    """End this process at the moment when its parent dies, whatever it does then.

    For processes that lose nothing by it, and not for workers, which give their trial
    back. The thread of `ParentWatch` does not run while compiled code holds Python's
    lock; the kernel of Linux asks nobody. It means the thread that started this
    process, so a supervisor starts its children in its main thread. Elsewhere than on
    Linux nothing is done.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # It may have died before the kernel was told.
    if os.getppid() != parent_pid:
        os._exit(1)
