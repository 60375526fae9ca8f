"""All baselines over folds and holdout."""

import numpy as np
import pandas as pd
import pytest

from search.config import Roles, Task
from search.evaluation.baselines.suite import BASELINE_NAMES, forecast_baselines
from search.evaluation.panel import Panel, make_panel
from search.evaluation.splits import plan_splits


def _panel(n_rows: int, *, season: int = 12) -> Panel:
    rows = np.arange(n_rows)
    noise = np.random.default_rng(0).normal(0, 1, n_rows)
    values = 50 + 5 * np.sin(2 * np.pi * rows / season) + noise
    return make_panel(pd.DataFrame({"y": values}), Roles(("y",)))


def test_every_baseline_has_a_score_of_each_fold_and_forecasts_of_the_holdout() -> None:
    panel = _panel(300)
    task = Task(horizon=3, holdout=30, folds=4, season=12)
    plan = plan_splits(300, task, first_origin=36)
    found = forecast_baselines(panel, plan, task, sequence_length=24)
    assert tuple(found.fold_scores) == tuple(found.holdout) == BASELINE_NAMES
    assert {len(scores) for scores in found.fold_scores.values()} == {4}
    assert {one.shape for one in found.holdout.values()} == {(28, 3, 1)}
    assert found.absent == {}


def test_fold_scores_by_hand() -> None:
    """Last value and drift on rows 0, 1, 3, 6, 10, 15: one forecast in each fold."""
    values = np.array([0.0, 1, 3, 6, 10, 15, 21, 28])
    panel = make_panel(pd.DataFrame({"y": values}), Roles(("y",)))
    task = Task(horizon=1, holdout=2, folds=2)
    plan = plan_splits(8, task, first_origin=2)
    assert [(fold.valid_start, fold.valid_stop) for fold in plan.folds] == [
        (4, 5),
        (5, 6),
    ]
    found = forecast_baselines(panel, plan, task, sequence_length=2)
    assert found.fold_scores["last_value"] == pytest.approx((4.0, 5.0))
    assert found.fold_scores["drift"] == pytest.approx((2.0, 2.5))
    assert set(found.fold_scores) == {"last_value", "drift"}
    assert found.absent["ridge"] == "too few rows to be fitted"


def test_a_season_longer_than_what_comes_before_is_named() -> None:
    panel = _panel(120)
    task = Task(horizon=1, holdout=20, folds=2, season=110)
    plan = plan_splits(120, task, first_origin=12)
    found = forecast_baselines(panel, plan, task, sequence_length=12)
    assert "110 rows" in found.absent["seasonal_naive"]
    assert "seasonal_naive" not in found.fold_scores


def test_fold_scores_do_not_see_the_holdout() -> None:
    panel = _panel(200)
    task = Task(horizon=2, holdout=40, folds=2, season=12, score="mae")
    plan = plan_splits(200, task, first_origin=24)
    changed = panel.values.copy()
    changed[160:] = 1e6
    other = make_panel(pd.DataFrame({"y": changed[:, 0]}), Roles(("y",)))
    first, second = (
        forecast_baselines(one, plan, task, sequence_length=12).fold_scores
        for one in (panel, other)
    )
    assert first == second


def test_fold_scores_divide_several_targets_by_their_spread() -> None:
    """Lines that rise by 2 and by 20, each over its spread before the holdout."""
    line = 2.0 * np.arange(20)
    table = pd.DataFrame({"y": line, "z": 10 * line})
    task = Task(horizon=1, holdout=4, folds=2)
    plan = plan_splits(20, task, first_origin=2)
    found = forecast_baselines(
        make_panel(table, Roles(("y", "z"))),
        plan,
        task,
        sequence_length=2,
        names=("last_value",),
    )
    spread = line[:16].std()
    assert found.fold_scores["last_value"] == pytest.approx((2 / spread, 2 / spread))
    assert set(found.fold_scores) == {"last_value"}
