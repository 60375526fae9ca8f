"""A narrowed space: what is refused, and that nothing outside is suggested."""

import warnings
from collections import Counter
from dataclasses import replace

import optuna
import pytest
from optuna.distributions import CategoricalDistribution

from search.config import CELLS, Budget
from search.errors import ConfigError, UserInputError
from search.space.lines import Line
from search.space.narrowing import check_narrowed
from search.study.control import read_control
from search.study.optuna_study import open_study
from search.study.steering import (
    current_space,
    enqueue,
    has_room,
    n_trials_needed,
    narrow,
    parse_narrowing,
    queued_trials,
    remove_queued,
    widen,
)
from search.study.studies import first_configurations
from search.study.trials.claims import claim_trial, current_owner, finish_trial
from search.study.trials.listing import read_trials
from search.study.trials.spool import TrialRecord

UNITS = Line("units", choices=(16, 32))
DROPOUT = Line("dropout", low=0.2, high=0.25)
RATE = Line("learning_rate", low=1e-3, high=2e-3, log=True)
FROZEN = Line("layers", low=2, high=2)
NARROWED = (UNITS, DROPOUT, RATE, FROZEN)


@pytest.fixture
def long_study(make_study):
    return make_study(budget=Budget(trials=60))


def run_trials(handle, study, n_trials, *, score=lambda params: params.dropout):
    """Claim and finish trials; return their configurations."""
    owner, configurations = current_owner(), []
    for _ in range(n_trials):
        claim = claim_trial(handle, study, owner)
        assert claim.params is not None
        assert claim.trial is not None
        value = 1.0 + score(claim.params)
        record = TrialRecord("complete", value, (value,), 1, 1, 10, 0.0, 0.0)
        finish_trial(handle, study, claim.trial.number, record, owner=owner)
        configurations.append(claim.params)
    return configurations


def is_inside(params, lines=NARROWED):
    return all(line.contains(getattr(params, line.name)) for line in lines)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (Line("units", choices=(16, 24)), "inside 16, 32, 64, 128 only, got 24"),
        (Line("units", low=16, high=64), "give the values that stay"),
        (Line("dropout", low=0.2, high=0.6), "inside 0.0 to 0.5 only, got 0.6"),
        (Line("layers", choices=(4,)), "inside 1 to 3 only, got 4"),
        (Line("learning_rate", low=1e-3, high=5e-3), "must keep its step and scale"),
        (Line("cell", choices=("GRU",)), "`cell` cannot be narrowed"),
        (Line("optimizer", choices=("sgd",)), "fixed at adam"),
    ],
)
def test_check_narrowed_refuses(settings, line, message):
    with pytest.raises(ConfigError, match=message):
        check_narrowed(settings.space, line)


def test_check_narrowed_knows_the_steps_of_a_range(settings):
    space = settings.space.with_line(Line("units", low=16, high=64, step=16))
    check_narrowed(space, Line("units", low=32, high=48, step=16))
    with pytest.raises(ConfigError, match="in steps of 16 only, got 24"):
        check_narrowed(space, Line("units", low=24, high=48, step=16))


def test_the_ends_of_a_range_stay_where_its_step_does_not_divide_it(settings):
    """The low end of 10 to 100 in steps of 16 could not be raised: 100 was refused."""
    space = settings.space.with_line(Line("units", low=10, high=100, step=16))
    check_narrowed(space, Line("units", low=26, high=100, step=16))
    with pytest.raises(ConfigError, match="in steps of 16 only, got 99"):
        check_narrowed(space, Line("units", low=26, high=99, step=16))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("units=16..64", Line("units", choices=(16, 32, 64))),
        ("dropout = 0.1..0.2", Line("dropout", low=0.1, high=0.2)),
        ("dropout=0.1", Line("dropout", choices=(0.1,))),
        ("framing=last_value", Line("framing", choices=("last_value",))),
    ],
)
def test_parse_narrowing(settings, words, line):
    assert parse_narrowing(settings.space, words) == line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("units", "write NAME=VALUE"),
        ("width=3", "`width` is not a hyperparameter"),
        ("units=many", "must be a whole number, got 'many'"),
        ("framing=x", "must be one of none"),
        ("framing=none..last_value", "`framing` has no range"),
        ("units=20..30", "no value between 20"),
    ],
)
def test_parse_narrowing_says_what_is_wrong(settings, words, message):
    with pytest.raises(ConfigError, match=message):
        parse_narrowing(settings.space, words)


@pytest.mark.parametrize("n_before", [0, 20])
def test_every_new_trial_lies_inside_and_nobody_warns(long_study, n_before):
    """With 0 trials before, the textbook configurations still wait in the queue.

    They are random at first and come from the model later; both stay inside.
    """
    study = open_study(long_study)
    before = run_trials(long_study, study, n_before)
    narrow(long_study, NARROWED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after = run_trials(long_study, study, 30)
    assert all(is_inside(params) for params in after)
    assert not all(is_inside(params) for params in before[3:]) or not before
    counts = Counter(params.cell for params in (*before, *after))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_narrowed_choice_keeps_its_distribution_in_optuna(long_study):
    study = open_study(long_study)
    run_trials(long_study, study, 4)
    narrow(long_study, NARROWED)
    run_trials(long_study, study, 15)
    found = {str(trial.distributions) for trial in study.get_trials()}
    assert len(found) == 1
    units = study.get_trials()[-1].distributions["units"]
    assert units == CategoricalDistribution((16, 32, 64, 128))


def test_the_sampler_learns_from_trials_of_before_the_narrowing(long_study):
    """Dropout 0.2 to 0.5 is the worse the larger, so the low end is tried most."""
    study = open_study(long_study)
    run_trials(long_study, study, 25, score=lambda params: 10 * params.dropout)
    narrow(long_study, [Line("dropout", low=0.2, high=0.5)])
    after = run_trials(long_study, study, 20, score=lambda params: 10 * params.dropout)
    assert all(0.2 <= params.dropout <= 0.5 for params in after)
    assert sum(params.dropout < 0.35 for params in after) >= 15


def test_a_single_value_of_a_range_freezes_it(long_study):
    narrow(long_study, [Line("dropout", choices=(0.25,)), Line("layers", choices=(2,))])
    lines = read_control(long_study).narrowed
    assert lines == (FROZEN, Line("dropout", low=0.25, high=0.25))
    assert [line.words for line in lines] == ["2", "0.25"]
    done = run_trials(long_study, open_study(long_study), 15)
    assert {(params.layers, params.dropout) for params in done} == {(2, 0.25)}


def test_some_values_of_a_range_stay(long_study):
    narrow(long_study, [Line("layers", choices=(1, 3))])
    done = run_trials(long_study, open_study(long_study), 20)
    assert {params.layers for params in done} == {1, 3}


def test_widening_back_reaches_the_whole_space_again(long_study):
    study = open_study(long_study)
    narrow(long_study, NARROWED)
    run_trials(long_study, study, 6)
    widen(long_study, ["dropout"])
    assert current_space(long_study)["dropout"].values == (0.0, 0.5)
    assert current_space(long_study)["units"] == UNITS
    widen(long_study)
    assert read_control(long_study).narrowed == ()
    wide = run_trials(long_study, study, 25)
    assert {params.units for params in wide} > {16, 32}


def test_the_history_says_what_was_changed_and_survives_a_restart(long_study):
    narrow(long_study, [UNITS, DROPOUT])
    narrow(long_study, [UNITS], by="command line")  # no change, no note
    widen(long_study, by="command line")
    number = enqueue(long_study, {"units": 64})
    remove_queued(long_study, number)
    history = read_control(long_study).history
    assert [(note.kind, note.by) for note in history] == [
        ("narrow", "page"),
        ("narrow", "page"),
        ("widen", "command line"),
        ("widen", "command line"),
        ("queue", "page"),
        ("unqueue", "page"),
    ]
    assert history[0].line == UNITS
    assert history[2].line == long_study.settings.space["units"]
    assert history[-1].trial == number
    assert all(note.when.endswith("+00:00") for note in history)


def test_narrow_changes_nothing_where_one_line_is_refused(long_study):
    with pytest.raises(ConfigError):
        narrow(long_study, [UNITS, Line("dropout", low=0.2, high=0.9)])
    assert read_control(long_study).narrowed == ()
    assert read_control(long_study).history == ()


def test_choices_come_in_the_order_of_the_settings(long_study):
    narrow(long_study, [Line("units", choices=(32, 16))])
    assert read_control(long_study).narrowed == (UNITS,)
    narrow(long_study, [Line("units", choices=(128, 64, 32, 16))])
    assert read_control(long_study).narrowed == ()


def test_what_a_person_asked_for_is_tried_as_it_is(long_study):
    study = open_study(long_study)
    run_trials(long_study, study, len(first_configurations(long_study.settings)))
    narrow(long_study, NARROWED)
    enqueue(long_study, {"units": 128, "dropout": 0.5})
    (asked,) = run_trials(long_study, study, 1)
    assert (asked.units, asked.dropout) == (128, 0.5)
    assert 1e-3 <= asked.learning_rate <= 2e-3
    assert asked.layers == 2


def test_configurations_of_the_settings_count_as_asked_for(make_study):
    handle = make_study(enqueue=({"cell": "GRU", "units": 128},))
    narrow(handle, [UNITS])
    first, *rest = read_trials(handle)
    assert first.is_asked
    assert not any(trial.is_asked for trial in rest)
    done = run_trials(handle, open_study(handle), 4)
    assert done[0].units == 128
    assert {params.units for params in done[1:]} <= {16, 32}


def test_what_a_person_asked_for_is_tried_before_the_first_configurations(
    long_study,
):
    study = open_study(long_study)
    run_trials(long_study, study, 1)
    numbers = [enqueue(long_study, {"units": units}) for units in (128, 16)]
    waiting = [trial.number for trial in queued_trials(read_trials(long_study))]
    assert waiting[:3] == [*numbers, 1]
    claims = []
    for _ in range(3):
        claim = claim_trial(long_study, open_study(long_study), current_owner())
        claims.append((claim.trial.number, claim.params.units))
        record = TrialRecord("complete", 1.0, (1.0,), 1, 1, 10, 0.0, 0.0)
        assert finish_trial(
            long_study, study, claims[-1][0], record, owner=current_owner()
        )
    assert claims[:2] == [(numbers[0], 128), (numbers[1], 16)]
    assert claims[2][0] == 1
    trials = read_trials(long_study)
    assert [trials[number].state for number in (*numbers, 1)] == ["complete"] * 3


def test_has_room():
    room = [
        has_room(Budget(trials, seconds), n_done=3, seconds_used=10.0)
        for trials, seconds in (
            (4, None),
            (3, None),
            (4, 10.0),
            (None, 11.0),
            (3, 11.0),
        )
    ]
    assert room == [True, False, False, True, False]


def test_a_removed_configuration_never_runs_and_is_no_failure(make_study):
    handle = make_study(budget=Budget(trials=4))
    number = enqueue(handle, {"cell": "LSTM", "units": 128})
    remove_queued(handle, 1)
    trials = read_trials(handle)
    assert trials[1].state == "removed"
    assert trials[1].failure is None
    assert [trial.number for trial in queued_trials(trials)] == [3, 0, 2]
    study = open_study(handle)
    run_trials(handle, study, 4)
    assert claim_trial(handle, study, current_owner()).reason == "budget"
    assert read_trials(handle)[number].params["units"] == 128
    states = Counter(trial.state for trial in read_trials(handle))
    assert states == {"complete": 4, "removed": 1}


def test_remove_queued_refuses_what_does_not_wait(long_study):
    run_trials(long_study, open_study(long_study), 1)
    with pytest.raises(UserInputError, match="Trial 0 does not wait any more"):
        remove_queued(long_study, 0)
    with pytest.raises(UserInputError, match="no trial 77"):
        remove_queued(long_study, 77)


def test_n_trials_needed_counts_what_waits_and_leaves_failures_out(make_study):
    handle = make_study(budget=Budget(trials=3))
    assert n_trials_needed(read_trials(handle)) == 3
    enqueue(handle, {})
    remove_queued(handle, 0)
    assert n_trials_needed(read_trials(handle)) == 3
    run_trials(handle, open_study(handle), 3)
    assert n_trials_needed(read_trials(handle)) == 3
    enqueue(handle, {})
    assert n_trials_needed(read_trials(handle)) == 4


def test_a_study_of_one_cell_can_be_narrowed(make_study, one_cell):
    handle = make_study(space=one_cell.space, budget=Budget(trials=20))
    narrow(handle, [UNITS])
    done = run_trials(handle, open_study(handle), 20)
    assert {params.units for params in done} <= {16, 32}
    assert {params.cell for params in done} == {"GRU"}


def test_the_sampler_may_choose_the_cell_of_a_narrowed_study(make_study, settings):
    training = replace(settings.training, balance="sampler")
    handle = make_study(training=training, budget=Budget(trials=25))
    narrow(handle, NARROWED)
    done = run_trials(handle, open_study(handle), 25)
    assert all(is_inside(params) for params in done)
    assert {params.cell for params in done} <= set(CELLS)


def test_values_that_differ_by_rounding_still_lie_inside(long_study):
    """A log range returns e**log(x), which can miss its end by the last bit."""
    low = 1.0000000000000002e-3
    narrow(long_study, [Line("learning_rate", low=low, high=low * 1.1, log=True)])
    done = run_trials(long_study, open_study(long_study), 20)
    assert all(low <= params.learning_rate <= low * 1.1 for params in done)
    assert optuna.logging.get_verbosity() >= optuna.logging.WARNING
