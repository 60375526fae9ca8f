"""How trials end: told, late, failed, spooled, reaped."""

import json
import math
import signal
import subprocess
import sys
from dataclasses import replace

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState

from search.config import Budget
from search.errors import StudyCorrupted
from search.study.control import wish
from search.study.optuna_study import open_study
from search.study.trials import outcomes
from search.study.trials.claims import claim_trial
from search.study.trials.listing import read_trials
from search.study.trials.outcomes import (
    ReapedTrial,
    fail_trial,
    finish_trial,
    reap_dead_trials,
    replay_spool,
)
from search.study.trials.owners import Owner, current_owner, owner_of
from search.study.trials.spool import SpoolEntry, TrialRecord, spool_path, write_entry

COMPLETE = TrialRecord("complete", 2.5, (2.0, 3.0), 4, 6, 4321, 1.5, 3.25)


@pytest.fixture
def dead_owner() -> Owner:
    """Return the mark of a process that was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True
    )
    owner = owner_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return owner


def stored(handle, number: int = 0) -> optuna.trial.FrozenTrial:
    return open_study(handle).trials[number]


def test_finish_trial_stores_everything_before_the_end(handle, study):
    owner = current_owner()
    claim = claim_trial(handle, study, owner)
    assert finish_trial(handle, study, claim.trial.number, COMPLETE, owner=owner)
    trial = stored(handle)
    assert (trial.state, trial.value) == (TrialState.COMPLETE, 2.5)
    attributes = dict(trial.user_attrs)
    del attributes["owner"], attributes["seed"]
    assert attributes == {
        "fold_scores": [2.0, 3.0],
        "best_epoch": 4,
        "epochs_run": 6,
        "n_parameters": 4321,
        "seconds_compile": 1.5,
        "seconds_train": 3.25,
    }
    assert not spool_path(handle, 0).exists()


def test_finish_trial_stores_where_the_learning_rate_fell(handle, study):
    owner = current_owner()
    for number, drops in enumerate([(8, 13), ()]):
        record = replace(COMPLETE, rate_drops=drops)
        claim_trial(handle, study, owner)
        assert finish_trial(handle, study, number, record, owner=owner)
        assert read_trials(handle)[number].rate_drops == drops
    assert stored(handle).user_attrs["rate_drops"] == [8, 13]


def test_a_spooled_result_of_before_has_no_drops(handle, study):
    claim = claim_trial(handle, study, current_owner())
    entry = SpoolEntry(handle.uuid, claim.trial.number, current_owner(), COMPLETE)
    path = write_entry(handle, entry)
    document = json.loads(path.read_bytes())
    del document["record"]["rate_drops"]
    path.write_text(json.dumps(document))
    assert replay_spool(handle, study) == [claim.trial.number]
    assert read_trials(handle)[claim.trial.number].rate_drops == ()


def test_finish_trial_pruned_takes_the_last_report(handle, study):
    owner = current_owner()
    claim = claim_trial(handle, study, owner)
    claim.trial.report(9.0, step=1)
    claim.trial.report(8.0, step=2)
    record = replace(COMPLETE, outcome="pruned", score=None)
    assert finish_trial(handle, study, 0, record, owner=owner)
    assert (stored(handle).state, stored(handle).value) == (TrialState.PRUNED, 8.0)


@pytest.mark.case("T2", "infinite, huge, complex or no number as score")
@pytest.mark.parametrize(
    "score", [math.nan, math.inf, -math.inf, 1e308, 1 + 2j, "0.5", None]
)
def test_finish_trial_never_completes_without_a_finite_score(handle, study, score):
    """Optuna accepts minus infinity as complete, and it becomes the best value."""
    owner = current_owner()
    claim_trial(handle, study, owner)
    finish_trial(handle, study, 0, replace(COMPLETE, score=score), owner=owner)
    trial = stored(handle)
    assert trial.state == TrialState.FAIL
    assert trial.user_attrs["error"] == f"The score is not a finite number ({score})."
    assert trial.user_attrs["failure"] == "trial"


def test_finish_trial_refuses_a_fold_that_is_not_finite(handle, study):
    owner = current_owner()
    claim_trial(handle, study, owner)
    record = replace(COMPLETE, fold_scores=(1.0, math.nan))
    finish_trial(handle, study, 0, record, owner=owner)
    assert stored(handle).state == TrialState.FAIL


@pytest.mark.case("K8", "result of a trial that was closed")
def test_finish_trial_late_changes_nothing(handle, study, dead_owner):
    """A worker that slept while its trial was reaped wakes up and tells."""
    claim_trial(handle, study, dead_owner)
    reap_dead_trials(handle, study)
    assert not finish_trial(handle, study, 0, COMPLETE, owner=dead_owner)
    assert stored(handle).state == TrialState.FAIL
    assert not spool_path(handle, 0).exists()


def test_finish_trial_of_another_owner_changes_nothing(handle, study, dead_owner):
    claim_trial(handle, study, current_owner())
    assert not finish_trial(handle, study, 0, COMPLETE, owner=dead_owner)
    assert stored(handle).state == TrialState.RUNNING


def test_finish_trial_of_a_number_that_does_not_exist(handle, study):
    assert not finish_trial(handle, study, 99, COMPLETE, owner=current_owner())


@pytest.mark.sqlite
@pytest.mark.case("S11", "result for a study whose id another one has")
def test_finish_trial_never_writes_into_the_study_that_took_over_the_id(
    make_study, handle, study
):
    """SQLite gives the id of a deleted study to the next one.

    A worker of the deleted study then told its result into trial 0 of the new one.
    """
    owner = current_owner()
    claim_trial(handle, study, owner)
    optuna.delete_study(study_name=handle.optuna_name, storage=study._storage)
    other = make_study()
    other_study = open_study(other)
    assert other_study._study_id == study._study_id
    claim_trial(other, other_study, owner)
    with pytest.raises(StudyCorrupted, match="no longer in the storage"):
        finish_trial(handle, study, 0, COMPLETE, owner=owner)
    assert stored(other).state == TrialState.RUNNING
    assert "best_epoch" not in stored(other).user_attrs


def test_fail_trial_keeps_the_reason(handle, study):
    owner = current_owner()
    claim_trial(handle, study, owner)
    reason = "The loss is not a number at epoch 3."
    assert fail_trial(handle, study, 0, reason, owner=owner)
    assert stored(handle).state == TrialState.FAIL
    assert stored(handle).user_attrs["error"] == reason
    assert len(study.trials) == 3  # the textbook; nothing is queued again


def test_fail_trial_cuts_a_long_reason(handle, study):
    owner = current_owner()
    claim_trial(handle, study, owner)
    fail_trial(handle, study, 0, "x" * 5_000, owner=owner)
    assert len(stored(handle).user_attrs["error"]) == 1_000


def test_failed_trials_do_not_count_against_the_budget(make_study):
    handle = make_study(budget=Budget(trials=1))
    study, owner = open_study(handle), current_owner()
    for number in range(3):
        assert claim_trial(handle, study, owner).trial.number == number
        fail_trial(handle, study, number, "No.", owner=owner)
    assert claim_trial(handle, study, owner).reason == "claimed"


@pytest.mark.case("S6", "storage fails when a result is told")
def test_a_result_survives_a_storage_fault(handle, study, monkeypatch):
    """The training is done, the storage is gone: the result waits in the spool."""
    owner = current_owner()
    claim_trial(handle, study, owner)
    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "call_storage", _fail_storage)
        with pytest.raises(StorageInternalError, match="server went away"):
            finish_trial(handle, study, 0, COMPLETE, owner=owner)
    assert spool_path(handle, 0).exists()
    assert stored(handle).state == TrialState.RUNNING
    assert replay_spool(handle, study) == [0]
    assert (stored(handle).state, stored(handle).value) == (TrialState.COMPLETE, 2.5)
    assert not spool_path(handle, 0).exists()


def test_replay_spool_drops_a_result_that_came_too_late(handle, study):
    owner = current_owner()
    claim_trial(handle, study, owner)
    write_entry(handle, SpoolEntry(handle.uuid, 0, owner, COMPLETE))
    fail_trial(handle, study, 0, "Closed meanwhile.", owner=owner)
    assert replay_spool(handle, study) == []
    assert stored(handle).state == TrialState.FAIL
    assert not spool_path(handle, 0).exists()


def test_replay_spool_keeps_what_it_cannot_read(handle, study):
    torn = spool_path(handle, 0)
    torn.write_bytes(b'{"uuid": "12')
    foreign = SpoolEntry("f" * 32, 1, current_owner(), COMPLETE)
    write_entry(handle, foreign)
    assert replay_spool(handle, study) == []
    assert torn.exists()
    assert spool_path(handle, 1).exists()


@pytest.mark.case("S4", "disk full when the spool is written")
def test_finish_trial_tells_although_the_spool_is_full(handle, study, monkeypatch):
    owner = current_owner()
    claim_trial(handle, study, owner)

    def full(path, record):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("search.study.trials.spool.write_json", full)
    assert finish_trial(handle, study, 0, COMPLETE, owner=owner)


def test_reap_fails_and_queues_a_killed_trial_once(handle, study, dead_owner):
    claim = claim_trial(handle, study, dead_owner)
    assert reap_dead_trials(handle, study) == [ReapedTrial(0, "retried")]
    trials = open_study(handle).trials
    assert trials[0].state == TrialState.FAIL
    assert trials[0].user_attrs["error"] == "The worker was ended from outside."
    assert trials[0].user_attrs["failure"] == "killed"
    retry = trials[-1]
    assert retry.state == TrialState.WAITING
    assert retry.user_attrs == {"retry_of": 0}
    assert retry.system_attrs["fixed_params"] == claim.trial.params
    # The second death of the same configuration is the last one.
    for _ in range(3):  # two textbook configurations wait before it
        retried = claim_trial(handle, study, dead_owner)
    assert retried.params == claim.params
    n_before = len(open_study(handle).trials)
    assert reap_dead_trials(handle, study)[-1] == ReapedTrial(3, "failed")
    assert len(open_study(handle).trials) == n_before


def test_reap_leaves_living_and_foreign_workers_alone(handle, study):
    me = current_owner()
    claim_trial(handle, study, me)
    claim_trial(handle, study, replace(me, host="another-machine"))
    assert reap_dead_trials(handle, study) == []


@pytest.mark.case("K7", "trial of an earlier boot")
def test_reap_closes_trials_of_before_the_power_cut(handle, study):
    claim_trial(handle, study, replace(current_owner(), boot_id="earlier"))
    assert reap_dead_trials(handle, study) == [ReapedTrial(0, "retried")]


@pytest.mark.case("K2", "worker dead between fit and tell")
def test_reap_tells_a_result_that_was_finished(handle, study, dead_owner):
    """Killed between training and telling: nothing is trained twice."""
    claim_trial(handle, study, dead_owner)
    write_entry(handle, SpoolEntry(handle.uuid, 0, dead_owner, COMPLETE))
    assert reap_dead_trials(handle, study) == [ReapedTrial(0, "told")]
    assert (stored(handle).state, stored(handle).value) == (TrialState.COMPLETE, 2.5)
    assert not spool_path(handle, 0).exists()


def test_reap_never_queues_again_what_ran_out_of_memory(handle, study, dead_owner):
    claim_trial(handle, study, dead_owner)
    reaped = reap_dead_trials(
        handle,
        study,
        pid=dead_owner.pid,
        reason="The worker ran out of memory.",
        kind="memory",
    )
    assert reaped == [ReapedTrial(0, "failed")]
    assert stored(handle).user_attrs["failure"] == "memory"
    assert len(study.trials) == 3


def test_reap_of_one_process_leaves_others(handle, study, dead_owner):
    claim_trial(handle, study, dead_owner)
    assert reap_dead_trials(handle, study, pid=dead_owner.pid + 1) == []


def test_a_study_with_killed_workers_reaches_its_exact_total(make_study, dead_owner):
    handle = make_study(budget=Budget(trials=5))
    study, owner = open_study(handle), current_owner()
    for turn in range(20):
        claim = claim_trial(handle, study, dead_owner if turn % 2 else owner)
        if claim.reason == "budget":
            break
        if claim.trial is None or turn % 2:
            reap_dead_trials(handle, study)
        else:
            finish_trial(handle, study, claim.trial.number, COMPLETE, owner=owner)
    states = [trial.state for trial in open_study(handle).trials]
    assert states.count(TrialState.COMPLETE) == 5
    assert TrialState.RUNNING not in states


def test_outcomes_of_a_paused_study_still_count(handle, study):
    owner = current_owner()
    claim_trial(handle, study, owner)
    wish(handle, "pause")
    assert finish_trial(handle, study, 0, COMPLETE, owner=owner)


def _fail_storage(function):
    raise StorageInternalError("server went away")
