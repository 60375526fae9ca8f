"""Features that hold the target, or that cannot have been known when they say.

A column that is known in advance may not follow from the target of its own row. A
column that is known up to the present may not follow from later rows. Both are judged
by how exactly the column can be computed, on changes from row to row, because levels of
two slow series resemble each other without any leak.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from search.config import Roles
from search.evaluation.leaks.likeness import (
    EXACT,
    correlation,
    is_nearly,
    is_transformed,
)
from search.evaluation.leaks.suspicion import Suspicion

FEWEST_ROWS = 40
MOST_ROWS = 20_000
KNOWN_FROM_PAST = 0.99
# What is left unexplained without later rows must be that many times larger.
TIMES_BETTER = 20.0
LEADS = (1, 2, 3)
AROUND = 4


def audit_features(
    series: pd.DataFrame, roles: Roles, *, horizon: int, season: int
) -> tuple[Suspicion, ...] | None:
    """Look at every feature beside every target.

    Parameters
    ----------
    series
        The series before the holdout, one row a time stamp, without gaps.
    roles
        What each column is for.
    horizon, season
        Shifts of up to these are looked for too.

    Returns
    -------
    tuple of Suspicion, optional
        At most one for each feature, the plainest. None where nothing can be told:
        fewer than `FEWEST_ROWS` rows, or no feature that is more than a flag.
    """
    if len(series) < FEWEST_ROWS:
        return None
    series = series.tail(MOST_ROWS)
    found, n_judged = [], 0
    for name in (*roles.known_features, *roles.past_features):
        feature = series[name].to_numpy(dtype=np.float64)
        if len(np.unique(feature)) < 5:
            continue  # flags and classes follow from nothing so exactly by chance
        n_judged += 1
        is_known = name in roles.known_features
        for target in roles.targets:
            values = series[target].to_numpy(dtype=np.float64)
            suspicions = _of_pair(
                name,
                target,
                feature,
                values,
                index=series.index,
                is_known=is_known,
                shifts=_shifts(horizon, season, len(series)),
            )
            first = next(suspicions, None)
            if first is not None:
                found.append(first)
                break
    return tuple(found) if n_judged else None


def _of_pair(
    name: str,
    target: str,
    feature: np.ndarray,
    values: np.ndarray,
    *,
    index: pd.Index,
    is_known: bool,
    shifts: list[int],
) -> Iterator[Suspicion]:
    if is_known:
        yield from _same_row(name, target, feature, values)
    yield from _shifted(name, target, feature, values, shifts)
    yield from _period_total(name, target, feature, values, index)
    yield from _from_later_rows(name, target, feature, values, is_known=is_known)


def _same_row(
    name: str, target: str, feature: np.ndarray, values: np.ndarray
) -> Iterator[Suspicion]:
    """Ask of a column known in advance whether it tells the target of its own row."""
    advice = (
        f"It is marked as known in advance, so every forecast would be given its own "
        f"answer. Mark {name!r} as known up to now only, or leave it out."
    )
    if np.array_equal(feature, values):
        yield Suspicion("copy", f"{name!r} is a copy of {target!r}. {advice}", name)
        return
    if is_nearly(feature, values):
        share = correlation(feature, values) ** 2
        yield Suspicion(
            "near_copy",
            f"{name!r} follows {target!r} of the same row almost exactly ({share:.2%} "
            f"of its variance). {advice}",
            name,
        )
        return
    if is_transformed(feature, values):
        yield Suspicion(
            "transformed_copy",
            f"{name!r} rises and falls with {target!r} of the same row without "
            f"exception, so one can be computed from the other. {advice}",
            name,
        )


def _shifted(
    name: str, target: str, feature: np.ndarray, values: np.ndarray, shifts: list[int]
) -> Iterator[Suspicion]:
    """Ask whether the column is the target of a later row."""
    for shift in shifts:
        if is_nearly(feature[:-shift], values[shift:]):
            rows = "row" if shift == 1 else "rows"
            yield Suspicion(
                "shifted_copy",
                f"{name!r} is {target!r} of {shift} {rows} later. No one can know it "
                "then. Shift the column, or leave it out.",
                name,
            )
            return


def _period_total(
    name: str, target: str, feature: np.ndarray, values: np.ndarray, index: pd.Index
) -> Iterator[Suspicion]:
    """Ask whether the column is a mean or total of the target over a whole period."""
    if not isinstance(index, pd.DatetimeIndex):
        return
    step = (index[-1] - index[0]) / (len(index) - 1)
    for word, alias, length in (
        ("day", "D", pd.Timedelta(days=1)),
        ("week", "W", pd.Timedelta(days=7)),
        ("month", "M", pd.Timedelta(days=30)),
        ("year", "Y", pd.Timedelta(days=365)),
    ):
        if length < 3 * step or (index[-1] - index[0]) < 4 * length:
            continue
        periods = index.tz_localize(None).to_period(alias)
        groups = pd.Series(values).groupby(np.asarray(periods))
        inner = slice(*_whole(np.asarray(periods)))
        for statistic in ("mean", "max", "min"):
            computed = groups.transform(statistic).to_numpy()[inner]
            given = feature[inner]
            if np.ptp(computed) > 0 and correlation(given, computed) ** 2 > EXACT:
                yield Suspicion(
                    "period_total",
                    f"{name!r} is constant over a {word} and follows the {statistic} "
                    f"or total of {target!r} in it, later rows included. Take the "
                    f"{word} before, or leave the column out.",
                    name,
                )
                return


def _from_later_rows(
    name: str, target: str, feature: np.ndarray, values: np.ndarray, *, is_known: bool
) -> Iterator[Suspicion]:
    """Ask whether the column can be computed from later rows, and only from them."""
    n_rows = len(values)
    rows = np.arange(AROUND, n_rows - AROUND)
    changes = np.diff(values, prepend=values[0])
    past = [changes[rows - lag] for lag in range(AROUND + 1)]
    past += [feature[rows - lag] - feature[rows - lag - 1] for lag in range(1, AROUND)]
    later = [changes[rows + lead] for lead in range(1, AROUND + 1)]
    wanted = feature[rows] - feature[rows - 1]
    without = _explained(wanted, past)
    with_later = _explained(wanted, [*past, *later])
    is_past = without > KNOWN_FROM_PAST
    if is_past or with_later <= EXACT or 1 - without < TIMES_BETTER * (1 - with_later):
        return
    yield Suspicion(
        "built_from_future",
        f"{name!r} can be computed almost exactly from later rows of {target!r} "
        f"({with_later:.2%} of its changes, {without:.0%} without them), as a centred "
        "average or the next change would be. Compute it from earlier rows only, or "
        "leave it out.",
        name,
    )


def _shifts(horizon: int, season: int, n_rows: int) -> list[int]:
    wanted = {*LEADS, *range(1, min(horizon, 48) + 1), season}
    return sorted(shift for shift in wanted if 1 <= shift < n_rows // 2)


def _whole(periods: np.ndarray) -> tuple[int, int]:
    """Return where the first whole period begins and the last one ends."""
    edges = np.flatnonzero(periods[1:] != periods[:-1]) + 1
    return (int(edges[0]), int(edges[-1])) if len(edges) > 1 else (0, len(periods))


def _explained(wanted: np.ndarray, by: list[np.ndarray]) -> float:
    """Return the share of the variance of `wanted` that is linear in `by`."""
    spread = np.ptp(wanted)
    if spread == 0:
        return 0.0
    centred = wanted - wanted.mean()
    columns = np.column_stack([one - one.mean() for one in by])
    scale = np.abs(columns).max(axis=0)
    columns = columns[:, scale > 0] / scale[scale > 0]
    if not columns.shape[1]:
        return 0.0
    fitted = columns @ np.linalg.lstsq(columns, centred, rcond=None)[0]
    return float(1 - ((centred - fitted) ** 2).sum() / (centred**2).sum())
