"""Marks for values that stand out from their neighbours; for drawing only."""

import numpy as np

_WINDOW = 5
_MOST_SPREADS = 10.0
_MOST_SHARE = 0.01
_MOST_JUDGED = 100_000


def mark_outliers(series_values: np.ndarray) -> np.ndarray:
    """Return the positions of values that stand out from their neighbours.

    A value stands out where it lies more than 10 robust standard deviations beyond the
    two middle ones of its four neighbours, so that a step is none. The deviation is
    that of all distances from the median of the neighbours. Nothing is marked where
    more than one value in a hundred would be: that is the nature of the series.
    Nothing is ever removed because of a mark.

    Parameters
    ----------
    series_values
        Shape (n_rows,); NaN is never marked.

    References
    ----------
    Hampel (1974), The influence curve and its role in robust estimation.
    """
    known = np.flatnonzero(np.isfinite(series_values))
    values = series_values[known]
    if len(values) < 3 * _WINDOW:
        return np.empty(0, dtype=np.int64)
    with np.errstate(over="ignore"):
        low, high = _middle_beside(values)
        distance = np.abs(values - (low / 2 + high / 2))
        beyond = np.maximum(low - values, values - high)
    spread = 1.4826 * float(np.median(distance[:: 1 + len(distance) // _MOST_JUDGED]))
    if spread == 0:
        spread = float(np.mean(distance))
    is_out = beyond > _MOST_SPREADS * spread
    if not 0 < is_out.sum() <= max(1, _MOST_SHARE * len(values)):
        return np.empty(0, dtype=np.int64)
    return known[is_out]


def _middle_beside(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the two middle ones of the two neighbours on both sides.

    Comparisons in place of sorting: ten times as fast.
    """
    n_rows = len(values)
    padded = np.pad(values, 2, mode="reflect", reflect_type="odd")
    a, b, _, c, d = (padded[start : start + n_rows] for start in range(_WINDOW))
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    return np.minimum(low, high), np.maximum(low, high)
