"""Wishes, states and what they mean together."""

from dataclasses import replace

import pytest

from search.config import Budget
from search.errors import ConfigError, StudyCorrupted
from search.locks import try_lock
from search.study.control import (
    Control,
    StateRecord,
    effective_state,
    needs_supervisor,
    read_control,
    read_state,
    set_archived,
    set_budget,
    wish,
    write_state,
)
from search.study.folders import SUPERVISOR_LOCK
from search.study.steering import enqueue

BUDGET = Budget(trials=5)


@pytest.fixture
def fresh(make_study):
    return make_study(is_running=False)


def test_read_control_of_a_new_study(fresh):
    assert read_control(fresh) == Control("pause", Budget(trials=6))


def test_wish_counts_revisions_and_keeps_the_rest(fresh):
    set_budget(fresh, BUDGET)
    set_archived(fresh, True)
    wish(fresh, "run")
    control = wish(fresh, "stop")
    assert (control.wish, control.revision) == ("stop", 2)
    assert (control.budget, control.archived) == (BUDGET, True)
    assert read_control(fresh) == control
    assert control.updated.endswith("+00:00")


def test_read_control_damaged(fresh):
    (fresh.folder / "control.json").write_text('{"wish": "fly"}')
    with pytest.raises(StudyCorrupted, match=r"control\.json is damaged"):
        read_control(fresh)


def test_read_state_damaged(fresh):
    (fresh.folder / "state.json").write_text("half a rec")
    with pytest.raises(StudyCorrupted, match=r"state\.json is damaged"):
        read_state(fresh)


def test_read_state_of_a_new_study_is_waiting(fresh):
    assert read_state(fresh) == StateRecord("waiting")
    assert not needs_supervisor(fresh)


def test_read_state_under_a_supervisor(fresh):
    wish(fresh, "run")
    assert needs_supervisor(fresh)
    with try_lock(fresh.folder / SUPERVISOR_LOCK):
        write_state(fresh, StateRecord("searching", workers=(4, 5), seconds_used=9.5))
        state = read_state(fresh)
        assert (state.state, state.workers, state.seconds_used) == (
            "searching",
            (4, 5),
            9.5,
        )
        assert state.revision == 1
        assert not needs_supervisor(fresh)
    assert read_state(fresh).state == "interrupted"
    assert needs_supervisor(fresh)


RUN, PAUSE, STOP = (
    Control(word, BUDGET, revision=3)  # type: ignore[arg-type]
    for word in ("run", "pause", "stop")
)


@pytest.mark.parametrize(
    ("record", "control", "expected"),
    [
        # Its supervisor died.
        (StateRecord("searching", revision=3), RUN, "interrupted"),
        (StateRecord("refitting", revision=3), RUN, "interrupted"),
        # It died while it obeyed: the study is where the user wanted it.
        (StateRecord("pausing", revision=3), PAUSE, "paused"),
        (StateRecord("searching", revision=2), PAUSE, "paused"),
        (StateRecord("searching", revision=2), STOP, "stopped"),
        # At rest.
        (StateRecord("paused", revision=3), PAUSE, "paused"),
        (StateRecord("finished", revision=3), RUN, "finished"),
        (StateRecord("failed", revision=3), RUN, "failed"),
        (StateRecord("stopped", revision=3), STOP, "stopped"),
        # Asked to run again; nobody has taken it up yet.
        (StateRecord("paused", revision=2), RUN, "waiting"),
        (StateRecord("finished", revision=2), RUN, "waiting"),
        (StateRecord("interrupted", revision=2), RUN, "waiting"),
        (None, RUN, "waiting"),
    ],
)
def test_effective_state_without_a_supervisor(record, control, expected):
    assert effective_state(record, control, is_supervised=False).state == expected


def test_effective_state_names_no_dead_processes():
    record = StateRecord("searching", supervisor_pid=7, workers=(8,), revision=3)
    state = effective_state(record, RUN, is_supervised=False)
    assert (state.supervisor_pid, state.workers) == (None, ())
    assert "can be resumed" in state.message


@pytest.mark.parametrize("state", ["finished", "stopped", "paused", "failed"])
def test_effective_state_waits_for_a_supervisor_that_has_not_written_yet(state):
    """More budget on a finished study said `finished` until the supervisor wrote."""
    record = StateRecord(state=state, revision=1)
    control = replace(RUN, revision=2)
    assert effective_state(record, control, is_supervised=True).state == "waiting"


def test_effective_state_believes_a_living_supervisor():
    record = StateRecord("pausing", revision=1)
    assert effective_state(record, RUN, is_supervised=True) is record


def test_write_state_keeps_the_revision_that_was_answered(fresh):
    """A wish that comes while a supervisor ends must not count as answered."""
    wish(fresh, "run")
    seen = read_control(fresh).revision
    wish(fresh, "run")
    write_state(fresh, StateRecord("finished", revision=seen))
    assert read_state(fresh).state == "waiting"
    assert needs_supervisor(fresh)


@pytest.mark.parametrize("state", ["finished", "failed", "stopped", "paused"])
def test_needs_supervisor_leaves_what_rests(fresh, state):
    wish(fresh, "run")
    write_state(fresh, StateRecord(state))
    assert not needs_supervisor(fresh)


def test_enqueue_refuses_what_the_space_cannot_hold(fresh):
    with pytest.raises(ConfigError, match="lies outside the search space"):
        enqueue(fresh, {"units": 500})
