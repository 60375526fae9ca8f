"""What a study tries first."""

from itertools import combinations, product

import pytest

from search.config import CELLS, Roles, Task
from search.space.defaults import default_space
from search.space.lines import Line, Space
from search.space.starting import (
    SPREAD,
    starting_configurations,
    textbook_configurations,
)

ROLES = Roles(targets=("a",))


@pytest.fixture
def seasonal() -> Space:
    """Return a space in which all that decides is searched."""
    roles = Roles(targets=("a",), calendar=("hour",))
    return default_space(2_000, roles, Task(horizon=2, holdout=40, season=12))


def test_first_trials_spread_over_what_decides(seasonal):
    """Of 57 pairs of values, nine trials that begin with the textbook leave two."""
    starts = starting_configurations(seasonal, 60)
    wanted, met = set(), set()
    for one, other in combinations(("cell", *SPREAD), 2):
        wanted |= set(
            product([one], seasonal[one].values, [other], seasonal[other].values)
        )
        met |= {(one, params[one], other, params[other]) for params in starts}
    assert len(wanted) == 57
    assert len(wanted - met) <= 2
    for name in SPREAD:
        assert {params[name] for params in starts} == set(seasonal[name].values)


def test_first_trials_are_as_many_for_each_cell(seasonal):
    cells = [params["cell"] for params in starting_configurations(seasonal, 60)]
    assert cells == 3 * list(CELLS)


def test_first_trials_begin_with_the_textbook_and_differ(seasonal):
    starts = starting_configurations(seasonal, None)
    assert starts[:3] == textbook_configurations(seasonal)
    assert len({tuple(params.items()) for params in starts}) == len(starts)
    for params in starts:
        seasonal.check_configuration(params)


@pytest.mark.parametrize(("trials", "n_starts"), [(3, 3), (12, 3), (18, 6), (30, 9)])
def test_variants_leave_the_sampler_its_share(seasonal, trials, n_starts):
    assert len(starting_configurations(seasonal, trials)) == n_starts


def test_nothing_to_spread_over_leaves_the_textbook(seasonal):
    for name in SPREAD:
        seasonal = seasonal.with_line(Line(name, choices=seasonal[name].values[:1]))
    starts = starting_configurations(seasonal, 60)
    assert starts == textbook_configurations(seasonal)


def test_textbook_configurations_one_for_each_cell():
    space = default_space(2_000, ROLES, Task(horizon=2, holdout=40, season=12))
    textbook = textbook_configurations(space)
    assert [params["cell"] for params in textbook] == list(CELLS)
    assert textbook[0] == {
        "cell": "SimpleRNN",
        "units": 32,
        "layers": 1,
        "dropout": 0.1,
        "learning_rate": 0.003,
        "clipnorm": 1.0,
        "framing": "seasonal",
        "loss": "mse",
        "scaler": "standard",
        "sequence_length": 12,
    }


def test_textbook_configurations_move_into_the_space():
    space = default_space(2_000, ROLES, Task(horizon=2, holdout=40))
    space = space.with_line(Line("units", low=40, high=100, step=20))
    space = space.with_line(Line("dropout", low=0.3, high=0.5))
    space = space.with_line(Line("layers", choices=(2, 3)))
    params = textbook_configurations(space)[0]
    assert (params["units"], params["dropout"], params["layers"]) == (40, 0.3, 2)
    space.check_configuration(params)


def test_textbook_configurations_stay_on_the_steps():
    """32 lies between 20 and 36; 60 is not on a step, 52 is the last one."""
    space = default_space(2_000, ROLES, Task(horizon=2, holdout=40))
    between = space.with_line(Line("units", low=20, high=60, step=16))
    assert textbook_configurations(between)[0]["units"] == 36
    below = space.with_line(Line("units", low=1, high=30, step=20))
    assert textbook_configurations(below)[0]["units"] == 21


def test_textbook_configurations_with_a_fixed_cell():
    space = default_space(2_000, ROLES, Task(horizon=2, holdout=40))
    space = space.with_line(Line("cell", choices=("LSTM",)))
    (params,) = textbook_configurations(space)
    assert "cell" not in params


def test_textbook_configurations_with_nothing_to_search():
    space = default_space(2_000, ROLES, Task(horizon=2, holdout=40))
    for line in space.lines:
        space = space.with_line(Line(line.name, choices=(line.values[0],)))
    assert textbook_configurations(space) == [{}]


def test_textbook_configurations_of_a_range_of_sequence_lengths():
    space = default_space(2_000, ROLES, Task(horizon=2, holdout=40))
    space = space.with_line(Line("sequence_length", low=5, high=25, step=10))
    params = textbook_configurations(space)[0]
    space.check_configuration(params)
    assert params["sequence_length"] == 25
