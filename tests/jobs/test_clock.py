"""Every second of a worker belongs to one phase, and can be read from its log."""

import subprocess
import sys
import time as time_module
from pathlib import Path

import pytest

from search.worker import clock as clock_module
from search.worker.clock import (
    PHASES,
    PhaseClock,
    read_time_lines,
    trial_line,
    worker_line,
)

ROOT = Path(__file__).parents[2]
SCRIPT = """
from search.worker.clock import PhaseClock
print(PhaseClock.of_process().total()["start"])
"""


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_000.0 + self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(clock_module, "time", time)
    return time


def only(**seconds: float) -> dict[str, float]:
    return dict.fromkeys(PHASES, 0.0) | seconds


def test_phases_add_up_and_an_inner_one_stops_the_outer_one(time: Time) -> None:
    clock = PhaseClock()
    time.now += 2.0
    clock.begin()
    time.now += 0.5
    with clock.phase("train"):
        time.now += 3.0
        with clock.phase("report"):
            time.now += 0.25
        time.now += 1.0
    assert clock.total() == only(start=2.0, other=0.5, train=4.0, report=0.25)


def test_a_phase_ends_with_an_exception(time: Time) -> None:
    clock = PhaseClock()
    clock.begin()

    @clock.phase("train")
    def fail() -> None:
        time.now += 1.0
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    time.now += 0.5
    assert clock.total() == only(train=1.0, other=0.5)


def test_lap_counts_from_the_lap_before(time: Time) -> None:
    clock = PhaseClock()
    clock.begin()
    with clock.phase("claim"):
        time.now += 1.0
    assert clock.lap() == only(claim=1.0)
    with clock.phase("claim"):
        time.now += 0.5
    assert clock.lap() == only(claim=0.5)
    assert clock.total() == only(claim=1.5)


def test_move_never_takes_more_than_there_is(time: Time) -> None:
    clock = PhaseClock()
    clock.begin()
    with clock.phase("train"):
        time.now += 3.0
    clock.move(1.0, "train", "compile")
    assert clock.total() == only(train=2.0, compile=1.0)
    clock.move(5.0, "train", "compile")
    assert clock.total() == only(compile=3.0)


def test_clock_of_a_process_counts_from_its_start() -> None:
    launched = time_module.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, check=True
    )
    lived = time_module.monotonic() - launched
    start = float(run.stdout)
    assert 0.02 < start < lived + 0.05


def test_clock_of_a_process_elsewhere_than_on_linux(
    time: Time, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock_module, "_STAT", tmp_path / "absent")

    class Process:
        def create_time(self) -> float:
            return 1_000.0 + 98.5

    monkeypatch.setattr("search.worker.clock.psutil.Process", Process)
    clock = PhaseClock.of_process()
    time.now += 1.0
    assert clock.total() == only(start=2.5)


@pytest.mark.case("R1", "clock set back while a worker starts")
def test_clock_of_a_process_survives_a_change_of_the_time_of_day(
    time: Time, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock_module, "_STAT", tmp_path / "absent")

    class Process:
        def create_time(self) -> float:
            return 9_000.0

    monkeypatch.setattr("search.worker.clock.psutil.Process", Process)
    assert PhaseClock.of_process().total() == only()


def test_lines_can_be_read_back() -> None:
    trial = trial_line("ab12", 7, only(claim=0.04, train=3.31))
    worker = worker_line("ab12", only(start=2.5, train=99.0))
    log = ["2026 INFO [9] Study ab12 trial 7 starts: x", f"INFO {trial}", worker]
    first, second = read_time_lines(log)
    assert (first.study, first.trial, first.seconds) == (
        *("ab12", 7),
        only(claim=0.04, train=3.31),
    )
    assert second.trial is None
    assert second.total == pytest.approx(101.5)


def test_line_names_each_phase_and_the_sum() -> None:
    line = trial_line("ab12", 7, only(claim=0.04, train=3.31))
    assert line == (
        "Study ab12 trial 7 time: start=0.000 claim=0.040 wait=0.000 compile=0.000 "
        "train=3.310 report=0.000 curves=0.000 tell=0.000 other=0.000 seconds=3.350"
    )
