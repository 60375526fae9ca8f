import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from search.data.thinning import thin, thin_cloud
from search.errors import ConfigError


def test_thin_keeps_a_single_spike():
    values = np.zeros(100_000)
    values[77_777] = 1.0
    values[12_345] = -1.0
    kept = thin(values, np.arange(100_000), 500)
    assert len(kept) <= 500
    assert {0, 12_345, 77_777, 99_999} <= set(kept.tolist())


def test_thin_returns_few_positions_as_they_are():
    positions = np.array([3, 5, 9])
    assert thin(np.arange(10.0), positions, 4) is positions


def test_thin_works_on_a_part_and_over_nan():
    values = np.array([np.nan] * 10 + list(range(20)))
    kept = thin(values, np.arange(5, 25), 8)
    assert kept[0] == 5
    assert kept[-1] == 24
    assert len(kept) <= 8


def test_thin_refuses_fewer_than_four_points():
    with pytest.raises(ConfigError, match="`n_points` must be at least 4, got 3"):
        thin(np.zeros(9), np.arange(9), 3)


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, st.integers(1, 200), elements=st.floats(-1e6, 1e6)),
    st.integers(4, 50),
)
def test_thin_keeps_order_ends_and_extremes(values, n_points):
    positions = np.arange(len(values))
    kept = thin(values, positions, n_points)
    assert len(kept) <= max(n_points, 4)
    assert (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    assert values[kept].min() == values.min()
    assert values[kept].max() == values.max()


def test_thin_cloud_keeps_everything_of_a_small_cloud():
    assert thin_cloud(np.arange(8.0), 8).tolist() == list(range(8))


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400),
    st.integers(8, 60),
)
def test_thin_cloud_is_bounded_sorted_and_keeps_both_ends_of_the_heights(
    heights, n_points
):
    values = np.array(heights)
    kept = thin_cloud(values, n_points)
    assert len(kept) <= n_points
    assert (np.diff(kept) > 0).all()
    assert values[kept].min() == values.min()
    assert values[kept].max() == values.max()


def test_thin_cloud_keeps_each_single_spike():
    """Every one of 5,000 trials, one after the other far above the rest."""
    for spike in range(0, 5_000, 37):
        values = np.ones(5_000)
        values[spike] = 9.0
        assert spike in thin_cloud(values, 600)


def test_thin_cloud_keeps_its_points_while_the_cloud_grows():
    """A live chart must not flicker: no point vanishes before the cloud doubles."""
    values = np.random.default_rng(0).random(4_000)
    shown = set(thin_cloud(values[:2_100], 600).tolist())
    # The last bucket is still open, so its lowest and highest may change.
    settled = {place for place in shown if place < 2_080}
    for n_values in range(2_101, 2_400, 13):
        assert settled <= set(thin_cloud(values[:n_values], 600).tolist())


def test_thin_cloud_refuses_too_few_points():
    with pytest.raises(ConfigError, match="`n_points` must be at least 8, got 7"):
        thin_cloud(np.zeros(20), 7)
