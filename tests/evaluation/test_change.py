"""Changes that are found, and how often one is found where there is none."""

import numpy as np
import pytest

from search.evaluation.change import (
    LEAST_DISTANCE,
    LEVEL,
    column_drift,
    error_growth,
    rotation_p_value,
)


def wandering(generator: np.random.Generator, n_rows: int, memory: float) -> np.ndarray:
    """Return a series of which each row keeps the share `memory` of the one before."""
    shocks = generator.normal(size=n_rows + 300)
    for row in range(1, len(shocks)):
        shocks[row] += memory * shocks[row - 1]
    return shocks[300:]


def is_flagged(values: np.ndarray, n_new: int) -> bool:
    found = column_drift("a", values[:-n_new], values[-n_new:])
    assert found.p_value is not None
    return found.p_value <= LEVEL and found.distance >= LEAST_DISTANCE


def test_p_value_by_hand() -> None:
    """Of four rotations of 0, 0, 1, 1 one has both ones at the end."""
    rows = np.array([[0.0], [0.0], [1.0], [1.0]])
    assert rotation_p_value(rows, 2, lambda new, rest: (new - rest)[:, 0]) == 0.25
    assert rotation_p_value(rows, 3, lambda new, rest: (new - rest)[:, 0]) == 0.5


@pytest.mark.parametrize("memory", [0.0, 0.9, 0.97])
@pytest.mark.parametrize(("n_rows", "n_new"), [(300, 20), (400, 160), (1500, 100)])
@pytest.mark.parametrize("season", [0.0, 3.0])
def test_false_alarms_of_drift_are_rare(
    memory: float, n_rows: int, n_new: int, season: float
) -> None:
    """The two-sample test for independent rows flags most of the slow series."""
    generator = np.random.default_rng(1)
    waves = season * np.sin(2 * np.pi * np.arange(n_rows) / 24)
    flags = [
        is_flagged(wandering(generator, n_rows, memory) + waves, n_new)
        for _ in range(80)
    ]
    assert np.mean(flags) <= 0.06


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_a_shift_is_found(memory: float) -> None:
    generator = np.random.default_rng(2)
    flags = []
    for _ in range(20):
        values = wandering(generator, 1500, memory)
        values[-200:] += 2.5 * values.std()
        flags.append(is_flagged(values, 200))
    assert np.mean(flags) >= 0.9


def test_a_wider_spread_is_found() -> None:
    values = np.random.default_rng(3).normal(size=1500)
    values[-300:] *= 4
    assert is_flagged(values, 300)


def test_values_outside_the_range_are_counted() -> None:
    learned = np.linspace(0.0, 10.0, 50)
    found = column_drift("a", learned, np.array([1.0, 11.0, -1.0, 10.0]))
    assert found.outside == 0.5
    assert (found.low, found.high) == (0.0, 10.0)
    assert found.p_value is None  # too few rows to compare


def test_a_network_that_sees_changes_is_judged_by_them() -> None:
    """A steady rise goes beyond every value seen, by changes that were all seen."""
    rise = np.cumsum(1 + np.random.default_rng(0).normal(size=1000))
    by_value = column_drift("a", rise[:900], rise[900:])
    by_change = column_drift("a", rise[:900], rise[900:], seen="last_value", lag=1)
    assert by_value.p_value is not None
    assert by_change.p_value is not None
    assert by_value.p_value <= LEVEL < by_change.p_value
    assert by_change.outside == by_value.outside > 0.9


def losses(generator: np.random.Generator, n_origins: int, horizon: int) -> np.ndarray:
    """Return the mean absolute error of overlapping forecasts of a random walk."""
    shocks = generator.normal(size=n_origins + horizon)
    return np.array(
        [
            np.abs(np.cumsum(shocks[origin : origin + horizon])).mean()
            for origin in range(n_origins)
        ]
    )


@pytest.mark.parametrize("horizon", [1, 6, 24])
def test_false_alarms_of_decay_are_rare(horizon: int) -> None:
    generator = np.random.default_rng(4)
    flags = []
    for _ in range(150):
        both = losses(generator, 300, horizon)
        found = error_growth(both[:200], both[200:], horizon=horizon)
        assert found.p_value is not None
        flags.append(found.p_value <= 0.05 and found.relative >= 0.1)
    assert np.mean(flags) <= 0.1


def test_doubled_errors_are_found() -> None:
    both = losses(np.random.default_rng(5), 400, 6)
    found = error_growth(both[:200], 2 * both[200:], horizon=6)
    assert found.p_value is not None
    assert found.p_value <= 0.05
    assert found.relative > 0.5


def test_few_origins_are_not_tested() -> None:
    found = error_growth(np.ones(100), 2 * np.ones(9), horizon=6)
    assert found.p_value is None
    assert found.relative == 1.0


def test_a_wave_that_begins_at_another_hour_has_not_changed() -> None:
    """Every 13th row of 61,000 hours once met other hours in the new rows."""
    generator = np.random.default_rng(6)
    hours = np.arange(66_000)
    wave = 3 * np.sin(2 * np.pi * hours / 24) + generator.normal(0, 0.3, len(hours))
    found = column_drift("a", wave[:60_000], wave[60_005:61_005])
    assert found.p_value is not None
    assert not (found.p_value <= LEVEL and found.distance >= LEAST_DISTANCE)
    short = column_drift("a", wave[:60_000], wave[60_005:60_053])
    assert short.p_value is not None  # two days are more than 20 rows
    assert short.p_value > LEVEL


def test_the_smallest_p_value_is_that_of_one_rotation() -> None:
    values = np.concatenate([np.zeros(60), np.full(20, 9.0)])
    found = column_drift("a", values[:60], values[60:])
    assert found.p_value == found.least_p == 1 / 80
