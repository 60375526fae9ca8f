"""Baselines of sequences and anomalies: features by hand, and easy problems solved."""

from dataclasses import replace

import numpy as np
import pytest

from search.config import Task
from search.evaluation.anomaly import anomaly_metrics
from search.evaluation.baselines import sequences
from search.evaluation.baselines.anomalies import detect_by_baselines, judged_rows
from search.evaluation.baselines.features import flat_windows, window_features
from search.evaluation.baselines.sequences import sample_baselines
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel
from search.evaluation.scaling import GroupScaler, fit_task_scaler
from tests.evaluation.conftest import CLASSES, panel_of


def test_window_features_by_hand() -> None:
    """Rows 2, 3, 4 of the second group hold their numbers; before it nothing counts."""
    found = window_features(panel_of(2, 3), np.array([5]), sequence_length=9)
    deviation = np.sqrt(2 / 3)
    assert found[0] == pytest.approx([3.0, deviation, 2.0, 4.0, 4.0, 1.0])


def test_window_features_of_one_row_have_no_slope() -> None:
    found = window_features(panel_of(2, 3), np.array([3]), sequence_length=4)
    assert found[0].tolist() == [2.0, 0.0, 2.0, 2.0, 2.0, 0.0]


def test_flat_windows_are_zero_before_their_group() -> None:
    panel = panel_of(2, 3)
    found = flat_windows(
        panel, np.array([2, 4]), sequence_length=3, values=panel.values
    )
    assert found.tolist() == [[0.0, 0.0, 1.0], [0.0, 2.0, 3.0]]


def waves(n_groups: int = 40, n_rows: int = 12) -> Panel:
    """Return noisy groups whose class is whether they rise or fall."""
    random = np.random.default_rng(0)
    places = np.arange(n_groups) % 2
    slopes = np.where(places == 1, 1.0, -1.0)[:, None] * np.arange(n_rows)
    values = slopes + random.normal(size=(n_groups, n_rows))
    labels = np.repeat(places, n_rows).astype(float)[:, None]
    panel = panel_of(*[n_rows] * n_groups, labels=labels)
    return replace(panel, values=values.reshape(-1, 1))


def test_class_baselines_tell_rising_from_falling() -> None:
    panel = waves()
    task = Task(1, 10, folds=2, kind="classification", **CLASSES)
    plan = plan_samples(panel, task, first_origin=12, seed=1)
    found = sample_baselines(panel, plan, task, sequence_length=12)
    assert list(found.holdout) == ["majority", "nearest", "logistic"]
    assert found.absent == {}
    actual = panel.targets[plan.final.validation - 1, 0]
    for name in ("nearest", "logistic"):
        probabilities = found.holdout[name]
        assert probabilities.sum(axis=1) == pytest.approx(1.0)
        assert (probabilities.argmax(axis=1) == actual).all()
        assert max(found.fold_scores[name]) < min(found.fold_scores["majority"])
    assert found.fold_scores["majority"] == pytest.approx([np.log(2)] * 2, abs=0.01)


def test_nearest_is_absent_where_it_would_cost_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sequences, "MOST_PRODUCTS", 1_000)
    panel = waves()
    task = Task(1, 10, folds=2, kind="classification", **CLASSES)
    plan = plan_samples(panel, task, first_origin=12)
    found = sample_baselines(
        panel, plan, task, sequence_length=12, names=("majority", "nearest")
    )
    assert "30 samples of 12 rows and 1 columns are too many" in found.absent["nearest"]
    assert list(found.fold_scores) == ["majority"]


def test_value_baselines_find_a_mean_of_the_window() -> None:
    panel = waves()
    means = panel.values.reshape(40, 12).mean(axis=1)
    labels = np.repeat(2 * means + 1, 12)[:, None]
    panel = replace(panel, labels=labels)
    task = Task(1, 8, folds=2, kind="regression")
    plan = plan_samples(panel, task, first_origin=12)
    found = sample_baselines(panel, plan, task, sequence_length=12)
    learned = labels[plan.final.training - 1, 0]
    assert found.holdout["mean"][:, 0] == pytest.approx(learned.mean())
    actual = labels[plan.final.validation - 1]
    assert np.abs(found.holdout["ridge_features"] - actual).max() < 0.1
    assert max(found.fold_scores["ridge_features"]) < 0.1


def watched() -> tuple[Panel, Task]:
    """Return two groups at levels of their own that jump after 60 normal rows."""
    random = np.random.default_rng(0)
    values = random.normal(size=(200, 2)) + np.repeat([0.0, 50.0], 100)[:, None]
    labels = (np.arange(200) % 100 >= 60).astype(float)[:, None]
    panel = replace(
        panel_of(100, 100),
        values=values + 6 * labels,
        channels=("a", "b"),
        n_targets=2,
        labels=labels,
    )
    return panel, Task(1, 20, folds=2, kind="anomaly")


def test_anomaly_baselines_find_a_jump_in_every_group() -> None:
    panel, task = watched()
    plan = plan_samples(panel, task, first_origin=4)
    scaler = fit_task_scaler(panel, "standard", task, rows=plan.final.rows)
    assert isinstance(scaler, GroupScaler)
    rows, is_normal = judged_rows(plan)
    assert rows.tolist() == [*range(40, 100), *range(140, 200)]
    assert rows[is_normal].tolist() == [*range(40, 60), *range(140, 160)]
    assert panel.labels is not None
    is_bad = panel.labels[rows, 0] == 1
    f1 = {}
    for name, found in detect_by_baselines(panel, plan, scaler).items():
        metrics = anomaly_metrics(
            is_bad, found.is_called, rows=rows, groups=panel.groups[rows]
        )
        f1[name] = metrics.f1
        if name in ("zscore", "pca"):
            assert metrics.false_alarm_rate is not None
            assert metrics.false_alarm_rate < 0.06
            assert metrics.n_found == metrics.n_events == 2
    assert f1["never"] == 0.0
    assert f1["always"] == pytest.approx(0.8)
    assert min(f1["zscore"] or 0, f1["pca"] or 0) > 0.9


def test_a_group_scaler_sees_its_own_rows_only_and_goes_back() -> None:
    panel, task = watched()
    plan = plan_samples(panel, task, first_origin=4)
    rows = plan.final.rows
    scaler = fit_task_scaler(panel, "standard", task, rows=rows)
    scaled = scaler.transform(panel.values)
    for group in range(2):
        inside = rows & (panel.groups == group)
        assert scaled[inside].mean(axis=0) == pytest.approx([0.0, 0.0])
    changed = replace(panel, values=np.where(rows[:, None], panel.values, 1e9))
    again = fit_task_scaler(changed, "standard", task, rows=rows)
    assert np.array_equal(again.center, scaler.center)
    stops = np.array([50, 150])
    back = scaler.inverse(scaled[stops - 1][:, None, :], stops)
    assert back[:, 0] == pytest.approx(panel.values[stops - 1])
