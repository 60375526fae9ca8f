"""Baselines by hand, and proof that they see only the rows before their origin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.config import Task
from search.evaluation.baselines import (
    BASELINE_NAMES,
    baseline_forecasts,
    baseline_scores,
)
from search.evaluation.splits import plan_splits

SERIES = np.array([[0.0], [3.0], [4.0], [9.0], [12.0], [10.0]])


def test_baseline_forecasts_by_hand() -> None:
    """From origin 4, last value 9 after 3 rows from 0: the line climbs by 3."""
    found = baseline_forecasts(SERIES, np.array([4]), horizon=3, season=2)
    assert found["last_value"][0, :, 0].tolist() == [9, 9, 9]
    assert found["seasonal_naive"][0, :, 0].tolist() == [4, 9, 4]
    assert found["drift"][0, :, 0].tolist() == [12, 15, 18]


def test_baseline_forecasts_of_several_origins_and_targets() -> None:
    targets = np.column_stack([SERIES[:, 0], -SERIES[:, 0]])
    found = baseline_forecasts(targets, np.array([2, 3]), horizon=2, season=1)
    assert found["last_value"].tolist() == [
        [[3, -3], [3, -3]],
        [[4, -4], [4, -4]],
    ]
    assert found["drift"].tolist() == [[[6, -6], [9, -9]], [[6, -6], [8, -8]]]


def test_baseline_forecasts_leaves_the_seasonal_one_out_without_season() -> None:
    found = baseline_forecasts(SERIES, np.array([4]), horizon=1, season=1)
    assert list(found) == ["last_value", "drift"]


def test_baseline_forecasts_keeps_the_order_of_the_names() -> None:
    found = baseline_forecasts(SERIES, np.array([4]), horizon=1, season=2)
    assert tuple(found) == BASELINE_NAMES


def test_baseline_forecasts_smallest_legal_origin() -> None:
    """Two rows make a line; one season back from row 2 is row 0."""
    found = baseline_forecasts(SERIES, np.array([2]), horizon=2, season=2)
    assert found["drift"][0, :, 0].tolist() == [6, 9]
    assert found["seasonal_naive"][0, :, 0].tolist() == [0, 3]


def test_seasonal_naive_needs_a_season_before_every_origin() -> None:
    """A negative position would have taken the value from the end of the series."""
    found = baseline_forecasts(SERIES, np.array([2, 3]), horizon=1, season=3)
    assert list(found) == ["last_value", "drift"]


def test_baseline_scores_by_hand() -> None:
    """Rows count up by one: the last value is off by 1, then by 2, in each fold."""
    task = Task(horizon=2, holdout=4, folds=2, season=2, score="mae")
    targets = np.arange(20.0)[:, None]
    plan = plan_splits(20, task, first_origin=3)
    found = baseline_scores(targets, plan, task)
    assert found == {
        "last_value": (1.5, 1.5),
        "seasonal_naive": (2.0, 2.0),
        "drift": (0.0, 0.0),
    }


def test_baseline_scores_is_the_root_of_the_mean_square() -> None:
    task = Task(horizon=2, holdout=4, folds=2)
    targets = np.arange(20.0)[:, None]
    plan = plan_splits(20, task, first_origin=3)
    found = baseline_scores(targets, plan, task)
    assert found["last_value"] == pytest.approx((2.5**0.5, 2.5**0.5))


def test_baseline_scores_leaves_out_what_some_fold_cannot_have() -> None:
    """Fold 1 starts at row 7, fold 2 at row 11: a season of 9 fits the second."""
    task = Task(horizon=2, holdout=4, folds=2, season=9)
    plan = plan_splits(20, task, first_origin=3)
    assert list(baseline_scores(np.ones((20, 1)), plan, task)) == [
        "last_value",
        "drift",
    ]


def test_baseline_scores_does_not_see_the_holdout() -> None:
    task = Task(horizon=2, holdout=4, folds=2, season=3)
    targets = np.random.default_rng(2).normal(size=(20, 2))
    changed = targets.copy()
    changed[16:] = 1e9
    plan = plan_splits(20, task, first_origin=3)
    assert baseline_scores(targets, plan, task) == baseline_scores(changed, plan, task)


@pytest.mark.parametrize("name", BASELINE_NAMES)
def test_baseline_forecasts_of_a_constant_series(name: str) -> None:
    targets = np.full((8, 1), 5.0)
    found = baseline_forecasts(targets, np.array([4, 5]), horizon=3, season=3)
    assert (found[name] == 5.0).all()


@given(
    origin=st.integers(7, 20),
    horizon=st.integers(1, 10),
    season=st.integers(1, 7),
)
def test_baseline_forecasts_do_not_look_ahead(
    origin: int, horizon: int, season: int
) -> None:
    targets = np.random.default_rng(1).normal(size=(25, 2))
    changed = targets.copy()
    changed[origin:] = 1e9
    sizes = {"horizon": horizon, "season": season}
    before = baseline_forecasts(targets, np.array([origin]), **sizes)
    after = baseline_forecasts(changed, np.array([origin]), **sizes)
    assert before.keys() == after.keys()
    for name, forecast in before.items():
        assert forecast.tobytes() == after[name].tobytes()
        assert forecast.shape == (1, horizon, 2)
