"""The clock of a core tells the work of others from that of the process it watches."""

import os
import subprocess
import sys

import pytest

from benchmarks.support.core_clock import CoreClock

SPIN = "import time; end = time.time() + {seconds}\nwhile time.time() < end: pass"


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="processes cannot be pinned here"
)
def test_a_second_process_on_the_core_is_noticed() -> None:
    core = min(os.sched_getaffinity(0))
    pair = [
        subprocess.Popen([sys.executable, "-c", SPIN.format(seconds=2)])
        for _ in range(2)
    ]
    for process in pair:
        os.sched_setaffinity(process.pid, {core})
    clock = CoreClock(pair[0].pid, core)
    assert clock.share_of_others == 0.0
    with pytest.raises(subprocess.TimeoutExpired):
        pair[0].wait(timeout=1.5)
    clock.read()
    for process in pair:
        process.wait()
    assert clock.share_of_others > 0.2
    # What came after the end of the process does not count, and is no error.
    share = clock.share_of_others
    clock.read()
    assert clock.share_of_others == share
