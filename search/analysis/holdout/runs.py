"""Runs of equal labels: what a timeline draws."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Run:
    """Places ``[start, stop)`` with the same label."""

    start: int
    stop: int
    label: int


def label_runs(labels: np.ndarray, rows: np.ndarray) -> list[Run]:
    """Return the runs of `labels`, which end where it changes or rows are left out.

    Parameters
    ----------
    labels
        Shape (n_rows,); whole numbers.
    rows
        Number of each row, ascending.

    Examples
    --------
    >>> [(run.start, run.stop, run.label) for run in
    ...  label_runs(np.array([0, 1, 1, 1]), np.array([4, 5, 6, 9]))]
    [(0, 1, 0), (1, 3, 1), (3, 4, 1)]
    """
    if not len(labels):
        return []
    breaks = np.flatnonzero((np.diff(labels) != 0) | (np.diff(rows) != 1)) + 1
    starts = np.concatenate([[0], breaks])
    stops = np.append(breaks, len(labels))
    return [
        Run(int(start), int(stop), int(labels[start]))
        for start, stop in zip(starts, stops, strict=True)
    ]
