"""Whether two forecasts of the same targets differ by more than chance.

The losses of neighbouring origins depend on each other, because their targets overlap;
everything here allows for that.
"""

from collections.abc import Sequence

import numpy as np

FEWEST_ORIGINS = 10
HORIZONS_NEEDED = 3
N_RESAMPLES = 2_000
LEVEL = 0.95
_SAME = 1e-9


def origins_needed(horizon: int) -> int:
    """Return the fewest origins whose losses can tell a difference from chance.

    Examples
    --------
    >>> origins_needed(1), origins_needed(12)
    (10, 36)
    """
    return max(FEWEST_ORIGINS, HORIZONS_NEEDED * horizon)


def paired_p_value(first: np.ndarray, second: np.ndarray, *, horizon: int) -> float:
    """Test whether two models have the same mean loss.

    The larger of two p-values: of the test of Diebold and Mariano (1995),
    https://doi.org/10.1080/07350015.1995.10524599, with the small-sample correction
    of Harvey, Leybourne and Newbold (1997),
    https://doi.org/10.1016/S0169-2070(96)00719-4, and of a t-test between the means
    of blocks of origins that do not overlap. Each of them alone finds differences that
    are not there in up to a tenth of simulated series instead of a twentieth.

    Parameters
    ----------
    first, second
        Loss of each origin, of shape (n_origins,).
    horizon
        Steps of each forecast; losses of origins less than this apart depend on each
        other.

    Returns
    -------
    float
        1 where the losses are the same at every origin, 0 where they differ by the
        same amount at every origin.
    """
    difference = first - second
    if np.allclose(difference, 0.0, atol=_SAME * float(np.abs(first).max() or 1.0)):
        return 1.0
    if np.ptp(difference) <= _SAME * np.abs(difference).max():
        return 0.0
    return max(_diebold_mariano(first, second, horizon), _blocks(difference, horizon))


def relative_interval(
    first: np.ndarray, second: np.ndarray, *, horizon: int, level: float = LEVEL
) -> tuple[float, float]:
    """Return an interval of ``mean(first) / mean(second) - 1``.

    A circular block bootstrap (Politis and Romano, 1992): blocks of neighbouring
    origins, at least a horizon long, are drawn together from both models. With few
    blocks such intervals are too narrow, so their distance from the estimate is
    widened as Student's distribution is wider than the normal one. The resamples are
    the same in each run.

    Parameters
    ----------
    first, second
        Loss of each origin, of shape (n_origins,); the mean of `second` is above 0.
    horizon
        Steps of each forecast.
    level
        Share of the resamples that the interval holds.
    """
    n_origins = len(first)
    length = block_length(n_origins, horizon)
    n_blocks = -(-n_origins // length)
    starts = np.random.default_rng(0).integers(0, n_origins, (N_RESAMPLES, n_blocks))
    means = []
    for losses in (first, second):
        around = np.concatenate([[0.0], np.cumsum([*losses, *losses[:length]])])
        means.append((around[starts + length] - around[starts]).sum(axis=1))
    ratios = means[0] / means[1] - 1
    estimate = first.mean() / second.mean() - 1
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    widening = _widening(n_origins // length, level)
    return (
        float(estimate + widening * (low - estimate)),
        float(estimate + widening * (high - estimate)),
    )


def block_length(n_origins: int, horizon: int) -> int:
    """Return how many neighbouring origins are taken as depending on each other."""
    return min(n_origins, max(horizon, int(np.ceil(n_origins ** (1 / 3)))))


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


def _widening(n_blocks: int, level: float) -> float:
    from scipy.stats import norm, t

    n_blocks = max(n_blocks, 2)
    quantile = (1 + level) / 2
    student = t.ppf(quantile, n_blocks - 1) / norm.ppf(quantile)
    return float(student * np.sqrt(n_blocks / (n_blocks - 1)))


def _diebold_mariano(first: np.ndarray, second: np.ndarray, horizon: int) -> float:
    # statsmodels takes a second to import, and the pages import this module too.
    from statsmodels.tsa.stattools import diebold_mariano_test

    result = diebold_mariano_test(
        np.zeros(len(first)),
        first,
        second,
        criterion="mae",
        harvey_adj=True,
        horizon=horizon,
        lags=horizon - 1,
    )
    return float(result.pvalue)


def _blocks(difference: np.ndarray, horizon: int) -> float:
    """Test the means of blocks that follow each other; 1 with fewer than three."""
    from scipy.stats import t

    length = block_length(len(difference), horizon)
    n_blocks = len(difference) // length
    if n_blocks < 3:
        return 1.0
    means = difference[-n_blocks * length :].reshape(n_blocks, length).mean(axis=1)
    error = means.std(ddof=1) / np.sqrt(n_blocks)
    if error <= _SAME * abs(means.mean()):
        return 0.0
    return float(2 * t.sf(abs(means.mean()) / error, n_blocks - 1))
