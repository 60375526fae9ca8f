"""Planted leaks among the features are named, and clean data raise no alarm."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.evaluation.leaks.features import audit_features

N_ROWS, SEASON = 24 * 40, 24
Plant = Callable[[pd.Series], pd.Series]


def _target(seed: int = 0) -> pd.Series:
    rows = np.arange(N_ROWS)
    generator = np.random.default_rng(seed)
    slow = np.cumsum(generator.normal(0, 0.2, N_ROWS))
    wave = 5 * np.sin(2 * np.pi * rows / SEASON)
    values = 50 + wave + slow + generator.normal(0, 1, N_ROWS)
    return pd.Series(
        values, index=pd.date_range("2024-01-01", periods=N_ROWS, freq="h")
    )


def _noise(size: float) -> np.ndarray:
    return np.random.default_rng(9).normal(0, size, N_ROWS)


KNOWN: dict[str, tuple[str, Plant]] = {
    "the target itself": ("copy", lambda y: y),
    "other units": ("near_copy", lambda y: 1.8 * y + 32),
    "with noise": ("near_copy", lambda y: y + _noise(0.1)),
    "its logarithm": ("near_copy", np.log),
    "a steep power": ("transformed_copy", lambda y: np.exp(y / 4)),
}
PAST: dict[str, tuple[str, Plant]] = {
    "next value": ("shifted_copy", lambda y: y.shift(-1).ffill()),
    "next value with noise": (
        "shifted_copy",
        lambda y: y.shift(-1).ffill() + _noise(0.1),
    ),
    "value of the next season": ("shifted_copy", lambda y: y.shift(-SEASON).ffill()),
    "value a horizon later": ("shifted_copy", lambda y: y.shift(-6).ffill()),
    "centred average": (
        "built_from_future",
        lambda y: y.rolling(5, center=True).mean().ffill().bfill(),
    ),
    "next change": ("built_from_future", lambda y: y.diff().shift(-1).fillna(0)),
    "mean of the next three": (
        "built_from_future",
        lambda y: y[::-1].rolling(3).mean()[::-1].shift(-1).ffill(),
    ),
    "mean of the day": (
        "period_total",
        lambda y: y.groupby(y.index.date).transform("mean"),
    ),
    "total of the day": (
        "period_total",
        lambda y: y.groupby(y.index.date).transform("sum"),
    ),
    "highest of the day": (
        "period_total",
        lambda y: y.groupby(y.index.date).transform("max"),
    ),
}


def _audit(feature: pd.Series, target: pd.Series, roles: Roles) -> list[str]:
    table = pd.DataFrame({"y": target, "x": np.asarray(feature)})
    found = audit_features(table, roles, horizon=6, season=SEASON) or ()
    assert all(one.column == "x" for one in found)
    return [one.kind for one in found]


@pytest.mark.parametrize("name", KNOWN)
def test_columns_known_in_advance_may_not_tell_their_row(name: str) -> None:
    kind, plant = KNOWN[name]
    target = _target()
    assert _audit(plant(target), target, Roles(("y",), known_features=("x",))) == [kind]


@pytest.mark.parametrize("name", PAST)
@pytest.mark.parametrize("role", ["past", "known"])
def test_no_column_may_tell_later_rows(name: str, role: str) -> None:
    kind, plant = PAST[name]
    target = _target()
    roles = (
        Roles(("y",), ("x",))
        if role == "past"
        else Roles(("y",), known_features=("x",))
    )
    assert _audit(plant(target), target, roles) == [kind]


CLEAN: dict[str, Plant] = {
    "noise": lambda y: pd.Series(_noise(1.0), index=y.index),
    "an earlier value": lambda y: y.shift(1).bfill(),
    "a trailing average": lambda y: y.rolling(12, min_periods=1).mean(),
    "the last change": lambda y: y.diff().fillna(0),
    "a driver with its own noise": lambda y: y.shift(-1).ffill() + _noise(3.0),
    "another slow series": lambda y: pd.Series(np.cumsum(_noise(1.0)), index=y.index),
    "yesterday's mean": lambda y: (
        y.groupby(y.index.date).transform("mean").shift(SEASON).bfill()
    ),
    "hour of the day": lambda y: pd.Series(y.index.hour, index=y.index),
    "a flag": lambda y: (y.index.hour > 12) * 1.0,
}


@pytest.mark.parametrize("name", CLEAN)
def test_clean_columns_raise_no_alarm(name: str) -> None:
    target = _target()
    feature = CLEAN[name](target)
    assert _audit(feature, target, Roles(("y",), ("x",))) == []


@pytest.mark.parametrize("name", [name for name in CLEAN if "change" not in name])
def test_clean_columns_known_in_advance_raise_no_alarm(name: str) -> None:
    target = _target(seed=3)
    feature = CLEAN[name](target)
    assert _audit(feature, target, Roles(("y",), known_features=("x",))) == []


def test_the_same_row_is_no_leak_where_it_is_known_only_up_to_now() -> None:
    target = _target()
    assert _audit(2 * target, target, Roles(("y",), ("x",))) == []


def test_too_few_rows_are_not_judged() -> None:
    table = pd.DataFrame({"y": np.arange(30.0), "x": np.arange(30.0)})
    roles = Roles(("y",), known_features=("x",))
    assert audit_features(table, roles, horizon=1, season=1) is None
