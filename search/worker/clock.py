"""Where the time of a worker goes: every second belongs to one named phase.

A worker logs one line for each trial and one when it ends::

    Study 3f… trial 7 time: claim=0.041 compile=1.204 train=3.310 … seconds=4.631
    Study 3f… worker time: start=2.512 claim=0.803 wait=0.000 … seconds=131.870

`read_time_lines` reads them back. Programs count with them; people can too.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import psutil

Phase = Literal[
    "start",  # from the start of the process until it can claim a trial: imports
    "claim",  # lock, budget, sampler, storing the configuration
    "wait",  # running trials of others fill the budget
    "compile",  # building and compiling the network; see `PhaseClock.move`
    "train",  # training and evaluation
    "report",  # the pruner, and what it reads and writes
    "curves",  # the learning curve
    "tell",  # spool and storage
    "other",  # wishes, logs, the loop itself
]
PHASES: tuple[Phase, ...] = get_args(Phase)
WORK: tuple[Phase, ...] = ("compile", "train")

_STAT = Path("/proc/self/stat")
_LINE = re.compile(
    r"Study (?P<study>\w+) (?:trial (?P<trial>\d+)|worker) time: (?P<pairs>.*)"
)


@dataclass(frozen=True)
class TimeLine:
    """One line of times from the log of a worker.

    Attributes
    ----------
    study
        Uuid of the study.
    trial
        Number of the trial; None for the whole life of a worker.
    seconds
        Seconds in each phase.
    """

    study: str
    trial: int | None
    seconds: Mapping[Phase, float]

    @property
    def total(self) -> float:
        """Seconds in all phases."""
        return sum(self.seconds.values())


class PhaseClock:
    """Gives every second since the process began to one phase.

    Phases nest: while an inner phase lasts the outer one stands still. Outside of all
    phases the time is ``other``, and before the first `begin` it is ``start``.
    """

    def __init__(self) -> None:
        self._seconds: dict[Phase, float] = dict.fromkeys(PHASES, 0.0)
        self._before: dict[Phase, float] = dict(self._seconds)
        self._phase: Phase = "start"
        self._since = time.perf_counter()

    @classmethod
    def of_process(cls) -> "PhaseClock":
        """Return a clock that counts from the start of this process on."""
        clock = cls()
        clock._since -= _process_age()
        return clock

    def begin(self) -> None:
        """End the phase ``start``."""
        self._enter("other")

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        """Count the time of the block as phase `name`."""
        outer = self._phase
        self._enter(name)
        try:
            yield
        finally:
            self._enter(outer)

    def move(self, seconds: float, source: Phase, target: Phase) -> None:
        """Count some seconds of one phase as another one instead.

        For what is known only afterwards, such as the seconds of compiling within a
        training. No more is moved than there is.
        """
        self._enter(self._phase)
        moved = min(max(0.0, seconds), self._seconds[source])
        self._seconds[source] -= moved
        self._seconds[target] += moved

    def lap(self) -> dict[Phase, float]:
        """Return the seconds of each phase since the last call."""
        now = self.total()
        lap = {phase: now[phase] - self._before[phase] for phase in PHASES}
        self._before = now
        return lap

    def total(self) -> dict[Phase, float]:
        """Return the seconds of each phase since the start."""
        self._enter(self._phase)
        return dict(self._seconds)

    def _enter(self, phase: Phase) -> None:
        now = time.perf_counter()
        self._seconds[self._phase] += now - self._since
        self._phase, self._since = phase, now


def trial_line(study: str, number: int, seconds: Mapping[Phase, float]) -> str:
    """Return the line for one trial."""
    return f"Study {study} trial {number} time: {_pairs(seconds)}"


def worker_line(study: str, seconds: Mapping[Phase, float]) -> str:
    """Return the line for the whole life of a worker."""
    return f"Study {study} worker time: {_pairs(seconds)}"


def read_time_lines(lines: Iterable[str]) -> list[TimeLine]:
    """Return the times in a log; other lines are left out."""
    found = []
    for line in lines:
        match = _LINE.search(line)
        if match is None:
            continue
        pairs = dict(pair.split("=") for pair in match["pairs"].split())
        found.append(
            TimeLine(
                study=match["study"],
                trial=None if match["trial"] is None else int(match["trial"]),
                seconds={phase: float(pairs.get(phase, 0.0)) for phase in PHASES},
            )
        )
    return found


def _process_age() -> float:
    """Return the seconds since this process was started."""
    try:
        # Field 22, counted without the name, which may hold spaces.
        fields = _STAT.read_text().rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)
    except (OSError, AttributeError):
        # On Linux this one is off by up to a second. The time of day may have been
        # set meanwhile.
        return max(0.0, time.time() - psutil.Process().create_time())


def _pairs(seconds: Mapping[Phase, float]) -> str:
    pairs = [f"{phase}={seconds[phase]:.3f}" for phase in PHASES]
    return " ".join([*pairs, f"seconds={sum(seconds.values()):.3f}"])
