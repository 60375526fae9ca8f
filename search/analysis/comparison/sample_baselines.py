"""Baselines of every task but the forecast of one series, on the networks' samples."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from search.config import Task
from search.evaluation.baselines.anomalies import (
    ANOMALY_NAMES,
    detect_by_baselines,
    judged_rows,
)
from search.evaluation.baselines.many import forecast_each
from search.evaluation.baselines.sequences import (
    CLASS_NAMES,
    VALUE_NAMES,
    sample_baselines,
)
from search.evaluation.baselines.suite import BASELINE_NAMES
from search.evaluation.kind_metrics import anomaly_result, class_result
from search.evaluation.metrics import (
    KindMetrics,
    combine_targets,
    forecast_metrics,
    seasonal_naive_scale,
    target_weights,
    value_metrics,
)
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.evaluation.scaling import fit_task_scaler


@dataclass(frozen=True)
class ScoredBaselines:
    """What the baselines of a task say, and how good that is.

    Attributes
    ----------
    fold_scores
        Score on each fold; none for anomalies, which the folds do not hold.
    metrics
        Metrics on the holdout.
    outputs
        What each says of the holdout samples, in their order: forecasts of shape
        (n_samples, horizon, n_targets), values (n_samples, n_targets), probabilities
        (n_samples, n_classes), or 1 where a row is called anomalous (n_samples,).
    absent
        For each baseline that is missing, why.
    """

    fold_scores: dict[str, tuple[float, ...]]
    metrics: dict[str, KindMetrics]
    outputs: dict[str, np.ndarray]
    absent: dict[str, str]


def baseline_names(task: Task) -> tuple[str, ...]:
    """Return the baselines of a kind of task, in their order."""
    if task.kind == "forecasting":
        return BASELINE_NAMES
    if task.kind == "anomaly":
        return ANOMALY_NAMES
    return CLASS_NAMES if task.has_classes else VALUE_NAMES


def compute_baselines(
    panel: Panel,
    plan: SamplePlan,
    task: Task,
    *,
    sequence_length: int,
    names: Collection[str],
) -> ScoredBaselines:
    """Fit all baselines of `task` on what the networks learn from, and score them.

    Parameters
    ----------
    panel, plan, task
        What the networks learn from, are judged on and are asked for.
    sequence_length
        Rows of a window.
    names
        Which baselines; those of another task are left out.
    """
    if task.kind == "forecasting":
        return _many_series(panel, plan, task, sequence_length, names)
    if task.kind == "anomaly":
        return _anomalies(panel, plan, task, names)
    found = sample_baselines(
        panel, plan, task, sequence_length=sequence_length, names=names
    )
    rows = plan.samples.target_rows(plan.final.validation)[:, 0]
    actual, groups = panel.targets[rows], panel.groups[rows]
    metrics: dict[str, KindMetrics] = {}
    for name, output in found.holdout.items():
        if task.has_classes:
            is_labelling = task.kind == "labelling"
            metrics[name] = class_result(
                actual[:, 0].astype(np.int64),
                output,
                classes=task.classes,
                rows=rows if is_labelling else None,
                groups=groups if is_labelling else None,
            )
        else:
            metrics[name] = value_metrics(actual, output)
    return ScoredBaselines(found.fold_scores, metrics, found.holdout, found.absent)


def naive_scale(panel: Panel, plan: SamplePlan, *, season: int) -> np.ndarray:
    """Return `seasonal_naive_scale` over the rows of all series before the holdout.

    Each series counts by its number of differences.
    """
    sums, n_differences = np.zeros(panel.targets.shape[1]), 0
    for first, size in zip(panel.first_rows, panel.group_sizes, strict=True):
        inside = slice(first, first + int(size))
        before = panel.targets[inside][plan.final.rows[inside]]
        n = max(0, len(before) - season)
        sums += n * seasonal_naive_scale(before, season)
        n_differences += n
    return sums / max(1, n_differences)


def _many_series(
    panel: Panel,
    plan: SamplePlan,
    task: Task,
    sequence_length: int,
    names: Collection[str],
) -> ScoredBaselines:
    def forecast(stops: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        return forecast_each(
            panel, stops, task, sequence_length=sequence_length, names=names
        )

    weights = target_weights(panel.targets[plan.final.rows])
    scores: dict[str, list[float]] = {}
    for fold in plan.folds:
        actual = panel.targets[plan.samples.target_rows(fold.validation)]
        for name, predicted in forecast(fold.validation)[0].items():
            error = predicted - actual
            squared = (error**2).mean(axis=(0, 1))
            absolute = np.abs(error).mean(axis=(0, 1))
            score = combine_targets(squared, absolute, weights, task.score)
            scores.setdefault(name, []).append(score)
    stops = plan.final.validation
    outputs, absent = forecast(stops)
    actual = panel.targets[plan.samples.target_rows(stops)]
    scale = naive_scale(panel, plan, season=task.season)
    return ScoredBaselines(
        fold_scores={
            name: tuple(values)
            for name, values in scores.items()
            if len(values) == len(plan.folds)
        },
        metrics={
            name: forecast_metrics(actual, predicted, naive_scale=scale)
            for name, predicted in outputs.items()
        },
        outputs=outputs,
        absent=absent,
    )


def _anomalies(
    panel: Panel, plan: SamplePlan, task: Task, names: Collection[str]
) -> ScoredBaselines:
    rows, is_normal = judged_rows(plan)
    judged = ~is_normal
    if not judged.any():
        reason = "no row follows the normal ones"
        return ScoredBaselines({}, {}, {}, dict.fromkeys(names, reason))
    scaler = fit_task_scaler(panel, "standard", task, rows=plan.final.rows)
    labels = np.full(len(rows), np.nan)
    if panel.labels is not None:
        labels = panel.labels[rows, 0]
    metrics: dict[str, KindMetrics] = {}
    outputs = {}
    for name, found in detect_by_baselines(panel, plan, scaler).items():
        if name in names:
            outputs[name] = found.is_called[judged].astype(np.float64)
            metrics[name] = anomaly_result(
                labels[judged],
                found.is_called[judged],
                rows=rows[judged],
                groups=panel.groups[rows[judged]],
            )
    return ScoredBaselines({}, metrics, outputs, {})
