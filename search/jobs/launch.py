"""Start the supervisor of a study as a process of its own, from the page or a shell."""

import logging
import threading
import time
from dataclasses import dataclass, replace

import msgspec

from search.config import Environment, max_running
from search.data.findings import counted
from search.errors import ConfigError, SearchError
from search.files import write_json
from search.jobs.commands import start_process
from search.locks import exclusive_lock
from search.study.control import (
    ENDED,
    is_supervised,
    needs_supervisor,
    read_state,
    wish,
)
from search.study.folders import StudyHandle, folder_lock
from search.study.studies import list_studies
from search.study.trials.listing import read_trials
from search.study.trials.owners import Owner, is_alive, owner_of
from search.study.trials.selection import best_trials

LAUNCH_FILE = "launch.json"
START_LOCK = ".start.lock"
LAUNCH_LOCK = "launch.lock"
LONGEST_PAUSE_SECONDS = 60.0
COMING_UP_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LaunchRecord:
    """Starts of a supervisor that have not led to a running one yet.

    Attributes
    ----------
    attempts
        Number of starts since a supervisor last came up.
    launched
        Time of the last start, in seconds since 1970.
    process
        The process that was started last; None if there is none to wait for.
    """

    attempts: int
    launched: float
    process: Owner | None = None


def start_study(handle: StudyHandle) -> None:
    """Wish that the study runs, and start its supervisor unless it has one.

    Also resumes a study that was paused, stopped, interrupted or failed, and one that
    finished and was given more budget. However many call it at once, one process is
    started. It outlives the caller.

    Raises
    ------
    ConfigError
        If as many other studies run as may at once; nothing is changed then.
    """
    # One start at a time, so that two of them do not count the same room.
    with exclusive_lock(handle.environment.studies_dir / START_LOCK):
        check_running_studies(handle.environment, besides=handle.uuid)
        wish(handle, "run")
    if not is_supervised(handle):
        _launch(handle)


def check_running_studies(
    environment: Environment, *, besides: str | None = None
) -> None:
    """Refuse a start while as many studies run as may at once.

    Parameters
    ----------
    environment
        Where the studies live.
    besides
        Uuid of the study to start, which does not count.

    Raises
    ------
    ConfigError
        If there is no room; the message names the studies.
    """
    most = max_running()
    running = [
        handle.settings.name
        for handle in list_studies(environment)
        if handle.uuid != besides
        and (is_supervised(handle) or needs_supervisor(handle))
    ]
    if len(running) >= most:
        names = ", ".join(repr(name) for name in running[:3])
        raise ConfigError(
            f"At most {counted(most, 'study', 'studies')} may run at once, and "
            f"{len(running)} {'does' if len(running) == 1 else 'do'}: {names}"
            f"{' and others' if len(running) > 3 else ''}. Wait until one has ended, "
            "or pause one. STUDIES_MAX_RUNNING sets another number."
        )


def pause_study(handle: StudyHandle) -> bool:
    """Let running trials come to their end, then pause; return whether it ran."""
    was_alive = is_supervised(handle)
    wish(handle, "pause")
    return was_alive


def stop_study(handle: StudyHandle) -> bool:
    """End the search after the running epochs and compare what was found.

    A study that rests before its end, such as a paused one, is taken up again for
    that; return whether there is anything to end.
    """
    former = read_state(handle).state
    was_alive = is_supervised(handle)
    wish(handle, "stop")
    if was_alive:
        return True
    if former in ENDED or not best_trials(read_trials(handle)):
        return False
    _launch(handle)
    return True


def ensure_running(environment: Environment) -> tuple[str, ...]:
    """Start the supervisor of each study that should run and has none.

    Meant to be called every few seconds by the web server, so that studies go on
    after the machine was restarted. A supervisor that does not come up is tried
    again after 2, 4, 8 and at most 60 seconds.

    Returns
    -------
    Uuids of the studies whose supervisor was started.
    """
    started = []
    for handle in list_studies(environment):
        try:
            if needs_supervisor(handle) and _is_due(handle) and _launch(handle):
                started.append(handle.uuid)
        except (SearchError, OSError):
            logger.exception("Study %s could not be started.", handle.uuid)
    return tuple(started)


def forget_launches(handle: StudyHandle) -> None:
    """Record that a supervisor is up; the supervisor does this itself."""
    (handle.folder / LAUNCH_FILE).unlink(missing_ok=True)


def _is_due(handle: StudyHandle) -> bool:
    record = _read_launches(handle)
    pause = min(LONGEST_PAUSE_SECONDS, 2.0**record.attempts)
    # The distance in both directions, because a clock may be set back.
    return record.attempts == 0 or abs(time.time() - record.launched) > pause


def _read_launches(handle: StudyHandle) -> LaunchRecord:
    try:
        content = (handle.folder / LAUNCH_FILE).read_bytes()
        return msgspec.json.decode(content, type=LaunchRecord)
    except (OSError, msgspec.MsgspecError):
        return LaunchRecord(attempts=0, launched=0.0)


def _launch(handle: StudyHandle) -> bool:
    """Start a supervisor unless one is there or on its way; return whether it did."""
    with folder_lock(handle, LAUNCH_LOCK):
        record = _read_launches(handle)
        if is_supervised(handle) or _is_coming_up(record):
            return False
        record = LaunchRecord(record.attempts + 1, time.time())
        write_json(handle.folder / LAUNCH_FILE, record)
        process = _spawn(handle)
        write_json(handle.folder / LAUNCH_FILE, replace(record, process=process))
        return True


def _is_coming_up(record: LaunchRecord) -> bool:
    """Return whether the last process is still on its way to the lock.

    One that has come up and ended in order took the record away with it.
    """
    is_recent = abs(time.time() - record.launched) < COMING_UP_SECONDS
    return is_recent and record.process is not None and bool(is_alive(record.process))


def _spawn(handle: StudyHandle) -> Owner:
    """Start a supervisor that survives this process, and return its mark."""
    process = start_process(handle, "supervisor", "supervise", handle.uuid)
    # Not collected yet, so its id is its own even if it has ended already.
    owner = owner_of(process.pid)
    # A thread collects the exit status, so that no zombie stays in the web process.
    threading.Thread(target=process.wait, name="supervisor-wait", daemon=True).start()
    logger.info("Study %s: started supervisor %d.", handle.uuid, process.pid)
    return owner
