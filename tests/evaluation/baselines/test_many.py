"""Baselines of many series: each series as if it were alone."""

from dataclasses import replace

import numpy as np
import pytest

from search.config import Task
from search.evaluation.baselines import many
from search.evaluation.baselines.many import forecast_each
from search.evaluation.baselines.suite import BASELINE_NAMES, forecast_from
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel

SIZES = (60, 75, 66)
TASK = Task(3, 9, folds=2, season=6)


def series(*sizes: int) -> Panel:
    """Return waves of other levels, with one input known in advance."""
    random = np.random.default_rng(0)
    parts = [
        np.column_stack(
            [
                50 * place + np.sin(np.arange(size)) + random.normal(0, 0.1, size),
                random.normal(size=size),
            ]
        )
        for place, size in enumerate(sizes)
    ]
    return Panel(
        np.concatenate(parts),
        ("y", "x"),
        n_targets=1,
        n_known=1,
        n_calendar=0,
        first_rows=tuple(np.cumsum((0, *sizes[:-1])).tolist()),
        group_names=tuple(f"s{place}" for place in range(len(sizes))),
    )


def test_each_series_has_the_forecasts_that_it_would_have_alone() -> None:
    panel = series(*SIZES)
    stops = plan_samples(panel, TASK, first_origin=6).final.validation
    found, absent = forecast_each(
        panel, stops, TASK, sequence_length=4, names=BASELINE_NAMES
    )
    assert tuple(found) == BASELINE_NAMES
    assert absent == {}
    assert {len(one) for one in found.values()} == {len(stops)}
    first = panel.first_rows[1]
    inside = slice(first, first + SIZES[1])
    alone = replace(panel, values=panel.values[inside], first_rows=(0,), group_names=())
    is_its = panel.groups[stops - 1] == 1
    expected, _ = forecast_from(alone, stops[is_its] - first, TASK, 4, BASELINE_NAMES)
    for name in BASELINE_NAMES:
        np.testing.assert_array_equal(found[name][is_its], expected[name])


def test_a_series_too_short_is_counted_and_the_others_do_not_stand_alone() -> None:
    panel = series(60, 14, 75)
    task = replace(TASK, season=1, horizon=1, holdout=3)
    stops = plan_samples(panel, task, first_origin=3).final.validation
    found, absent = forecast_each(
        panel, stops, task, sequence_length=10, names=BASELINE_NAMES
    )
    assert "ridge" not in found
    assert absent["ridge"] == "too few rows to be fitted (in 1 of 3 series)"
    assert {"last_value", "drift"} <= set(found)


def test_hundreds_of_series_are_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "MOST_FITTED", 2)
    panel = series(*SIZES)
    stops = plan_samples(panel, TASK, first_origin=6).final.validation
    found, absent = forecast_each(
        panel, stops, TASK, sequence_length=4, names=("drift", "ets")
    )
    assert list(found) == ["drift"]
    assert list(absent) == ["ets"]
