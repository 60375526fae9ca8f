"""Whether two forecasts of the same targets differ by more than chance.

The losses of neighbouring origins depend on each other, because their targets overlap;
everything here allows for that.
"""

from collections.abc import Sequence

import numpy as np

FEWEST_ORIGINS = 10
HORIZONS_NEEDED = 3
MOST_BLOCKS = 12
N_RESAMPLES = 2_000
LEVEL = 0.95
_SAME = 1e-9

Pair = tuple[str, str]


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
    first: np.ndarray,
    second: np.ndarray,
    *,
    horizon: int,
    power: int = 1,
    level: float = LEVEL,
) -> tuple[float, float] | None:
    """Return an interval of the relative difference; None if it has no end.

    That is ``(mean(first) / mean(second)) ** (1 / power) - 1``.

    It has none where `second` errs so seldom that a resample may hold no error of it.

    A circular block bootstrap (Politis and Romano, 1992): blocks of neighbouring
    origins, at least a horizon long, are drawn together from both models. With few
    blocks such intervals are too narrow, so their distance from the estimate is
    widened as Student's distribution is wider than the normal one. The resamples are
    the same in each run.

    Parameters
    ----------
    first, second
        Loss of each origin, of shape (n_origins,).
    horizon
        Steps of each forecast.
    power
        Power of the errors in the losses, 2 for squared ones; what is compared then
        are the roots of the mean losses.
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
    if not means[1].all():
        return None
    ratios = (means[0] / means[1]) ** (1 / power) - 1
    estimate = (first.mean() / second.mean()) ** (1 / power) - 1
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    widening = student_widening(n_origins // length, level)
    return (
        float(estimate + widening * (low - estimate)),
        float(estimate + widening * (high - estimate)),
    )


def block_length(n_origins: int, horizon: int) -> int:
    """Return how many neighbouring origins are taken as depending on each other.

    At least a horizon, whose targets overlap, and never so few that there are more
    than twelve blocks: the errors of a network last longer than its horizon, and few
    large blocks are right where many small ones find differences that are not there
    (Ibragimov and Müller, 2010, https://doi.org/10.1198/jbes.2009.08046).
    """
    shortest = max(int(np.ceil(n_origins ** (1 / 3))), -(-n_origins // MOST_BLOCKS))
    return min(n_origins, max(horizon, shortest))


def adjust_pairs(pairs: Sequence[Pair], p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values of pairs of models for being several.

    After Bergmann and Hommel (1988), https://doi.org/10.1007/978-3-642-52307-6_8: where
    two of three models are equally good, the third is as good as both or as none. So
    fewer pairs can be equal at once than there are, and the adjustment costs less than
    that of Holm (1979). It takes all ways in which the models may be equal: 15 for
    four models.

    Parameters
    ----------
    pairs
        Names of the models that each p-value compares.
    p_values
        Chance of so large a difference if both were equally good.

    Examples
    --------
    Either all three pairs are equal, and the smallest of three p-values counts three
    times, or only one of them. So 0.01 becomes 0.03, 0.02 becomes 0.03 as well, and
    0.2 stays:

    >>> adjust_pairs([("a", "b"), ("a", "c"), ("b", "c")], [0.01, 0.02, 0.2])
    [0.03, 0.03, 0.2]
    """
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    equal_at_once = {
        frozenset(
            place
            for place, (first, second) in enumerate(pairs)
            if any(first in group and second in group for group in groups)
        )
        for groups in _partitions(names)
    }
    return [
        max(
            min(1.0, len(places) * min(p_values[other] for other in places))
            for places in equal_at_once
            if place in places
        )
        for place in range(len(pairs))
    ]


def _partitions(names: Sequence[str]) -> list[list[list[str]]]:
    """Return all ways to put the names into groups."""
    if not names:
        return [[]]
    first, rest = names[0], _partitions(names[1:])
    alone = [[[first], *groups] for groups in rest]
    joined = [
        [*groups[:k], [first, *groups[k]], *groups[k + 1 :]]
        for groups in rest
        for k in range(len(groups))
    ]
    return alone + joined


def student_widening(n_blocks: int, level: float) -> float:
    """Return how much wider an interval from few blocks must be than a normal one."""
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
