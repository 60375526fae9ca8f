"""The refit phase: the winner of each cell is trained again, each in a process."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from search.config import Cell
from search.errors import StudyCorrupted
from search.files import write_json
from search.jobs import memory
from search.jobs.commands import start_process
from search.space.earlier import current
from search.study.folders import StudyHandle, winner_folder
from search.study.results import WinnerResult, at_home, read_record

WINNER_FILE = "winner.json"
FAILURE_FILE = "failure.json"
# Trainings of single seeds that are done, while the winner is not.
SEEDS_FOLDER = "seeds"
_AGAIN = (
    "Free memory or allow more, then resume the study: only what is missing is trained."
)


@dataclass(frozen=True)
class RefitFailure:
    """Why a winner could not be made, in one sentence."""

    reason: str


@dataclass(frozen=True)
class Refits:
    """What the refit phase has reached.

    Attributes
    ----------
    refitted
        Cells whose winner is there.
    skipped
        For the other cells, the reason.
    """

    refitted: tuple[Cell, ...]
    skipped: dict[Cell, str]


def read_winner(handle: StudyHandle, cell: Cell) -> WinnerResult | None:
    """Return the winner of `cell`; None while there is none.

    Raises
    ------
    StudyCorrupted
        If its file is damaged.
    """
    try:
        folder = winner_folder(handle, cell)
        content = (folder / WINNER_FILE).read_bytes()
        document = current(msgspec.json.decode(content))
        return at_home(read_record(document, WinnerResult), folder)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise StudyCorrupted(
            f"The winner of {cell} cannot be read: {error}."
        ) from error


def save_failure(handle: StudyHandle, cell: Cell, reason: str) -> None:
    """Write why the winner of `cell` could not be made."""
    folder = winner_folder(handle, cell)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FAILURE_FILE, RefitFailure(reason))


def needs_refit(handle: StudyHandle, cell: Cell, trial: int) -> bool:
    """Whether the winner of `cell` is not yet made from the trial of that number.

    A winner that is there and whose bundle works is kept, so that a study resumed
    with more budget trains again only what changed. One that lacks seeds for want of
    memory is made again: those that it has are taken up.
    """
    try:
        winner = read_winner(handle, cell)
    except StudyCorrupted:
        return True
    if winner is None or winner.trial != trial:
        return True
    if has_kept_seeds(handle, cell) and any(
        one.kind == "memory" for one in winner.diverged
    ):
        return True
    return winner.check is not None and not winner.check.passed


def has_kept_seeds(handle: StudyHandle, cell: Cell) -> bool:
    """Return whether a refit of `cell` that was ended had trained some seeds."""
    return any((winner_folder(handle, cell) / SEEDS_FOLDER).glob("*.npz"))


class RefitPool:
    """Refits of several cells, so many at a time; a killed one is tried once more.

    One that was ended for its memory, or killed twice, is made from the seeds that it
    had trained by then, if there are any.

    Parameters
    ----------
    handle
        The study.
    cells
        Cells to refit, in order.
    n_processes
        Processes at a time.
    supervisor_pid
        Process that they end with.
    memory_limit_bytes
        Resident size above which one is ended.
    """

    def __init__(
        self,
        handle: StudyHandle,
        cells: tuple[Cell, ...],
        *,
        n_processes: int,
        supervisor_pid: int,
        memory_limit_bytes: int,
    ) -> None:
        self._handle = handle
        self._waiting = list(cells)
        self._n_processes = n_processes
        self._supervisor_pid = supervisor_pid
        self._memory_limit_bytes = memory_limit_bytes
        self._too_large: dict[Cell, str] = {}
        self._lost: dict[Cell, str] = {}
        self._kernel = memory.KernelKills()
        self._tried_again: set[Cell] = set()
        self._running: dict[Cell, subprocess.Popen[bytes]] = {}
        self._refitted: list[Cell] = []
        self._skipped: dict[Cell, str] = {}

    @property
    def running(self) -> tuple[Cell, ...]:
        """Cells that are being refitted."""
        return tuple(self._running)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the refits."""
        return tuple(process.pid for process in self._running.values())

    def advance(self) -> bool:
        """Collect what ended and start what waits; return whether work is left."""
        self._kernel.look()
        for cell, process in list(self._running.items()):
            if process.poll() is not None:
                del self._running[cell]
                self._note_end(cell, process.returncode)
        while self._waiting and len(self._running) < self._n_processes:
            cell = self._waiting.pop(0)
            self._running[cell] = self._start(cell)
        return bool(self._running)

    def watch_memory(self) -> None:
        """End refits above the limit at once; the reason is kept for their cell."""
        for cell, process in self._running.items():
            size = memory.resident_bytes(process.pid)
            reason = memory.excess("the process", size, self._memory_limit_bytes)
            if reason:
                self._too_large[cell] = reason
                process.kill()

    def kill(self) -> None:
        """End all refits at once and wait for their processes."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()
        self._running.clear()

    def result(self) -> Refits:
        """Return what was reached so far."""
        return Refits(tuple(self._refitted), dict(self._skipped))

    def _start(self, cell: Cell) -> "subprocess.Popen[bytes]":
        (winner_folder(self._handle, cell) / FAILURE_FILE).unlink(missing_ok=True)
        words = ("refit", self._handle.uuid, cell)
        parent = ("--supervised", str(self._supervisor_pid))
        # What was trained is enough for a winner; the rest would be ended again.
        kept = ("--kept",) if cell in self._lost else ()
        return start_process(self._handle, f"refit-{cell}", *words, *parent, *kept)

    def _note_end(self, cell: Cell, code: int) -> None:
        if code == 0:
            self._refitted.append(cell)
        elif code < 0:
            self._note_kill(cell, code)
        else:
            self._skipped[cell] = self._lost.get(cell) or self._failure(cell, code)

    def _note_kill(self, cell: Cell, code: int) -> None:
        """Try again: as it was, then with the seeds that are trained, then no more."""
        found = self._too_large.pop(cell, "") or self._kernel.reason(
            code, "the process"
        )
        reason = f"Training the winner again ran {found}. {_AGAIN}" if found else ""
        if not reason and cell not in self._tried_again | self._lost.keys():
            # Killed by somebody: that says nothing about the winner.
            self._tried_again.add(cell)
            self._waiting.insert(0, cell)
        elif cell not in self._lost and has_kept_seeds(self._handle, cell):
            self._lost[cell] = reason or _reason(code)
            self._waiting.insert(0, cell)
        else:
            self._skipped[cell] = self._lost.get(cell) or reason or _reason(code)

    def _failure(self, cell: Cell, code: int) -> str:
        path = winner_folder(self._handle, cell) / FAILURE_FILE
        try:
            return msgspec.json.decode(path.read_bytes(), type=RefitFailure).reason
        except (OSError, msgspec.MsgspecError, ValueError):
            return _reason(code)


def refit_cells(
    pool: RefitPool, *, is_ending: Callable[[], bool], wait: Callable[[Refits], None]
) -> Refits | None:
    """Run all refits of `pool`; None if `is_ending` said so before the end.

    Parameters
    ----------
    is_ending
        Asked again and again; True ends the refits at once.
    wait
        Called between two looks with what was reached; returns after a moment or
        when a process ended.
    """
    while pool.advance():
        if is_ending():
            pool.kill()
            return None
        pool.watch_memory()
        wait(pool.result())
    return pool.result()


def _reason(code: int) -> str:
    if code == -9:
        return (
            "The training of the winner was killed twice (signal 9), by somebody or "
            f"because the machine ran out of memory. {_AGAIN}"
        )
    return f"The training of the winner ended with exit code {code}."
