"""Calendar cycles of the time stamps, known for any future row."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from search.config import CalendarCycle
from search.errors import ConfigError

CYCLES: tuple[CalendarCycle, ...] = ("hour", "weekday", "month")

_FITTING: dict[CalendarCycle, tuple[pd.Timedelta, pd.Timedelta]] = {
    # name: longest step that resolves the cycle, shortest series that shows it twice
    "hour": (pd.Timedelta(hours=12), pd.Timedelta(days=2)),
    "weekday": (pd.Timedelta(days=1), pd.Timedelta(days=14)),
    "month": (pd.Timedelta(days=100), pd.Timedelta(days=730)),
}


def fitting_cycles(index: pd.Index) -> tuple[CalendarCycle, ...]:
    """Return the cycles that the step of `index` resolves and the series holds twice.

    Whether they help is left to the search: it also tries without them.
    """
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 2:
        return ()
    step, span = index[1] - index[0], index[-1] - index[0]
    return tuple(
        cycle
        for cycle, (longest_step, shortest_span) in _FITTING.items()
        if step <= longest_step and span >= shortest_span
    )


def calendar_columns(
    index: pd.Index, cycles: Sequence[CalendarCycle]
) -> dict[str, np.ndarray]:
    """Return a sine and a cosine of shape (n_rows,) for each cycle.

    ``hour`` runs over a day and counts minutes too, ``weekday`` over a week from
    Monday, ``month`` over a year from January, by day so that it moves evenly.

    Raises
    ------
    ConfigError
        If cycles are asked for and the series has no time stamps.

    Examples
    --------
    Six in the morning is a quarter of a day, where the sine is 1:

    >>> columns = calendar_columns(pd.DatetimeIndex(["2024-01-01 06:00"]), ["hour"])
    >>> [round(float(columns[name][0]), 3) for name in columns]
    [1.0, 0.0]
    """
    if not cycles:
        return {}
    if not isinstance(index, pd.DatetimeIndex):
        raise ConfigError(
            f"Calendar features ({', '.join(cycles)}) need a time column; this series "
            "counts rows. Remove the calendar features or choose a time column."
        )
    columns: dict[str, np.ndarray] = {}
    for cycle in cycles:
        angle = 2 * np.pi * _phase(index, cycle)
        columns[f"{cycle} (sine)"] = np.sin(angle)
        columns[f"{cycle} (cosine)"] = np.cos(angle)
    return columns


def _phase(index: pd.DatetimeIndex, cycle: CalendarCycle) -> np.ndarray:
    """Return the position in the cycle, in [0, 1)."""
    if cycle == "hour":
        hours = index.hour + index.minute / 60 + index.second / 3600
        return np.asarray(hours / 24, dtype=float)
    if cycle == "weekday":
        return np.asarray(index.day_of_week / 7, dtype=float)
    days = index.month - 1 + (index.day - 1) / index.days_in_month
    return np.asarray(days / 12, dtype=float)
