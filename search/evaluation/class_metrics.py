"""How well classes are told apart. Formulas and edge cases: docs/metrics.md."""

from dataclasses import dataclass

import numpy as np

from search.config import Score

LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class ClassScore:
    """How well one class is told from the others.

    Attributes
    ----------
    precision
        Share of the samples called so that are; 0 where none is called so.
    recall
        Share of its samples that are called so; 0 where it has none.
    f1
        Harmonic mean of both.
    auc
        Area under the ROC curve against all others; None where either has no sample.
    n_samples
        Samples of the class.
    """

    precision: float
    recall: float
    f1: float
    auc: float | None
    n_samples: int


@dataclass(frozen=True)
class ClassMetrics:
    """How well the classes of some samples are told apart.

    Attributes
    ----------
    accuracy
        Share of the samples whose most probable class is right.
    precision, recall, f1
        Means over the classes that occur or are called (macro averages).
    log_loss
        Mean of the negative logarithm of the probability of the right class.
    auc
        Mean over all classes of the area under the ROC curve; None where one is
        undefined.
    classes
        Each class by itself.
    confusion
        Counts: a row for each actual class, a column for each called one.
    """

    accuracy: float
    precision: float
    recall: float
    f1: float
    log_loss: float
    auc: float | None
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]


def class_metrics(actual: np.ndarray, probabilities: np.ndarray) -> ClassMetrics:
    """Compare probabilities of classes with what was there.

    Parameters
    ----------
    actual
        Place of the class of each sample, int of shape (n_samples,); one at least.
    probabilities
        Shape (n_samples, n_classes).

    Examples
    --------
    Of two samples of class 0 one is called 1; class 1 is always found:

    >>> probabilities = np.array([[0.8, 0.2], [0.4, 0.6], [0.1, 0.9]])
    >>> found = class_metrics(np.array([0, 0, 1]), probabilities)
    >>> found.confusion
    ((1, 1), (0, 1))
    >>> round(found.f1, 4), found.auc
    (0.6667, 1.0)
    """
    n_classes = probabilities.shape[1]
    called = probabilities.argmax(axis=1)
    pairs = actual * n_classes + called
    counts = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    each = tuple(
        _class_score(counts, place, _auc(actual == place, probabilities[:, place]))
        for place in range(n_classes)
    )
    present = [
        one
        for one, n_called in zip(each, counts.sum(axis=0), strict=True)
        if one.n_samples or n_called
    ]
    areas = [one.auc for one in each if one.auc is not None]
    return ClassMetrics(
        accuracy=float((called == actual).mean()),
        precision=float(np.mean([one.precision for one in present])),
        recall=float(np.mean([one.recall for one in present])),
        f1=float(np.mean([one.f1 for one in present])),
        log_loss=float(log_losses(actual, probabilities).mean()),
        auc=float(np.mean(areas)) if len(areas) == n_classes else None,
        classes=each,
        confusion=tuple(tuple(int(n) for n in row) for row in counts),
    )


def class_score(actual: np.ndarray, probabilities: np.ndarray, score: Score) -> float:
    """Return the one number that the search minimises; see `class_metrics`."""
    if score == "f1_error":
        return 1.0 - class_metrics(actual, probabilities).f1
    return float(class_losses(actual, probabilities, score).mean())


def class_losses(
    actual: np.ndarray, probabilities: np.ndarray, score: Score
) -> np.ndarray:
    """Return the loss of each sample, of shape (n_samples,).

    The negative logarithm for ``log_loss``, else 1 where the most probable class is
    wrong; macro F1 has no loss of a single sample.
    """
    if score == "log_loss":
        return log_losses(actual, probabilities)
    wrong: np.ndarray = (probabilities.argmax(axis=1) != actual).astype(np.float64)
    return wrong


def log_losses(actual: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the negative logarithm of the probability of the right class."""
    right = probabilities[np.arange(len(actual)), actual].astype(np.float64)
    losses: np.ndarray = -np.log(np.clip(right, LEAST_PROBABILITY, 1.0))
    return losses


def _class_score(counts: np.ndarray, place: int, auc: float | None) -> ClassScore:
    right = int(counts[place, place])
    n_samples, n_called = int(counts[place].sum()), int(counts[:, place].sum())
    return ClassScore(
        precision=right / n_called if n_called else 0.0,
        recall=right / n_samples if n_samples else 0.0,
        f1=2 * right / (n_called + n_samples) if n_called + n_samples else 0.0,
        auc=auc,
        n_samples=n_samples,
    )


def _auc(is_class: np.ndarray, probability: np.ndarray) -> float | None:
    """Return the share of pairs in the right order; equal probabilities count half."""
    n_inside = int(is_class.sum())
    n_outside = len(is_class) - n_inside
    if not n_inside or not n_outside:
        return None
    _, place, counts = np.unique(probability, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[place]
    above = ranks[is_class].sum() - n_inside * (n_inside + 1) / 2
    return float(above / (n_inside * n_outside))
