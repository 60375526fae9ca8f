"""Forecasts from every row of a newer file, or from its end, as one table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.analysis.newer.score import check_number
from search.data.continuation import Continuation, future_index
from search.data.newer.rows import NewerRows
from search.errors import SeriesError
from search.evaluation.forecasting import Forecaster


@dataclass(frozen=True)
class FileForecasts:
    """The forecasts for a file.

    Attributes
    ----------
    table
        One row for each origin, step and target with the columns ``origin`` (first
        row that is forecast, counted from 0 in the file), ``step`` (from 1),
        ``timestamp``, ``actual`` (NaN where it is still to come), ``predicted``, and
        ``target`` where there are several.
    n_origins
        Number of forecasts.
    with_study
        Whether they look back on rows of the study before the file.
    n_left_out
        Rows at the end of the file from which known features do not reach a horizon
        ahead.
    """

    table: pd.DataFrame
    n_origins: int
    with_study: bool
    n_left_out: int


def forecast_file(
    forecaster: Forecaster,
    old: pd.DataFrame,
    rows: NewerRows,
    newer: Continuation,
    *,
    every: bool,
) -> FileForecasts:
    """Forecast from the rows of a file.

    Parameters
    ----------
    forecaster
        The network.
    old
        Series of the study. Forecasts look back on it where the file goes on from it
        without a gap and has the same values; otherwise, or where the file ends before
        the series does, on the file alone.
    rows, newer
        The file, and how it goes on from `old`.
    every
        From every row of the file, or only from the row after the last target.

    Raises
    ------
    SeriesError
        If no forecast is possible; the message says which rows or columns it needs.
    """
    is_apart = newer.n_gap or newer.n_changed or newer.n_earlier or newer.n_after
    with_study = not is_apart
    series = newer.series if with_study else rows.values
    start = len(series) - len(rows.values)
    _check_known(series, rows.known)
    legal = forecaster.origins(len(series), n_known=len(rows.known))
    origins = legal[legal >= start]
    if not every:
        origins = origins[origins == len(series)]
    if not len(origins):
        raise SeriesError(_what_is_needed(forecaster, series, rows, every=every))
    check_number(
        len(origins),
        forecaster,
        advice="Choose the end only, leave rows that the study has out of the file",
    )
    predicted = forecaster.forecast(series, origins, rows.known)
    return FileForecasts(
        table=_table(forecaster, series, origins, predicted, start=start),
        n_origins=len(origins),
        with_study=with_study and start > 0,
        n_left_out=len(series) - int(origins[-1]),
    )


def _table(
    forecaster: Forecaster,
    series: pd.DataFrame,
    origins: np.ndarray,
    predicted: np.ndarray,
    *,
    start: int,
) -> pd.DataFrame:
    targets, horizon = forecaster.roles.targets, forecaster.task.horizon
    steps = np.arange(horizon)
    after = future_index(series.index, horizon)
    times = np.concatenate([np.asarray(series.index), np.asarray(after)])
    known = series[list(targets)].to_numpy(dtype=np.float64)
    values = np.concatenate([known, np.full((horizon, len(targets)), np.nan)])
    rows = origins[:, None] + steps
    columns = {
        "origin": (origins - start)[:, None, None],
        "step": (steps + 1)[:, None],
        "timestamp": times[rows][:, :, None],
        "actual": values[rows],
        "predicted": predicted,
    }
    if len(targets) > 1:
        columns["target"] = np.array(targets, dtype=object)
    shape = predicted.shape
    return pd.DataFrame(
        {name: np.broadcast_to(c, shape).ravel() for name, c in columns.items()}
    )


def _check_known(series: pd.DataFrame, known: pd.DataFrame) -> None:
    """Refuse known features that do not begin in the row after the series."""
    if not len(known) or not isinstance(series.index, pd.DatetimeIndex):
        return
    wanted = future_index(series.index, 1)[0]
    if known.index[0] != wanted:
        raise SeriesError(
            f"The rows with features known in advance begin at {known.index[0]}; the "
            f"first step to forecast is {wanted}. Begin them there."
        )


def _what_is_needed(
    forecaster: Forecaster, series: pd.DataFrame, rows: NewerRows, *, every: bool
) -> str:
    horizon, needed = forecaster.task.horizon, forecaster.rows_before
    if len(series) < needed:
        return (
            f"The network looks back {needed:,} rows; there are {len(series):,}. Add "
            "older rows to the file."
        )
    features = ", ".join(map(repr, forecaster.roles.known_features))
    where = "To forecast from the end" if not every else "For a forecast"
    return (
        f"{where} the file needs {horizon} rows after the last value of "
        f"{', '.join(map(repr, forecaster.roles.targets))}, in which {features} is "
        f"filled in and the targets are empty; it has {len(rows.known)}."
    )
