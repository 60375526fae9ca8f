"""Wait until a signal arrives or a child ends, without polling."""

import contextlib
import os
import select
import signal
from types import FrameType, TracebackType

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Waker:
    """Turns signals into something to wait for; used as a context in the main thread.

    Inside the context a signal that asks the process to end only sets `is_ending`,
    and the end of a child cuts `wait` short. The former handlers come back
    afterwards.
    """

    def __init__(self) -> None:
        self.n_ending_signals = 0
        self._former: dict[int, signal.Handlers] = {}
        self._former_wakeup = -1
        self._reader = self._writer = -1

    @property
    def is_ending(self) -> bool:
        """Whether the process was asked to end."""
        return self.n_ending_signals > 0

    def wait(self, seconds: float) -> None:
        """Return after a signal, the end of a child or `seconds`, what comes first."""
        ready, _, _ = select.select([self._reader], [], [], seconds)
        if ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._reader, 4096)

    def __enter__(self) -> "Waker":
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._former_wakeup = signal.set_wakeup_fd(
            self._writer, warn_on_full_buffer=False
        )
        for number in ENDING_SIGNALS:
            self._former[number] = signal.signal(number, self._note)  # type: ignore[assignment]
        # Children inherit this, so that a worker that is asked to recycle before it
        # listens is not killed by the request.
        self._former[signal.SIGUSR1] = signal.signal(  # type: ignore[assignment]
            signal.SIGUSR1, signal.SIG_IGN
        )
        # Without a handler, the end of a child would not reach the wake-up pipe.
        self._former[signal.SIGCHLD] = signal.signal(  # type: ignore[assignment]
            signal.SIGCHLD, lambda number, frame: None
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._former_wakeup)
        for number, handler in self._former.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.n_ending_signals += 1
