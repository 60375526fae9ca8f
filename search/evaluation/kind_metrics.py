"""How good a model is on its samples, for each kind of task, as results are stored.

Numbers have `search.evaluation.metrics.Metrics`. The records here hold the metrics of
classes and of anomalies under the keys of `results.json`, with the names of the
classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from search.config import Score
from search.evaluation.anomaly import anomaly_metrics
from search.evaluation.class_metrics import ClassScore, class_metrics
from search.evaluation.event_metrics import EventMetrics, event_metrics
from search.evaluation.metrics import KindMetrics, Metrics


@dataclass(frozen=True)
class ClassResult(KindMetrics):
    """How well the classes are told apart.

    Attributes
    ----------
    accuracy
        Share of the samples whose most probable class is right.
    precision, recall, f1
        Means over the classes that occur or are called.
    roc_auc
        Mean area under the ROC curve of one class against the others; None where one
        is undefined.
    log_loss
        Mean of the negative logarithm of the probability of the right class.
    error_rate, f1_error
        What `accuracy` and `f1` lack to 1.
    per_class
        Each class by its name, in the order of the classes.
    confusion
        Counts: a row for each actual class, a column for each called one.
    events
        Runs of rows with the same label; None where samples do not follow each other.
    kind
        Tells these records from others where they are stored.
    """

    accuracy: float
    precision: float
    recall: float
    f1: float
    roc_auc: float | None
    log_loss: float
    error_rate: float
    f1_error: float
    per_class: dict[str, ClassScore]
    confusion: tuple[tuple[int, ...], ...]
    events: EventMetrics | None = None
    kind: Literal["classes"] = "classes"


@dataclass(frozen=True)
class AnomalyResult(KindMetrics):
    """How well anomalous rows are found; all None where no row is labelled.

    Attributes
    ----------
    f1, precision, recall, false_alarm_rate, missing_rate
        As in `search.evaluation.anomaly.AnomalyMetrics`.
    detection_delay
        Mean number of rows from the beginning of an anomaly to its first called row,
        over those found; None where none is.
    n_events, n_found
        Anomalies, and those of which a row is called.
    kind
        Tells these records from others where they are stored.
    """

    f1: float | None = None
    precision: float | None = None
    recall: float | None = None
    false_alarm_rate: float | None = None
    missing_rate: float | None = None
    detection_delay: float | None = None
    n_events: int = 0
    n_found: int = 0
    kind: Literal["anomalies"] = "anomalies"


def class_result(
    actual: np.ndarray,
    probabilities: np.ndarray,
    *,
    classes: Sequence[str],
    rows: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> ClassResult:
    """Compare probabilities with what was there; see `class_metrics`.

    Parameters
    ----------
    actual
        Place of the class of each sample, int of shape (n_samples,); one at least.
    probabilities
        Shape (n_samples, n_classes).
    classes
        Their names.
    rows, groups
        Row of each sample and place of its group, where samples follow each other
        (labelling); they make the events.

    Examples
    --------
    >>> found = class_result(
    ...     np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), classes=("no", "yes")
    ... )
    >>> found.accuracy, found.error_rate, found.per_class["yes"].recall
    (0.5, 0.5, 0.0)
    """
    found = class_metrics(actual, probabilities)
    events = None
    if rows is not None and groups is not None:
        called = probabilities.argmax(axis=1)
        events = event_metrics(actual, called, rows=rows, groups=groups)
    return ClassResult(
        accuracy=found.accuracy,
        precision=found.precision,
        recall=found.recall,
        f1=found.f1,
        roc_auc=found.auc,
        log_loss=found.log_loss,
        error_rate=1 - found.accuracy,
        f1_error=1 - found.f1,
        per_class=dict(zip(classes, found.classes, strict=True)),
        confusion=found.confusion,
        events=events,
    )


def anomaly_result(
    labels: np.ndarray,
    is_called: np.ndarray,
    *,
    rows: np.ndarray,
    groups: np.ndarray,
) -> AnomalyResult:
    """Compare called rows with labelled ones; see `anomaly_metrics`.

    Parameters
    ----------
    labels
        1 where a row is anomalous, 0 where not, NaN where nobody knows, float of shape
        (n_rows,). Rows without a label do not count.
    is_called
        Whether each row is called anomalous.
    rows, groups
        Row number, ascending, and place of its group.
    """
    is_known = np.isfinite(labels)
    if not is_known.any():
        return AnomalyResult()
    found = anomaly_metrics(
        labels[is_known] != 0,
        is_called[is_known],
        rows=rows[is_known],
        groups=groups[is_known],
    )
    return AnomalyResult(
        f1=found.f1,
        precision=found.precision,
        recall=found.recall,
        false_alarm_rate=found.false_alarm_rate,
        missing_rate=found.missing_rate,
        detection_delay=found.delay,
        n_events=found.n_events,
        n_found=found.n_found,
    )


def as_values(metrics: KindMetrics) -> Metrics:
    """Return the metrics of numbers; only for tasks that predict numbers."""
    if not isinstance(metrics, Metrics):
        raise TypeError(f"These are no metrics of numbers: {type(metrics).__name__}.")
    return metrics


def error_of(metrics: KindMetrics, score: Score) -> float | None:
    """Return the error that a study scores by; of anomalies what F1 lacks to 1.

    None where it is undefined.
    """
    if isinstance(metrics, AnomalyResult):
        return None if metrics.f1 is None else 1 - metrics.f1
    return float(getattr(metrics, score))
