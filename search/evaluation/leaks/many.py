"""Checks of one series, made for the longest of many."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import Panel

MOST_SERIES = 20

SeriesCheck = Callable[[pd.DataFrame], Sequence[Suspicion] | None]


def audit_each(
    series: pd.DataFrame, panel: Panel, rows: np.ndarray, check: SeriesCheck
) -> tuple[Suspicion, ...] | None:
    """Make `check` of the longest series, and say what it finds in most of them.

    What is found in a few series of many may be chance.

    Parameters
    ----------
    series
        The rows of all series, in the order of `panel`.
    panel
        Where each series begins.
    rows
        Rows that may be looked at, bool of shape (n_rows,): those before the holdout.
    check
        What is asked of one series; None from it means that it was too short.

    Returns
    -------
    tuple of Suspicion, optional
        One at most for each column. None where every series was too short.
    """
    answers = [
        found
        for one in _longest(series, panel, rows)
        if (found := check(one)) is not None
    ]
    if not answers:
        return None
    by_column: dict[str | None, list[Suspicion]] = {}
    for found in answers:
        for one in {one.column: one for one in found}.values():
            by_column.setdefault(one.column, []).append(one)
    return tuple(
        _counted(seen[0], len(seen), len(answers))
        for seen in by_column.values()
        if 2 * len(seen) > len(answers)
    )


def _longest(
    series: pd.DataFrame, panel: Panel, rows: np.ndarray
) -> Iterator[pd.DataFrame]:
    n_rows = np.add.reduceat(rows, np.asarray(panel.first_rows), dtype=np.int64)
    order = np.argsort(-n_rows, kind="stable")[:MOST_SERIES]
    for group in np.sort(order[n_rows[order] > 0]):
        first, size = panel.first_rows[group], int(panel.group_sizes[group])
        part = slice(first, first + size)
        yield series.iloc[part][rows[part]]


def _counted(one: Suspicion, n: int, n_looked: int) -> Suspicion:
    if n_looked == 1:
        return one
    return replace(one, message=f"{one.message} So in {n} of {n_looked} series.")
