"""Columns that begin with later values are named; sensors that rest are not."""

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.evaluation.leaks.filling import audit_first_values

N_ROWS = 300
ROLES = Roles(("y",), ("x",))


def _series() -> pd.DataFrame:
    noise = np.random.default_rng(0).normal(size=(N_ROWS, 2))
    return pd.DataFrame(noise, columns=["y", "x"])


@pytest.mark.parametrize("name", ["y", "x"])
def test_a_column_filled_backward_is_named(name: str) -> None:
    series = _series()
    series.loc[:39, name] = np.nan
    (found,) = audit_first_values(series.bfill(), ROLES)
    assert (found.kind, found.column) == ("filled_from_future", name)
    assert f"The first 41 rows of '{name}' all have the value of row 41" in (
        found.message
    )


def test_measured_columns_are_clean() -> None:
    assert audit_first_values(_series(), ROLES) == ()


def test_a_few_equal_values_are_chance() -> None:
    series = _series()
    series.loc[:7, "x"] = np.nan
    assert audit_first_values(series.bfill(), ROLES) == ()


def test_gaps_filled_forward_are_clean() -> None:
    series = _series()
    series.loc[100:140, "x"] = np.nan
    series.loc[280:, "x"] = np.nan
    assert audit_first_values(series.ffill(), ROLES) == ()


def test_a_valve_that_rests_again_and_again_is_clean() -> None:
    series = _series()
    rows = np.arange(N_ROWS)
    series["x"] = np.where(rows % 60 < 30, 0.0, series["x"])
    assert audit_first_values(series, ROLES) == ()


def test_constants_and_steps_are_clean() -> None:
    series = _series().assign(x=1.0)
    assert audit_first_values(series, ROLES) == ()
    assert audit_first_values(series.assign(x=(series.index > 100) * 1.0), ROLES) == ()
