"""Counts, the best, and how long it will take."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.config import CELLS, Budget, Task
from search.locks import try_lock
from search.study.control import Control, StateRecord, set_budget, write_state
from search.study.eta import NETWORK_SECONDS, WINNER_SECONDS, Plan, remaining_seconds
from search.study.folders import SUPERVISOR_LOCK
from search.study.progress import count_trials, make_progress, read_progress
from search.study.trials.claims import (
    claim_trial,
    current_owner,
    fail_trial,
    finish_trial,
)
from search.study.trials.listing import TrialView
from search.study.trials.spool import TrialRecord

RECORD = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)
PLAN = Plan(
    state="searching",
    n_trials=12,
    seconds_left=None,
    workers=1,
    cells=CELLS,
    balance="equal_trials",
    epochs=30.0,
    refit_share=0.5,
    refit_seeds=3,
)


def done(number, cell="GRU", seconds=10.0, **other):
    other = {
        "score": 1.0,
        "best_epoch": 10,
        "epochs_run": 20,
        "seconds_compile": 2.0,
        "seconds_train": 8.0,
        **other,
    }
    return TrialView(number, cell, "complete", seconds_total=seconds, **other)


def running(number, cell="GRU", seconds=0.0, epochs_run=0):
    return TrialView(
        number, cell, "running", seconds_total=seconds, epochs_run=epochs_run
    )


# One winner: 10 epochs of 8 / 20 seconds on half the windows, three times, 2 seconds
# to compile.
WINNER = WINNER_SECONDS + 2.0 + 10 * 0.4 * 0.5 * 3


def test_remaining_seconds_trials_left_times_mean_plus_refit():
    trials = [done(k, cell) for k, cell in enumerate(CELLS)]
    assert remaining_seconds(trials, PLAN) == pytest.approx(9 * 10 + 3 * WINNER)


def test_remaining_seconds_workers_share_the_work():
    trials = [done(k, cell) for k, cell in enumerate(CELLS)]
    plan = replace(PLAN, workers=3)
    assert remaining_seconds(trials, plan) == pytest.approx(3 * 10 + WINNER)


def test_remaining_seconds_each_cell_has_its_own_speed():
    """Three slow trials are left and no fast ones."""
    trials = [
        *(done(k, "SimpleRNN", 2.0) for k in range(4)),
        *(done(k, "LSTM", 2.0) for k in range(4, 8)),
        done(8, "GRU", 20.0),
    ]
    overall = (8 * 2.0 + 20.0) / 9
    expected = 3 * (20.0 + overall) / 2
    plan = replace(PLAN, refit_seeds=1)
    winner = WINNER_SECONDS + 2.0 + 10 * 0.4 * 0.5
    assert remaining_seconds(trials, plan) == pytest.approx(expected + 3 * winner)


def test_remaining_seconds_running_trials_are_partly_done():
    trials = [*(done(k, cell) for k, cell in enumerate(CELLS)), running(3, "GRU", 4.0)]
    assert remaining_seconds(trials, PLAN) == pytest.approx(86 + 3 * WINNER)


def test_remaining_seconds_the_last_trial_cannot_be_shared():
    trials = [done(k, CELLS[k % 3]) for k in range(11)]
    plan = replace(PLAN, workers=4)
    assert remaining_seconds(trials, plan) == pytest.approx(10 + WINNER)


def test_remaining_seconds_time_budget_that_ends_first():
    trials = [done(k, cell) for k, cell in enumerate(CELLS)]
    plan = replace(PLAN, seconds_left=30.0)
    assert remaining_seconds(trials, plan) == pytest.approx(30 + 3 * WINNER)
    plan = replace(PLAN, seconds_left=1_000.0)
    assert remaining_seconds(trials, plan) == pytest.approx(90 + 3 * WINNER)


def test_remaining_seconds_time_budget_alone():
    plan = replace(PLAN, n_trials=None, seconds_left=30.0)
    assert remaining_seconds([done(0)], plan) == pytest.approx(30 + 3 * WINNER)


def test_remaining_seconds_before_the_first_trial_ends():
    """20 of 30 expected epochs took 8 seconds, so a trial takes 12."""
    trials = [running(0, "SimpleRNN", seconds=8.0, epochs_run=20)]
    expected = 12 * 12 - 8 + 3 * WINNER_SECONDS
    assert remaining_seconds(trials, PLAN) == pytest.approx(expected)


@pytest.mark.parametrize(
    "trials", [[], [running(0)], [TrialView(0, "GRU", "failed", seconds_total=3.0)]]
)
def test_remaining_seconds_unknown_at_the_very_start(trials):
    assert remaining_seconds(trials, PLAN) is None


@pytest.mark.parametrize(
    "state", ["waiting", "pausing", "paused", "finished", "failed", "interrupted"]
)
def test_remaining_seconds_of_a_study_that_does_not_search(state):
    assert remaining_seconds([done(0)], replace(PLAN, state=state)) is None


def test_remaining_seconds_of_the_refit():
    trials = [done(k, cell) for k, cell in enumerate(CELLS)]
    plan = replace(PLAN, state="refitting")
    assert remaining_seconds(trials, plan) == pytest.approx(3 * WINNER)
    plan = replace(plan, refit_seconds=10.0)
    assert remaining_seconds(trials, plan) == pytest.approx(3 * WINNER - 10)
    plan = replace(plan, refitted=CELLS[:2], refit_seconds=2.5 * WINNER)
    assert remaining_seconds(trials, plan) == pytest.approx(0.5 * WINNER)
    plan = replace(plan, refitted=CELLS[:2], refit_seconds=1.5 * WINNER)
    assert remaining_seconds(trials, plan) == pytest.approx(WINNER)
    plan = replace(plan, refitted=CELLS)
    assert remaining_seconds(trials, plan) == 0


def test_remaining_seconds_of_a_refit_leaves_out_cells_without_a_winner():
    plan = replace(PLAN, state="refitting")
    assert remaining_seconds([done(0)], plan) == pytest.approx(WINNER)


def test_remaining_seconds_an_average_takes_longer_to_export():
    plan = replace(PLAN, state="refitting", networks=3)
    expected = WINNER + 2 * NETWORK_SECONDS
    assert remaining_seconds([done(0)], plan) == pytest.approx(expected)


durations = st.lists(st.floats(5.0, 15.0), min_size=12, max_size=12)


@given(durations, st.integers(1, 4))
def test_remaining_seconds_within_a_factor_of_two_from_one_third_on(seconds, workers):
    """Trials that differ by a factor of three, in the order of their claims."""
    plan = replace(PLAN, workers=workers, refit_seeds=1)
    winner = WINNER_SECONDS + 2.0 + 10 * 0.4 * 0.5
    for n_done in range(4, 13):
        trials = [done(k, CELLS[k % 3], seconds[k]) for k in range(n_done)]
        refit = max(3 * winner / workers, winner)
        actual = _makespan(seconds[n_done:], workers) + refit
        estimate = remaining_seconds(trials, plan)
        assert actual / 2 <= estimate <= actual * 2


@given(
    st.lists(
        st.builds(
            TrialView,
            number=st.integers(0, 99),
            cell=st.sampled_from(CELLS),
            state=st.sampled_from(["complete", "pruned", "failed", "running"]),
            score=st.none() | st.floats(0, 10),
            seconds_total=st.none() | st.floats(0, 1e6),
            seconds_train=st.none() | st.floats(0, 1e6),
            best_epoch=st.none() | st.integers(1, 50),
            epochs_run=st.integers(0, 50),
        )
    ),
    st.sampled_from(["searching", "refitting"]),
    st.integers(1, 64),
    st.none() | st.integers(1, 40),
    st.none() | st.floats(0, 1e5),
    st.sampled_from(["equal_trials", "sampler"]),
)
def test_remaining_seconds_is_none_or_a_length_of_time(
    trials, state, workers, n_trials, seconds_left, balance
):
    plan = replace(
        PLAN,
        state=state,
        workers=workers,
        n_trials=n_trials,
        seconds_left=seconds_left,
        balance=balance,
    )
    seconds = remaining_seconds(trials, plan)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


def test_plan_of_reads_settings_and_state(settings):
    state = StateRecord("searching", workers=(1, 2, 3), seconds_used=40.0)
    plan = Plan.of(settings, Budget(trials=9, seconds=60.0), state, 120)
    assert (plan.n_trials, plan.seconds_left, plan.workers) == (9, 20.0, 3)
    assert plan.cells == CELLS
    # Three standard folds train on 1, 2 and 3 quarters: 1.5 times the series.
    assert plan.refit_share == pytest.approx(2 / 3)
    assert plan.epochs == pytest.approx(5 * 0.6)


def test_plan_of_counts_the_windows_of_small_folds(settings):
    """110 rows before the holdout, the longest window is 48: 62 origins.

    Three folds of 10 validation origins train on 32, 42 and 52 of them.
    """
    task = Task(horizon=2, holdout=10, folds=3, valid_size=10)
    longest = settings.space.first_origin(1)
    n_windows = 110 - longest
    plan = Plan.of(replace(settings, task=task), Budget(), StateRecord(), 120)
    expected = n_windows / (3 * n_windows - 10 - 20 - 30)
    assert plan.refit_share == pytest.approx(expected)


def test_count_trials():
    trials = [
        done(0, "GRU"),
        replace(done(1, "GRU"), state="pruned"),
        replace(done(2, "LSTM"), state="failed"),
        running(3, "LSTM"),
    ]
    counts = count_trials(trials)
    assert (counts.complete, counts.pruned, counts.failed) == (1, 1, 1)
    assert counts.per_cell == {"GRU": 2}


@pytest.mark.parametrize(
    ("budget", "state", "expected"),
    [
        (Budget(trials=8), StateRecord("searching"), 0.25),
        (Budget(trials=8, seconds=100), StateRecord("searching", seconds_used=60), 0.6),
        (Budget(None, 100), StateRecord("searching", seconds_used=150), 1.0),
        (Budget(trials=1), StateRecord("searching"), 1.0),
        (Budget(trials=8), StateRecord("refitting"), 1.0),
    ],
)
def test_progress_fraction(settings, budget, state, expected):
    progress = make_progress(
        [done(0), replace(done(1), state="pruned")],
        Control("run", budget),
        state,
        replace(PLAN, state=state.state),
        settings.training,
    )
    assert progress.fraction == pytest.approx(expected)
    assert progress.n_done == 2


def test_read_progress_of_a_new_study(make_study):
    progress = read_progress(make_study(is_running=False))
    assert (progress.state, progress.n_done, progress.n_trials) == ("waiting", 0, 6)
    assert progress.eta_seconds is None
    assert (progress.best, progress.running, progress.failures) == ({}, (), ())
    assert progress.fraction == 0.0


def test_read_progress_of_a_running_study(handle, study):
    owner = current_owner()
    claim_trial(handle, study, owner)
    finish_trial(handle, study, 0, RECORD, owner=owner)
    for number in (1, 2):
        claim_trial(handle, study, owner)
        fail_trial(handle, study, number, f"Reason {number}.", owner=owner)
    claim = claim_trial(handle, study, owner)
    claim.trial.report(3.5, step=1)
    set_budget(handle, Budget(trials=9, seconds=600))
    with try_lock(handle.folder / SUPERVISOR_LOCK):
        write_state(handle, StateRecord("searching", workers=(7, 8), seconds_used=12.0))
        progress = read_progress(handle)
    assert (progress.state, progress.n_done, progress.n_trials) == ("searching", 1, 9)
    assert (progress.seconds_used, progress.seconds_budget) == (12.0, 600)
    assert progress.workers == 2
    assert [trial.error for trial in progress.failures] == ["Reason 2.", "Reason 1."]
    assert {cell: trial.number for cell, trial in progress.best.items()} == {
        "SimpleRNN": 0
    }
    (now,) = progress.running
    assert (now.number, now.epoch, now.epochs, now.score) == (3, 1, 5, 3.5)
    assert now.cell == claim.params.cell
    assert progress.eta_seconds > 0
    assert len(progress.trials) == 4


def _makespan(seconds, workers):
    """Return when the last of the trials ends if each worker takes the next one."""
    free = [0.0] * workers
    for duration in seconds:
        free.sort()
        free[0] += duration
    return max(free)
