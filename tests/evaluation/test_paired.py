"""Paired comparisons: by hand, and how often they are wrong on planted truths."""

import numpy as np
import pytest

from search.evaluation.paired import (
    block_length,
    holm,
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
        low, high = relative_interval(*losses, horizon=horizon)
        held.append(low <= 1 / 1.15 - 1 <= high)
    assert sum(held) >= 90


def test_the_same_losses_are_certainly_equal() -> None:
    first, _ = _losses(0, n=50, horizon=3)
    assert paired_p_value(first, first.copy(), horizon=3) == 1.0


def test_a_constant_difference_is_certain() -> None:
    assert paired_p_value(np.full(30, 1.0), np.full(30, 2.0), horizon=2) == 0.0


def test_interval_is_the_same_each_time_and_around_the_estimate() -> None:
    losses = _losses(1, n=80, horizon=4, worse=0.3)
    low, high = relative_interval(*losses, horizon=4)
    assert (low, high) == relative_interval(*losses, horizon=4)
    assert low < losses[0].mean() / losses[1].mean() - 1 < high


def test_interval_of_models_in_step_has_no_width() -> None:
    first, _ = _losses(2, n=60, horizon=1)
    assert relative_interval(first, 2 * first, horizon=1) == pytest.approx((-0.5, -0.5))


@pytest.mark.parametrize(
    ("n_origins", "horizon", "length"), [(100, 1, 5), (100, 24, 24), (10, 24, 10)]
)
def test_blocks_are_as_long_as_the_horizon(
    n_origins: int, horizon: int, length: int
) -> None:
    assert block_length(n_origins, horizon) == length


def test_holm_by_hand() -> None:
    assert holm([0.2, 0.01, 0.04]) == pytest.approx([0.2, 0.03, 0.08])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
