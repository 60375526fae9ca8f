"""Fewer points for a chart: lines with every spike, clouds with their shape."""

import math
from collections.abc import Callable

import numpy as np

from search.errors import ConfigError


def thin(values: np.ndarray, positions: np.ndarray | None, n_points: int) -> np.ndarray:
    """Choose at most `n_points` of `positions` so that the drawn line looks the same.

    Each bucket of neighbouring positions keeps its lowest and its highest value;
    the first and the last position are always kept. NaN, a break of the line, is kept
    where a bucket has nothing else.

    Parameters
    ----------
    values
        The series, of shape (n_rows,).
    positions
        Sorted rows that would be drawn; None for all.
    n_points
        Largest number of points, at least 4.

    Examples
    --------
    >>> thin(np.array([0.0, 0, 9, 0, 0, 0, -5, 0]), np.arange(8), 6).tolist()
    [0, 1, 2, 4, 6, 7]
    """
    if n_points < 4:
        raise ConfigError(f"`n_points` must be at least 4, got {n_points}.")
    drawn = values if positions is None else values[positions]
    if len(drawn) <= n_points:
        return np.arange(len(drawn)) if positions is None else positions
    n_buckets = (n_points - 2) // 2
    size = -(-len(drawn) // n_buckets)
    is_gap = np.isnan(drawn)
    low = high = drawn
    if is_gap.any():
        low = np.where(is_gap, np.inf, drawn)
        high = np.where(is_gap, -np.inf, drawn)
    ends = [0, len(drawn) - 1]
    edges = (_in_buckets(low, size, np.argmin), _in_buckets(high, size, np.argmax))
    kept = np.unique(np.concatenate([ends, *edges]))
    return kept if positions is None else positions[kept]


def _in_buckets(
    values: np.ndarray, size: int, find: Callable[..., np.ndarray]
) -> np.ndarray:
    """Return the position that `find` gives in each `size` neighbouring values."""
    n_whole = len(values) // size
    whole = find(values[: n_whole * size].reshape(n_whole, size), axis=1)
    found: np.ndarray = np.arange(n_whole) * size + whole
    if n_whole * size == len(values):
        return found
    return np.append(found, n_whole * size + find(values[n_whole * size :]))


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
    every = np.arange(0, n_values, step)
    edges = [_in_buckets(values, 2 * step, find) for find in (np.argmin, np.argmax)]
    return np.unique(np.concatenate([every, *edges]))
