"""The worker processes of one study: started, watched, ended, collected."""

import logging
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from search.jobs import memory
from search.jobs.commands import last_lines, start_process
from search.study.folders import StudyHandle, log_path
from search.study.trials.listing import FailureKind

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EndedWorker:
    """A worker process that is gone.

    Attributes
    ----------
    pid
        Its former process id.
    is_death
        Whether it ended otherwise than in order.
    kind
        How a trial failed that it left behind, as far as the worker is at fault:
        ``memory`` if it took too much, ``time`` if it hung, else ``killed``.
    reason
        What happened in plain words; empty where it ended in order.
    log_tail
        Last lines of its log where it died.
    seconds
        How long the process lived.
    """

    pid: int
    is_death: bool
    kind: FailureKind
    reason: str
    log_tail: str
    seconds: float


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    log: Path
    started: float
    kill_reason: str = ""
    kind: FailureKind = "killed"

    def kill(self, reason: str, kind: FailureKind = "killed") -> None:
        """End the process at once; the first reason counts."""
        if not self.kill_reason:
            self.kill_reason, self.kind = reason, kind
        self.process.kill()


class WorkerPool:
    """The workers of one study; slots are numbered from 1.

    Parameters
    ----------
    handle
        The study.
    supervisor_pid
        Process that the workers end with.
    memory_limit_bytes
        Resident size above which a worker is killed; see `watch_memory`.
    """

    def __init__(
        self, handle: StudyHandle, *, supervisor_pid: int, memory_limit_bytes: int
    ) -> None:
        self._handle = handle
        self._supervisor_pid = supervisor_pid
        self._memory_limit_bytes = memory_limit_bytes
        self._workers: dict[int, _Worker] = {}
        self._kernel = memory.KernelKills()

    def __len__(self) -> int:
        return len(self._workers)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that were not collected yet."""
        return tuple(worker.process.pid for worker in self._workers.values())

    def start_worker(self) -> None:
        """Start one worker in the lowest free slot, in a session of its own.

        Its own session keeps Ctrl-C in the terminal away from it: the supervisor
        decides how workers end.
        """
        slot = next(n for n in range(1, len(self) + 2) if n not in self._workers)
        log = log_path(self._handle, f"worker-{slot}")
        started = time.monotonic()
        words = ("work", self._handle.uuid, "--supervised", str(self._supervisor_pid))
        process = start_process(self._handle, log.stem, *words)
        self._workers[slot] = _Worker(process, log, started)
        logger.info("Study %s: worker %d started.", self._handle.uuid, process.pid)

    def collect(self) -> list[EndedWorker]:
        """Return the workers that ended since the last call, and forget them."""
        self._kernel.look()
        ended = []
        for slot, worker in list(self._workers.items()):
            if worker.process.poll() is not None:
                del self._workers[slot]
                reason = self._kernel.reason(worker.process.returncode, "the worker")
                if reason and not worker.kill_reason:
                    worker.kind, worker.kill_reason = "memory", reason
                ended.append(_describe(worker))
        return ended

    def ask_to_end(self) -> None:
        """Ask all workers to end after the running epoch and give their trial back."""
        for worker in self._workers.values():
            worker.process.terminate()

    def kill(self, reason: str) -> None:
        """End all workers at once; `reason` is recorded on their trials."""
        for worker in self._workers.values():
            worker.kill(reason)

    def end_hung(self, reasons: Mapping[int, str]) -> None:
        """End the workers of these process ids, each for its reason, at once."""
        for worker in self._workers.values():
            reason = reasons.get(worker.process.pid)
            if reason:
                worker.kill(reason, "time")

    def close(self) -> None:
        """End all workers at once and wait until they are gone."""
        self.kill("the supervisor ended")
        for worker in self._workers.values():
            worker.process.wait()
        self._workers.clear()

    def watch_memory(self) -> None:
        """Kill workers above the limit; ask those near it to end after their trial.

        TensorFlow keeps about 15 MB of each compiled program for good, so a worker
        grows with the number of different networks.
        """
        limit = self._memory_limit_bytes
        for worker in self._workers.values():
            size = memory.resident_bytes(worker.process.pid)
            reason = memory.excess("the worker", size, limit)
            if reason:
                worker.kill(reason, "memory")
            elif memory.is_grown(size, limit):
                # Each time again: a worker that just starts does not listen yet.
                worker.process.send_signal(signal.SIGUSR1)


def _describe(worker: _Worker) -> EndedWorker:
    code = worker.process.returncode
    is_death = code != 0
    return EndedWorker(
        pid=worker.process.pid,
        is_death=is_death,
        kind=worker.kind,
        reason=worker.kill_reason or (_reason(code) if is_death else ""),
        log_tail=last_lines(worker.log) if is_death else "",
        seconds=time.monotonic() - worker.started,
    )


def _reason(code: int) -> str:
    if code == -signal.SIGKILL:
        return (
            "the worker process was killed (signal 9), by somebody or because the "
            "machine ran out of memory"
        )
    if code < 0:
        return f"the worker process was ended by signal {-code}"
    return f"the worker process ended with exit code {code}"
