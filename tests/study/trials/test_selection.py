"""The best of each cell, and failures in a row."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.config import CELLS
from search.study.trials.listing import TrialView
from search.study.trials.selection import best_trials, failures_in_a_row


def view(number, state="complete", score=None, cell="GRU", **other):
    other.setdefault("finished", f"2026-01-01T00:{number:02d}:00+00:00")
    return TrialView(number, cell, state, score=score, **other)


def test_best_trials_lowest_score_of_each_cell():
    trials = [
        view(0, score=3.0, cell="LSTM"),
        view(1, score=2.0, cell="GRU"),
        view(2, score=2.5, cell="LSTM"),
        view(3, score=4.0, cell="GRU"),
    ]
    best = best_trials(trials)
    assert {cell: trial.number for cell, trial in best.items()} == {"LSTM": 2, "GRU": 1}
    assert list(best) == ["LSTM", "GRU"]


@pytest.mark.case("T2", "minus infinity stored as complete")
def test_best_trials_only_complete_and_finite():
    trials = [
        view(0, score=5.0),
        view(1, "pruned", 1.0),
        view(2, "failed", 1.0),
        view(3, "running", 1.0),
        view(4, score=-math.inf),
        view(5, score=math.nan),
        view(6, score=None),
    ]
    assert best_trials(trials)["GRU"].number == 0


def test_best_trials_of_equal_scores_the_earlier():
    assert best_trials([view(1, score=1.0), view(0, score=1.0)])["GRU"].number == 0


def test_best_trials_of_nothing():
    assert best_trials([]) == {}


scores = st.one_of(st.none(), st.floats())
views = st.lists(
    st.builds(
        TrialView,
        number=st.integers(0, 99),
        cell=st.sampled_from(CELLS),
        state=st.sampled_from(["complete", "pruned", "failed", "running", "waiting"]),
        score=scores,
    ),
    unique_by=lambda trial: trial.number,
)


@given(views)
def test_best_trials_nothing_complete_is_better(trials):
    best = best_trials(trials)
    for trial in trials:
        if trial.state == "complete" and math.isfinite(trial.score or math.nan):
            assert best[trial.cell].score <= trial.score
    assert all(math.isfinite(trial.score) for trial in best.values())
    assert all(cell == trial.cell for cell, trial in best.items())


@given(views, st.randoms())
def test_best_trials_do_not_depend_on_the_order(trials, random):
    shuffled = list(trials)
    random.shuffle(shuffled)
    assert best_trials(shuffled) == best_trials(trials)


def test_failures_in_a_row_counts_from_the_end():
    trials = [view(0, "failed"), view(1), view(2, "failed"), view(3, "failed")]
    assert failures_in_a_row(trials) == 2


def test_failures_in_a_row_after_a_success():
    assert failures_in_a_row([view(0, "failed"), view(1)]) == 0
    assert failures_in_a_row([view(0, "failed"), view(1, "pruned")]) == 0
    assert failures_in_a_row([]) == 0


def test_failures_in_a_row_by_the_time_of_the_end():
    """Trial 0 took long and succeeded after trial 1 had failed."""
    trials = [view(0, finished="2026-01-01T00:09:00+00:00"), view(1, "failed")]
    assert failures_in_a_row(trials) == 0


def test_failures_in_a_row_leaves_out_what_is_tried_again():
    trials = [view(0, "failed"), view(1, "failed", is_retried=True)]
    assert failures_in_a_row(trials) == 1


def test_failures_in_a_row_leaves_out_what_has_not_ended():
    trials = [view(0, "failed"), view(1, "running"), view(2, "waiting")]
    assert failures_in_a_row(trials) == 1
