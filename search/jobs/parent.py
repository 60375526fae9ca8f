"""A child that notices when the process that started it is gone."""

import os
import threading

CHECK_SECONDS = 1.0


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
