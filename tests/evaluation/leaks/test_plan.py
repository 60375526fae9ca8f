"""Broken folds and scalers are named; those of the product are not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from search.config import Roles, Task
from search.evaluation.leaks.plan import audit_plan, audit_scaler
from search.evaluation.panel import make_panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.splits import Fold, SplitPlan, plan_splits


def _plan() -> SplitPlan:
    return plan_splits(200, Task(horizon=4, holdout=40, folds=3), first_origin=10)


def _with_fold(fold: Fold) -> SplitPlan:
    plan = _plan()
    return replace(plan, folds=(*plan.folds[:-1], fold))


@pytest.mark.parametrize("horizon", [1, 5, 24])
def test_folds_of_the_product_raise_no_alarm(horizon: int) -> None:
    task = Task(horizon=horizon, holdout=60, folds=4)
    assert audit_plan(plan_splits(400, task, first_origin=30)) == ()


def test_a_gap_shorter_than_the_horizon_is_named() -> None:
    fold = _plan().folds[-1]
    (found,) = audit_plan(_with_fold(replace(fold, train_stop=fold.valid_start - 1)))
    assert found.kind == "gap"
    assert "is 1 rows and has to be 3" in found.message


def test_training_beyond_the_border_is_named() -> None:
    fold = _plan().folds[-1]
    (found,) = audit_plan(_with_fold(replace(fold, train_stop=fold.valid_start + 5)))
    assert found.kind == "border"


def test_validation_that_reaches_the_holdout_is_named() -> None:
    fold = _plan().folds[-1]
    (found,) = audit_plan(_with_fold(replace(fold, valid_stop=fold.valid_stop + 1)))
    assert found.kind == "holdout_border"


@pytest.mark.parametrize("name", ["standard", "minmax", "robust"])
def test_a_scaler_that_has_seen_later_rows_is_named(name: str) -> None:
    values = np.cumsum(np.random.default_rng(0).normal(size=300))
    panel = make_panel(pd.DataFrame({"y": values}), Roles(("y",)))
    expected = fit_scaler(panel, name, stop=200)  # type: ignore[arg-type]
    seen = fit_scaler(panel, name, stop=300)  # type: ignore[arg-type]
    assert [one.kind for one in audit_scaler(seen, expected, where="them")] == [
        "scaler"
    ]
    assert audit_scaler(expected, expected, where="them") == ()
