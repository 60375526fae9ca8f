"""Forecasts of many series by one network: beyond the end of each, and for new rows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from search.analysis.holdout.predictions import (
    ErrorBand,
    Predictions,
    error_band,
    measured_coverage,
    parse_times,
)
from search.analysis.newer.forecasts import Forecast
from search.analysis.newer.judged import Judged
from search.config import Roles
from search.data.continuation import future_index
from search.errors import SeriesError, StudyCorrupted
from search.evaluation.answering import SampleModel
from search.evaluation.windows import gather_targets


@dataclass(frozen=True)
class GroupForecast:
    """The forecast of one series beyond its last row.

    Attributes
    ----------
    group
        Its name.
    index
        When each step is: time stamps, or row numbers within the series.
    predicted
        Shape (horizon, n_targets), in original units.
    """

    group: str
    index: pd.Index
    predicted: np.ndarray


def forecast_ends(
    model: SampleModel,
    frame: pd.DataFrame,
    groups: list[str],
    *,
    frequency: str | None,
    future: pd.DataFrame | None = None,
) -> list[GroupForecast]:
    """Forecast beyond the end of some series.

    Parameters
    ----------
    model
        The delivered network.
    frame
        Rows of all series, as `search.study.studies.load_panel_series` gives them.
    groups
        Names of those to forecast.
    frequency
        pandas alias of the step between rows; None where rows are counted.
    future
        The columns known in advance, and that of the groups, in the rows that follow;
        None where nothing is known of these.

    Raises
    ------
    SeriesError
        If values known in advance are needed and not given, or a series is too short.
    """
    roles, horizon = model.roles, model.task.horizon
    assert roles.group is not None
    names = frame[roles.group].astype("str").to_numpy()
    parts, indexes, stops, n_rows = [], [], [], 0
    for group in groups:
        rows = frame[names == group]
        if len(rows) < model.rows_before:
            raise SeriesError(
                f"{group!r} has {len(rows):,} rows; a forecast needs at least "
                f"{model.rows_before:,}."
            )
        index = next_index(rows.index, horizon, frequency=frequency)
        after = pd.DataFrame(0.0, index=index, columns=list(roles.columns))
        for name, values in _known_ahead(roles, group, future, index).items():
            after[name] = values
        parts.append(pd.concat([rows[list(roles.columns)], after]))
        parts[-1][roles.group] = group
        indexes.append(index)
        stops.append(n_rows + len(rows))
        n_rows += len(rows) + horizon
    panel = model.panel(pd.concat(parts))
    values = model.answers(panel, np.asarray(stops, dtype=np.int64))
    return [
        GroupForecast(group, index, predicted)
        for group, index, predicted in zip(groups, indexes, values, strict=True)
    ]


def _known_ahead(
    roles: Roles, group: str, future: pd.DataFrame | None, index: pd.Index
) -> dict[str, np.ndarray]:
    """Return the columns that are known in the rows of `index`."""
    if not roles.known_features:
        return {}
    assert roles.group is not None
    needs = (
        f"The forecast needs {', '.join(roles.known_features)} of the next "
        f"{len(index)} rows"
    )
    if future is None or not len(future):
        raise SeriesError(f"{needs}, which are not in the data.")
    rows = future[future[roles.group].astype("str").to_numpy() == group]
    if len(rows) < len(index):
        raise SeriesError(f"{needs}; of {group!r} there are {len(rows)}.")
    rows = rows.iloc[: len(index)]
    if isinstance(index, pd.DatetimeIndex) and not rows.index.equals(index):
        place = int((rows.index != index).argmax())
        raise SeriesError(
            f"{needs}; of {group!r} the row {index[place]} is absent or comes late."
        )
    return {name: rows[name].to_numpy() for name in roles.known_features}


def next_index(index: pd.Index, n_rows: int, *, frequency: str | None) -> pd.Index:
    """Return when the rows after a series are.

    Examples
    --------
    >>> next_index(pd.Index([0.0, 0.5, 1.0]), 2, frequency=None).tolist()
    [1.5, 2.0]
    """
    if isinstance(index, pd.DatetimeIndex):
        return future_index(index, n_rows, frequency=frequency)
    step = np.median(np.diff(index)) if len(index) > 1 else 1
    return pd.Index(index[-1] + step * np.arange(1, n_rows + 1))


def load_group_predictions(path: Path, target: str) -> dict[str, Predictions]:
    """Read the holdout forecasts of one target, by the name of the series.

    Raises
    ------
    StudyCorrupted
        If the file is absent or is not what it should be.
    """
    try:
        frame = pd.read_csv(path, dtype={"group": "str"}, keep_default_na=False)
        if "target" in frame.columns:
            frame = frame[frame["target"] == target]
        frame = frame.assign(timestamp=parse_times(frame["timestamp"]))
        return {
            str(name): _arranged(part.sort_values(["origin", "step"]))
            for name, part in frame.groupby("group", sort=False)
        }
    except (OSError, ValueError, KeyError) as error:
        raise StudyCorrupted(f"{path.name} cannot be read: {error}.") from error


def with_band(
    forecast: GroupForecast, place: int, holdout: Predictions | None
) -> Forecast:
    """Return the forecast of a target with the errors of its series on the holdout.

    Parameters
    ----------
    forecast
        Of one series.
    place
        Of the target.
    holdout
        Forecasts of the same series; None where there are none.
    """
    band: ErrorBand | None = None if holdout is None else error_band(holdout)
    return Forecast(
        steps=np.arange(1, len(forecast.predicted) + 1),
        times=np.asarray(forecast.index),
        predicted=forecast.predicted[:, place],
        band=band,
        held=None if holdout is None else measured_coverage(holdout),
    )


def ends_table(
    forecasts: list[GroupForecast], targets: tuple[str, ...]
) -> pd.DataFrame:
    """Return one row a step: ``group, step, timestamp, predicted``, and the target."""
    parts = [
        pd.DataFrame(
            {
                "group": one.group,
                "step": np.arange(1, len(one.predicted) + 1),
                "timestamp": np.asarray(one.index),
                "predicted": one.predicted[:, place],
                "target": target,
            }
        )
        for one in forecasts
        for place, target in enumerate(targets)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.drop(columns="target") if len(targets) == 1 else table


def judge_forecasts(model: SampleModel, frame: pd.DataFrame) -> Judged | None:
    """Forecast from every row of a file whose next rows are in it too.

    Returns
    -------
    Judged or None
        None where no series is long enough.

    Raises
    ------
    SeriesError
        If the study does not know a series, or there are too many forecasts.
    """
    panel = model.panel(frame)
    stops = model.stops(panel)
    if not len(stops):
        return None
    if len(stops) > model.most_samples:
        raise SeriesError(
            f"The file asks for {len(stops):,} forecasts; this page makes up to "
            f"{model.most_samples:,} at a time. Split the file."
        )
    predicted = model.answers(panel, stops)
    actual = gather_targets(panel.targets, stops, horizon=model.task.horizon)
    names = np.asarray(panel.group_names, dtype=object)
    return Judged(
        "forecasting",
        names[panel.groups[stops]],
        stops,
        actual.reshape(len(stops), -1),
        predicted.reshape(len(stops), -1),
    )


def _arranged(frame: pd.DataFrame) -> Predictions:
    origins, steps = frame["origin"].unique(), np.sort(frame["step"].unique())
    shape = (len(origins), len(steps))
    return Predictions(
        origins=origins,
        steps=steps,
        times=frame["timestamp"].to_numpy().reshape(shape),
        actual=frame["actual"].to_numpy(dtype=np.float64).reshape(shape),
        predicted=frame["predicted"].to_numpy(dtype=np.float64).reshape(shape),
    )
