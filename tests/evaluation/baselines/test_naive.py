"""Baselines by hand, and proof that they see only the rows before their origin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.evaluation.baselines.naive import NAIVE_NAMES, naive_forecasts

SERIES = np.array([[0.0], [3.0], [4.0], [9.0], [12.0], [10.0]])


def test_naive_forecasts_by_hand() -> None:
    """From origin 4, last value 9 after 3 rows from 0: the line climbs by 3."""
    found = naive_forecasts(SERIES, np.array([4]), horizon=3, season=2)
    assert found["last_value"][0, :, 0].tolist() == [9, 9, 9]
    assert found["seasonal_naive"][0, :, 0].tolist() == [4, 9, 4]
    assert found["drift"][0, :, 0].tolist() == [12, 15, 18]


def test_naive_forecasts_of_several_origins_and_targets() -> None:
    targets = np.column_stack([SERIES[:, 0], -SERIES[:, 0]])
    found = naive_forecasts(targets, np.array([2, 3]), horizon=2, season=1)
    assert found["last_value"].tolist() == [
        [[3, -3], [3, -3]],
        [[4, -4], [4, -4]],
    ]
    assert found["drift"].tolist() == [[[6, -6], [9, -9]], [[6, -6], [8, -8]]]


def test_naive_forecasts_leaves_the_seasonal_one_out_without_season() -> None:
    found = naive_forecasts(SERIES, np.array([4]), horizon=1, season=1)
    assert list(found) == ["last_value", "drift"]


def test_naive_forecasts_keeps_the_order_of_the_names() -> None:
    found = naive_forecasts(SERIES, np.array([4]), horizon=1, season=2)
    assert tuple(found) == NAIVE_NAMES


def test_naive_forecasts_smallest_legal_origin() -> None:
    """Two rows make a line; one season back from row 2 is row 0."""
    found = naive_forecasts(SERIES, np.array([2]), horizon=2, season=2)
    assert found["drift"][0, :, 0].tolist() == [6, 9]
    assert found["seasonal_naive"][0, :, 0].tolist() == [0, 3]


def test_seasonal_naive_needs_a_season_before_every_origin() -> None:
    """A negative position would have taken the value from the end of the series."""
    found = naive_forecasts(SERIES, np.array([2, 3]), horizon=1, season=3)
    assert list(found) == ["last_value", "drift"]


@pytest.mark.parametrize("name", NAIVE_NAMES)
def test_naive_forecasts_of_a_constant_series(name: str) -> None:
    targets = np.full((8, 1), 5.0)
    found = naive_forecasts(targets, np.array([4, 5]), horizon=3, season=3)
    assert (found[name] == 5.0).all()


@given(
    origin=st.integers(7, 20),
    horizon=st.integers(1, 10),
    season=st.integers(1, 7),
)
def test_naive_forecasts_do_not_look_ahead(
    origin: int, horizon: int, season: int
) -> None:
    targets = np.random.default_rng(1).normal(size=(25, 2))
    changed = targets.copy()
    changed[origin:] = 1e9
    sizes = {"horizon": horizon, "season": season}
    before = naive_forecasts(targets, np.array([origin]), **sizes)
    after = naive_forecasts(changed, np.array([origin]), **sizes)
    assert before.keys() == after.keys()
    for name, forecast in before.items():
        assert forecast.tobytes() == after[name].tobytes()
        assert forecast.shape == (1, horizon, 2)
