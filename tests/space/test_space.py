"""Lines, spaces and the JSON they are read from."""

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.config import CELLS, Roles, Task
from search.errors import ConfigError
from search.space.defaults import default_space
from search.space.file import parse_space
from search.space.lines import LIMITS, Line, Space, TrialParams

ROLES = Roles(targets=("a",), calendar=("month",))
SPACE = default_space(2_000, ROLES, Task(horizon=3, holdout=100, season=12)).with_line(
    Line("units", low=16, high=128, step=16)
)


def fixed_trial(**params):
    return optuna.trial.FixedTrial(params)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "lookback", "choices": (1,)}, "`lookback` is not a hyperparameter"),
        ({"name": "units"}, "either choices or a range"),
        ({"name": "units", "low": 1}, "either choices or a range"),
        ({"name": "units", "choices": (8,), "low": 1, "high": 2}, "either choices"),
        ({"name": "units", "choices": (8.5,)}, "must be a whole number, got 8.5"),
        ({"name": "units", "choices": ("8",)}, "must be a whole number, got '8'"),
        ({"name": "units", "choices": (True,)}, "must be a whole number, got True"),
        ({"name": "units", "choices": (0,)}, "must lie between 1 and 512, got 0"),
        ({"name": "units", "low": 64, "high": 16}, "runs from 64 to 16"),
        ({"name": "units", "low": 16, "high": 64, "step": 0}, "step of at least 1"),
        ({"name": "dropout", "low": 0.0, "high": 0.5, "log": True}, "start above 0"),
        ({"name": "dropout", "choices": (float("nan"),)}, "must lie between 0 and 0.9"),
        ({"name": "units", "choices": (float("nan"),)}, "must be a whole number"),
        ({"name": "units", "choices": (float("inf"),)}, "must be a whole number"),
        ({"name": "cell", "choices": ("Elman",)}, "one of SimpleRNN, LSTM, GRU"),
        ({"name": "architecture", "choices": (1,)}, "one of stacked, .*, got 1"),
        ({"name": "cell", "low": 1, "high": 2}, "must be one of SimpleRNN"),
        ({"name": "units", "choices": (16, 32, 16)}, "`units` has 16 twice"),
        ({"name": "units", "low": 1, "high": 9, "log": True, "step": 2}, "step of 1"),
    ],
)
def test_line_refuses(arguments, message):
    with pytest.raises(ConfigError, match=message):
        Line(**arguments)


@pytest.mark.parametrize("name", list(LIMITS))
def test_line_accepts_its_limits(name):
    limits = LIMITS[name]
    if limits.kind == "choice":
        assert Line(name, choices=limits.choices).values == limits.choices
    else:
        assert Line(name, low=limits.low, high=limits.high).values == (
            limits.low,
            limits.high,
        )


def test_line_fixed_and_searched():
    assert Line("units", choices=(32,)).is_fixed
    assert Line("units", low=32, high=32).is_fixed
    assert not Line("units", choices=(32, 64)).is_fixed
    assert not Line("units", low=16, high=64).is_fixed


def test_line_values_of_an_integer_range_are_integers():
    low, high = Line("units", low=16.0, high=64.0).values
    assert (type(low), type(high)) == (int, int)


def test_space_needs_every_line_once():
    with pytest.raises(ConfigError, match="exactly these lines in this order"):
        Space(SPACE.lines[1:])


def test_space_with_line_replaces_one():
    changed = SPACE.with_line(Line("units", choices=(8,)))
    assert changed["units"].values == (8,)
    assert changed["layers"] == SPACE["layers"]
    assert SPACE["units"].values == (16, 128)


def test_space_cells_in_their_usual_order():
    space = SPACE.with_line(Line("cell", choices=("GRU", "SimpleRNN")))
    assert space.cells == ("SimpleRNN", "GRU")


def test_space_first_origin_is_the_most_demanding():
    lengths = Line("sequence_length", choices=(6, 48, 12))
    framings = Line("framing", choices=("none", "seasonal"))
    space = SPACE.with_line(lengths).with_line(Line("framing", choices=("none",)))
    assert space.first_origin(12) == 48
    assert space.with_line(framings).first_origin(12) == 60


def test_space_suggest_asks_only_for_what_is_searched():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    trial = study.ask()
    params = SPACE.suggest(trial)
    searched = {line.name for line in SPACE.lines if not line.is_fixed}
    assert set(trial.params) == searched
    assert params.batch_size == SPACE["batch_size"].values[0]
    assert SPACE.complete(trial.params) == params


def test_space_suggest_within_the_lines():
    space = SPACE.with_line(Line("units", low=16, high=64, step=16))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    seen = {space.suggest(study.ask()).units for _ in range(40)}
    assert seen == {16, 32, 48, 64}


def test_space_suggest_integers_on_a_logarithmic_scale():
    space = SPACE.with_line(Line("units", low=1, high=512, log=True))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    units = [space.suggest(study.ask()).units for _ in range(60)]
    assert sum(value < 23 for value in units) > 15
    assert all(isinstance(value, int) for value in units)


def test_space_complete_fills_the_fixed_values():
    space = SPACE
    for name, value in (("units", 24), ("layers", 2), ("dropout", 0.25)):
        space = space.with_line(Line(name, choices=(value,)))
    params = space.complete({"cell": "GRU", "sequence_length": 6})
    assert (params.cell, params.units, params.layers, params.dropout) == (
        "GRU",
        24,
        2,
        0.25,
    )
    assert isinstance(params, TrialParams)


def test_space_complete_refuses_what_is_no_configuration():
    with pytest.raises(ConfigError, match="cannot be used"):
        SPACE.complete({"cell": "Elman"})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lookback": 3}, "`lookback` is not a hyperparameter"),
        ({"units": 300}, r"`units` = 300 lies outside the search space \(16 to 128\)"),
        ({"units": 1_000}, "must lie between 1 and 512"),
        ({"units": "many"}, "must be a whole number"),
        ({"scaler": "minmax"}, r"outside the search space \(standard, robust\)"),
        ({"dropout": 0.6}, r"outside the search space \(0.0 to 0.5\)"),
    ],
)
def test_check_configuration_refuses(params, message):
    with pytest.raises(ConfigError, match=message):
        SPACE.check_configuration(params)


def test_check_configuration_accepts_ends_and_nothing():
    SPACE.check_configuration({})
    SPACE.check_configuration({"units": 128, "dropout": 0, "cell": "LSTM"})


def test_check_configuration_accepts_integers_between_the_steps():
    SPACE.check_configuration({"units": 50})


configurations = st.fixed_dictionaries(
    {
        "cell": st.sampled_from(CELLS),
        "units": st.sampled_from(range(16, 129, 16)),
        "layers": st.integers(1, 3),
        "dropout": st.floats(0.0, 0.5),
        "learning_rate": st.floats(1e-4, 1e-2),
    }
)


@given(configurations)
def test_accepted_configurations_are_what_the_trial_gets(params):
    """What passes the check comes out of a queued trial unchanged."""
    SPACE.check_configuration(params)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial(params)
    got = SPACE.suggest(study.ask())
    assert {name: getattr(got, name) for name in params} == params


def test_parse_space_reads_ranges_choices_and_fixed_values():
    document = b"""{
        "units": {"low": 16, "high": 64, "step": 16},
        "framing": {"choices": ["none", "last_value"]},
        "dropout": 0.2,
        "architecture": "attention",
        "learning_rate": {"low": 0.001, "high": 0.01, "log": true}
    }"""
    space = parse_space(document, SPACE)
    assert space["units"] == Line("units", low=16, high=64, step=16)
    assert space["framing"].choices == ("none", "last_value")
    assert space["dropout"].values == (0.2,)
    assert space["architecture"].values == ("attention",)
    assert space["learning_rate"].log
    assert space["cell"] == SPACE["cell"]


def test_parse_space_of_nothing_is_the_base():
    assert parse_space(b"{}", SPACE) == SPACE


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"units: 3", "not valid JSON"),
        (b"[1, 2]", "not valid JSON"),
        (b'{"units": null}', "not valid JSON"),
        (b'{"lookback": 3}', "`lookback` is not a hyperparameter"),
        (b'{"units": {"minimum": 3}}', "unknown setting minimum"),
        (b'{"units": {"low": 64, "high": 16}}', "runs from 64 to 16"),
        (b'{"units": {"low": "a", "high": 16}}', "`units` cannot be read"),
        (b'{"units": {"choices": 16}}', "`units` cannot be read"),
        (b'{"units": {"choices": []}}', "either choices or a range"),
        (b'{"units": {}}', "either choices or a range"),
        (b'{"units": 0}', "must lie between 1 and 512, got 0"),
    ],
)
def test_parse_space_refuses(document, message):
    with pytest.raises(ConfigError, match=message):
        parse_space(document, SPACE)
