"""The step between time stamps, and the grid of stamps that it implies."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.errors import SeriesError

_DAY = 86_400_000_000
# Longest first; microseconds in one unit of the alias.
_FIXED = (
    (_DAY, "D"),
    (3_600_000_000, "h"),
    (60_000_000, "min"),
    (1_000_000, "s"),
    (1_000, "ms"),
    (1, "us"),
)
_ROUND_STEPS = (
    *("100ms", "1s", "2s", "5s", "10s", "15s", "30s"),
    *("1min", "2min", "5min", "10min", "15min", "30min"),
    *("1h", "2h", "3h", "6h", "12h", "1D", "7D"),
)
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
# Below this share of all steps the most common one says nothing about the series.
_LEAST_SHARE = 0.5
# A grid much longer than the series means that the step is wrong, not the gaps.
_MOST_ROWS_A_STAMP = 10
_MOST_GRID_ROWS = 20_000_000


@dataclass(frozen=True)
class Grid:
    """Equally spaced stamps that span a series.

    Attributes
    ----------
    stamps
        datetime64[us] of shape (n_steps,).
    places
        For each stamp of the series its position in `stamps`, -1 where it is none of
        them.
    """

    stamps: np.ndarray
    places: np.ndarray

    @property
    def n_off(self) -> int:
        """Number of stamps of the series that do not lie on the grid."""
        return int((self.places < 0).sum())


def infer_frequency(stamps: np.ndarray) -> str | None:
    """Return the most common step as a pandas offset alias.

    Parameters
    ----------
    stamps
        datetime64[us], sorted, without repeats.

    Returns
    -------
    str or None
        None with fewer than three stamps, or where no step makes up half of all.
        Steps of whole months on the first or last day of a month are recognised as
        ``MS``, ``QS``, ``YS``, ``ME`` and multiples; days without weekends as ``B``.

    Examples
    --------
    >>> infer_frequency(np.arange("2024-01", "2024-06", dtype="M8[M]").astype("M8[us]"))
    'MS'
    """
    if len(stamps) < 3:
        return None
    steps = np.diff(stamps).astype(np.int64)
    step, share = _most_common(steps)
    monthly = _monthly_alias(stamps) if step >= 28 * _DAY else None
    if monthly:
        return monthly
    if share < _LEAST_SHARE:
        return None
    if step == _DAY and _is_business_days(stamps, steps):
        return "B"
    if step == 7 * _DAY:
        return _weekly_alias(1, stamps)
    return _fixed_alias(step)


def check_frequency(alias: str, stamps: np.ndarray) -> str:
    """Return the alias, weeks tied to the weekday of the first stamp.

    Raises
    ------
    SeriesError
        If pandas does not know it or it is not a positive step.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # old spellings
            offset = pd.tseries.frequencies.to_offset(alias)
    except (ValueError, TypeError, Warning):
        offset = None
    if offset is None or offset.n < 1:
        raise SeriesError(
            f"`frequency` must be a step such as 'h', '30min', 'D', 'W-MON' or 'MS', "
            f"got {alias!r}."
        )
    if isinstance(offset, pd.offsets.Week):
        return _weekly_alias(int(offset.n), stamps)
    return alias


def nearest_round_step(stamps: np.ndarray) -> str | None:
    """Return the round step nearest to the median step, to resample to."""
    if len(stamps) < 2:
        return None
    usual = float(np.median(np.diff(stamps).astype(np.int64)))
    rounds = {alias: pd.Timedelta(alias).value / 1_000 for alias in _ROUND_STEPS}
    return min(rounds, key=lambda alias: abs(np.log(rounds[alias] / max(usual, 1.0))))


def make_grid(stamps: np.ndarray, frequency: str) -> Grid | None:
    """Return the grid from the first to the last stamp; None if it would be absurd.

    Absurd is a grid of more than ten times as many rows as there are stamps. The
    first stamp that the step allows begins the grid.
    """
    first, last = pd.Timestamp(stamps[0]), pd.Timestamp(stamps[-1])
    n_most = min(_MOST_ROWS_A_STAMP * len(stamps) + 1_000, _MOST_GRID_ROWS)
    step = fixed_step(frequency)
    if step is not None:
        if (last - first) / pd.Timedelta(step, "us") > n_most:
            return None
        return _fixed_grid(stamps, step)
    if (last - first).days > 366 * n_most:
        return None
    grid = pd.date_range(first, last, freq=frequency, unit="us").to_numpy()
    grid = grid.astype("datetime64[us]")
    if not len(grid) or len(grid) > n_most:
        return None
    places = np.searchsorted(grid, stamps)
    inside = np.minimum(places, len(grid) - 1)
    return Grid(grid, np.where(grid[inside] == stamps, inside, -1))


def fixed_step(frequency: str) -> int | None:
    """Return the microseconds of a step of constant length; None for the others.

    Weeks count as constant; a grid of them begins at the first stamp of the series.
    """
    offset = pd.tseries.frequencies.to_offset(frequency)
    if isinstance(offset, pd.offsets.Week):
        return 7 * _DAY * int(offset.n)
    if isinstance(offset, pd.offsets.Day):
        return _DAY * int(offset.n)
    if isinstance(offset, pd.offsets.Tick):
        return int(pd.Timedelta(offset).value // 1_000)
    return None


def _most_common(steps: np.ndarray) -> tuple[int, float]:
    """Return the most common step and its share of all."""
    if steps.min() == steps.max():
        return int(steps[0]), 1.0
    # What more than half of the steps are is their median; no need to sort them.
    middle = len(steps) // 2
    median = int(np.partition(steps, middle)[middle])
    n_alike = int(np.count_nonzero(steps == median))
    if 2 * n_alike > len(steps):
        return median, n_alike / len(steps)
    values, counts = np.unique(steps, return_counts=True)
    return int(values[counts.argmax()]), float(counts.max() / len(steps))


def _weekly_alias(number: int, stamps: np.ndarray) -> str:
    weekday = _WEEKDAYS[pd.Timestamp(stamps[0]).weekday()]
    return f"W-{weekday}" if number == 1 else f"{number}W-{weekday}"


def _fixed_grid(stamps: np.ndarray, step: int) -> Grid:
    if (np.diff(stamps).view(np.int64) == step).all():
        return Grid(stamps, np.arange(len(stamps)))
    distance = (stamps - stamps[0]).view(np.int64)
    places = distance // step
    places[places * step != distance] = -1
    offsets = np.arange(int(distance[-1] // step) + 1) * step
    return Grid(stamps[0] + offsets.view("timedelta64[us]"), places)


def _fixed_alias(step: int) -> str:
    unit, alias = next((unit, alias) for unit, alias in _FIXED if step % unit == 0)
    number = step // unit
    return alias if number == 1 else f"{number}{alias}"


def _monthly_alias(stamps: np.ndarray) -> str | None:
    """Return the alias of whole-month steps on first or last days at midnight."""
    months = stamps.astype("datetime64[M]")
    days = stamps.astype("datetime64[D]")
    if (days.astype(stamps.dtype) != stamps).any():
        return None
    steps = np.diff(months).astype(np.int64)
    number, share = _most_common(steps)
    if number < 1 or share < _LEAST_SHARE:
        return None
    is_first = days == months.astype("datetime64[D]")
    is_last = days == (months + 1).astype("datetime64[D]") - 1
    if is_first.mean() >= 0.9:
        return _anchored_alias(number, months, "S")
    if is_last.mean() >= 0.9:
        return _anchored_alias(number, months, "E")
    return None


def _anchored_alias(number: int, months: np.ndarray, end: str) -> str:
    month = int(months[0].astype(np.int64)) % 12
    is_year_end = month == (0 if end == "S" else 11)
    if number == 12 and is_year_end:
        return f"Y{end}"
    is_quarter = month % 3 == (0 if end == "S" else 2)
    if number == 3 and is_quarter:
        return f"Q{end}"
    return f"M{end}" if number == 1 else f"{number}M{end}"


def _is_business_days(stamps: np.ndarray, steps: np.ndarray) -> bool:
    """Tell whether weekends are skipped: no stamp on one, at least two crossed."""
    days = stamps.astype("datetime64[D]")
    if (days.astype(stamps.dtype) != stamps).any():
        return False
    n_crossed = int((steps == 3 * _DAY).sum())
    return n_crossed >= 2 and bool(np.is_busday(days).all())
