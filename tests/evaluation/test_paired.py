"""Paired comparisons: by hand, and how often they are wrong on planted truths."""

import numpy as np
import pytest
from scipy.stats import norm

from search.evaluation.paired import (
    adjust_pairs,
    block_length,
    paired_p_value,
    relative_interval,
)

N_SERIES = 100
Losses = tuple[np.ndarray, np.ndarray]


def _losses(seed: int, *, n: int, horizon: int, worse: float = 0.0) -> Losses:
    """Return losses of two models that share the shocks of the future.

    Errors of step h are sums of h shocks that nobody can know and of an error of each
    model's own; those of the second model are `worse` times larger.
    """
    generator = np.random.default_rng(seed)
    shocks = generator.normal(size=n + horizon)
    steps = np.arange(horizon)
    sums = np.cumsum(shocks[np.arange(n)[:, None] + steps], axis=1)
    models = []
    for factor in (1.0, 1.0 + worse):
        own = generator.normal(size=(n, 1)) * np.sqrt(steps + 1)
        error = factor * (0.7 * sums + 0.7 * own)
        models.append(np.abs(error).mean(axis=1))
    return models[0], models[1]


def _interval(losses: Losses, *, horizon: int) -> tuple[float, float]:
    found = relative_interval(*losses, horizon=horizon)
    assert found is not None
    return found


@pytest.mark.parametrize(("n", "horizon"), [(100, 1), (60, 12), (240, 24)])
def test_two_models_of_the_same_worth_seldom_differ(n: int, horizon: int) -> None:
    n_found = sum(
        paired_p_value(*_losses(seed, n=n, horizon=horizon), horizon=horizon) < 0.05
        for seed in range(N_SERIES)
    )
    assert n_found <= 7


@pytest.mark.parametrize(("n", "horizon"), [(600, 1), (500, 12)])
def test_a_planted_difference_of_15_percent_is_found(n: int, horizon: int) -> None:
    found = [
        paired_p_value(
            *_losses(seed, n=n, horizon=horizon, worse=0.15), horizon=horizon
        )
        < 0.05
        for seed in range(N_SERIES)
    ]
    assert sum(found) >= 80


@pytest.mark.parametrize(("n", "horizon"), [(40, 1), (60, 12), (240, 24)])
def test_the_interval_holds_the_truth_as_often_as_it_says(n: int, horizon: int) -> None:
    held = []
    for seed in range(N_SERIES):
        losses = _losses(seed, n=n, horizon=horizon, worse=0.15)
        low, high = _interval(losses, horizon=horizon)
        held.append(low <= 1 / 1.15 - 1 <= high)
    assert sum(held) >= 90


def test_the_same_losses_are_certainly_equal() -> None:
    first, _ = _losses(0, n=50, horizon=3)
    assert paired_p_value(first, first.copy(), horizon=3) == 1.0


def test_a_constant_difference_is_certain() -> None:
    assert paired_p_value(np.full(30, 1.0), np.full(30, 2.0), horizon=2) == 0.0


def test_interval_is_the_same_each_time_and_around_the_estimate() -> None:
    losses = _losses(1, n=80, horizon=4, worse=0.3)
    low, high = _interval(losses, horizon=4)
    assert (low, high) == _interval(losses, horizon=4)
    assert low < losses[0].mean() / losses[1].mean() - 1 < high


def test_interval_of_models_in_step_has_no_width() -> None:
    first, _ = _losses(2, n=60, horizon=1)
    assert relative_interval(first, 2 * first, horizon=1) == pytest.approx((-0.5, -0.5))


def test_no_interval_where_a_resample_may_hold_no_error() -> None:
    """A setpoint with one jump: repeating it errs at one origin of fifty only."""
    first, _ = _losses(3, n=50, horizon=1)
    second = np.zeros(50)
    second[20] = 4.0
    assert relative_interval(first, second, horizon=1) is None
    assert relative_interval(first, np.zeros(50), horizon=1) is None


@pytest.mark.parametrize(
    ("n_origins", "horizon", "length"),
    [(120, 1, 10), (121, 1, 11), (20, 1, 3), (100, 24, 24), (10, 24, 10)],
)
def test_blocks_are_as_long_as_the_horizon_and_twelve_at_most(
    n_origins: int, horizon: int, length: int
) -> None:
    assert block_length(n_origins, horizon) == length


THREE = [("a", "b"), ("a", "c"), ("b", "c")]


def test_one_pair_and_pairs_of_different_models_are_adjusted_by_hand() -> None:
    assert adjust_pairs([], []) == []
    assert adjust_pairs([("a", "b")], [0.04]) == [0.04]
    apart = [("a", "b"), ("c", "d")]
    # Both may be equal at once: 2 * 0.03, and 0.03 alone is less.
    assert adjust_pairs(apart, [0.03, 0.9]) == pytest.approx([0.06, 0.9])


def test_three_models_by_hand() -> None:
    """Equal at once may be all three pairs, or one of them; never two."""
    assert adjust_pairs(THREE, [0.2, 0.01, 0.04]) == pytest.approx([0.2, 0.03, 0.04])
    assert adjust_pairs(THREE, [0.9, 0.8, 0.7]) == [1.0, 1.0, 1.0]


def test_three_models_and_a_baseline_by_hand() -> None:
    """If d differs from a, three pairs may still be equal: 3 * 0.012."""
    pairs = [*THREE, ("a", "d")]
    adjusted = adjust_pairs(pairs, [0.012, 0.02, 0.5, 0.001])
    assert adjusted == pytest.approx([0.036, 0.036, 0.5, 0.004])


@pytest.mark.parametrize("n_true", [1, 3])
def test_adjusted_values_find_nothing_in_at_most_a_twentieth(n_true: int) -> None:
    """The worst case of three equal models, and of two beside a much worse one."""
    generator = np.random.default_rng(0)
    n_false = 0
    for _ in range(2_000):
        scores = generator.normal(size=3)
        scores[2] += 0 if n_true == 3 else 50
        p_values = [
            float(2 * norm.sf(abs(scores[i] - scores[j]) / np.sqrt(2)))
            for i, j in ((0, 1), (0, 2), (1, 2))
        ]
        n_false += min(adjust_pairs(THREE, p_values)[: 3 if n_true == 3 else 1]) < 0.05
    assert n_false <= 0.06 * 2_000
