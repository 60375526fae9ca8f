"""K9: a worker that hangs is found, ended and replaced; slow ones are left alone."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from search.config import Budget, Training
from search.jobs.hanging import HangWatch, allowed_seconds
from search.jobs.limits import Limits
from search.jobs.supervisor import supervise
from search.study.control import read_state
from search.study.folders import StudyHandle
from search.study.trials.curves import CurveWriter, EpochPoint
from search.study.trials.listing import TrialView, read_trials
from search.worker.toy import MARKED_UNITS
from tests.jobs.conftest import QUICK

MakeStudy = Callable[..., StudyHandle]
# A worker must have time to start on a busy machine.
IMPATIENT = replace(QUICK, shortest_trial_seconds=15.0, first_trial_seconds=20.0)


@pytest.mark.faults
@pytest.mark.case("K9", "worker hangs in C code with Python's lock held")
@pytest.mark.usefixtures("without_winners")
def test_k9_a_hung_worker_is_ended_and_the_study_goes_on(
    toy: Callable[..., None],
    make_study: MakeStudy,
    record_property: Callable[[str, object], None],
) -> None:
    toy("toy-hang")
    marked = {"cell": "LSTM", "units": MARKED_UNITS}
    handle = make_study(enqueue=(marked,), budget=Budget(trials=3))

    started = time.monotonic()
    assert supervise(handle, limits=IMPATIENT) == "finished"
    trials = read_trials(handle)
    hung = [trial for trial in trials if trial.failure == "time"]
    assert [trial.params["units"] for trial in hung] == [MARKED_UNITS]
    assert (hung[0].error or "").startswith("Time limit: the trial made no progress")
    assert not hung[0].is_retried
    assert not any(trial.retry_of == hung[0].number for trial in trials)
    assert sum(trial.state == "complete" for trial in trials) == 3
    assert not any(trial.state == "running" for trial in trials)
    record_property(
        "figure", f"ended and 3 of 3 done after {time.monotonic() - started:.0f} s"
    )


@pytest.mark.faults
@pytest.mark.case("K9", "every worker hangs")
@pytest.mark.usefixtures("without_winners")
def test_k9_a_study_whose_workers_all_hang_ends_and_says_why(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy("toy-hang")
    marked = tuple({"cell": "LSTM", "units": MARKED_UNITS} for _ in range(3))
    handle = make_study(enqueue=marked, budget=Budget(trials=9), workers=1)
    limits = replace(IMPATIENT, most_failures=2, most_deaths=9)

    assert supervise(handle, limits=limits) == "failed"
    message = read_state(handle).message
    assert "2 trials in a row failed" in message
    assert "Time limit" in message


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def running(number: int, pid: int) -> TrialView:
    return TrialView(number, "GRU", "running", worker_pid=pid)


def done(number: int, seconds: float) -> TrialView:
    return TrialView(
        number, "GRU", "complete", seconds_train=seconds, seconds_compile=0.0
    )


def note_epoch(folder: Path, writer: CurveWriter, epoch: int) -> None:
    writer.write_epoch(EpochPoint(epoch, (1.0,), (1.0,), 1.0, 1.0))


@pytest.mark.case("K9", "slow trial that advances")
def test_watch_leaves_a_slow_trial_alone_that_advances(tmp_path: Path) -> None:
    """Ten hours in all, but an epoch every nine minutes."""
    (tmp_path / "curves").mkdir()
    clock, writer = Time(), CurveWriter(tmp_path, 4)
    watch = HangWatch(tmp_path, Limits(), clock=clock)
    trials = [done(0, 60.0), running(4, pid=7)]
    for epoch in range(1, 67):
        clock.now = 540.0 * epoch
        note_epoch(tmp_path, writer, epoch)
        assert watch.hung([7], trials) == {}
    clock.now += 601.0
    assert list(watch.hung([7], trials)) == [7]
    assert "made no progress for 10 minutes" in watch.hung([7], trials)[7]


def test_watch_counts_each_trial_of_a_worker_from_its_own_start(
    tmp_path: Path,
) -> None:
    clock = Time()
    watch = HangWatch(tmp_path, Limits(), clock=clock)
    for number in range(9):
        assert watch.hung([7], [done(0, 1.0), running(number, pid=7)]) == {}
        clock.now += 500.0


def test_watch_names_a_worker_that_never_claims_a_trial(tmp_path: Path) -> None:
    clock = Time()
    watch = HangWatch(tmp_path, Limits(), clock=clock)
    assert watch.hung([7, 8], [running(1, pid=8)]) == {}
    clock.now = 3601.0
    assert set(watch.hung([7, 8], [running(1, pid=8)])) == {7, 8}
    watch.begin_anew()
    assert watch.hung([7, 8], [running(1, pid=8)]) == {}


@pytest.mark.parametrize(
    ("seconds", "allowed"),
    [((), 3600.0), ((10.0, 20.0, 90.0), 600.0), ((100.0, 400.0, 9000.0), 1200.0)],
)
def test_allowed_seconds_are_three_times_the_median_but_ten_minutes_at_least(
    seconds: tuple[float, ...], allowed: float
) -> None:
    trials = [done(number, one) for number, one in enumerate(seconds)]
    assert allowed_seconds(trials, Limits()) == allowed


def test_training_of_the_default_length_fits_the_limits() -> None:
    """The first limit is what one epoch may take, not a whole trial."""
    assert Limits().first_trial_seconds > Training().epochs
