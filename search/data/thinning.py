"""Fewer points for a chart: lines with every spike, clouds with their shape."""

import math

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


def thin_cloud(values: np.ndarray, n_points: int) -> np.ndarray:
    """Choose at most `n_points` positions so that the drawn points look the same.

    Half of them is every second, fourth, eighth … point, which keeps the shape of the
    cloud; the rest are the lowest and the highest of neighbouring points, so that
    nothing that is far off is lost. Points that were chosen stay chosen while the
    cloud grows, until it has doubled.

    Parameters
    ----------
    values
        Heights of the points in the order in which they are drawn, of shape (n,);
        finite.
    n_points
        Largest number of points, at least 8.

    Examples
    --------
    >>> thin_cloud(np.array([1.0, 1, 1, 9, 1, 1, 1, 1, 1, 1, 0, 1]), 8).tolist()
    [0, 3, 4, 8, 10]
    """
    if n_points < 8:
        raise ConfigError(f"`n_points` must be at least 8, got {n_points}.")
    n_values = len(values)
    if n_values <= n_points:
        return np.arange(n_values)
    step = 2
    while math.ceil(n_values / step) + 2 * math.ceil(n_values / (2 * step)) > n_points:
        step *= 2
    size = 2 * step
    starts = np.arange(0, n_values, size)
    padding = len(starts) * size - n_values
    low = np.pad(values, (0, padding), constant_values=np.inf)
    high = np.pad(values, (0, padding), constant_values=-np.inf)
    lowest = starts + low.reshape(-1, size).argmin(axis=1)
    highest = starts + high.reshape(-1, size).argmax(axis=1)
    return np.unique(np.concatenate([np.arange(0, n_values, step), lowest, highest]))
