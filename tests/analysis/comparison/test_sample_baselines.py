"""Baselines of every kind, by hand, and winners judged beside them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from search.analysis.comparison.contest import judge_samples
from search.analysis.comparison.sample_baselines import (
    baseline_names,
    compute_baselines,
)
from search.config import Roles, Task
from search.errors import StudyCorrupted
from search.evaluation.group_splits import plan_samples
from search.evaluation.kind_metrics import AnomalyResult, ClassResult
from search.evaluation.metrics import Metrics
from search.evaluation.panel import Panel

N_GROUPS, LENGTH = 40, 6


def make(kind, labels, *, score, features=None, **wishes):
    """Return panel, task and plan of groups with one input column."""
    random = np.random.default_rng(0)
    n_rows = N_GROUPS * LENGTH
    values = random.normal(size=(n_rows, 1)) if features is None else features
    panel = Panel(
        values,
        ("x",),
        n_targets=int(kind in ("forecasting", "anomaly")),
        n_known=0,
        n_calendar=0,
        first_rows=tuple(range(0, n_rows, LENGTH)),
        group_names=tuple(f"g{number}" for number in range(N_GROUPS)),
        labels=labels,
    )
    task = Task(1, wishes.pop("holdout", 10), folds=2, kind=kind, score=score, **wishes)
    first = 1 if kind == "anomaly" else 2
    return panel, task, plan_samples(panel, task, first_origin=first)


def settings_of(task, targets=("y",)):
    is_input = task.kind in ("forecasting", "anomaly")
    return SimpleNamespace(
        roles=Roles(
            targets=targets,
            past_features=() if is_input else ("x",),
            group="g",
            label="bad" if task.kind == "anomaly" else None,
        ),
        task=task,
    )


def two_classes():
    """Return classes that the mean of the input tells."""
    places = np.arange(N_GROUPS) % 2
    labels = np.repeat(places, LENGTH)[:, None].astype(float)
    noise = np.random.default_rng(1).normal(size=labels.shape)
    return make(
        "classification",
        labels,
        score="error_rate",
        features=labels * 5 + noise,
        classes=("no", "yes"),
    )


def test_classes_have_their_baselines_on_folds_and_holdout():
    panel, task, plan = two_classes()
    found = compute_baselines(
        panel, plan, task, sequence_length=LENGTH, names=baseline_names(task)
    )
    assert set(found.metrics) == {"majority", "nearest", "logistic"}
    assert not found.absent
    majority, nearest = found.metrics["majority"], found.metrics["nearest"]
    assert isinstance(majority, ClassResult)
    assert isinstance(nearest, ClassResult)
    assert (majority.accuracy, nearest.accuracy) == (0.5, 1.0)
    assert list(majority.per_class) == ["no", "yes"]
    assert [len(scores) for scores in found.fold_scores.values()] == [2, 2, 2]


def test_a_winner_is_judged_from_its_file(tmp_path):
    panel, task, plan = two_classes()
    found = compute_baselines(
        panel, plan, task, sequence_length=LENGTH, names=("majority", "nearest")
    )
    rows = plan.samples.target_rows(plan.final.validation)[:, 0]
    actual = panel.targets[rows, 0].astype(int)
    names = np.array(task.classes)
    table = pd.DataFrame(
        {
            "group": "g",
            "row": rows,
            "timestamp": rows,
            "actual": names[actual],
            "predicted": names[actual],
            "p_no": 0.9 - 0.8 * actual,
            "p_yes": 0.1 + 0.8 * actual,
        }
    )
    path = tmp_path / "holdout_predictions.csv"
    table.to_csv(path, index=False)

    def judge():
        return judge_samples(
            settings_of(task),
            panel,
            plan,
            winners={"GRU": path},
            outputs=found.outputs,
        )

    verdict = judge()
    assert "You do not need a network here: GRU classifies 100 %" in verdict.sentence
    assert "the nearest neighbour 100 %" in verdict.sentence
    table.iloc[1:].to_csv(path, index=False)
    with pytest.raises(StudyCorrupted, match="9 samples that are not the 10"):
        judge()


def test_values_have_theirs():
    labels = np.repeat(np.arange(N_GROUPS, dtype=float), LENGTH)[:, None]
    panel, task, plan = make("regression", labels, score="rmse", features=labels + 0)
    found = compute_baselines(
        panel, plan, task, sequence_length=LENGTH, names=baseline_names(task)
    )
    ridge, mean = found.metrics["ridge_features"], found.metrics["mean"]
    assert isinstance(ridge, Metrics)
    assert isinstance(mean, Metrics)
    assert ridge.rmse < 0.1 < mean.rmse
    assert ridge.mase is None


def test_many_series_have_theirs_each_by_itself():
    """The last value never comes from the series before."""
    level = np.repeat(100.0 * np.arange(N_GROUPS), LENGTH)[:, None]
    panel, task, plan = make(
        "forecasting", None, score="mae", features=level, holdout=1
    )
    found = compute_baselines(
        panel, plan, task, sequence_length=2, names=baseline_names(task)
    )
    metrics = found.metrics["last_value"]
    assert isinstance(metrics, Metrics)
    assert metrics.mae == 0.0
    assert found.fold_scores["last_value"] == (0.0, 0.0)
    assert found.outputs["last_value"].shape == (N_GROUPS, 1, 1)
    assert "40 series" in found.absent["ridge"]


def test_anomalies_have_theirs_on_the_watched_rows():
    labels = np.zeros((N_GROUPS * LENGTH, 1))
    labels[LENGTH - 1 :: LENGTH] = 1  # the last row of each group
    values = np.random.default_rng(2).normal(size=labels.shape) + 50 * labels
    panel, task, plan = make(
        "anomaly", labels, score="rmse", features=values, holdout=1
    )
    found = compute_baselines(
        panel, plan, task, sequence_length=2, names=baseline_names(task)
    )
    assert set(found.metrics) == {"never", "always", "zscore", "pca"}
    always = found.metrics["always"]
    assert isinstance(always, AnomalyResult)
    assert (always.recall, always.precision) == (1.0, 1.0)
    assert not found.fold_scores
    verdict = judge_samples(
        settings_of(task), panel, plan, winners={}, outputs=found.outputs
    )
    assert verdict.sentence.startswith("All of the watched rows are anomalous")
