"""Whether the newest part of a series is unlike the rest by more than chance.

Neighbouring rows depend on each other, so tests for independent rows see changes
where there are none. Here the newest rows are compared with every other stretch of the
same length, the end joined to the beginning: if nothing changed, the newest stretch
is one like the others, whatever their rows have in common with their neighbours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.02
LEAST_DISTANCE = 0.2
FEWEST_ROWS = 20
LEAST_OUTSIDE = 0.01
N_EDGES = 49
_MOST_TURNS = 2_000

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Drift:
    """How the new values of one column differ from those learned from.

    Attributes
    ----------
    column
        Its name.
    distance
        Kolmogorov-Smirnov distance: the largest difference between the shares of both
        parts that lie below any one value, 0 to 1.
    p_value
        Share of the stretches that differ as much; None with too few rows.
    outside
        Share of the new values outside `low` to `high`.
    low, high
        Smallest and largest value learned from, in original units.
    before, after
        Median of both parts, in the units of `seen`.
    seen
        What was compared: the values, their changes from row to row, or against one
        season before.
    least_p
        Smallest p-value that there can be with so many rows.
    """

    column: str
    distance: float
    p_value: float | None
    outside: float
    low: float
    high: float
    before: float
    after: float
    seen: str = "none"
    least_p: float = 0.0

    @property
    def is_outside(self) -> bool:
        """Whether values outside the range are worth a word."""
        return self.outside >= LEAST_OUTSIDE


@dataclass(frozen=True)
class Growth:
    """How the error on newer data compares with that on the holdout.

    Attributes
    ----------
    relative
        Mean loss of the newer origins over that of the holdout, less 1.
    p_value
        Share of the stretches of origins whose loss is above that of the rest by as
        much; None with too few origins.
    """

    relative: float
    p_value: float | None


def rotation_p_value(values: np.ndarray, start: int, distance: Distance) -> float:
    """Compare the rows from `start` on with the rest, and so every such stretch.

    The p-value is the share of all rotations of the rows whose last part differs from
    the rest at least as much. It is exact where a series that goes round in a circle
    and keeps its nature would be cut open anywhere; `docs/metrics.md` has the rates of
    false alarms for others.

    Parameters
    ----------
    values
        Shape (n_rows, n_columns); a stretch is judged by the means of its columns.
    start
        First row of the last part, above 0 and below n_rows.
    distance
        How far the means of stretches, of shape (n_rotations, n_columns), lie from
        those of the rest.

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [0.0], [1.0], [5.0]])
    >>> rotation_p_value(rows, 4, lambda new, rest: (new - rest)[:, 0])
    0.2
    """
    n_rows = len(values)
    n_last = n_rows - start
    turns = (start + _turns(n_rows)) % n_rows
    inside = np.empty((len(turns), values.shape[1]))
    total = np.empty(values.shape[1])
    for column in range(values.shape[1]):  # one by one, for the memory
        once = np.cumsum(values[:, column], dtype=np.float64)
        sums = np.concatenate([[0.0], once, once[-1] + once])
        inside[:, column] = (sums[turns + n_last] - sums[turns]) / n_last
        total[column] = once[-1]
    rest = (total - inside * n_last) / (n_rows - n_last)
    found = distance(inside, rest)
    return float((found >= found[0] - 1e-12).mean())


def column_drift(
    column: str,
    learned: np.ndarray,
    new: np.ndarray,
    *,
    seen: str = "none",
    lag: int = 0,
) -> Drift:
    """Compare the new values of a column with those that a network learned from.

    Parameters
    ----------
    learned, new
        Original units, in time order, of shape (n_learned,) and (n_new,).
    seen, lag
        What the network sees of the column: ``none`` is the value itself; otherwise
        its change against `lag` rows before.
    """
    low, high = float(learned.min()), float(learned.max())
    outside = float(((new < low) | (new > high)).mean())
    if lag and min(len(learned), len(new)) > lag:
        learned, new = learned[lag:] - learned[:-lag], new[lag:] - new[:-lag]
    else:
        seen = "none"
    both = np.concatenate([learned, new])
    shares = np.arange(1, N_EDGES + 1) / (N_EDGES + 1)
    edges = np.unique(np.quantile(both, shares))
    # All rows: every second or third one would lie in other parts of a season.
    below = both[:, None] <= edges
    ends = below[len(learned) :].mean(axis=0) - below[: len(learned)].mean(axis=0)
    p_value = None
    if min(len(learned), len(new)) >= FEWEST_ROWS:
        p_value = rotation_p_value(below, len(learned), _largest_gap)
    return Drift(
        column=column,
        distance=float(np.abs(ends).max()),
        p_value=p_value,
        outside=outside,
        low=low,
        high=high,
        before=float(np.median(learned)),
        after=float(np.median(new)),
        seen=seen,
        least_p=1 / len(_turns(len(both))),
    )


def error_growth(holdout: np.ndarray, newer: np.ndarray, *, horizon: int) -> Growth:
    """Compare the losses of newer origins with those of the holdout.

    Parameters
    ----------
    holdout, newer
        Loss of each origin in time order, of shape (n_origins,); the mean of `holdout`
        is above 0.
    horizon
        Steps of a forecast; either part needs two horizons of origins to be tested.
    """
    relative = float(newer.mean() / holdout.mean() - 1)
    if min(len(holdout), len(newer)) < max(FEWEST_ROWS // 2, 2 * horizon):
        return Growth(relative, None)
    both = np.concatenate([holdout, newer])[:, None]
    p_value = rotation_p_value(both, len(holdout), lambda new, rest: (new - rest)[:, 0])
    return Growth(relative, p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for being several, after Holm (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def _turns(n_rows: int) -> np.ndarray:
    """Return by how many rows to rotate: all, or evenly spaced where there are many."""
    return np.arange(0, n_rows, max(1, n_rows // _MOST_TURNS))


def _largest_gap(new: np.ndarray, rest: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.abs(new - rest).max(axis=1)
    return found
