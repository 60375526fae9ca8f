"""Trials of other machines: given up when they fall silent, never by a clock."""

from dataclasses import replace

import pytest
from optuna.trial import TrialState

from search.study.control import wish
from search.study.optuna_study import open_study
from search.study.studies import create_study
from search.study.trials.claims import claim_trial, current_owner, finish_trial
from search.study.trials.leases import (
    SilenceWatch,
    give_sign,
    needs_signs,
    reap_silent_trials,
)
from search.study.trials.outcomes import TrialRecord

RECORD = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def looks(watch: SilenceWatch, clock: Clock, seconds: int, sign: object) -> set[int]:
    """Look once a second; return what is silent at the end."""
    silent: set[int] = set()
    for _ in range(seconds):
        clock.now += 1.0
        silent = watch.silent({7: sign})
    return silent


def test_a_sign_that_stays_the_same_is_silence_after_the_grace():
    clock = Clock()
    watch = SilenceWatch(10.0, clock)
    assert looks(watch, clock, 11, "a") == set()
    assert looks(watch, clock, 1, "a") == {7}


def test_a_new_sign_begins_the_grace_again_whatever_it_says():
    clock = Clock()
    watch = SilenceWatch(10.0, clock)
    assert looks(watch, clock, 9, "12:00") == set()
    assert looks(watch, clock, 11, "11:50") == set()  # a clock that was set back
    assert looks(watch, clock, 1, "11:50") == {7}


def test_a_worker_that_never_gave_a_sign_is_silent_too():
    clock = Clock()
    watch = SilenceWatch(10.0, clock)
    assert looks(watch, clock, 12, None) == {7}


def test_time_in_which_nobody_looked_does_not_count():
    """The storage was down for an hour: nobody could give a sign then."""
    clock = Clock()
    watch = SilenceWatch(10.0, clock)
    looks(watch, clock, 3, "a")
    clock.now += 3600.0
    assert watch.silent({7: "a"}) == set()
    assert looks(watch, clock, 10, "a") == set()
    assert looks(watch, clock, 1, "a") == {7}


def test_sqlite_needs_no_signs(handle, study):
    assert not needs_signs(handle)
    assert reap_silent_trials(handle, study, SilenceWatch()) == []


@pytest.fixture
def shared(server_environment, settings, series):
    handle = create_study(server_environment, settings, series)
    wish(handle, "run")
    return handle


def test_a_silent_machine_loses_its_trial_and_its_late_result(shared):
    study, elsewhere = open_study(shared), replace(current_owner(), host="elsewhere")
    number = claim_trial(shared, study, elsewhere).trial.number
    clock = Clock()
    watch = SilenceWatch(10.0, clock)
    for _ in range(4):
        assert reap_silent_trials(shared, study, watch) == []
        clock.now += 3.0
    [reaped] = reap_silent_trials(shared, study, watch)
    assert (reaped.number, reaped.fate) == (number, "retried")
    trial = open_study(shared).trials[number]
    assert trial.state == TrialState.FAIL
    assert trial.user_attrs["error"] == (
        "Its machine gave no sign of life for 10 seconds."
    )
    assert not finish_trial(shared, study, number, RECORD, owner=elsewhere)
    retries = [trial.user_attrs.get("retry_of") for trial in study.trials]
    assert retries.count(number) == 1


def test_a_machine_that_gives_signs_keeps_its_trial(shared):
    study, elsewhere = open_study(shared), replace(current_owner(), host="elsewhere")
    claim = claim_trial(shared, study, elsewhere)
    clock = Clock()
    watch = SilenceWatch(10.0, clock)
    for turn in range(9):
        if turn % 3 == 0:
            give_sign(study, claim.trial._trial_id)
        clock.now += 3.0
        assert reap_silent_trials(shared, study, watch) == []
    assert finish_trial(shared, study, claim.trial.number, RECORD, owner=elsewhere)


def test_trials_of_this_machine_need_no_signs(shared):
    """Their process is looked up instead, which is faster and never wrong."""
    study = open_study(shared)
    claim_trial(shared, study, current_owner())
    clock = Clock()
    watch = SilenceWatch(10.0, clock)
    for _ in range(5):
        clock.now += 3.0
        assert reap_silent_trials(shared, study, watch) == []
