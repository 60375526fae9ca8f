"""Tables that look like several series below each other or in turns.

One study learns one series. Where rows of several stand in one table, windows would
cross from one into the next, and the scaler would mix them.
"""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from search.data.findings import Finding, counted, shown
from search.data.reading.spelling import looks_like_time
from search.data.settings import SeriesSettings
from search.data.table import Table
from search.data.timing.stamps import OrderedStamps, stamp_text

CODE = "several_series"
SHORTEST_SERIES = 10
SHORTEST_RUN = 20
MOST_SAMPLED_VALUES = 100
_ADVICE = (
    "Windows would cross the border from one series into another, and one scaler would "
    "serve all of them. Keep the rows of one series, or give each a column of its own."
)
_ID_NAME = re.compile(
    r"(.*[_\W])?(id|unit|machine|series|group|station|store|shop|item|product|sensor|"
    r"device|batch|subject|patient|engine|asset|site|plant|sku|customer)"
    r"([_\W]*(id|nr|no|number|name|code|\d+))?",
    re.IGNORECASE,
)
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}


def stacked_in_time(
    table: Table, settings: SeriesSettings, ordered: OrderedStamps, target: pd.Series
) -> list[Finding]:
    """Report rows whose time starts again, or whose times repeat for each series.

    Parameters
    ----------
    table, settings
        What was read and how.
    ordered
        Its time stamps.
    target
        Values of a target in the order of the table; a block of rows that was copied
        has the same ones, another series has not.
    """
    stamps, rows = ordered.stamps, ordered.rows
    is_repeated = stamps[1:] == stamps[:-1]
    if ordered.is_as_read and not is_repeated.any():
        return []
    file_order = np.argsort(rows)
    as_read = stamps[file_order]
    restarts = np.flatnonzero(np.diff(as_read) < np.timedelta64(0, "us")) + 1
    is_stacked = _starts_again(as_read, restarts)
    is_mixed = 2 * (1 + int(is_repeated.sum())) >= len(stamps)
    if not (is_stacked or is_mixed) or _is_copied(target, rows, is_repeated):
        return []
    name = next(_telling_columns(table, settings, stamps, rows), None)
    if is_stacked:
        place = int(restarts[0])
        line = table.file_rows(rows[file_order][[place]])[0]
        by = "" if name is None else f", told apart by column {shown(name)}"
        text = (
            f"The time starts again in row {line}, where {stamp_text(as_read[place])} "
            f"follows {stamp_text(as_read[place - 1])}: the table looks like "
            f"{len(restarts) + 1} series below each other{by}. {_ADVICE}"
        )
        return [Finding(CODE, "notice", text, name, (line,), len(restarts))]
    if name is None:
        return []
    n_series = table.frame[name].nunique()
    text = (
        f"Most time stamps stand in the table several times, each time with another "
        f"value of column {shown(name)}: it looks like {n_series} series in one. "
        f"{_ADVICE}"
    )
    return [Finding(CODE, "notice", text, name, count=n_series)]


def stacked_in_rows(table: Table, settings: SeriesSettings) -> list[Finding]:
    """Report a column that has each of its few values in one long run of rows."""
    for name in _other_columns(table, settings):
        column = table.frame[name]
        codes = pd.factorize(column)[0]
        starts = np.flatnonzero(np.diff(codes, prepend=-2))
        lengths = np.diff([*starts, len(codes)])
        is_in_runs = len(starts) == len(np.unique(codes))
        if is_in_runs and lengths.min() >= SHORTEST_RUN and _names_series(table, name):
            lines = table.file_rows(starts[1:2])
            text = (
                f"Column {shown(name)} has {counted(len(starts), 'value')}, each in "
                f"one run of at least {lengths.min():,} rows; the second begins in row "
                f"{lines[0]}. The table looks like {len(starts)} series below each "
                f"other. {_ADVICE}"
            )
            return [Finding(CODE, "notice", text, name, lines, len(starts))]
    return []


def names_groups(name: str) -> bool:
    """Tell whether a column is called ``unit``, ``batch_id`` or ``shop no``."""
    return _ID_NAME.fullmatch(name.strip()) is not None


def _starts_again(stamps: np.ndarray, restarts: np.ndarray) -> bool:
    """Tell whether most parts between jumps back are long and cover the same time."""
    edges = np.concatenate([[0], restarts, [len(stamps)]])
    is_long = np.diff(edges) >= SHORTEST_SERIES
    # Newest first each row is a part of its own; only long ones are worth a look.
    both_long = np.flatnonzero(is_long[1:] & is_long[:-1])
    if not len(restarts) or 2 * len(both_long) < len(restarts):
        return False
    n_covers = sum(
        _covers(stamps[start:border], stamps[border:stop])
        for start, border, stop in zip(
            edges[both_long], edges[both_long + 1], edges[both_long + 2], strict=True
        )
    )
    return 2 * n_covers >= len(restarts)


def _covers(first: np.ndarray, second: np.ndarray) -> bool:
    """Tell whether each long part has many rows in the time of the other one.

    They have to be half as many as the shorter part has, so that a single row in the
    wrong place makes no other series.
    """
    shortest = min(len(first), len(second))
    n_shared = min(_n_within(first, second), _n_within(second, first))
    return 2 * n_shared >= shortest


def _n_within(part: np.ndarray, other: np.ndarray) -> int:
    """Return how many rows of a part lie between the ends of another one."""
    start = np.searchsorted(part, other[0], "left")
    return int(np.searchsorted(part, other[-1], "right") - start)


def _is_copied(target: pd.Series, rows: np.ndarray, is_repeated: np.ndarray) -> bool:
    """Tell whether rows of the same time have the same values."""
    if not is_repeated.any():
        return False
    values = target.to_numpy()[rows]
    first, second = values[:-1][is_repeated], values[1:][is_repeated]
    return bool((first == second).mean() > 0.5)


def _telling_columns(
    table: Table, settings: SeriesSettings, stamps: np.ndarray, rows: np.ndarray
) -> Iterator[str]:
    """Yield the columns that have each of their values once a time stamp at most."""
    for name in _other_columns(table, settings):
        codes, values = pd.factorize(table.frame[name].iloc[rows])
        if not 2 <= len(values) <= len(rows) / SHORTEST_SERIES or codes.min() < 0:
            continue
        order = np.lexsort((codes, stamps))
        is_same = np.diff(codes[order]) == 0
        is_same &= stamps[order][1:] == stamps[order][:-1]
        if not is_same.any():
            yield name


def _other_columns(table: Table, settings: SeriesSettings) -> Iterator[str]:
    """Yield the columns with few values that are neither time nor target."""
    used = {*settings.time, *settings.roles.targets}
    for name in map(str, table.frame.columns):
        if name not in used:
            n_values = table.some_cells(name).nunique()
            if 2 <= n_values <= MOST_SAMPLED_VALUES:
                yield name


def _names_series(table: Table, name: str) -> bool:
    """Tell whether a column holds names of series, and not numbers, dates or parts."""
    if names_groups(name):
        return True
    numbers = table.numbers(name)
    if numbers.n_numbers:
        return False
    texts = {str(cell).strip() for cell in table.some_cells(name).dropna().unique()}
    return not any(looks_like_time(text) for text in texts) and not (
        {text.lower() for text in texts} <= _PARTS
    )
