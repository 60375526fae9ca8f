"""How well events are found: runs of rows with the same label."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EventMetrics:
    """How well the events of some rows are found.

    Attributes
    ----------
    n_actual, n_called
        Events that there are, and that are called.
    precision
        Share of the called events that share a row with an actual one of the same
        class; None where none is called.
    recall
        Share of the actual events of which a row is called so; None where there are
        none.
    f1
        Harmonic mean of both, 0 where both are 0; None where one is undefined.
    delay
        Mean number of rows from the beginning of an event to its first row that is
        called so, over the events found; None where none is.
    """

    n_actual: int
    n_called: int
    precision: float | None
    recall: float | None
    f1: float | None
    delay: float | None


@dataclass(frozen=True)
class _Runs:
    """Runs of equal labels: places ``[starts, stops)`` among the rows given."""

    starts: np.ndarray
    stops: np.ndarray


def event_metrics(
    actual: np.ndarray,
    called: np.ndarray,
    *,
    rows: np.ndarray,
    groups: np.ndarray,
    background: int | None = None,
) -> EventMetrics:
    """Compare called events with actual ones.

    An event ends where the label or the group changes, or a row is left out.

    Parameters
    ----------
    actual, called
        Place of the class of each row, int of shape (n_rows,).
    rows
        Number of each row in the panel, ascending.
    groups
        Place of the group of each row.
    background
        Class whose runs are no events, such as 0 for normal rows; None counts all.

    Examples
    --------
    Two events, of which the first is found after one row; one false alarm:

    >>> actual = np.array([0, 1, 1, 0, 0, 1, 0, 0])
    >>> called = np.array([0, 0, 1, 0, 0, 0, 0, 1])
    >>> rows, groups = np.arange(8), np.zeros(8, dtype=int)
    >>> found = event_metrics(actual, called, rows=rows, groups=groups, background=0)
    >>> found.precision, found.recall, found.delay
    (0.5, 0.5, 1.0)
    """
    there = _runs(actual, rows, groups, background)
    said = _runs(called, rows, groups, background)
    is_right = actual == called
    delays = [
        int(is_right[start:stop].argmax())
        for start, stop in zip(there.starts, there.stops, strict=True)
        if is_right[start:stop].any()
    ]
    n_right = sum(
        bool(is_right[start:stop].any())
        for start, stop in zip(said.starts, said.stops, strict=True)
    )
    precision = n_right / len(said.starts) if len(said.starts) else None
    recall = len(delays) / len(there.starts) if len(there.starts) else None
    return EventMetrics(
        n_actual=len(there.starts),
        n_called=len(said.starts),
        precision=precision,
        recall=recall,
        f1=_harmonic(precision, recall),
        delay=float(np.mean(delays)) if delays else None,
    )


def _runs(
    labels: np.ndarray, rows: np.ndarray, groups: np.ndarray, background: int | None
) -> _Runs:
    begins = np.ones(len(labels), dtype=bool)
    begins[1:] = (np.diff(labels) != 0) | (np.diff(groups) != 0) | (np.diff(rows) != 1)
    starts = np.flatnonzero(begins)
    stops = np.append(starts[1:], len(labels))[: len(starts)]
    keep = labels[starts] != background if background is not None else slice(None)
    return _Runs(starts[keep], stops[keep])


def _harmonic(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return None
    return 2 * first * second / (first + second) if first + second else 0.0
