"""How newer rows go on from the series of a study."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.timing.frequency import fixed_step
from search.errors import SeriesError

# So many equal rows are no coincidence; fewer could be a sensor at rest.
FEWEST_EQUAL = 10
FEWEST_VALUES = 3
_SAME = 1e-9
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Continuation:
    """A series with its newer rows.

    Attributes
    ----------
    series
        Rows that follow each other without a gap and end with the newest: the old
        ones and the new ones, or only the new ones where rows between are absent.
    first_new
        Position in `series` of the first new row.
    n_overlap
        Rows of the newer data that the old series has too; its values are kept.
    n_changed, first_changed
        How many of these have other values, and the stamp or number of the first.
    n_earlier
        Rows before the old series; they are not used.
    n_after
        Rows of the old series after the last of the newer data.
    n_gap
        Rows that are absent between the old end and the first new row.
    is_assumed
        Whether rows are counted and nothing overlaps, so that the first new row is
        taken as the one after the old end.
    """

    series: pd.DataFrame
    first_new: int
    n_overlap: int = 0
    n_changed: int = 0
    first_changed: object = None
    n_earlier: int = 0
    n_after: int = 0
    n_gap: int = 0
    is_assumed: bool = False

    @property
    def n_new(self) -> int:
        """Number of rows that the old series does not have."""
        return len(self.series) - self.first_new

    @property
    def new_rows(self) -> pd.DataFrame:
        """The rows that the old series does not have."""
        return self.series.iloc[self.first_new :]


def continue_series(old: pd.DataFrame, newer: pd.DataFrame) -> Continuation:
    """Put newer rows behind a series.

    Time stamps decide which rows are new. Where rows are counted, the beginning of
    the newer rows is looked for in the old series by its values.

    Parameters
    ----------
    old
        A series as a study keeps it.
    newer
        The same columns, equally spaced, one row a step.

    Raises
    ------
    SeriesError
        If the new time stamps do not lie on the steps of the old ones.
    """
    newer = newer[list(old.columns)]
    if not len(newer):
        return Continuation(old, len(old))
    if isinstance(old.index, pd.DatetimeIndex):
        return _continue_in_time(old, newer)
    return _continue_counted(old, newer)


def future_index(
    index: pd.Index, horizon: int, *, frequency: str | None = None
) -> pd.Index:
    """Return the index of the `horizon` rows after the end.

    Parameters
    ----------
    index
        Index of the series.
    horizon
        Number of rows.
    frequency
        pandas alias, for time stamps whose index does not know its own.

    Examples
    --------
    >>> days = pd.date_range("2024-02-28", periods=2, freq="D")
    >>> future_index(days, 2).strftime("%m-%d").tolist()
    ['03-01', '03-02']
    """
    if not isinstance(index, pd.DatetimeIndex):
        return pd.RangeIndex(len(index), len(index) + horizon)
    step = index.freq or frequency or pd.infer_freq(index)
    return pd.date_range(index[-1], periods=horizon + 1, freq=step)[1:]


def _continue_in_time(old: pd.DataFrame, newer: pd.DataFrame) -> Continuation:
    index = old.index
    assert isinstance(index, pd.DatetimeIndex)
    n_earlier = int((newer.index < index[0]).sum())
    n_new = int((newer.index > index[-1]).sum())
    shared = newer.iloc[n_earlier : len(newer) - n_new]
    places = index.get_indexer(shared.index)
    if (places < 0).any():
        _refuse_stamp(shared.index[int((places < 0).argmax())], index)
    changed = _differs(old.to_numpy()[places], shared.to_numpy())
    fresh = newer.iloc[len(newer) - n_new :]
    n_gap = _rows_between(index, fresh.index[0]) if n_new else 0
    if n_gap:
        series = fresh.set_axis(_regular(fresh.index, index))
    else:
        stamps = index.append(pd.DatetimeIndex(fresh.index))
        values = np.concatenate([old.to_numpy(), fresh.to_numpy()])
        series = pd.DataFrame(values, _regular(stamps, index), old.columns)
    return Continuation(
        series=series,
        first_new=0 if n_gap else len(old),
        n_overlap=len(shared),
        n_changed=int(changed.sum()),
        first_changed=shared.index[int(changed.argmax())] if changed.any() else None,
        n_earlier=n_earlier,
        n_after=int((index > newer.index[-1]).sum()),
        n_gap=n_gap,
    )


def _continue_counted(old: pd.DataFrame, newer: pd.DataFrame) -> Continuation:
    start = _place_of(newer.to_numpy(), old.to_numpy())
    n_shared = 0 if start is None else min(len(newer), len(old) - start)
    values = np.concatenate([old.to_numpy(), newer.to_numpy()[n_shared:]])
    return Continuation(
        series=pd.DataFrame(values, columns=old.columns),
        first_new=len(old),
        n_overlap=n_shared,
        n_after=0 if start is None else len(old) - start - n_shared,
        is_assumed=start is None,
    )


def _place_of(newer: np.ndarray, old: np.ndarray) -> int | None:
    """Return the first row of `old` from which all rows equal those of `newer`."""
    changes = np.sort(np.unique(newer[:, 0], return_index=True)[1])[:FEWEST_VALUES]
    n_least = max(FEWEST_EQUAL, int(changes[-1]) + 1)
    if len(changes) < FEWEST_VALUES or n_least > len(newer):
        return None
    starts = np.arange(len(old) - n_least + 1)
    # The first rows with another value tell most places apart, so they come first.
    for row in [*changes[::-1], *range(FEWEST_EQUAL)]:
        compared = old[starts + row]
        wanted = np.broadcast_to(newer[row], compared.shape)
        starts = starts[~_differs(compared, wanted)]
    for start in map(int, starts):
        n_shared = min(len(newer), len(old) - start)
        if _is_same(old[start : start + n_shared], newer[:n_shared]):
            return start
    return None


def _is_same(first: np.ndarray, second: np.ndarray) -> bool:
    """Tell whether no row differs, and stop soon where one does."""
    return not any(
        _differs(first[at : at + _AT_ONCE], second[at : at + _AT_ONCE]).any()
        for at in range(0, len(first), _AT_ONCE)
    )


def _differs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Tell for each row whether a value is another one, rounding aside."""
    same = np.isclose(first, second, rtol=_SAME, atol=0.0, equal_nan=True)
    found: np.ndarray = ~same.all(axis=1)
    return found


def _rows_between(index: pd.DatetimeIndex, first: pd.Timestamp) -> int:
    """Return how many steps lie between the end of `index` and `first`."""
    step = fixed_step(index.freqstr)
    if step is not None:
        n_steps, rest = divmod(first - index[-1], pd.Timedelta(step, "us"))
        if rest:
            _refuse_stamp(first, index)
        return int(n_steps) - 1
    stamps = pd.date_range(index[-1], first, freq=index.freq)
    if stamps[-1] != first:
        _refuse_stamp(first, index)
    return len(stamps) - 2


def _refuse_stamp(stamp: pd.Timestamp, index: pd.DatetimeIndex) -> None:
    raise SeriesError(
        f"The time stamp {stamp} does not lie on the steps of the study, which go on "
        f"from {index[-1]} in steps of {index.freqstr!r}. Give the rows the time "
        "stamps of these steps."
    )


def _regular(stamps: pd.Index, like: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(stamps, freq=like.freq)
