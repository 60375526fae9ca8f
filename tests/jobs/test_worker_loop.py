import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from search.config import Budget
from search.errors import TrialFailed
from search.space.lines import TrialParams
from search.study.control import StateRecord, set_budget, wish, write_state
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.trials.claims import claim_trial, current_owner
from search.study.trials.curves import EpochPoint, read_curve
from search.study.trials.listing import TrialView, read_trials
from search.study.trials.outcomes import TrialRecord, fail_trial
from search.worker.clock import PhaseClock, read_time_lines
from search.worker.loop import Worker
from search.worker.orders import Orders

MakeStudy = Callable[..., StudyHandle]
OnEpoch = Callable[[EpochPoint], None]


def point(epoch: int, score: float) -> EpochPoint:
    return EpochPoint(epoch, (1.0, 1.0), (score, score), score, 0.5)


class Scripted:
    """An objective whose epochs are written down; each may act before it ends."""

    def __init__(
        self,
        scores: list[float],
        *,
        action: Callable[[int], None] = lambda epoch: None,
        result: TrialRecord | BaseException | None = None,
    ) -> None:
        self._scores = scores
        self._action = action
        self._result = result

    def train(
        self, params: TrialParams, *, seed: int, on_epoch: OnEpoch
    ) -> TrialRecord:
        for epoch, score in enumerate(self._scores, start=1):
            self._action(epoch)
            on_epoch(point(epoch, score))
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result or record(min(self._scores))

    def n_parameters(self, params: TrialParams) -> int:
        return 17


def record(score: float) -> TrialRecord:
    return TrialRecord("complete", score, (score, score), 1, 3, 17, 0.0, 1.0)


@pytest.fixture(autouse=True)
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.worker.orders.CHECK_SECONDS", 0.0)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give the signal handlers back that a worker takes over."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
    former = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


def run_worker(handle: StudyHandle, objective: Scripted) -> str:
    orders = Orders(handle, supervisor_pid=None)
    return Worker(handle, open_study(handle), orders, objective).run()


def first(handle: StudyHandle) -> TrialView:
    return read_trials(handle)[0]


def test_worker_runs_the_whole_budget_and_writes_curves(
    make_study: MakeStudy,
) -> None:
    handle = make_study(budget=Budget(trials=4))
    assert run_worker(handle, Scripted([3.0, 2.0, 2.5])) == "budget"
    trials = read_trials(handle)
    assert [trial.state for trial in trials] == ["complete"] * 4
    assert trials[0].score == 2.0
    assert trials[0].fold_scores == (2.0, 2.0)
    assert [one.score for one in read_curve(handle.folder, 0)] == [3.0, 2.0, 2.5]


def test_worker_records_why_a_trial_failed_and_goes_on(
    make_study: MakeStudy,
) -> None:
    handle = make_study()
    failures = iter([TrialFailed("The loss is not a number at epoch 2."), None, None])
    objective = Scripted([1.0])

    def next_result(_: int) -> None:
        objective._result = next(failures, None)

    objective._action = next_result
    run_worker(handle, objective)
    assert first(handle).state == "failed"
    assert first(handle).error == "The loss is not a number at epoch 2."
    assert first(handle).failure == "trial"
    assert sum(trial.state == "complete" for trial in read_trials(handle)) == 3


def test_worker_ends_a_trial_that_others_closed_and_goes_on(
    make_study: MakeStudy,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It was trained to its end, with a warning and a traceback every two seconds."""
    monkeypatch.setattr("search.study.storage.batching.REPORT_SECONDS", 0.0)
    handle = make_study(budget=Budget(trials=2))
    other = open_study(handle)

    def close(epoch: int) -> None:
        if epoch == 2 and first(handle).state == "running":
            fail_trial(handle, other, 0, "It seemed dead.", owner=current_owner())

    with caplog.at_level("INFO"):
        assert run_worker(handle, Scripted([3.0, 2.0, 1.0], action=close)) == "budget"
    assert first(handle).error == "It seemed dead."
    assert len(read_curve(handle.folder, 0)) == 2
    assert "trial 0 was closed meanwhile" in caplog.text
    assert "Traceback" not in caplog.text
    assert sum(trial.state == "complete" for trial in read_trials(handle)) == 2


@pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
def test_worker_never_completes_a_score_that_is_not_finite(
    make_study: MakeStudy, score: float
) -> None:
    handle = make_study(budget=Budget(trials=1))
    bad = [record(score), record(1.0)]
    objective = Scripted([1.0])
    objective._action = lambda _: setattr(objective, "_result", bad.pop(0))
    run_worker(handle, objective)
    assert first(handle).state == "failed"
    assert "not a finite number" in (first(handle).error or "")


def test_worker_names_unexpected_errors_with_their_first_line(
    make_study: MakeStudy, caplog: pytest.LogCaptureFixture
) -> None:
    handle = make_study(budget=Budget(trials=1))
    results = [ValueError("shapes differ\nand more"), record(1.0)]
    objective = Scripted([1.0])
    objective._action = lambda _: setattr(objective, "_result", results.pop(0))
    run_worker(handle, objective)
    assert first(handle).error == "ValueError: shapes differ"
    assert f"Study {handle.uuid} trial 0 failed." in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.case("T5", "MemoryError in a trial")
def test_worker_out_of_memory_ends_and_is_not_tried_again(
    make_study: MakeStudy,
) -> None:
    handle = make_study()
    objective = Scripted([1.0], result=MemoryError("no room for [5000,5000]"))
    assert run_worker(handle, objective) == "recycle"
    assert first(handle).error == "Out of memory: no room for [5000,5000]"
    assert first(handle).failure == "memory"
    assert not any(trial.retry_of == 0 for trial in read_trials(handle))


def test_worker_prunes_with_the_best_epoch(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = make_study(budget=Budget(trials=1))
    hopeless = iter([False, False, True])
    monkeypatch.setattr("search.worker.running.should_prune", lambda _: next(hopeless))
    run_worker(handle, Scripted([3.0, 2.0, 2.5, 1.0]))
    pruned = first(handle)
    assert pruned.state == "pruned"
    assert (pruned.best_epoch, pruned.epochs_run) == (2, 3)
    assert pruned.fold_scores == (2.0, 2.0)
    assert pruned.n_parameters == 17


def test_worker_stopped_keeps_the_first_trial_of_its_cell_as_complete(
    make_study: MakeStudy,
) -> None:
    handle = make_study()

    def stop(epoch: int) -> None:
        if epoch == 2:
            wish(handle, "stop")

    assert run_worker(handle, Scripted([3.0, 2.0, 1.0], action=stop)) == "wish"
    closed = first(handle)
    assert (closed.state, closed.score, closed.epochs_run) == ("complete", 2.0, 2)


def test_worker_out_of_time_prunes_where_the_cell_has_a_winner(
    make_study: MakeStudy,
) -> None:
    handle = make_study(budget=Budget(trials=50))
    seen: list[int] = []

    def spend(epoch: int) -> None:
        seen.append(epoch)
        if len(seen) == 8:  # the second of two epochs of trial 3, again a SimpleRNN
            set_budget(handle, Budget(trials=50, seconds=5.0))
            write_state(handle, StateRecord("searching", seconds_used=5.0))

    assert run_worker(handle, Scripted([2.0, 1.0], action=spend)) in ("wish", "budget")
    states = [trial.state for trial in read_trials(handle)]
    assert states[:4] == ["complete", "complete", "complete", "pruned"]
    assert set(states[4:]) == {"waiting"}  # first configurations that nobody claimed
    assert read_trials(handle)[3].epochs_run == 2


def test_worker_paused_finishes_its_trial(make_study: MakeStudy) -> None:
    handle = make_study()
    objective = Scripted([3.0, 2.0], action=lambda _: wish(handle, "pause") and None)
    assert run_worker(handle, objective) == "wish"
    assert [trial.state for trial in read_trials(handle)] == [
        *("complete", "waiting", "waiting"),
    ]
    assert first(handle).epochs_run == 3


@pytest.mark.usefixtures("own_signals")
def test_worker_asked_to_end_gives_its_trial_back(make_study: MakeStudy) -> None:
    handle = make_study()
    orders = Orders(handle, supervisor_pid=None)
    orders.listen()
    objective = Scripted(
        [3.0, 2.0], action=lambda _: os.kill(os.getpid(), signal.SIGTERM)
    )
    worker = Worker(handle, open_study(handle), orders, objective)
    assert worker.run() == "signal"
    assert first(handle).state == "failed"
    assert first(handle).is_retried
    assert [trial.retry_of for trial in read_trials(handle)][-1] == 0


@pytest.mark.usefixtures("own_signals")
def test_worker_that_has_grown_ends_after_its_trial(make_study: MakeStudy) -> None:
    handle = make_study()
    orders = Orders(handle, supervisor_pid=None)
    orders.listen()
    os.kill(os.getpid(), signal.SIGUSR1)
    worker = Worker(handle, open_study(handle), orders, Scripted([1.0]))
    assert worker.run() == "recycle"
    assert first(handle).state == "complete"


def test_worker_ends_when_others_train_all_that_is_left(
    make_study: MakeStudy,
) -> None:
    handle = make_study(budget=Budget(trials=1))
    other = replace(current_owner(), host="another-machine")
    claim_trial(handle, open_study(handle), other)
    orders = Orders(handle, supervisor_pid=os.getppid())
    worker = Worker(handle, open_study(handle), orders, Scripted([1.0]))
    assert worker.run() == "idle"
    assert first(handle).state == "running"


def test_worker_accounts_for_its_time(
    make_study: MakeStudy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    handle = make_study(budget=Budget(trials=2))
    pause = threading.Event()
    objective = Scripted(
        [2.0, 1.0],
        action=lambda _: pause.wait(0.05) and None,
        result=replace(record(1.0), seconds_compile=0.04),
    )
    clock = PhaseClock()
    orders = Orders(handle, supervisor_pid=None)
    Worker(handle, open_study(handle), orders, objective, clock=clock).run()
    lines = read_time_lines(caplog.messages)
    assert [line.trial for line in lines] == [0, 1]
    for line in lines:
        assert line.seconds["compile"] == 0.04
        assert line.seconds["train"] >= 0.06
        assert min(line.seconds["claim"], line.seconds["tell"]) > 0
        assert line.seconds["start"] == line.seconds["wait"] == 0
    total = clock.total()
    assert total["train"] == pytest.approx(
        sum(line.seconds["train"] for line in lines), abs=0.01
    )


def test_worker_without_its_supervisor_gives_back(make_study: MakeStudy) -> None:
    handle = make_study()
    orders = Orders(handle, supervisor_pid=os.getpid())  # not our parent
    assert orders.now().order == "give_back"


def test_reports_that_cannot_be_stored_do_not_end_a_training(
    make_study: MakeStudy,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    handle = make_study(budget=Budget(trials=1))

    def broken(_: object) -> bool:
        raise OSError("disk full")

    monkeypatch.setattr("search.worker.running.should_prune", broken)
    run_worker(handle, Scripted([2.0, 1.0]))
    assert first(handle).state == "complete"
    assert "A report could not be stored." in caplog.text


def test_epochs_without_a_finite_score_are_no_best_epoch(
    make_study: MakeStudy,
) -> None:
    handle = make_study(budget=Budget(trials=1))

    def stop(epoch: int) -> None:
        if epoch == 2:
            wish(handle, "stop")

    run_worker(handle, Scripted([float("nan"), 2.0, 1.0], action=stop))
    assert (first(handle).best_epoch, first(handle).score) == (2, 2.0)
    assert first(handle).epochs_run == 2
