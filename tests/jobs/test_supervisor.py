import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import psutil
import pytest

from search.config import Budget, Cell, Roles, Task, Training
from search.jobs import memory
from search.jobs.launch import pause_study, stop_study
from search.jobs.supervisor import supervise
from search.locks import try_lock
from search.space.defaults import default_space
from search.space.lines import Line, Space
from search.study.control import (
    is_supervised,
    read_control,
    read_state,
    set_budget,
    wish,
)
from search.study.folders import SUPERVISOR_LOCK, StudyHandle
from search.study.optuna_study import open_study
from search.study.progress import Progress
from search.study.results import load_results
from search.study.trials.claims import (
    TrialRecord,
    claim_trial,
    current_owner,
    finish_trial,
)
from search.study.trials.listing import TrialView, read_trials
from tests.jobs.conftest import QUICK, Once

MakeStudy = Callable[..., StudyHandle]
LONG = Training(epochs=200, pruner="none", patience=0)


def states(handle: StudyHandle) -> Counter[str]:
    return Counter(trial.state for trial in read_trials(handle))


def space_of(*cells: Cell) -> Space:
    roles, task = Roles(targets=("load",)), Task(horizon=2, holdout=20, folds=3)
    return default_space(120, roles, task).with_line(Line("cell", choices=cells))


def has_epoch(progress: Progress) -> bool:
    return any(trial.epoch > 0 for trial in progress.running)


def trial(handle: StudyHandle, number: int) -> TrialView:
    return read_trials(handle)[number]


def test_supervise_reaches_the_exact_total_and_compares(make_study: MakeStudy) -> None:
    handle = make_study(budget=Budget(trials=4), space=space_of("LSTM", "GRU"))

    assert supervise(handle, limits=QUICK) == "finished"
    assert states(handle) == {"complete": 4}
    results = load_results(handle.folder)
    assert results is not None
    assert results.trials.per_cell == {"LSTM": 2, "GRU": 2}
    assert results.best_cell == "GRU"
    assert results.study["state"] == "finished"
    assert set(results.baselines) == {"last_value", "drift"}
    assert results.skipped_cells == {}
    assert read_state(handle).refitted == ("LSTM", "GRU")


@pytest.mark.case("C3", "start after the end, with the same and a larger budget")
@pytest.mark.usefixtures("without_winners")
def test_supervise_again_adds_only_what_the_raised_budget_allows(
    make_study: MakeStudy,
) -> None:
    handle = make_study(budget=Budget(trials=2), workers=1)
    assert supervise(handle, limits=QUICK) == "finished"
    assert states(handle)["complete"] == 2

    wish(handle, "run")
    assert supervise(handle, limits=QUICK) == "finished"
    assert states(handle)["complete"] == 2

    set_budget(handle, Budget(trials=3))
    wish(handle, "run")
    assert supervise(handle, limits=QUICK) == "finished"
    assert states(handle)["complete"] == 3


@pytest.mark.case("K1", "one worker killed")
@pytest.mark.usefixtures("without_winners")
def test_supervise_closes_the_trial_of_a_killed_worker_and_tries_it_again(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy(epoch_seconds=0.01)
    handle = make_study(training=replace(LONG, epochs=60))
    killed: list[tuple[int, float]] = []
    closed: list[float] = []

    def kill(progress: Progress) -> None:
        victim = trial(handle, next(t.number for t in progress.running if t.epoch))
        assert victim.worker_pid is not None
        os.kill(victim.worker_pid, signal.SIGKILL)
        killed.append((victim.number, time.monotonic()))

    kill_once = Once(has_epoch, kill)

    def watch(progress: Progress) -> None:
        kill_once(progress)
        if killed and not closed and trial(handle, killed[0][0]).state == "failed":
            closed.append(time.monotonic())

    assert supervise(handle, on_progress=watch, limits=QUICK) == "finished"
    number, when = killed[0]
    assert closed[0] - when < 5.0
    assert "killed (signal 9)" in (trial(handle, number).error or "")
    assert states(handle) == {"complete": 3, "failed": 1}
    again = [one for one in read_trials(handle) if one.retry_of == number]
    assert [one.params for one in again] == [trial(handle, number).params]


@pytest.mark.case("K12", "paused at half of the trials and resumed")
@pytest.mark.usefixtures("without_winners")
def test_supervise_pauses_after_running_trials_and_resumes(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy(epoch_seconds=0.1)
    handle = make_study(budget=Budget(trials=6), workers=1)
    pause = Once(has_epoch, lambda _: pause_study(handle))

    assert supervise(handle, on_progress=pause, limits=QUICK) == "paused"
    assert read_state(handle).state == "paused"
    assert states(handle)["running"] == 0
    n_before = states(handle)["complete"]
    assert 1 <= n_before < 6
    assert all(one.epochs_run == 2 for one in read_trials(handle)[:n_before])

    toy(epoch_seconds=0.0)
    wish(handle, "run")
    assert supervise(handle, limits=QUICK) == "finished"
    assert states(handle) == {"complete": 6}


def test_supervise_stop_ends_at_the_next_epoch_and_still_compares(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    """The first trial of its cell counts as complete with the epochs it has."""
    toy(epoch_seconds=0.05)
    handle = make_study(training=LONG, workers=1)
    stop = Once(has_epoch, lambda _: stop_study(handle))

    assert supervise(handle, on_progress=stop, limits=QUICK) == "stopped"
    first = trial(handle, 0)
    assert first.state == "complete"
    assert 1 <= first.epochs_run < 200
    assert states(handle) == {"complete": 1, "waiting": 2}
    results = load_results(handle.folder)
    assert results is not None
    assert list(results.winners) == ["SimpleRNN"]
    assert results.skipped_cells == {
        "LSTM": "No trial of this cell was complete.",
        "GRU": "No trial of this cell was complete.",
    }


@pytest.mark.usefixtures("without_winners")
def test_supervise_time_budget_prunes_what_runs_where_the_cell_has_a_winner(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy(epoch_seconds=0.05)
    handle = make_study(
        training=replace(LONG, epochs=4),
        space=space_of("GRU"),
        budget=Budget(trials=None, seconds=1_000.0),
        workers=1,
    )

    def shorten(progress: Progress) -> None:
        set_budget(handle, Budget(trials=None, seconds=progress.seconds_used))

    end = Once(lambda now: now.n_done > 0 and has_epoch(now), shorten)
    assert supervise(handle, on_progress=end, limits=QUICK) == "finished"
    assert read_state(handle).message == "The time budget is used up."
    found = states(handle)
    assert found["running"] == 0
    assert found["pruned"] <= 1
    assert found["complete"] + found["pruned"] == len(read_trials(handle))


@pytest.mark.case("C2", "second supervisor")
@pytest.mark.case("R7", "second supervisor of a study")
def test_supervise_leaves_a_study_to_its_other_supervisor(
    make_study: MakeStudy,
) -> None:
    handle = make_study()
    lock = try_lock(handle.folder / SUPERVISOR_LOCK)
    assert lock is not None
    with lock:
        assert supervise(handle, limits=QUICK) == "elsewhere"
    assert states(handle) == {"waiting": 3}


@pytest.mark.usefixtures("without_winners")
def test_supervise_starts_no_worker_for_what_other_machines_train(
    make_study: MakeStudy,
) -> None:
    """A worker would find nothing, end, and be started again and again."""
    handle = make_study(budget=Budget(trials=3))
    study = open_study(handle)
    other = replace(current_owner(), host="another-machine", pid=1)
    number = claim_trial(handle, study, other).trial.number
    seen: list[int] = []

    def note(progress: Progress) -> None:
        if progress.n_done == 2 and progress.workers == 0:
            seen.append(len(read_log(handle)))
        if len(seen) == 5:
            record = TrialRecord("complete", 1.0, (1.0,), 1, 1, 10, 0.0, 0.0)
            finish_trial(handle, study, number, record, owner=other)

    assert supervise(handle, on_progress=note, limits=QUICK) == "finished"
    assert states(handle) == {"complete": 3}
    assert len(seen) >= 5
    assert seen[0] == seen[-1]


def read_log(handle: StudyHandle) -> str:
    """Return what workers have logged so far."""
    logs = sorted((handle.folder / "logs").glob("worker-*.log"))
    return "".join(path.read_text() for path in logs)


@pytest.mark.case("K11", "workers that die at once")
@pytest.mark.usefixtures("without_winners")
def test_supervise_gives_up_on_workers_that_die_at_once(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy("toy-crash")
    handle = make_study(workers=1)

    limits = replace(QUICK, most_deaths=3)
    assert supervise(handle, limits=limits) == "failed"
    state = read_state(handle)
    assert state.state == "failed"
    assert "3 workers in a row died before a trial was done" in state.message
    assert "exit code 3" in state.message
    assert states(handle)["running"] == 0


@pytest.mark.case("T7", "every trial fails with the same cause")
@pytest.mark.usefixtures("without_winners")
def test_supervise_gives_up_after_failed_trials_in_a_row(
    toy: Callable[..., None], make_study: MakeStudy
) -> None:
    toy("toy-fail")
    handle = make_study(budget=Budget(trials=50))

    limits = replace(QUICK, most_failures=3)
    assert supervise(handle, limits=limits) == "failed"
    message = read_state(handle).message
    assert "trials in a row failed" in message
    assert "the toy was told to fail" in message
    assert 3 <= states(handle)["failed"] < 50


@pytest.mark.case("T4", "worker above the memory limit")
@pytest.mark.usefixtures("without_winners")
def test_supervise_kills_a_worker_above_the_memory_limit(
    toy: Callable[..., None], make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configuration is not tried again: it would take as much."""
    toy(epoch_seconds=0.02)
    handle = make_study(
        workers=1, training=replace(LONG, epochs=20), budget=Budget(trials=2)
    )
    large: set[int] = set()

    def note(progress: Progress) -> None:
        if has_epoch(progress) and not large:
            large.update(read_state(handle).workers)

    monkeypatch.setattr(
        memory, "resident_bytes", lambda pid: 2_600_000_000 if pid in large else 1
    )
    assert supervise(handle, on_progress=note, limits=QUICK) == "finished"
    failed = [one for one in read_trials(handle) if one.state == "failed"]
    assert [one.failure for one in failed] == ["memory"]
    assert "out of memory" in (failed[0].error or "").lower()
    assert not any(one.retry_of == failed[0].number for one in read_trials(handle))


@pytest.mark.usefixtures("without_winners")
def test_supervise_tries_again_what_an_old_worker_had_no_room_for(
    toy: Callable[..., None], make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that has trained others is larger than the configuration asks for."""
    toy(epoch_seconds=0.02)
    handle = make_study(
        workers=1, training=replace(LONG, epochs=20), budget=Budget(trials=3)
    )
    large: set[int] = set()

    def note(progress: Progress) -> None:
        if progress.n_done and progress.running and not large:
            large.update(read_state(handle).workers)

    monkeypatch.setattr(
        memory, "resident_bytes", lambda pid: 2_600_000_000 if pid in large else 1
    )
    assert supervise(handle, on_progress=note, limits=QUICK) == "finished"
    failed = [one for one in read_trials(handle) if one.state == "failed"]
    assert [(one.failure, one.is_retried) for one in failed] == [("killed", True)]
    assert "out of memory" in (failed[0].error or "").lower()
    assert states(handle)["complete"] == 3


@pytest.mark.case("T6", "worker that has grown")
@pytest.mark.usefixtures("without_winners")
def test_supervise_replaces_a_worker_that_has_grown_after_its_trial(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = make_study(workers=1)
    limit = QUICK.memory_limit_bytes
    monkeypatch.setattr(memory, "resident_bytes", lambda pid: int(0.85 * limit))

    assert supervise(handle, limits=QUICK) == "finished"
    assert states(handle) == {"complete": 3}
    assert len({one.worker_pid for one in read_trials(handle)}) > 1


@pytest.mark.case("K6", "signal to the supervisor itself")
@pytest.mark.parametrize(
    ("is_foreground", "state", "wanted"),
    [(True, "paused", "pause"), (False, "interrupted", "run")],
)
def test_supervise_gives_trials_back_when_asked_to_end(
    toy: Callable[..., None],
    make_study: MakeStudy,
    is_foreground: bool,
    state: str,
    wanted: str,
) -> None:
    toy(epoch_seconds=0.05)
    handle = make_study(training=LONG, workers=1)
    number = signal.SIGINT if is_foreground else signal.SIGTERM
    end = Once(has_epoch, lambda _: os.kill(os.getpid(), number))
    others = set(psutil.Process().children())

    ending = supervise(
        handle, on_progress=end, is_foreground=is_foreground, limits=QUICK
    )
    assert ending == "interrupted"
    assert read_state(handle).state == state
    assert read_control(handle).wish == wanted
    assert not is_supervised(handle)
    assert states(handle) == {"failed": 1, "waiting": 3}
    assert trial(handle, 0).is_retried
    assert set(psutil.Process().children()) <= others
