"""Stretches of rows on both sides of the holdout's border."""

import numpy as np
import pandas as pd
import pytest

from search.config import Roles, Task
from search.evaluation.leaks.rows import audit_rows
from search.evaluation.splits import SplitPlan, plan_splits

ROLES = Roles(("y",), ("x",))


def _series(n_rows: int = 200) -> pd.DataFrame:
    values = np.random.default_rng(0).normal(size=(n_rows, 2))
    return pd.DataFrame(values, columns=["y", "x"])


def _plan(n_rows: int = 200) -> SplitPlan:
    return plan_splits(n_rows, Task(horizon=2, holdout=50, folds=3), first_origin=10)


def test_rows_copied_into_the_holdout_are_named() -> None:
    series = _series()
    series.iloc[160:180] = series.iloc[20:40].to_numpy()
    (found,) = audit_rows(series, ROLES, _plan())
    assert found.kind == "repeated_rows"
    assert "from row 161 on" in found.message
    assert "at row 21," in found.message


def test_a_file_joined_to_itself_is_named() -> None:
    half = _series(100)
    series = pd.concat([half, half], ignore_index=True)
    assert [one.kind for one in audit_rows(series, ROLES, _plan())] == ["repeated_rows"]


@pytest.mark.parametrize("n_copied", [0, 11])
def test_short_repetitions_are_chance(n_copied: int) -> None:
    series = _series()
    series.iloc[160 : 160 + n_copied] = series.iloc[20 : 20 + n_copied].to_numpy()
    assert audit_rows(series, ROLES, _plan()) == ()


def test_a_machine_at_rest_is_no_leak() -> None:
    series = _series()
    series.iloc[20:60] = 0.0
    series.iloc[155:195] = 0.0
    assert audit_rows(series, ROLES, _plan()) == ()


def test_repetitions_before_the_holdout_are_no_leak_into_it() -> None:
    series = _series()
    series.iloc[100:130] = series.iloc[20:50].to_numpy()
    assert audit_rows(series, ROLES, _plan()) == ()


def test_a_copy_after_a_long_rest_is_still_found() -> None:
    series = _series()
    series.iloc[20:40] = 0.0
    series.iloc[152:172] = 0.0
    series.iloc[175:190] = series.iloc[60:75].to_numpy()
    (found,) = audit_rows(series, ROLES, _plan())
    assert "from row 176 on" in found.message
    assert "at row 61," in found.message
