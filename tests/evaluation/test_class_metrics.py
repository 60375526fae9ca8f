"""Metrics of classes, events and anomalies: by hand, and beside scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk

from search.evaluation.anomaly import (
    anomaly_metrics,
    detect_anomalies,
    settle_threshold,
)
from search.evaluation.class_metrics import class_losses, class_metrics, class_score
from search.evaluation.event_metrics import event_metrics
from search.evaluation.metrics import value_metrics


def drawn(n_samples: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    actual = random.integers(0, 3, n_samples)
    wishes = random.normal(size=(n_samples, 3)) + np.eye(3)[actual]
    probabilities = np.exp(wishes)
    return actual, probabilities / probabilities.sum(axis=1, keepdims=True)


def test_class_metrics_are_those_of_scikit_learn() -> None:
    actual, probabilities = drawn()
    called = probabilities.argmax(axis=1)
    found = class_metrics(actual, probabilities)
    expected = sk.precision_recall_fscore_support(actual, called, average="macro")
    assert (found.precision, found.recall, found.f1) == pytest.approx(expected[:3])
    assert found.accuracy == pytest.approx(sk.accuracy_score(actual, called))
    assert found.log_loss == pytest.approx(sk.log_loss(actual, probabilities))
    area = sk.roc_auc_score(actual, probabilities, multi_class="ovr")
    assert found.auc == pytest.approx(area)
    assert found.confusion == tuple(map(tuple, sk.confusion_matrix(actual, called)))


def test_auc_counts_ties_half() -> None:
    probabilities = np.array([[0.5, 0.5], [0.5, 0.5], [0.2, 0.8]])
    assert class_metrics(np.array([0, 1, 1]), probabilities).auc == 0.75


def test_class_metrics_of_one_class_have_no_auc() -> None:
    found = class_metrics(np.array([1, 1]), np.array([[0.1, 0.9], [0.2, 0.8]]))
    assert (found.auc, found.f1, found.accuracy) == (None, 1.0, 1.0)


def test_class_scores_by_hand() -> None:
    actual = np.array([0, 1])
    probabilities = np.array([[0.5, 0.5], [1.0, 0.0]])
    assert class_score(actual, probabilities, "error_rate") == 0.5
    assert class_score(actual, probabilities, "f1_error") == pytest.approx(2 / 3)
    losses = class_losses(actual, probabilities, "log_loss")
    assert losses == pytest.approx([np.log(2), 7 * np.log(10)])


def test_value_metrics_have_no_mase() -> None:
    found = value_metrics(np.array([[1.0], [3.0]]), np.array([[2.0], [3.0]]))
    assert (found.mae, found.mse, found.mase) == (0.5, 0.5, None)


def test_events_end_where_the_group_changes_or_a_row_is_absent() -> None:
    labels = np.ones(4, dtype=int)
    rows, groups = np.array([0, 1, 2, 4]), np.array([0, 0, 1, 1])
    found = event_metrics(labels, labels, rows=rows, groups=groups)
    assert (found.n_actual, found.f1, found.delay) == (3, 1.0, 0.0)


def test_events_of_nothing_are_undefined() -> None:
    zeros = np.zeros(3, dtype=int)
    found = event_metrics(zeros, zeros, rows=np.arange(3), groups=zeros, background=0)
    assert (found.precision, found.recall, found.f1, found.delay) == (None,) * 4


def test_anomaly_metrics_are_undefined_without_anomalies() -> None:
    nothing = np.zeros(3, dtype=bool)
    found = anomaly_metrics(
        nothing, nothing, rows=np.arange(3), groups=np.zeros(3, dtype=int)
    )
    assert (found.f1, found.recall, found.missing_rate, found.delay) == (None,) * 4
    assert (found.false_alarm_rate, found.n_events) == (0.0, 0)


def test_detect_anomalies_calls_rows_above_the_normal_ones() -> None:
    """Errors of 1 and 10 weigh alike, because each is scaled by its normal mean."""
    errors = np.array([[1.0, 10.0]] * 6 + [[1.0, 10.0], [3.0, 30.0], [1.0, 20.0]])
    found = detect_anomalies(
        errors,
        rows=np.arange(9),
        groups=np.zeros(9, dtype=int),
        is_normal=np.arange(9) < 6,
        is_unseen=True,
        smoothing=1,
    )
    assert found.scale.tolist() == [1.0, 10.0]
    assert found.scores[6:].tolist() == [1.0, 3.0, 1.5]
    assert found.is_called.tolist() == [False] * 7 + [True, True]


def test_a_threshold_says_where_it_comes_from() -> None:
    threshold = settle_threshold(np.arange(200.0), is_unseen=True)
    assert threshold.value == 198.0
    assert "the 99% quantile of 200 normal rows" in threshold.reason
    seen = settle_threshold(np.arange(200.0), is_unseen=False)
    assert "likely too low" in seen.reason
