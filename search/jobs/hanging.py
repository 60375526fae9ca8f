"""Workers that make no progress, found by the supervisor's own clock.

A worker that hangs in compiled code, or in a loop that never lets go of Python's lock,
answers no signal and writes nothing. It can only be told from outside, by what it does
not do: its running trial gets no further epoch.
"""

import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from search.jobs.limits import Limits
from search.study.trials.curves import curve_path
from search.study.trials.listing import TrialView

_Mark = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Sight:
    mark: _Mark
    since: float


class HangWatch:
    """Says which workers have made no progress for longer than is allowed.

    Progress is a further line in the learning curve of a trial, or another trial. So
    a slow trial that advances is left alone, however long it takes as a whole. Time is
    counted here from when a change was seen, by a clock that nobody sets.

    Parameters
    ----------
    folder
        Folder of the study.
    limits
        How patient it is.
    clock
        Seconds; for tests.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._clock = clock
        self._host = socket.gethostname()
        self._seen: dict[int, _Sight] = {}

    def hung(self, pids: Iterable[int], trials: Sequence[TrialView]) -> dict[int, str]:
        """Look at the workers `pids`; return why each one that hangs is to be ended."""
        now = self._clock()
        allowed = allowed_seconds(trials, self._limits)
        running = [
            trial
            for trial in trials
            if trial.state == "running" and trial.worker_host in (None, self._host)
        ]
        seen: dict[int, _Sight] = {}
        reasons: dict[int, str] = {}
        for pid in pids:
            mark = self._mark(pid, running)
            last = self._seen.get(pid)
            if last is None or last.mark != mark:
                last = _Sight(mark, now)
            seen[pid] = last
            if now - last.since > allowed:
                reasons[pid] = _reason(now - last.since, bool(mark))
        self._seen = seen
        return reasons

    def begin_anew(self) -> None:
        """Forget how long the workers have waited, because they had to."""
        self._seen.clear()

    def _mark(self, pid: int, running: Sequence[TrialView]) -> _Mark:
        """Return what changes when the worker advances."""
        own = [trial.number for trial in running if trial.worker_pid == pid]
        return tuple(
            (number, _size(curve_path(self._folder, number))) for number in own
        )


def allowed_seconds(trials: Iterable[TrialView], limits: Limits) -> float:
    """Return how long a worker may go without progress.

    Some times the median of the trials that were trained to their end or pruned, but
    never less than the shortest limit; while there is none, the first limit.
    """
    finished = [
        trial.seconds_train + (trial.seconds_compile or 0.0)
        for trial in trials
        if trial.is_done and trial.seconds_train is not None
    ]
    if not finished:
        return limits.first_trial_seconds
    usual = limits.trial_factor * median(finished)
    return max(limits.shortest_trial_seconds, usual)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _reason(seconds: float, has_trial: bool) -> str:
    what = "the trial made no progress" if has_trial else "the worker did nothing"
    return (
        f"time limit: {what} for {_duration(seconds)}, so its worker was ended; the "
        "worker hung, or this configuration is far too slow"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
