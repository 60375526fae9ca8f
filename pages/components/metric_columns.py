"""The metrics of each kind of task: which there are, their names, and their numbers."""

from pages.components.numbers import three_digits
from pages.components.text import raw_text
from search.analysis.comparison.numbers import AnyMetricName
from search.config import Score
from search.evaluation.kind_metrics import AnomalyResult, ClassResult
from search.evaluation.metrics import KindMetrics

MetricKey = AnyMetricName | Score

VALUE_METRICS: tuple[MetricKey, ...] = ("rmse", "mae", "mse", "mase", "smape", "r2")
CLASS_METRICS: tuple[MetricKey, ...] = (
    "accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "log_loss",
)
ANOMALY_METRICS: tuple[MetricKey, ...] = (
    "f1",
    "precision",
    "recall",
    "false_alarm_rate",
    "missing_rate",
    "detection_delay",
)
SHARES: frozenset[str] = frozenset(
    (
        "accuracy",
        "precision",
        "recall",
        "error_rate",
        "false_alarm_rate",
        "missing_rate",
    )
)
"""Metrics that are written in percent."""


def metric_names(metrics: KindMetrics) -> tuple[MetricKey, ...]:
    """Return the metrics that a table shows, the most telling first."""
    if isinstance(metrics, ClassResult):
        return CLASS_METRICS
    if isinstance(metrics, AnomalyResult):
        return ANOMALY_METRICS
    return VALUE_METRICS


def judged_by(metrics: KindMetrics, score: Score) -> MetricKey:
    """Return the metric that judges the holdout.

    Anomalies are judged by those that are found, not by the error that was learned.
    """
    return "f1" if isinstance(metrics, AnomalyResult) else score


def metric_title(name: str) -> str:
    """Return what a metric is called at the head of a column."""
    return raw_text(f"compare.column_{name}")


def metric_value(metrics: KindMetrics, name: str) -> float | None:
    """Return a metric, in percent where its column says so; None if undefined."""
    value: float | None = getattr(metrics, name, None)
    return 100 * value if value is not None and name in SHARES else value


def metric_words(metrics: KindMetrics, name: str) -> str:
    """Return a metric as people write it under its title."""
    return three_digits(metric_value(metrics, name))
