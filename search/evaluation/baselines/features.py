"""A few numbers that sum a window up, for baselines of sequences."""

import numpy as np

from search.evaluation.panel import Panel

N_FEATURES = 6
_BATCH = 2_048


def window_features(
    panel: Panel, stops: np.ndarray, *, sequence_length: int
) -> np.ndarray:
    """Return mean, deviation, minimum, maximum, last value and slope of each channel.

    Parameters
    ----------
    panel
        The rows.
    stops
        End of each window.
    sequence_length
        Rows of a window; fewer where its group begins later.

    Returns
    -------
    np.ndarray
        Shape (n_samples, 6 · n_channels), in original units.
    """
    parts = [
        _features(*_windows(panel, stops[first : first + _BATCH], sequence_length))
        for first in range(0, len(stops), _BATCH)
    ]
    empty = np.empty((0, N_FEATURES * panel.n_channels))
    return np.concatenate([empty, *parts])


def flat_windows(
    panel: Panel, stops: np.ndarray, *, sequence_length: int, values: np.ndarray
) -> np.ndarray:
    """Return the windows of scaled `values` as rows; what lies before a group is 0."""
    windows, is_there = _windows(panel, stops, sequence_length, values)
    return (windows * is_there[:, :, None]).reshape(len(stops), -1)


def _windows(
    panel: Panel,
    stops: np.ndarray,
    sequence_length: int,
    values: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return windows and which of their rows lie in the group."""
    rows = stops[:, None] + np.arange(-sequence_length, 0)
    is_there = rows >= panel.group_starts[stops - 1][:, None]
    source = panel.values if values is None else values
    return source[np.where(is_there, rows, 0)], is_there


def _features(windows: np.ndarray, is_there: np.ndarray) -> np.ndarray:
    mask = is_there[:, :, None]
    counts = is_there.sum(axis=1)[:, None]
    mean = (windows * mask).sum(axis=1) / counts
    centred = (windows - mean[:, None]) * mask
    deviation = np.sqrt((centred**2).sum(axis=1) / counts)
    lowest = np.where(mask, windows, np.inf).min(axis=1)
    highest = np.where(mask, windows, -np.inf).max(axis=1)
    steps = np.arange(windows.shape[1]) - (windows.shape[1] - 1)
    middle = (steps * is_there).sum(axis=1)[:, None] / counts
    places = (steps - middle) * is_there
    spread = (places**2).sum(axis=1)[:, None]
    slope = (places[:, :, None] * centred).sum(axis=1) / np.where(
        spread > 0, spread, 1.0
    )
    found = (mean, deviation, lowest, highest, windows[:, -1], slope)
    return np.concatenate(found, axis=1)
