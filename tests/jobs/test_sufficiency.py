"""A study that stops by itself, and one that goes on afterwards."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from search.analysis import enough
from search.config import Budget
from search.jobs import supervisor
from search.jobs.sufficiency import Sufficiency
from search.jobs.supervisor import supervise
from search.study.control import (
    State,
    StateRecord,
    read_state,
    set_budget,
    wish,
    write_state,
    written_state,
)
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.trials.claims import claim_trial, current_owner
from search.study.trials.listing import TrialView, read_trials
from tests.jobs.conftest import QUICK, Once

MakeStudy = Callable[..., StudyHandle]
CELLS = ("GRU",)
EARLY = Budget(trials=60, stop_early=True)


def same(n_trials: int) -> tuple[TrialView, ...]:
    return tuple(
        TrialView(n, "GRU", "complete", score=1.0, finished=f"{n:03d}")
        for n in range(n_trials)
    )


def test_sufficiency_is_silent_unless_it_is_wanted() -> None:
    judge = Sufficiency(CELLS, n_before=0)
    assert judge.reason(same(40), Budget(60)) == ""
    assert judge.reason(same(40), EARLY).startswith("Stopped by itself after 40 of 60")


def test_a_decision_stands_while_running_trials_end_but_not_under_another_budget() -> (
    None
):
    judge = Sufficiency(CELLS, n_before=0)
    reason = judge.reason(same(40), EARLY)
    better = TrialView(40, "GRU", "complete", score=0.5, finished="040")
    assert judge.reason((*same(40), better), EARLY) == reason
    assert judge.reason((*same(40), better), Budget(61, stop_early=True)) == ""


def test_what_waits_in_the_queue_is_tried_first() -> None:
    judge = Sufficiency(CELLS, n_before=0)
    waiting = TrialView(40, "GRU", "waiting")
    assert judge.reason((*same(40), waiting), EARLY) == ""
    assert judge.reason(same(41), EARLY)


@pytest.fixture
def soon_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search be enough as soon as it is judged, after a few trials."""
    monkeypatch.setattr(enough, "FEWEST_DONE", 3)
    monkeypatch.setattr(enough, "FEWEST_COMPLETE", 2)
    monkeypatch.setattr(enough, "WINDOW_PER_CELL", 2)
    monkeypatch.setattr(enough, "SHORTEST_WINDOW", 6)
    monkeypatch.setattr(enough, "SMALL_GAIN", 1.0)
    monkeypatch.setattr(enough, "SMALL_CHANCE", 1.1)


@pytest.mark.usefixtures("without_winners", "soon_enough")
def test_a_study_stops_by_itself_and_goes_on_when_it_is_asked_to(
    make_study: MakeStudy,
) -> None:
    handle = make_study(budget=Budget(trials=30, stop_early=True))

    assert supervise(handle, limits=QUICK) == "finished"
    state = read_state(handle)
    assert state.is_enough
    assert "of 30 trials: in the last 6 the best score" in state.message
    trials = read_trials(handle)
    n_first = len(trials)
    assert 9 <= n_first <= 14
    assert {trial.state for trial in trials} == {"complete"}
    # Also a worker that somebody starts by hand finds nothing to do.
    claim = claim_trial(handle, open_study(handle), current_owner())
    assert claim.reason == "budget"

    # Going on means a whole window before it is judged again.
    wish(handle, "run")
    assert supervise(handle, limits=QUICK) == "finished"
    assert n_first + 7 <= len(read_trials(handle)) <= n_first + 12

    set_budget(handle, Budget(trials=30))
    wish(handle, "run")
    assert supervise(handle, limits=QUICK) == "finished"
    assert len(read_trials(handle)) == 30
    assert not read_state(handle).is_enough


@pytest.mark.usefixtures("without_winners", "soon_enough")
@pytest.mark.parametrize("state", ["interrupted", "refitting", "failed"])
def test_what_ends_the_refit_does_not_begin_the_search_anew(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    """A whole window of trials followed, because the judgement began anew."""
    handle = make_study(budget=Budget(trials=40, stop_early=True))
    with monkeypatch.context() as patch:
        end = lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM)  # noqa: E731
        patch.setattr(supervisor, "refit_cells", end)
        assert supervise(handle, limits=QUICK) == "interrupted"
    written = written_state(handle) or StateRecord()
    assert written.is_enough
    write_state(handle, replace(written, state=state, revision=None))
    n_trials = len(read_trials(handle))

    wish(handle, "run")
    assert supervise(handle, limits=QUICK) == "finished"
    assert len(read_trials(handle)) == n_trials
    assert read_state(handle).is_enough
    assert read_state(handle).judged_from == 0


@pytest.mark.usefixtures("without_winners", "soon_enough")
def test_a_search_that_ends_by_its_budget_after_all_is_not_called_enough(
    make_study: MakeStudy,
) -> None:
    handle = make_study(budget=Budget(trials=40, stop_early=True))
    lower = Once(
        lambda one: one.is_enough,
        lambda one: set_budget(handle, Budget(one.n_done, stop_early=True)),
    )
    assert supervise(handle, on_progress=lower, limits=QUICK) == "finished"
    assert lower.happened
    assert not read_state(handle).is_enough
