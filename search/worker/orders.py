"""What a worker is to do next: go on, end in order, or give its trial back."""

import signal
import time
from dataclasses import dataclass
from types import FrameType
from typing import Literal

from search.errors import StudyStopped
from search.jobs.parent import ParentWatch
from search.study.control import read_control, read_state
from search.study.folders import StudyHandle

Order = Literal[
    "go_on",  # claim and train
    "finish",  # end after the running trial: pause
    "close",  # end after the running epoch and keep what the trial has: stop, time
    "give_back",  # end after the running epoch; the trial is tried again
]
CHECK_SECONDS = 0.3
ORPHAN_GRACE_SECONDS = 20.0


@dataclass(frozen=True)
class Command:
    """An order and the reason for it, as shown to the user."""

    order: Order
    reason: str = ""


class TrialClosed(StudyStopped):
    """The running trial ends now; `command` says how."""

    def __init__(self, command: Command) -> None:
        super().__init__(command.reason)
        self.command = command


class Orders:
    """Reads the user's wish, the clock of the study, signals and the parent.

    Parameters
    ----------
    handle
        The study.
    supervisor_pid
        Parent process that this worker ends with; None for a worker that was started
        by hand.
    """

    def __init__(self, handle: StudyHandle, *, supervisor_pid: int | None) -> None:
        self._handle = handle
        self._parent = None
        if supervisor_pid is not None:
            self._parent = ParentWatch(
                supervisor_pid, grace_seconds=ORPHAN_GRACE_SECONDS
            )
        self._is_ending = False
        self._is_too_large = False
        self._known = Command("go_on")
        self._read_at = -CHECK_SECONDS

    def listen(self) -> None:
        """Install the signal handlers and start to watch the parent."""
        signal.signal(signal.SIGTERM, self._note_end)
        signal.signal(signal.SIGINT, self._note_end)
        signal.signal(signal.SIGUSR1, self._note_size)
        if self._parent is not None:
            self._parent.start()

    def stop_listening(self) -> None:
        """Ignore requests to recycle, which this process now does anyway.

        Python gives signals their default meaning back when it ends, and a request
        that arrives then would look like a death.
        """
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def now(self) -> Command:
        """Return the present command; the files are read at most every 0.3 s."""
        if self._is_ending:
            return Command("give_back", "The worker was asked to end.")
        if self._parent is not None and self._parent.is_gone:
            return Command("give_back", "The supervisor of the study ended.")
        if time.monotonic() - self._read_at >= CHECK_SECONDS:
            self._known = self._read()
            self._read_at = time.monotonic()
        return self._known

    @property
    def is_supervised(self) -> bool:
        """Whether somebody starts another worker when one is needed again."""
        return self._parent is not None

    @property
    def is_too_large(self) -> bool:
        """Whether the supervisor wants a fresh process after the running trial."""
        return self._is_too_large

    def check_trial(self) -> None:
        """Raise `TrialClosed` if the running trial is to end after this epoch."""
        command = self.now()
        if command.order in ("close", "give_back"):
            raise TrialClosed(command)

    def _read(self) -> Command:
        control = read_control(self._handle)
        if control.wish == "stop":
            return Command("close", "The search was stopped.")
        seconds = control.budget.seconds
        if seconds and read_state(self._handle).seconds_used >= seconds:
            return Command("close", "The time budget is used up.")
        if control.wish == "pause":
            return Command("finish", "The search is paused.")
        return Command("go_on")

    def _note_end(self, number: int, frame: FrameType | None) -> None:
        self._is_ending = True

    def _note_size(self, number: int, frame: FrameType | None) -> None:
        self._is_too_large = True
