"""What the user wishes and what the supervisor does, as two small files.

`control.json` is written by the page and the command line, `state.json` by the
supervisor only. Neither side waits for the other.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from search.config import Budget, Cell
from search.disk import shortage
from search.errors import StudyCorrupted, UserInputError
from search.files import write_json
from search.locks import is_locked
from search.space.earlier import current
from search.space.lines import Line
from search.space.narrowing import Change, Origin
from search.study.folders import (
    CONTROL_LOCK,
    SUPERVISOR_LOCK,
    StudyHandle,
    folder_lock,
    is_copy,
    utc_now,
)

CONTROL_FILE = "control.json"
STATE_FILE = "state.json"

Wish = Literal["run", "pause", "stop"]
State = Literal[
    "waiting",  # created or asked to run; no supervisor has taken it up yet
    "searching",  # workers try configurations
    "pausing",  # running trials come to their end, no new ones start
    "paused",  # nothing runs; can be resumed
    "refitting",  # the winners are trained again and scored
    "finished",  # results are there
    "stopped",  # ended by the user; results of what was found are there
    "failed",  # ended by itself; `message` says why
    "interrupted",  # should run and does not: its supervisor died
]
ALIVE: tuple[State, ...] = ("searching", "pausing", "refitting")
ENDED: tuple[State, ...] = ("finished", "stopped", "failed")

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Control:
    """What the user wishes.

    Attributes
    ----------
    wish
        ``pause`` also for a study that was never started.
    budget
        The budget of now; `StudySettings.budget` is the first one.
    archived
        Whether lists hide the study.
    revision
        Counts the wishes, so that a supervisor can say which one it has seen.
    updated
        Time of the last change, ISO 8601 in UTC.
    narrowed
        Lines of the space that are searched in a part only.
    history
        What was changed since the creation, the oldest first.
    """

    wish: Wish
    budget: Budget
    archived: bool = False
    revision: int = 0
    updated: str = ""
    narrowed: tuple[Line, ...] = ()
    history: tuple[Change, ...] = ()


@dataclass(frozen=True)
class StateRecord:
    """What the supervisor does.

    Attributes
    ----------
    state
        See `State`.
    message
        One sentence for the user; empty where the state says it all.
    supervisor_pid
        Process of the supervisor; None if there was none yet.
    workers
        Process ids of the living workers.
    seconds_used
        Seconds of searching so far, over all restarts; counts against
        `Budget.seconds`.
    refitted
        Cells whose winner is done.
    refit_seconds
        Seconds since the refit began; 0 before.
    is_enough
        Whether the search ended by itself because further trials are not worth it.
    judged_from
        Trials that were done when somebody last let the search go on after its end;
        only later ones are looked back on to judge whether it is enough.
    revision
        `Control.revision` that this state answers; filled by `write_state` where
        it is None.
    updated
        Time of writing, ISO 8601 in UTC.
    """

    state: State = "waiting"
    message: str = ""
    supervisor_pid: int | None = None
    workers: tuple[int, ...] = ()
    seconds_used: float = 0.0
    refitted: tuple[Cell, ...] = ()
    refit_seconds: float = 0.0
    is_enough: bool = False
    judged_from: int = 0
    revision: int | None = None
    updated: str = ""


def read_control(handle: StudyHandle) -> Control:
    """Return what the user wishes.

    Raises
    ------
    StudyCorrupted
        If `control.json` is damaged.
    """
    fresh = Control(wish="pause", budget=handle.settings.budget)
    return _read(handle.folder / CONTROL_FILE, Control) or fresh


def wish(handle: StudyHandle, wanted: Wish) -> Control:
    """Write what the study is to do; the supervisor obeys within a second or so."""
    return change_control(
        handle,
        lambda control: replace(control, wish=wanted, revision=control.revision + 1),
    )


def set_budget(handle: StudyHandle, budget: Budget, *, by: Origin = "page") -> Control:
    """Replace the budget; a study that is running goes on under the new one."""

    def change(control: Control) -> Control:
        if control.budget == budget:
            return control
        note = Change("budget", utc_now(), by, budget=budget)
        return replace(control, budget=budget, history=(*control.history, note))

    return change_control(handle, change)


def change_control(
    handle: StudyHandle, change: Callable[[Control], Control]
) -> Control:
    """Read the wishes, change them and write them, while nobody else does.

    Raises
    ------
    UserInputError
        If this is a copy of a study of another host.
    """
    if is_copy(handle):
        raise UserInputError(
            f"The study {handle.settings.name!r} belongs to another host, for which "
            "this one works. Start, stop and steer it there."
        )
    with _changing(handle):
        return _write_control(handle, change(read_control(handle)))


def set_archived(handle: StudyHandle, archived: bool) -> Control:
    """Hide the study from lists, or show it again."""
    return change_control(handle, lambda control: replace(control, archived=archived))


def write_state(handle: StudyHandle, record: StateRecord) -> None:
    """Write what the supervisor does; called by the holder of its lock only."""
    revision = record.revision
    if revision is None:
        revision = read_control(handle).revision
    filled = replace(record, revision=revision, updated=utc_now())
    write_json(handle.folder / STATE_FILE, filled)


def is_supervised(handle: StudyHandle) -> bool:
    """Return whether a living supervisor holds the lock of the study.

    That of a copy is on another host, which nobody asks: it counts as alive.
    """
    return is_copy(handle) or is_locked(handle.folder / SUPERVISOR_LOCK)


def read_state(handle: StudyHandle) -> StateRecord:
    """Return what the study does now, also when its supervisor died.

    Raises
    ------
    StudyCorrupted
        If `state.json` or `control.json` is damaged.
    """
    state = effective_state(
        written_state(handle),
        read_control(handle),
        is_supervised=is_supervised(handle),
    )
    # Looked at here: on a full disk the supervisor may be unable to write it.
    lack = shortage(handle.folder) if state.state in ALIVE else ""
    return replace(state, message=lack) if lack else state


def written_state(handle: StudyHandle) -> StateRecord | None:
    """Return what a supervisor wrote last, true by now or not; None before the first.

    Raises
    ------
    StudyCorrupted
        If `state.json` is damaged.
    """
    return _read(handle.folder / STATE_FILE, StateRecord)


def effective_state(
    record: StateRecord | None, control: Control, *, is_supervised: bool
) -> StateRecord:
    """Return the true state from what was written last and who is alive.

    A record that says alive without a supervisor is one that died: the study is
    ``interrupted`` if it should run, else it is where the user wanted it. A wish to
    run that nobody has taken up yet is ``waiting``.
    """
    if record is None:
        return StateRecord()
    resting = replace(record, supervisor_pid=None, workers=())
    is_unanswered = (record.revision or 0) < control.revision
    if control.wish == "run" and is_unanswered and record.state not in ALIVE:
        # A supervisor may hold the lock already and not have written yet.
        return replace(resting, state="waiting", message="")
    if is_supervised:
        return record
    if control.wish == "run":
        if is_unanswered:
            return replace(resting, state="waiting", message="")
        if record.state in ALIVE:
            return replace(
                resting,
                state="interrupted",
                message="The search ended without warning; it can be resumed.",
            )
    elif record.state in ALIVE:
        state: State = "paused" if control.wish == "pause" else "stopped"
        return replace(resting, state=state, message="")
    return resting


def needs_supervisor(handle: StudyHandle) -> bool:
    """Return whether the study should run and nobody sees to it."""
    if read_control(handle).wish != "run" or is_supervised(handle):
        return False
    return read_state(handle).state in ("waiting", "interrupted")


def _changing(handle: StudyHandle) -> AbstractContextManager[None]:
    return folder_lock(handle, CONTROL_LOCK)


def _write_control(handle: StudyHandle, control: Control) -> Control:
    written = replace(control, updated=utc_now())
    write_json(handle.folder / CONTROL_FILE, written)
    return written


def _read(path: Path, kind: type[_Record]) -> _Record | None:
    try:
        return msgspec.convert(current(msgspec.json.decode(path.read_bytes())), kind)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise StudyCorrupted(f"{path.name} is damaged: {error}.") from error
