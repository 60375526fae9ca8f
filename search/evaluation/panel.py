"""The series as one array in a fixed channel order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.config import Roles
from search.errors import SeriesError
from search.evaluation.calendar import calendar_columns


@dataclass(frozen=True)
class Panel:
    """The numbers that a network may see.

    Attributes
    ----------
    values
        Float64 array of shape (n_rows, n_channels), in original units, without
        NaN. Channels come in this order: targets, past features, known features,
        calendar columns.
    channels
        Name of each channel.
    n_targets, n_known, n_calendar
        Number of target channels (the first ones), of channels known in advance
        (the last ones, calendar included) and of calendar channels (the very
        last ones; they lie in [-1, 1] and are never scaled).
    """

    values: np.ndarray
    channels: tuple[str, ...]
    n_targets: int
    n_known: int
    n_calendar: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return int(self.values.shape[1])

    @property
    def targets(self) -> np.ndarray:
        """The target channels, of shape (n_rows, n_targets)."""
        return self.values[:, : self.n_targets]


def make_panel(series: pd.DataFrame, roles: Roles, *, calendar: bool = True) -> Panel:
    """Arrange the columns of `series` by their roles.

    Parameters
    ----------
    series
        One row a time stamp, sorted, equally spaced.
    roles
        What each column is for.
    calendar
        Whether the calendar columns of `roles` are added.

    Raises
    ------
    SeriesError
        If a column is absent or holds a value that is not a finite number.
    """
    columns = list(roles.columns)
    absent = [name for name in columns if name not in series.columns]
    if absent:
        raise SeriesError(f"The series has no column {', '.join(map(repr, absent))}.")
    values = series[columns].to_numpy(dtype=np.float64, copy=True)
    _check_finite(values, columns)
    cycles = calendar_columns(series.index, roles.calendar if calendar else ())
    if cycles:
        values = np.column_stack([values, *cycles.values()])
    return Panel(
        values=np.ascontiguousarray(values),
        channels=(*columns, *cycles),
        n_targets=len(roles.targets),
        n_known=len(roles.known_features) + len(cycles),
        n_calendar=len(cycles),
    )


def _check_finite(values: np.ndarray, columns: list[str]) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        n_bad = int((bad[:, 1] == column).sum())
        raise SeriesError(
            f"Column {columns[column]!r} has {n_bad} values that are not finite "
            f"numbers, the first at position {row}. Choose how gaps are filled."
        )
