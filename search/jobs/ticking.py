"""Small things that a process does every few seconds beside its work."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


@contextmanager
def every(seconds: float, action: Callable[[], object], *, what: str) -> Iterator[None]:
    """Do `action` in a thread of its own: at once, then every `seconds`.

    A fault is only logged, because the work of the block matters more and the next
    turn may succeed.

    Parameters
    ----------
    what
        What did not succeed, for the log: ``a sign of life``.
    """
    is_over = threading.Event()

    def repeat() -> None:
        while True:
            try:
                action()
            except Exception as error:
                logger.warning("Not done, tried again soon: %s (%s)", what, error)
            if is_over.wait(seconds):
                return

    thread = threading.Thread(target=repeat, name=what, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
