"""Forecasts of a trained network from any rows of a series, without its framework."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.config import Roles, Task
from search.data.continuation import future_index
from search.errors import SeriesError
from search.evaluation.framing import FramingName, first_origin, frame_series
from search.evaluation.panel import make_panel
from search.evaluation.scaling import Scaler
from search.evaluation.windows import gather_windows

Network = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Scaled windows and known values in, scaled forecasts out; see `Windows`."""


@dataclass(frozen=True)
class Forecaster:
    """A network with everything between a series and its forecasts.

    Attributes
    ----------
    network
        The trained network.
    scaler
        As it was fitted for the network.
    roles, task
        Columns, horizon and season.
    sequence_length, framing, has_calendar
        What the network was trained with.
    batch_size
        Windows at a time.
    most_origins
        Forecasts that are worth waiting for; `forecast` itself has no limit.
    """

    network: Network
    scaler: Scaler
    roles: Roles
    task: Task
    sequence_length: int
    framing: FramingName
    has_calendar: bool
    batch_size: int = 256
    most_origins: int = 20_000

    @property
    def rows_before(self) -> int:
        """Rows that a forecast needs before its first step."""
        return first_origin(self.sequence_length, self.framing, self.task.season)

    def origins(self, n_rows: int, *, n_known: int = 0) -> np.ndarray:
        """Return the rows of a series that can be forecast from; maybe none.

        Parameters
        ----------
        n_rows
            Rows of the series; the last origin is the row after them.
        n_known
            Rows after them for which the known features are given. They limit the
            origins only where there are such features.
        """
        stop = n_rows + 1
        if self.roles.known_features:
            stop = min(stop, n_rows + n_known - self.task.horizon + 1)
        return np.arange(self.rows_before, max(self.rows_before, stop))

    def forecast(
        self,
        series: pd.DataFrame,
        origins: np.ndarray,
        known: pd.DataFrame | None = None,
    ) -> np.ndarray:
        """Return forecasts in original units, (n_origins, horizon, n_targets).

        Parameters
        ----------
        series
            Rows without gaps; each forecast uses only those before its origin, and
            the known features of its steps.
        origins
            Among those of the method `origins`.
        known
            Known features of the rows after the series.

        Raises
        ------
        SeriesError
            If an origin needs rows or known features that are not there.
        """
        n_known = 0 if known is None else len(known)
        legal = self.origins(len(series), n_known=n_known)
        if not np.isin(origins, legal).all():
            raise SeriesError(
                f"Forecasts are possible from {len(legal)} rows, {self.rows_before} "
                f"to {legal[-1] if len(legal) else '–'} counted from 0; got "
                f"{origins.min()} to {origins.max()}."
            )
        panel = make_panel(
            self._extended(series, known), self.roles, calendar=self.has_calendar
        )
        task, n = self.task, panel.n_targets
        framed = frame_series(
            panel,
            self.scaler,
            self.framing,
            horizon=task.horizon,
            season=task.season,
        )
        found = np.empty((len(origins), task.horizon, n))
        for first in range(0, len(origins), self.batch_size):
            part = slice(first, first + self.batch_size)
            windows = gather_windows(
                framed,
                origins[part],
                sequence_length=self.sequence_length,
                n_known=panel.n_known,
            )
            found[part] = self.network(windows.past, windows.known) + windows.base
        found *= self.scaler.scale[:n]
        found += self.scaler.center[:n]
        return found

    def _extended(
        self, series: pd.DataFrame, known: pd.DataFrame | None
    ) -> pd.DataFrame:
        """Return the series and one horizon more, of which only `known` is known."""
        index = future_index(series.index, self.task.horizon)
        rows = pd.DataFrame(0.0, index=index, columns=series.columns)
        if known is not None and self.roles.known_features:
            given = known.iloc[: self.task.horizon]
            names = list(self.roles.known_features)
            rows.iloc[: len(given), rows.columns.get_indexer(names)] = given[
                names
            ].to_numpy()
        return pd.concat([series, rows])
