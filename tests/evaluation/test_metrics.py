"""Metrics by hand, against scikit-learn, and where they are not defined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from search.evaluation.metrics import (
    combine_targets,
    forecast_metrics,
    seasonal_naive_scale,
    target_weights,
)


def one_target(values: list[list[float]]) -> np.ndarray:
    """Give rows of steps the shape (n_origins, horizon, 1)."""
    return np.array(values, dtype=float)[..., None]


def test_forecast_metrics_by_hand() -> None:
    """Errors 1, -1, 3, 1: squares sum to 12, sizes to 6; actual variance 5."""
    actual = one_target([[2, 4], [6, 8]])
    predicted = one_target([[3, 3], [9, 9]])
    found = forecast_metrics(actual, predicted, naive_scale=np.array([2.0]))
    assert found.mse == pytest.approx(3.0)
    assert found.rmse == pytest.approx(1.7320508)
    assert found.mae == pytest.approx(1.5)
    assert found.mase == pytest.approx(0.75)
    assert found.smape == pytest.approx(100 * (2 / 5 + 2 / 7 + 6 / 15 + 2 / 17) / 4)
    assert found.r2 == pytest.approx(1 - 3 / 5)


def test_forecast_metrics_of_a_perfect_forecast() -> None:
    actual = one_target([[1, 2], [3, 4]])
    found = forecast_metrics(actual, actual, naive_scale=np.array([1.0]))
    assert (found.mse, found.rmse, found.mae, found.mase) == (0, 0, 0, 0)
    assert (found.smape, found.r2) == (0, 1)


def test_forecast_metrics_averages_over_targets() -> None:
    """One target off by 1 with naive error 1, one off by 4 with naive error 2."""
    actual = np.array([[[0.0, 10.0]], [[2.0, 30.0]]])
    predicted = np.array([[[1.0, 14.0]], [[3.0, 34.0]]])
    found = forecast_metrics(actual, predicted, naive_scale=np.array([1.0, 2.0]))
    assert found.mse == pytest.approx((1 + 16) / 2)
    assert found.rmse == pytest.approx((1 + 4) / 2)
    assert found.mae == pytest.approx((1 + 4) / 2)
    assert found.mase == pytest.approx((1 / 1 + 4 / 2) / 2)
    assert found.r2 == pytest.approx(((1 - 1 / 1) + (1 - 16 / 100)) / 2)


def test_forecast_metrics_agrees_with_scikit_learn() -> None:
    generator = np.random.default_rng(3)
    actual, predicted = generator.normal(5, 2, (2, 20, 6, 1))
    found = forecast_metrics(actual, predicted, naive_scale=np.array([1.0]))
    flat = actual.ravel(), predicted.ravel()
    assert found.mse == pytest.approx(mean_squared_error(*flat))
    assert found.mae == pytest.approx(mean_absolute_error(*flat))
    assert found.r2 == pytest.approx(r2_score(*flat))


@pytest.mark.case("T3", "sMAPE on zeros")
def test_smape_counts_nothing_where_both_are_zero() -> None:
    actual = one_target([[0, 0, 1]])
    predicted = one_target([[0, 5, 1]])
    found = forecast_metrics(actual, predicted, naive_scale=np.array([1.0]))
    assert found.smape == pytest.approx(200 / 3)


@pytest.mark.case("T3", "MASE over a perfect naive forecast")
def test_mase_is_undefined_where_the_naive_forecast_is_perfect() -> None:
    actual = one_target([[1, 2]])
    assert forecast_metrics(actual, actual, naive_scale=np.zeros(1)).mase is None


def test_mase_is_undefined_if_it_is_for_one_target() -> None:
    actual = np.ones((2, 1, 2))
    scale = np.array([0.0, 1.0])
    assert forecast_metrics(actual, actual, naive_scale=scale).mase is None


@pytest.mark.case("T3", "R2 on a constant")
def test_r2_is_undefined_where_actual_values_are_constant() -> None:
    """Three times 0.1 has a variance of 2e-34; R² once was -5e31 there."""
    actual = one_target([[0.1, 0.1, 0.1]])
    predicted = one_target([[0.2, 0.2, 0.2]])
    found = forecast_metrics(actual, predicted, naive_scale=np.ones(1))
    assert found.r2 is None
    assert found.mae == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("season", "differences"),
    [(1, [1, 3, 1, 3, 2]), (2, [4, 2, 4, 1]), (5, [2])],
)
def test_seasonal_naive_scale(season: int, differences: list[int]) -> None:
    targets = np.array([[0.0], [1.0], [4.0], [3.0], [0.0], [2.0]])
    expected = sum(differences) / len(differences)
    assert seasonal_naive_scale(targets, season).tolist() == [expected]


def test_seasonal_naive_scale_without_a_whole_season() -> None:
    """The mean of nothing was NaN, with a warning."""
    assert seasonal_naive_scale(np.ones((6, 2)), 6).tolist() == [0.0, 0.0]


def test_seasonal_naive_scale_of_each_target() -> None:
    targets = np.array([[0.0, 5.0], [2.0, 5.0], [0.0, 5.0]])
    assert seasonal_naive_scale(targets, 1).tolist() == [2.0, 0.0]


def test_combine_targets_by_hand() -> None:
    squared, absolute = np.array([4.0, 9.0]), np.array([1.0, 2.5])
    weights = np.array([1.0, 0.5])
    assert combine_targets(squared, absolute, weights, "rmse") == 1.75
    assert combine_targets(squared, absolute, weights, "mae") == 1.125


def test_target_weights_keep_the_unit_of_one_target() -> None:
    assert target_weights(np.array([[1.0], [5.0]])).tolist() == [1.0]


def test_target_weights_make_several_targets_comparable() -> None:
    targets = np.array([[0.0, 0.0], [2.0, 200.0]])
    assert target_weights(targets) == pytest.approx([1.0, 0.01])


def test_target_weights_of_a_constant_target() -> None:
    """Three times 0.1 has a deviation of 1e-17; its weight once was 7e16."""
    targets = np.array([[0.1, 0.0], [0.1, 2.0], [0.1, 1.0]])
    assert target_weights(targets)[0] == 1.0


thousandths = st.integers(-1_000_000, 1_000_000).map(lambda number: number / 1000)
values = arrays(np.float64, (3, 2, 2), elements=thousandths)


@given(actual=values, predicted=values)
def test_forecast_metrics_stay_in_their_ranges(
    actual: np.ndarray, predicted: np.ndarray
) -> None:
    found = forecast_metrics(actual, predicted, naive_scale=np.ones(2))
    assert 0 <= found.smape <= 200 + 1e-9
    assert found.mae <= found.rmse * (1 + 1e-12)
    assert found.r2 is None or found.r2 <= 1


@given(actual=values, predicted=values, shift=st.floats(1e-3, 1e3))
def test_mase_does_not_depend_on_the_unit(
    actual: np.ndarray, predicted: np.ndarray, shift: float
) -> None:
    first = forecast_metrics(actual, predicted, naive_scale=np.ones(2))
    scaled = forecast_metrics(
        actual * shift, predicted * shift, naive_scale=np.full(2, shift)
    )
    assert scaled.mase == pytest.approx(first.mase, rel=1e-9, abs=1e-12)
