"""Planted illnesses are named, and healthy models are left in peace."""

import numpy as np
import pytest

from search.evaluation.diagnosis import (
    Diagnosis,
    diagnose_curve,
    diagnose_folds,
    diagnose_lag,
    diagnose_residuals,
    diagnose_times,
)

EPOCHS = np.arange(1, 41)


def _noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def _names(found: list[Diagnosis]) -> list[str]:
    return [one.illness for one in found]


def _curve(train: np.ndarray, valid: np.ndarray, **changes: float | None) -> list[str]:
    given: dict[str, float | None] = {"skill": 0.2, **changes}
    found = diagnose_curve(train, valid, most_epochs=40, skill=given["skill"])
    return _names(found)


HEALTHY_TRAIN = 0.2 + np.exp(-EPOCHS / 4)
HEALTHY_VALID = 1.0 + np.exp(-EPOCHS / 4)


def test_a_healthy_curve_has_nothing() -> None:
    assert _curve(HEALTHY_TRAIN, HEALTHY_VALID) == []


def test_overfitting() -> None:
    valid = np.where(EPOCHS < 10, HEALTHY_VALID, 1.1 + 0.01 * (EPOCHS - 10))
    train = 0.01 + np.exp(-EPOCHS / 8)
    (found,) = diagnose_curve(train, valid, most_epochs=40, skill=0.2)
    assert found.illness == "overfitting"
    assert found.numbers["epoch"] == 10
    assert found.cures[0] == "more_dropout"


def test_loss_still_falling_at_the_epoch_limit() -> None:
    falling = 2.0 - 0.02 * EPOCHS
    assert _curve(falling, falling) == ["still_falling"]


def test_the_same_curve_that_ended_early_is_not_still_falling() -> None:
    falling = (2.0 - 0.02 * EPOCHS)[:20]
    assert _curve(falling, falling) == []


def test_exploding_gradients() -> None:
    train = HEALTHY_TRAIN.copy()
    train[20] = 30.0
    assert _curve(train, HEALTHY_VALID) == ["exploding"]


def test_not_learning() -> None:
    flat = np.full(40, 1.0) - 1e-4 * EPOCHS
    assert _curve(flat, flat, skill=-0.3) == ["not_learning"]


def test_underfitting() -> None:
    assert _curve(HEALTHY_TRAIN, HEALTHY_VALID, skill=-0.1) == ["underfitting"]


def test_curves_that_are_short_or_not_finite_are_not_read() -> None:
    assert _curve(np.ones(2), np.ones(2)) == []
    assert _curve(np.full(40, np.nan), HEALTHY_VALID) == []


def test_unstable_folds_are_measured_by_the_baseline() -> None:
    """A hard fold is hard for all; only what the model alone fails on counts."""
    assert diagnose_folds((1.0, 1.1, 5.0), (2.0, 2.2, 10.0)) == []
    (found,) = diagnose_folds((1.0, 1.1, 5.0), (2.0, 2.2, 2.0))
    assert (found.illness, found.numbers["fold"]) == ("unstable_folds", 3)
    assert found.numbers["times"] == pytest.approx(5.0)


def test_a_forecast_that_echoes_the_last_value_lags() -> None:
    level = np.cumsum(_noise(203))
    last, actual = level[:200], np.stack([level[1:201], level[2:202]], 1)
    echo = last[:, None] + 0.05 * _noise(400, 1).reshape(200, 2)
    (found,) = diagnose_lag(actual, echo, last)
    assert found.illness == "lagging"
    assert found.numbers["steps"] == 2
    assert found.numbers["with_last"] > found.numbers["with_actual"]  # type: ignore[operator]


def test_a_forecast_with_skill_does_not_lag() -> None:
    level = np.cumsum(_noise(202))
    last, actual = level[:200], level[1:201, None]
    half = last[:, None] + 0.6 * (actual - last[:, None])
    assert diagnose_lag(actual, half, last) == []


def test_a_bold_but_wrong_forecast_does_not_lag() -> None:
    level = np.cumsum(_noise(202))
    actual = level[1:201, None]
    wrong = actual + 3 * _noise(200, 4)[:, None]
    assert diagnose_lag(actual, wrong, level[:200]) == []


def test_residuals_that_depend_on_each_other() -> None:
    errors = np.zeros(300)
    for row, shock in enumerate(_noise(300)[1:], 1):
        errors[row] = 0.7 * errors[row - 1] + shock
    (found,) = diagnose_residuals(np.zeros(300) + 5, 5 + errors)
    assert (found.illness, found.numbers["lag"]) == ("autocorrelated", 1)


def test_residuals_that_grow_with_the_level() -> None:
    level = np.linspace(1, 50, 400)
    predicted = np.random.default_rng(3).permutation(level)
    found = diagnose_residuals(predicted + predicted * 0.2 * _noise(400), predicted)
    assert _names(found) == ["grows_with_level"]


def test_healthy_residuals_are_seldom_ill() -> None:
    ill = [
        bool(diagnose_residuals(_noise(200, seed), np.zeros(200)))
        for seed in range(100)
    ]
    assert sum(ill) <= 3


def test_the_hour_where_it_fails() -> None:
    hours = [f"{row % 24} h" for row in range(24 * 30)]
    errors = np.abs(_noise(24 * 30))
    errors[7::24] *= 4
    (found,) = diagnose_times(errors, hours)
    assert found.numbers["group"] == "7 h"
    assert diagnose_times(np.abs(_noise(24 * 30)), hours) == []


def test_groups_of_few_are_not_judged() -> None:
    errors = np.ones(50)
    errors[:5] = 100
    assert diagnose_times(errors, ["a"] * 5 + ["b"] * 45) == []
