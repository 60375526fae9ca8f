"""Skill, tables and fold scores of baselines, against numbers made by hand."""

from dataclasses import replace

import pytest

from search.analysis.comparison.numbers import (
    best_baseline,
    model_rows,
    parameter_rows,
    seed_spread,
    skill,
)
from search.evaluation.metrics import Metrics
from search.study.results import SeedResult, StudyResults, TrialCounts, WinnerResult


def metrics(rmse: float, mase: float | None = None) -> Metrics:
    return Metrics(mse=rmse**2, rmse=rmse, mae=rmse, mase=mase, smape=1.0, r2=None)


def winner(cv: float, *rmses: float) -> WinnerResult:
    return WinnerResult(
        trial=3,
        params={"cell": "GRU", "units": 16},
        cv=cv,
        cv_folds=(cv, cv),
        epochs=4,
        holdout=metrics(rmses[0]),
        seeds=tuple(SeedResult(k, metrics(r), 1.0) for k, r in enumerate(rmses)),
        targets={},
        n_parameters=10,
        seconds=1.0,
        inference_ms=1.0,
        bundle=None,
        predictions="",
    )


def results() -> StudyResults:
    return StudyResults(
        study={},
        data={},
        trials=TrialCounts(),
        winners={"LSTM": winner(2.0, 3.0), "GRU": winner(1.0, 6.0, 8.0)},
        baselines={"last_value": metrics(8.0), "drift": metrics(4.0)},
        best_cell="GRU",
        verdict="",
        comparisons=(),
        seconds=1.0,
    )


def test_skill_is_the_share_by_which_an_error_is_smaller() -> None:
    assert skill(3.0, 4.0) == 0.25
    assert skill(6.0, 4.0) == -0.5
    assert skill(1.0, 0.0) is None


def test_best_baseline_has_the_lowest_error() -> None:
    assert best_baseline(results().baselines, "rmse") == "drift"
    assert best_baseline({}, "mae") is None


def test_model_rows_order_winners_by_folds_and_measure_skill() -> None:
    rows = model_rows(results(), "rmse", {"drift": (1.0, 3.0)})
    assert [row.name for row in rows] == ["GRU", "LSTM", "last_value", "drift"]
    assert [row.is_best for row in rows] == [True, False, False, False]
    assert [row.skill for row in rows] == [-0.5, 0.25, -1.0, None]
    assert [row.cv for row in rows] == [1.0, 2.0, None, 2.0]
    assert rows[0].seeds is not None
    assert (rows[0].seeds.mean, rows[0].seeds.low, rows[0].seeds.high) == (7, 6, 8)


def test_model_rows_without_baselines_have_no_skill() -> None:
    rows = model_rows(replace(results(), baselines={}), "rmse")
    assert [row.skill for row in rows] == [None, None]


def test_seed_spread_has_a_deviation_from_two_seeds_on() -> None:
    several = seed_spread(winner(1.0, 6.0, 8.0), "rmse")
    assert several is not None
    assert several.deviation == pytest.approx(2**0.5)
    single = seed_spread(winner(1.0, 6.0), "rmse")
    assert single is not None
    assert single.deviation is None


def test_seed_spread_is_none_where_the_metric_is_not_defined() -> None:
    assert seed_spread(winner(1.0, 2.0), "mase") is None


def test_parameter_rows_put_what_differs_first() -> None:
    rows = parameter_rows(
        [
            {"cell": "GRU", "units": 16, "layers": 1, "architecture": "stacked"},
            {"cell": "LSTM", "units": 16, "layers": 2, "architecture": "stacked"},
        ]
    )
    assert [(row.name, row.differs) for row in rows] == [
        ("layers", True),
        ("units", False),
        ("architecture", False),
    ]
