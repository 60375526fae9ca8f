"""The supervisor's own record of what it does: `state.json`, and the study's clock."""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from search.config import Cell
from search.disk import is_full
from search.errors import StudyCorrupted
from search.study.control import (
    Control,
    State,
    StateRecord,
    read_control,
    write_state,
    written_state,
)
from search.study.folders import StudyHandle
from search.study.progress import Progress, read_progress

OnProgress = Callable[[Progress], None]

logger = logging.getLogger(__name__)


class Reporter:
    """Writes the state of one study and counts the seconds of its search.

    The clock is monotonic, so that changing the time of day changes no budget, and
    goes on from what `state.json` says, so that a restart does not begin anew.

    Parameters
    ----------
    handle
        The study; the caller holds its supervisor lock.
    supervisor_pid
        This process.
    publish_seconds
        Shortest time between two writings of the same state.
    on_progress
        Called after each writing.
    """

    def __init__(
        self,
        handle: StudyHandle,
        *,
        supervisor_pid: int,
        publish_seconds: float,
        on_progress: OnProgress | None = None,
    ) -> None:
        self._handle = handle
        self._supervisor_pid = supervisor_pid
        self._publish_seconds = publish_seconds
        self._on_progress = on_progress
        self._born = time.monotonic()
        last = written_state(handle) or StateRecord()
        self._is_after_end = last.state in ("finished", "stopped")
        self._judged_from = last.judged_from
        self._seconds_at_birth = last.seconds_used
        self._seconds_before = self._seconds_at_birth
        self._searching_since: float | None = None
        self._refitting_since: float | None = None
        self._revision = 0
        self._is_enough = False
        self._last: StateRecord | None = None
        self._published_at = 0.0

    def look(self) -> Control:
        """Return what the user wishes; the states published next answer this wish."""
        control = read_control(self._handle)
        self._revision = control.revision
        return control

    @property
    def seconds_used(self) -> float:
        """Seconds of searching, over all supervisors of this study."""
        if self._searching_since is None:
            return self._seconds_before
        return self._seconds_before + time.monotonic() - self._searching_since

    @property
    def seconds_alive(self) -> float:
        """Seconds that this supervisor lives, and of searching before it."""
        return self._seconds_at_birth + time.monotonic() - self._born

    def start_clock(self) -> None:
        """Count the seconds from now on."""
        self._searching_since = time.monotonic()

    def stop_clock(self) -> None:
        """Keep what was counted."""
        self._seconds_before = self.seconds_used
        self._searching_since = None

    def note_enough(self, is_enough: bool) -> None:
        """Say in the states published next whether the search ended by itself."""
        self._is_enough = is_enough

    def judge_from(self, n_done: int) -> int:
        """Return how many trials were done when somebody last let the search go on.

        After its end that is now, with `n_done` trials; one that was paused,
        interrupted or failed is judged as before. The states published next say it.
        """
        if self._is_after_end:
            self._judged_from = n_done
        return self._judged_from

    def start_refit(self) -> None:
        """Count the seconds of the refit from now on."""
        self._refitting_since = time.monotonic()

    @property
    def _refit_seconds(self) -> float:
        if self._refitting_since is None:
            return 0.0
        return time.monotonic() - self._refitting_since

    def publish(
        self,
        state: State,
        message: str = "",
        *,
        workers: tuple[int, ...] = (),
        refitted: tuple[Cell, ...] = (),
    ) -> None:
        """Write the state if it is new, or if the last writing is long ago."""
        record = StateRecord(
            state=state,
            message=message,
            supervisor_pid=self._supervisor_pid,
            workers=workers,
            refitted=refitted,
            is_enough=self._is_enough,
            judged_from=self._judged_from,
            revision=self._revision,
        )
        now = time.monotonic()
        if record == self._last and now - self._published_at < self._publish_seconds:
            return
        self._last, self._published_at = record, now
        timed = replace(
            record,
            seconds_used=self.seconds_used,
            refit_seconds=self._refit_seconds,
        )
        try:
            write_state(self._handle, timed)
        except OSError as error:
            # `read_state` says so by itself.
            if not is_full(error):
                raise
            logger.warning("Study %s: no state: %s", self._handle.uuid, error)
        if self._on_progress is not None:
            # The terminal may be gone, and the storage when this is what is published.
            with contextlib.suppress(OSError, StudyCorrupted):
                self._on_progress(read_progress(self._handle))
