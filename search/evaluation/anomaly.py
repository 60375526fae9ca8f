"""Which rows are unlike the normal ones: scores, the threshold, and how well it works.

A row is scored by the errors of a network that learned normal rows: the mean over
channels of the error, each over its own mean on normal rows. The scores are averaged
over the last rows, fewer in a small table, and a row is called anomalous above a
quantile of normal scores.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from search.evaluation.event_metrics import event_metrics

MOST_SMOOTHING = 30
QUANTILE = 0.99

# Rows that settle the threshold for each row of the average, so that 80 make 30.
_NORMAL_ROWS_EACH = 80 / MOST_SMOOTHING


@dataclass(frozen=True)
class Threshold:
    """From which score on a row is called anomalous.

    Attributes
    ----------
    value
        The score; rows above it are called.
    quantile
        Share of the normal rows at or below it.
    n_rows
        Normal rows that settled it.
    is_unseen
        Whether the network did not learn from them.
    """

    value: float
    quantile: float
    n_rows: int
    is_unseen: bool

    @property
    def reason(self) -> str:
        """One sentence that says where it comes from."""
        which = (
            "that the network did not learn from"
            if self.is_unseen
            else "that the network learned from, for want of others, so it is likely "
            "too low"
        )
        return (
            f"A row is called anomalous above a score of {self.value:.3g}, the "
            f"{self.quantile:.0%} quantile of {self.n_rows} normal rows {which}."
        )


@dataclass(frozen=True)
class Detection:
    """Rows and what is said of them.

    Attributes
    ----------
    scores
        Smoothed score of each row, of shape (n_rows,); 1 is the mean of normal rows.
    is_called
        Whether each row is called anomalous.
    threshold
        From which score on.
    scale
        Mean error of each channel on normal rows, of shape (n_channels,), in the
        units of the errors.
    smoothing
        Rows over which scores were averaged.
    """

    scores: np.ndarray
    is_called: np.ndarray
    threshold: Threshold
    scale: np.ndarray
    smoothing: int


@dataclass(frozen=True)
class AnomalyMetrics:
    """How well anomalous rows are found.

    Attributes
    ----------
    precision
        Share of the called rows that are anomalous; None where none is called.
    recall
        Share of the anomalous rows that are called; None where there are none.
    f1
        Twice the rows rightly called over called and anomalous rows; None where
        there are neither.
    false_alarm_rate
        Share of the normal rows that are called; None where there are none.
    missing_rate
        Share of the anomalous rows that are not called; None where there are none.
    delay
        Mean number of rows from the beginning of an anomaly to its first called row,
        over those found; None where none is.
    n_events, n_found
        Anomalies (runs of anomalous rows), and those of which a row is called.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    false_alarm_rate: float | None
    missing_rate: float | None
    delay: float | None
    n_events: int
    n_found: int


def detect_anomalies(
    errors: np.ndarray,
    *,
    rows: np.ndarray,
    groups: np.ndarray,
    is_normal: np.ndarray,
    is_unseen: bool,
    smoothing: int | None = None,
    quantile: float = QUANTILE,
) -> Detection:
    """Score rows, settle the threshold and call those above it.

    Parameters
    ----------
    errors
        Absolute errors in scaled units, of shape (n_rows, n_channels), of the normal
        rows that settle the threshold and of those to be judged.
    rows, groups
        Number of each row in the panel, ascending, and the place of its group.
    is_normal
        Which of them settle the threshold, bool of shape (n_rows,).
    is_unseen
        Whether the network did not learn from these.
    smoothing
        Rows over which scores are averaged: each one and those before it in its
        group. None takes as many as `fitting_smoothing` says.
    quantile
        Share of the normal rows at or below the threshold.
    """
    if smoothing is None:
        smoothing = fitting_smoothing(groups[is_normal])
    scale = error_scale(errors[is_normal])
    single = (errors / scale).mean(axis=1)
    scores = smooth_scores(single, rows=rows, groups=groups, window=smoothing)
    threshold = settle_threshold(
        scores[is_normal], is_unseen=is_unseen, quantile=quantile
    )
    return Detection(scores, scores > threshold.value, threshold, scale, smoothing)


def fitting_smoothing(groups: np.ndarray) -> int:
    """Return over how many rows scores are averaged.

    Single errors are noise, so many rows are better; docs/metrics.md says how 30 was
    chosen. But a threshold is a matter of luck if it comes from few averages that do
    not overlap, and after an anomaly the averages stay high for as many rows. So a
    small table has fewer: 3 for every 8 rows of a group that settle the threshold.

    Parameters
    ----------
    groups
        Place of the group of each of these rows.

    Examples
    --------
    >>> [fitting_smoothing(np.zeros(n, dtype=int)) for n in (1, 12, 20, 40, 80, 200)]
    [1, 4, 7, 15, 30, 30]
    """
    n_each = len(groups) / max(1, len(np.unique(groups)))
    return max(1, min(MOST_SMOOTHING, int(n_each / _NORMAL_ROWS_EACH)))


def error_scale(errors: np.ndarray) -> np.ndarray:
    """Return the mean error of each channel on normal rows; 1 where that is 0."""
    mean = errors.mean(axis=0)
    return np.where(mean > 0, mean, 1.0)


def smooth_scores(
    scores: np.ndarray, *, rows: np.ndarray, groups: np.ndarray, window: int
) -> np.ndarray:
    """Average each score with those of the rows just before it in its group.

    Examples
    --------
    The third row begins another group:

    >>> smooth_scores(
    ...     np.array([2.0, 4.0, 9.0, 1.0]),
    ...     rows=np.arange(4), groups=np.array([0, 0, 1, 1]), window=2,
    ... ).tolist()
    [2.0, 3.0, 9.0, 5.0]
    """
    smooth = np.empty(len(scores))
    breaks = (np.diff(groups) != 0) | (np.diff(rows) != 1)
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(scores)]
    for start, stop in pairwise(edges):
        sums = np.concatenate([[0.0], np.cumsum(scores[start:stop])])
        last = np.arange(1, stop - start + 1)
        first = np.maximum(0, last - window)
        smooth[start:stop] = (sums[last] - sums[first]) / (last - first)
    return smooth


def settle_threshold(
    scores: np.ndarray, *, is_unseen: bool, quantile: float = QUANTILE
) -> Threshold:
    """Return the threshold from the scores of normal rows, one at least.

    All groups together: their scores are comparable, each scaled by its own normal
    rows, and a quantile of few rows is a matter of luck.
    """
    value = float(np.quantile(scores, quantile, method="higher"))
    return Threshold(value, quantile, len(scores), is_unseen)


def anomaly_metrics(
    is_anomalous: np.ndarray,
    is_called: np.ndarray,
    *,
    rows: np.ndarray,
    groups: np.ndarray,
) -> AnomalyMetrics:
    """Compare called rows with anomalous ones, bool arrays of shape (n_rows,).

    Examples
    --------
    >>> found = anomaly_metrics(
    ...     np.array([False, False, True, True]), np.array([True, False, False, True]),
    ...     rows=np.arange(4), groups=np.zeros(4, dtype=int),
    ... )
    >>> found.f1, found.false_alarm_rate, found.missing_rate, found.delay
    (0.5, 0.5, 0.5, 1.0)
    """
    n_bad, n_called = int(is_anomalous.sum()), int(is_called.sum())
    n_normal = len(is_anomalous) - n_bad
    right = int((is_anomalous & is_called).sum())
    events = event_metrics(
        is_anomalous.astype(np.int64),
        is_called.astype(np.int64),
        rows=rows,
        groups=groups,
        background=0,
    )
    return AnomalyMetrics(
        precision=right / n_called if n_called else None,
        recall=right / n_bad if n_bad else None,
        f1=2 * right / (n_called + n_bad) if n_called + n_bad else None,
        false_alarm_rate=(n_called - right) / n_normal if n_normal else None,
        missing_rate=1 - right / n_bad if n_bad else None,
        delay=events.delay,
        n_events=events.n_actual,
        n_found=round((events.recall or 0) * events.n_actual),
    )
