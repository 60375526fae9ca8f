"""How exactly one column of numbers follows another."""

import numpy as np
import pandas as pd

EXACT = 0.999
NEARLY_LEVELS, NEARLY_CHANGES = 0.99, 0.9
SAME_DIRECTION = 0.98


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return the correlation; 0 where one of both is constant."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value; equal ones share theirs."""
    return pd.Series(values).rank().to_numpy()


def is_nearly(
    first: np.ndarray, second: np.ndarray, *, inner: np.ndarray | None = None
) -> bool:
    """Tell whether both agree in their levels and in their changes.

    Parameters
    ----------
    first, second
        Shape (n_rows,).
    inner
        Rows but the first whose change is one within a series, bool of shape
        (n_rows - 1,); None takes all.
    """
    levels = correlation(first, second) ** 2
    if levels <= NEARLY_LEVELS:
        return False
    return correlation(*_changes(first, second, inner)) ** 2 > NEARLY_CHANGES


def is_transformed(
    first: np.ndarray, second: np.ndarray, *, inner: np.ndarray | None = None
) -> bool:
    """Tell whether both rise and fall together without exception; see `is_nearly`."""
    if abs(correlation(ranks(first), ranks(second))) <= EXACT:
        return False
    one, other = _changes(first, second, inner)
    return abs(correlation(np.sign(one), np.sign(other))) > SAME_DIRECTION


def _changes(
    first: np.ndarray, second: np.ndarray, inner: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.diff(first), np.diff(second)
    return (one, other) if inner is None else (one[inner], other[inner])
