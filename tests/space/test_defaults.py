"""Settings that fit the data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.config import Roles, Task
from search.data.source import Source
from search.errors import ConfigError
from search.evaluation.paired import origins_needed
from search.space.defaults import (
    default_holdout,
    default_space,
    suggest_task,
)
from search.study.settings import StudySettings

ROLES = Roles(targets=("a",))


@pytest.mark.parametrize(
    ("n_rows", "horizon", "expected"),
    [
        (1_000, 24, 100),  # a tenth holds 77 forecasts, 72 are needed
        (900, 24, 95),  # 72 forecasts of 24 steps take 95 rows
        (600, 1, 60),
        (100, 5, 19),
        (76, 5, 19),
        (75, 5, 10),  # 19 rows would be more than a quarter
        (144, 12, 24),
        (60, 1, 10),
        (19, 1, 2),
        (20, 12, 24),
    ],
)
def test_default_holdout_is_a_tenth_and_enough_for_the_verdict_if_there_is_room(
    n_rows, horizon, expected
):
    assert default_holdout(n_rows, horizon) == expected


@given(st.integers(20, 20_000), st.integers(1, 48))
def test_default_holdout_lets_the_verdict_speak(n_rows, horizon):
    holdout = default_holdout(n_rows, horizon)
    n_origins = holdout - horizon + 1
    is_told = n_origins >= origins_needed(horizon)
    assert is_told or 4 * (origins_needed(horizon) + horizon - 1) > n_rows
    assert holdout <= max(n_rows // 4, 2 * horizon)


def test_suggest_task_long_series_has_five_standard_folds():
    task = suggest_task(5_000, horizon=24, season=24)
    assert (task.holdout, task.folds, task.valid_size) == (500, 5, None)


def test_suggest_task_short_series_shrinks_validation_before_folds():
    """Airline passengers: 144 months, one year ahead."""
    task = suggest_task(144, horizon=12, holdout=24, season=12)
    assert (task.folds, task.valid_size) == (3, 12)


def test_suggest_task_keeps_what_is_given():
    task = suggest_task(400, horizon=5, holdout=33, folds=4, season=7, score="mae")
    assert (task.horizon, task.holdout, task.folds) == (5, 33, 4)
    assert (task.season, task.score) == (7, "mae")


def test_suggest_task_refuses_no_folds():
    with pytest.raises(ConfigError, match="`folds` must be at least 2, got 0"):
        suggest_task(400, horizon=5, folds=0)


@given(
    st.integers(60, 20_000),
    st.integers(1, 24),
    st.sampled_from([1, 4, 7, 12, 24, 52, 168, 365, 1440]),
)
def test_suggested_task_and_default_space_fit_together(n_rows, horizon, season):
    """What is suggested can be started, if the series allows anything at all."""
    try:
        task = suggest_task(n_rows, horizon=horizon, season=season)
        space = default_space(n_rows, ROLES, task)
        settings = StudySettings("a", Source("a.csv"), ROLES, task, space)
        plan = settings.plan(n_rows)
    except ConfigError:
        assert n_rows < 20 * horizon
        return
    first = space.first_origin(season)
    assert plan.folds[0].n_train(first) >= 1
    assert 3 <= len(plan.folds) <= 5


@pytest.mark.parametrize(
    ("season", "expected"),
    [
        (1, (6, 12, 24, 48)),
        (2, (2, 4)),
        (7, (4, 7, 14)),
        (12, (6, 12, 24)),
        (24, (12, 24, 48)),
        (100, (50, 100, 200)),
        # Windows of a whole long season cost more than they tell.
        (101, (12, 24, 48, 96)),
        (168, (12, 24, 48, 96)),
        (365, (12, 24, 48, 96)),
    ],
)
def test_default_space_sequence_lengths_follow_the_season(season, expected):
    task = Task(horizon=12, holdout=1_000, season=season)
    space = default_space(10_000, ROLES, task)
    assert space["sequence_length"].values == expected


def test_default_space_leaves_out_lengths_without_windows():
    """Windows of 48 rows leave 31 origins, 5 in each fold and 5 to train fold 1.

    6 are needed; windows of 24 rows leave 9.
    """
    task = Task(horizon=2, holdout=20, folds=5)
    lengths = default_space(100, ROLES, task)["sequence_length"].values
    assert lengths == (6, 12, 24)


@pytest.mark.parametrize(
    ("season", "n_rows", "expected"),
    [
        (1, 2_000, ("none", "last_value")),
        (24, 2_000, ("none", "last_value", "seasonal")),
        # A season that does not fit before the first fold cannot be subtracted.
        (365, 400, ("none", "last_value")),
    ],
)
def test_default_space_framings(season, n_rows, expected):
    task = Task(horizon=2, holdout=40, season=season)
    assert default_space(n_rows, ROLES, task)["framing"].values == expected


def test_default_space_searches_the_calendar_only_if_there_is_one():
    task = Task(horizon=2, holdout=40)
    with_calendar = Roles(targets=("a",), calendar=("hour",))
    assert default_space(2_000, ROLES, task)["calendar"].values == ("none",)
    assert default_space(2_000, with_calendar, task)["calendar"].values == (
        "none",
        "cycles",
    )


@pytest.mark.parametrize(
    ("score", "losses"), [("rmse", ("mse", "mae")), ("mae", ("mae", "mse"))]
)
def test_default_space_has_both_losses_the_one_of_the_score_first(score, losses):
    task = Task(horizon=2, holdout=40, score=score)
    assert default_space(2_000, ROLES, task)["loss"].values == losses


@pytest.mark.parametrize(
    ("n_rows", "batch"),
    [(1_000, 32), (4_040, 32), (4_041, 64), (10_041, 128), (100_000, 256)],
)
def test_default_space_batch_grows_with_the_series(n_rows, batch):
    task = Task(horizon=2, holdout=40)
    assert default_space(n_rows, ROLES, task)["batch_size"].values == (batch,)
