"""Planted illnesses are named, and healthy models are left in peace."""

import numpy as np

from search.evaluation.diagnosis import (
    Diagnosis,
    diagnose_lag,
    diagnose_residuals,
    diagnose_times,
)


def _noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def _names(found: list[Diagnosis]) -> list[str]:
    return [one.illness for one in found]


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
    hours, names = np.arange(24 * 30) % 24, [f"{hour} h" for hour in range(24)]
    errors = np.abs(_noise(24 * 30))
    errors[7::24] *= 4
    (found,) = diagnose_times(errors, hours, names, cures=("calendar",))
    assert (found.numbers["group"], found.cures) == ("7 h", ("calendar",))
    assert diagnose_times(np.abs(_noise(24 * 30)), hours, names) == []


def test_groups_of_few_are_not_judged() -> None:
    errors = np.ones(50)
    errors[:5] = 100
    assert diagnose_times(errors, np.repeat([0, 1], [5, 45]), ["a", "b"]) == []
