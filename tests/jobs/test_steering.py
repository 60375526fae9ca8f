"""Studies that are steered while two worker processes search."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from search.config import Budget
from search.jobs.supervisor import supervise
from search.space.lines import Line
from search.study.control import read_control, set_budget, wish
from search.study.folders import StudyHandle, log_path
from search.study.progress import Progress
from search.study.steering import enqueue, narrow, remove_queued, widen
from search.study.trials.listing import TrialView, read_trials
from tests.jobs.conftest import QUICK, Once

MakeStudy = Callable[..., StudyHandle]
NARROWED = (
    Line("units", choices=(32,)),
    Line("dropout", low=0.2, high=0.25),
    Line("framing", choices=("none",)),
)


def is_inside(trial: TrialView) -> bool:
    return all(line.contains(trial.params[line.name]) for line in NARROWED)


def complaints(handle: StudyHandle) -> list[str]:
    """Return the lines of all logs that warn or report an error."""
    logs = log_path(handle, "x").parent.glob("*.log")
    lines = [line for path in logs for line in path.read_text().splitlines()]
    words = (" WARNING ", " ERROR ", "Warning:", "Error:", "[W ", "Traceback")
    return [line for line in lines if any(word in line for word in words)]


@pytest.mark.usefixtures("without_winners")
def test_narrowing_holds_for_both_workers_until_it_is_undone(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy(epoch_seconds=0.01)
    handle = make_study(budget=Budget(trials=60))
    claimed: list[int] = []

    def note(action: Callable[[], object]) -> Callable[[Progress], None]:
        def act(_: Progress) -> None:
            action()
            claimed.append(len(read_trials(handle)))

        return act

    begin = Once(lambda one: one.n_done >= 8, note(lambda: narrow(handle, NARROWED)))
    end = Once(lambda one: one.n_done >= 40, note(lambda: widen(handle)))

    def steer(progress: Progress) -> None:
        begin(progress)
        if begin.happened:
            end(progress)

    assert supervise(handle, on_progress=steer, limits=QUICK) == "finished"
    trials = read_trials(handle)
    assert Counter(trial.state for trial in trials) == {"complete": 60}
    start, stop = claimed
    # A trial that was being claimed at that moment may belong to before.
    steered = trials[start + 1 : stop - 1]
    assert len(steered) >= 25
    assert all(is_inside(trial) for trial in steered)
    assert not all(is_inside(trial) for trial in trials[stop + 1 :])
    counts = Counter(trial.cell for trial in trials)
    assert set(counts.values()) == {20}
    assert len({trial.worker_pid for trial in steered}) == 2
    assert complaints(handle) == []


@pytest.mark.usefixtures("without_winners")
def test_two_people_queue_at_once_while_two_workers_claim(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy(epoch_seconds=0.01)
    handle = make_study(budget=Budget(trials=40))
    numbers: list[int] = []
    threads: list[threading.Thread] = []

    def ask(units: int) -> None:
        for _ in range(6):
            numbers.append(enqueue(handle, {"units": units, "dropout": 0.123}))

    def start(_: Progress) -> None:
        for units in (16, 128):
            threads.append(threading.Thread(target=ask, args=(units,)))
            threads[-1].start()

    once = Once(lambda one: one.n_done >= 3, start)
    assert supervise(handle, on_progress=once, limits=QUICK) == "finished"
    for thread in threads:
        thread.join()
    # Those that were too late for this budget wait, and the next one tries them.
    trials = read_trials(handle)
    assert sum(trial.state == "complete" for trial in trials) == 40
    assert {trial.state for trial in trials} <= {"complete", "waiting"}
    set_budget(handle, Budget(trials=len(trials)))
    wish(handle, "run")
    assert supervise(handle, limits=QUICK) == "finished"
    trials = read_trials(handle)
    assert {trial.state for trial in trials} == {"complete"}
    asked = [trial for trial in trials if trial.is_asked]
    assert sorted(numbers) == [trial.number for trial in asked]
    assert Counter(trial.params["units"] for trial in asked) == {16: 6, 128: 6}
    assert {trial.params["dropout"] for trial in asked} == {0.123}
    kinds = Counter(note.kind for note in read_control(handle).history)
    assert kinds["queue"] == 12
    assert complaints(handle) == []


@pytest.mark.usefixtures("without_winners")
def test_a_study_at_rest_is_steered_for_what_comes(make_study: MakeStudy) -> None:
    handle = make_study(budget=Budget(trials=4))
    narrow(handle, NARROWED)
    number = enqueue(handle, {"units": 128})
    remove_queued(handle, 0)
    assert supervise(handle, limits=QUICK) == "finished"
    trials = read_trials(handle)
    assert trials[0].state == "removed"
    assert trials[number].params["units"] == 128
    done = [trial for trial in trials if trial.state == "complete"]
    assert len(done) == 4
    assert sum(is_inside(trial) for trial in done) == 3
