"""The forecasts of a winner as tables that people and pages read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from search.config import Roles
from search.evaluation.panel import Panel, make_panel
from search.files import write_bytes


def save_predictions(
    path: Path,
    index: pd.Index,
    origins: np.ndarray,
    *,
    actual: np.ndarray,
    predicted: np.ndarray,
    targets: Sequence[str],
) -> None:
    """Write forecasts from several origins beside what happened.

    One row for each origin, step and target with the columns ``origin`` (row of the
    series, from 0), ``step`` (from 1), ``timestamp`` (of the target; the row number
    where rows are counted), ``actual``, ``predicted``, and ``target`` where there are
    several. Numbers are written with all their digits.

    Parameters
    ----------
    index
        Index of the whole series.
    origins
        Shape (n_origins,).
    actual, predicted
        Shape (n_origins, horizon, n_targets).
    targets
        Names of the targets.
    """
    horizon = actual.shape[1]
    rows = origins[:, None] + np.arange(horizon)
    frames = [
        pd.DataFrame(
            {
                "origin": np.repeat(origins, horizon),
                "step": np.tile(np.arange(1, horizon + 1), len(origins)),
                "timestamp": stamps(index)[rows.ravel()],
                "actual": actual[..., k].ravel(),
                "predicted": predicted[..., k].ravel(),
                "target": name,
            }
        )
        for k, name in enumerate(targets)
    ]
    _save(path, pd.concat(frames), n_targets=len(targets))


def save_forecast(
    path: Path, index: pd.Index, *, predicted: np.ndarray, targets: Sequence[str]
) -> None:
    """Write the forecast beyond the end of a series.

    One row for each step and target with the columns ``step`` (from 1),
    ``timestamp``, ``predicted``, and ``target`` where there are several.

    Parameters
    ----------
    index
        Index of the forecast rows; see `future_index`.
    predicted
        Shape (horizon, n_targets).
    targets
        Names of the targets.
    """
    frames = [
        pd.DataFrame(
            {
                "step": np.arange(1, len(predicted) + 1),
                "timestamp": stamps(index),
                "predicted": predicted[:, k],
                "target": name,
            }
        )
        for k, name in enumerate(targets)
    ]
    _save(path, pd.concat(frames), n_targets=len(targets))


def future_panel(
    series: pd.DataFrame, roles: Roles, index: pd.Index, *, calendar: bool
) -> Panel | None:
    """Return the panel of `series` with the rows of `index` after its end.

    Of these rows only calendar values are known; the others are 0. None where columns
    are known in advance, because their future values are not in the series.
    """
    if roles.known_features:
        return None
    rows = pd.DataFrame(0.0, index=index, columns=series.columns)
    return make_panel(pd.concat([series, rows]), roles, calendar=calendar)


def stamps(index: pd.Index) -> np.ndarray:
    """Return ISO texts, without the time where every row is at midnight."""
    if not isinstance(index, pd.DatetimeIndex):
        return np.asarray(index)
    is_dates = bool((index == index.normalize()).all())
    text = index.map(pd.Timestamp.isoformat)
    return np.asarray(text.str[:10] if is_dates else text)


def _save(path: Path, frame: pd.DataFrame, *, n_targets: int) -> None:
    if n_targets == 1:
        frame = frame.drop(columns="target")
    write_bytes(path, frame.to_csv(index=False, lineterminator="\n").encode())
