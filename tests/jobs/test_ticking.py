import logging
import threading

import pytest

from search.jobs.ticking import every


def test_every_begins_at_once_and_ends_with_the_block() -> None:
    done = threading.Semaphore(0)
    with every(0.01, done.release, what="a turn"):
        for _ in range(3):
            assert done.acquire(timeout=30)
    assert "a turn" not in {thread.name for thread in threading.enumerate()}


def test_every_goes_on_after_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    turns = iter([OSError("no route"), None])
    is_done = threading.Event()

    def act() -> None:
        fault = next(turns, None)
        if fault is not None:
            raise fault
        is_done.set()

    with caplog.at_level(logging.WARNING), every(0.01, act, what="a sign of life"):
        assert is_done.wait(30)
    assert "a sign of life (no route)" in caplog.text


def test_every_lets_the_errors_of_the_block_pass() -> None:
    with pytest.raises(KeyError), every(60.0, lambda: None, what="a turn"):
        raise KeyError
