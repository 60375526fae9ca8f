"""How much of a processor core other processes took from a script pinned to it."""

import time

import psutil


class CoreClock:
    """Compares the time that a core was busy with the processor time of one process.

    Parameters
    ----------
    pid
        The process; it runs on this core only, with all its threads.
    core
        Number of the core.
    """

    def __init__(self, pid: int, core: int) -> None:
        self._process = psutil.Process(pid)
        self._core = core
        self._began = (time.monotonic(), self._busy(), self._own())
        self._last = self._began

    def read(self) -> None:
        """Take the time; what happens after the last reading is left out."""
        try:
            self._last = (time.monotonic(), self._busy(), self._own())
        except psutil.NoSuchProcess:
            return

    @property
    def share_of_others(self) -> float:
        """Processor time of other processes on the core, over the time that passed."""
        seconds, busy, own = (
            last - began for last, began in zip(self._last, self._began, strict=True)
        )
        return max(0.0, busy - own) / seconds if seconds else 0.0

    def _busy(self) -> float:
        times = psutil.cpu_times(percpu=True)[self._core]
        return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))

    def _own(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
