"""From sorted rows to one row for each step: repeats, irregular steps, gaps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.findings import Finding
from search.data.settings import SeriesSettings
from search.data.table import Table
from search.data.timing.frequency import (
    Grid,
    check_frequency,
    fixed_step,
    infer_frequency,
    make_grid,
    nearest_round_step,
)
from search.data.timing.spacing_findings import (
    duplicate_finding,
    gap_finding,
    ignored_finding,
    irregular_finding,
)
from search.errors import SeriesError


@dataclass(frozen=True)
class SpacedRows:
    """Rows on their grid, or as they came where there is none.

    Attributes
    ----------
    frame
        Values as of `Cells.frame`; the index is a DatetimeIndex, or a RangeIndex
        where rows are counted. Absent time stamps are rows of NaN.
    rows
        Position in the table of each row, -1 for absent time stamps.
    frequency
        Step of the grid; None without one.
    is_absent, is_repeated
        Masks of shape (n_rows,): time stamps that the file does not have, and those
        that it has more than once.
    is_equal
        Whether the rows are equally spaced, or counted.
    findings
        What was found.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    frequency: str | None
    is_absent: np.ndarray
    is_repeated: np.ndarray
    is_equal: bool
    findings: tuple[Finding, ...]


def count_rows(
    frame: pd.DataFrame, rows: np.ndarray, findings: tuple[Finding, ...] = ()
) -> SpacedRows:
    """Return the rows in their order, without time stamps."""
    nothing = np.zeros(len(rows), dtype=bool)
    counted_frame = frame.set_axis(pd.RangeIndex(len(frame)))
    return SpacedRows(counted_frame, rows, None, nothing, nothing, True, findings)


def space_rows(
    table: Table,
    settings: SeriesSettings,
    frame: pd.DataFrame,
    stamps: np.ndarray,
    rows: np.ndarray,
    codes: tuple[str, ...],
) -> SpacedRows:
    """Put the rows on the grid of their step.

    Parameters
    ----------
    table, settings
        Where the rows come from and what to do with them.
    frame
        Values in time order, one row a stamp.
    stamps
        datetime64[us], sorted.
    rows
        Position in the table of each row.
    codes
        Columns of `frame` that hold positions of texts; they are not averaged.
    """
    is_later = np.concatenate([[False], stamps[1:] == stamps[:-1]])
    distinct = stamps[~is_later] if is_later.any() else stamps
    frequency, problem = _frequency(distinct, settings)
    if problem:
        return _unspaced(frame, stamps, rows, is_later, (problem,))
    ignores = settings.irregular == "ignore"
    resamples = settings.irregular == "resample"
    if frequency is None and resamples:
        frequency = nearest_round_step(distinct)
    grid = make_grid(distinct, frequency) if frequency else None
    if ignores and (is_later.any() or grid is None or _is_broken(grid)):
        return count_rows(frame, rows, (ignored_finding(settings),))
    found: list[Finding] = []
    if is_later.any() and not (resamples and (grid is None or grid.n_off)):
        found.append(duplicate_finding(table, settings, stamps, rows, is_later))
    if grid is None or grid.n_off:
        found.append(irregular_finding(table, settings, stamps, rows, frequency, grid))
        if resamples and frequency:
            return _resampled(frame, stamps, rows, frequency, codes, tuple(found))
        return _unspaced(frame, stamps, rows, is_later, tuple(found), frequency)
    assert frequency is not None
    frame, rows, repeated = _one_a_stamp(frame, rows, is_later, settings, codes)
    spaced = _on_grid(frame, rows, repeated, grid, frequency)
    if spaced.is_absent.any():
        found.append(gap_finding(table, settings, spaced.rows, grid.stamps))
    return SpacedRows(**{**vars(spaced), "findings": tuple(found)})


def _frequency(
    distinct: np.ndarray, settings: SeriesSettings
) -> tuple[str | None, Finding | None]:
    if settings.frequency is None:
        return infer_frequency(distinct), None
    try:
        return check_frequency(settings.frequency, distinct), None
    except SeriesError as error:
        return None, Finding("frequency", "error", str(error))


def _is_broken(grid: Grid) -> bool:
    return grid.n_off > 0 or len(grid.stamps) > len(grid.places)


def _unspaced(
    frame: pd.DataFrame,
    stamps: np.ndarray,
    rows: np.ndarray,
    is_later: np.ndarray,
    findings: tuple[Finding, ...],
    frequency: str | None = None,
) -> SpacedRows:
    """Return the rows at their own stamps, for drawing."""
    first = frame[~is_later].set_axis(pd.DatetimeIndex(stamps[~is_later]))
    repeated = _has_repeats(is_later)
    absent = np.zeros(len(first), dtype=bool)
    kept = rows[~is_later]
    return SpacedRows(first, kept, frequency, absent, repeated, False, findings)


def _has_repeats(is_later: np.ndarray) -> np.ndarray:
    """Tell for each distinct stamp whether it occurs more than once."""
    group = np.cumsum(~is_later) - 1
    return np.bincount(group, minlength=int(group[-1]) + 1) > 1


def _one_a_stamp(
    frame: pd.DataFrame,
    rows: np.ndarray,
    is_later: np.ndarray,
    settings: SeriesSettings,
    codes: tuple[str, ...],
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Keep one row a stamp: the first, unless another rule was chosen."""
    if not is_later.any():
        return frame, rows, is_later
    repeated = _has_repeats(is_later)
    kept = ~is_later
    if settings.duplicates == "last":
        kept = np.concatenate([~is_later[1:], [True]])
    if settings.duplicates != "mean":
        return frame[kept], rows[kept], repeated
    group = np.cumsum(~is_later)
    means = frame.groupby(group).mean()
    firsts = frame[kept]
    for name in codes:
        means[name] = firsts[name].to_numpy()
    return means, rows[kept], repeated


def _on_grid(
    frame: pd.DataFrame,
    rows: np.ndarray,
    repeated: np.ndarray,
    grid: Grid,
    frequency: str,
) -> SpacedRows:
    n_rows = len(grid.stamps)
    index = pd.DatetimeIndex(grid.stamps, copy=False)
    if n_rows == len(frame):
        nothing = np.zeros(n_rows, dtype=bool)
        whole = frame.set_axis(index)
        return SpacedRows(whole, rows, frequency, nothing, repeated, True, ())
    values = {name: np.full(n_rows, np.nan) for name in frame.columns}
    for name, column in values.items():
        column[grid.places] = frame[name].to_numpy()
    all_rows = np.full(n_rows, -1, dtype=np.int64)
    all_rows[grid.places] = rows
    all_repeated = np.zeros(n_rows, dtype=bool)
    all_repeated[grid.places] = repeated
    on_grid = pd.DataFrame(values, columns=frame.columns, index=index, copy=False)
    return SpacedRows(
        on_grid, all_rows, frequency, all_rows < 0, all_repeated, True, ()
    )


def _resampled(
    frame: pd.DataFrame,
    stamps: np.ndarray,
    rows: np.ndarray,
    frequency: str,
    codes: tuple[str, ...],
    findings: tuple[Finding, ...],
) -> SpacedRows:
    """Return the mean of each step; of texts the first."""
    stamped = frame.set_axis(pd.DatetimeIndex(stamps)).assign(**{"": rows})
    step = fixed_step(frequency)
    rule = frequency if step is None else pd.Timedelta(step, "us")
    origin = "start_day" if step is None or 86_400_000_000 % step == 0 else "start"
    how = {name: "first" if name in codes else "mean" for name in frame.columns}
    means = stamped.resample(rule, origin=origin).agg({**how, "": "min"})
    kept = means[""].fillna(-1).to_numpy().astype(np.int64)
    values = means.drop(columns="")
    values.index = pd.DatetimeIndex(values.index.to_numpy().astype("datetime64[us]"))
    nothing = np.zeros(len(values), dtype=bool)
    return SpacedRows(values, kept, frequency, kept < 0, nothing, True, findings)
