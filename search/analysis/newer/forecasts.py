"""The forecast of a winner beyond the end of the data, with the errors to expect."""

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
from search.errors import StudyCorrupted

FORECAST_FILE = "forecast.csv"
COLUMNS = ("step", "timestamp", "predicted")
SHOWN_HORIZONS, SHOWN_SEASONS, FEWEST_SHOWN = 4, 2, 36


@dataclass(frozen=True)
class Forecast:
    """The forecast of one target beyond the last row.

    Attributes
    ----------
    steps
        1 for the first row after the data, of shape (horizon,).
    times
        Time stamp or row number of each step.
    predicted
        Original units.
    band
        How far forecasts missed on the holdout; None if nothing was compared.
    held
        Share of newer holdout forecasts of each step that a band made of older ones
        held, of shape (horizon,); None where there are too few.
    """

    steps: np.ndarray
    times: np.ndarray
    predicted: np.ndarray
    band: ErrorBand | None
    held: np.ndarray | None = None

    @property
    def low(self) -> np.ndarray | None:
        """Lower end of the band."""
        return None if self.band is None else self.predicted - self.band.half_width

    @property
    def high(self) -> np.ndarray | None:
        """Upper end of the band."""
        return None if self.band is None else self.predicted + self.band.half_width


def load_forecast(
    folder: Path, target: str, holdout: Predictions | None
) -> Forecast | None:
    """Read the forecast of a winner for one target; None if there is no file.

    Parameters
    ----------
    folder
        Folder of the winner, with ``forecast.csv``: the columns `step, timestamp,
        predicted`, and `target` where there are several.
    target
        Name of the target.
    holdout
        Forecasts of the winner on the holdout, for the band.

    Raises
    ------
    StudyCorrupted
        If the file is not what it should be.
    """
    path = folder / FORECAST_FILE
    if not path.exists():
        return None
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise StudyCorrupted(f"{FORECAST_FILE} cannot be read: {error}.") from error
    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        raise StudyCorrupted(f"{FORECAST_FILE} has no column {', '.join(absent)}.")
    if "target" in frame.columns:
        frame = frame[frame["target"] == target]
    frame = frame.sort_values("step")
    if not len(frame):
        raise StudyCorrupted(f"{FORECAST_FILE} holds nothing for {target!r}.")
    compared = holdout
    if holdout is not None and holdout.horizon != len(frame):
        compared = None
    return Forecast(
        steps=frame["step"].to_numpy(),
        times=parse_times(frame["timestamp"]).to_numpy(),
        predicted=frame["predicted"].to_numpy(dtype=np.float64),
        band=None if compared is None else error_band(compared),
        held=None if compared is None else measured_coverage(compared),
    )


def last_part(values: pd.Series, *, horizon: int, season: int) -> pd.Series:
    """Return the rows before a forecast that make it understandable.

    Four horizons or two seasons, at least 36 rows.

    Examples
    --------
    >>> len(last_part(pd.Series(range(500)), horizon=24, season=1))
    96
    """
    n_rows = max(SHOWN_HORIZONS * horizon, SHOWN_SEASONS * season, FEWEST_SHOWN)
    return values.iloc[-n_rows:]
