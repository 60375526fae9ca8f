"""Fewer points for a chart, with every spike kept."""

import numpy as np

from search.errors import ConfigError


def thin(values: np.ndarray, positions: np.ndarray, n_points: int) -> np.ndarray:
    """Choose at most `n_points` of `positions` so that the drawn line looks the same.

    Each bucket of neighbouring positions keeps its lowest and its highest value;
    the first and the last position are always kept. NaN, a break of the line, is kept
    where a bucket has nothing else.

    Parameters
    ----------
    values
        The series, of shape (n_rows,).
    positions
        Sorted rows that would be drawn.
    n_points
        Largest number of points, at least 4.

    Examples
    --------
    >>> thin(np.array([0.0, 0, 9, 0, 0, 0, -5, 0]), np.arange(8), 6).tolist()
    [0, 1, 2, 4, 6, 7]
    """
    if n_points < 4:
        raise ConfigError(f"`n_points` must be at least 4, got {n_points}.")
    if len(positions) <= n_points:
        return positions
    n_buckets = (n_points - 2) // 2
    drawn = values[positions]
    low = np.where(np.isnan(drawn), np.inf, drawn)
    high = np.where(np.isnan(drawn), -np.inf, drawn)
    size = -(-len(drawn) // n_buckets)
    n_padded = size * n_buckets - len(drawn)
    low = np.pad(low, (0, n_padded), constant_values=np.inf)
    high = np.pad(high, (0, n_padded), constant_values=-np.inf)
    starts = np.arange(n_buckets) * size
    lowest = starts + low.reshape(n_buckets, size).argmin(axis=1)
    highest = starts + high.reshape(n_buckets, size).argmax(axis=1)
    kept = np.unique(np.concatenate([[0], lowest, highest, [len(drawn) - 1]]))
    return positions[kept[kept < len(drawn)]]
