"""Whether two models of sequences, rows or windows differ by more than chance.

Samples of one group depend on each other, groups do not. So groups are what is counted
where there are enough of them; else stretches of neighbouring samples.
"""

import numpy as np

from search.evaluation.paired import LEVEL, MOST_BLOCKS, N_RESAMPLES, student_widening

FEWEST_GROUPS = 10
MOST_UNITS = 500
MOST_EXACT = 12
_SAME = 1e-12


def independent_units(groups: np.ndarray) -> np.ndarray:
    """Return which samples count as one, int64 of shape (n_samples,).

    The groups themselves where there are ten (beyond 500 some neighbouring groups
    together), else up to twelve stretches of neighbouring samples in all, none of which
    holds two groups.

    Parameters
    ----------
    groups
        Place of the group of each sample, those of a group together.

    Examples
    --------
    Two groups have six stretches each, if they have so many samples:

    >>> independent_units(np.array([0] * 12 + [1] * 3)).tolist()
    [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8]
    """
    _, first, units = np.unique(groups, return_index=True, return_inverse=True)
    if len(first) >= FEWEST_GROUPS:
        joined = units * min(MOST_UNITS, len(first)) // len(first)
        return np.asarray(joined, dtype=np.int64)
    n_stretches = MOST_BLOCKS // len(first)
    found = np.empty(len(groups), dtype=np.int64)
    n_units = 0
    for group in range(len(first)):
        places = np.flatnonzero(units == group)
        for part in np.array_split(places, min(n_stretches, len(places))):
            found[part] = n_units
            n_units += 1
    return found


def grouped_p_value(
    first: np.ndarray, second: np.ndarray, *, groups: np.ndarray
) -> float:
    """Test whether two models have the same mean loss, by exchanging them in units.

    If both are equally good, each unit might as well have had the losses of the one
    as those of the other. The p-value is the share of all such exchanges (beyond
    twelve units of 9,999 drawn ones, the same in each run) after which the means
    differ as much.

    Parameters
    ----------
    first, second
        Loss of each sample, of shape (n_samples,).
    groups
        Place of the group of each sample; see `independent_units`.
    """
    units = independent_units(groups)
    sums = np.bincount(units, weights=first - second)
    if not np.abs(sums).max() > _SAME * max(1.0, float(np.abs(first).max())):
        return 1.0
    found = np.abs(_signs(len(sums)) @ sums)
    limit = abs(sums.sum()) * (1 - 1e-9)
    if len(sums) <= MOST_EXACT:
        return float((found >= limit).mean())
    return float(((found >= limit).sum() + 1) / (len(found) + 1))


def difference_interval(
    first: np.ndarray,
    second: np.ndarray,
    *,
    groups: np.ndarray,
    power: int = 1,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Return an interval of the difference of the mean losses.

    That is ``mean(first) ** (1 / power) - mean(second) ** (1 / power)``. Units are
    drawn together from both models (bootstrap); the distance from the estimate is
    widened as Student's distribution is wider than the normal one.

    Parameters
    ----------
    first, second, groups
        See `grouped_p_value`.
    power
        Power of the errors in the losses, 2 for squared ones.
    level
        Share of the resamples that the interval holds.
    """
    means = _resampled(first, second, groups, power)
    estimate = first.mean() ** (1 / power) - second.mean() ** (1 / power)
    return _widened(estimate, means[0] - means[1], groups, level)


def relative_group_interval(
    first: np.ndarray,
    second: np.ndarray,
    *,
    groups: np.ndarray,
    power: int = 1,
    level: float = LEVEL,
) -> tuple[float, float] | None:
    """Return an interval of the relative difference; None if it has no end.

    That is ``(mean(first) / mean(second)) ** (1 / power) - 1``; it has no end where a
    resample holds no error of `second`. See `difference_interval`.
    """
    means = _resampled(first, second, groups, power)
    if not means[1].all():
        return None
    estimate = (first.mean() / second.mean()) ** (1 / power) - 1
    return _widened(estimate, means[0] / means[1] - 1, groups, level)


def _resampled(
    first: np.ndarray, second: np.ndarray, groups: np.ndarray, power: int
) -> list[np.ndarray]:
    """Return the roots of the mean losses of both models in each resample."""
    units = independent_units(groups)
    n_units = int(units.max()) + 1
    drawn = np.random.default_rng(0).integers(0, n_units, (N_RESAMPLES, n_units))
    counts = np.bincount(units)[drawn].sum(axis=1)
    return [
        (np.bincount(units, weights=losses)[drawn].sum(axis=1) / counts) ** (1 / power)
        for losses in (first, second)
    ]


def _widened(
    estimate: float, resampled: np.ndarray, groups: np.ndarray, level: float
) -> tuple[float, float]:
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    widening = student_widening(len(np.unique(independent_units(groups))), level)
    return (
        float(estimate + widening * (low - estimate)),
        float(estimate + widening * (high - estimate)),
    )


def _signs(n_units: int) -> np.ndarray:
    """Return which units are exchanged, -1 or 1, of shape (n_exchanges, n_units)."""
    if n_units <= MOST_EXACT:
        codes = np.arange(2**n_units)[:, None] >> np.arange(n_units)
        return 1.0 - 2.0 * (codes & 1)
    random = np.random.default_rng(0)
    return random.integers(0, 2, (9_999, n_units)) * 2.0 - 1.0
