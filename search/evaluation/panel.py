"""The series as one array in a fixed channel order."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from search.config import INPUT_KINDS, Roles, TaskKind
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
    first_rows
        First row of each group; the rows of all groups lie one after the other. A
        single series is one group.
    group_names
        Name of each group; empty for a single series.
    labels
        Values to predict that are no inputs, float64 of shape (n_rows, n_labels), in
        original units or as places of classes. For anomalies 0 where a row is normal,
        1 where not. None where the targets are inputs and nothing else is known.
    """

    values: np.ndarray
    channels: tuple[str, ...]
    n_targets: int
    n_known: int
    n_calendar: int
    first_rows: tuple[int, ...] = (0,)
    group_names: tuple[str, ...] = ()
    labels: np.ndarray | None = None

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
        """What is predicted, of shape (n_rows, number of targets or labels)."""
        if self.n_targets or self.labels is None:
            return self.values[:, : self.n_targets]
        return self.labels

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.first_rows)

    @cached_property
    def group_sizes(self) -> np.ndarray:
        """Rows of each group, int64 of shape (n_groups,)."""
        return np.diff(np.asarray([*self.first_rows, self.n_rows], dtype=np.int64))

    @cached_property
    def groups(self) -> np.ndarray:
        """Place of the group of each row, int64 of shape (n_rows,)."""
        return np.repeat(np.arange(self.n_groups), self.group_sizes)

    @cached_property
    def group_starts(self) -> np.ndarray:
        """First row of the group of each row, int64 of shape (n_rows,)."""
        return np.asarray(self.first_rows, dtype=np.int64)[self.groups]


def make_panel(
    series: pd.DataFrame,
    roles: Roles,
    *,
    calendar: bool = True,
    kind: TaskKind = "forecasting",
) -> Panel:
    """Arrange the columns of `series` by their roles.

    Parameters
    ----------
    series
        One row a time stamp, sorted, equally spaced; with a group column the rows of
        each group, one group after the other.
    roles
        What each column is for.
    calendar
        Whether the calendar columns of `roles` are added.
    kind
        What is asked for. Except in a forecast and where anomalies are looked for, the
        target columns become `labels`, no column is known in advance of its row, and
        the channels are the features alone.

    Raises
    ------
    SeriesError
        If a column is absent or holds a value that is not a finite number, or the
        rows of a group do not lie together.
    """
    is_input = kind in INPUT_KINDS
    columns = list(roles.inputs(kind))
    answers = _answer_columns(roles, kind)
    values = _numbers(series, columns)
    labels = _numbers(series, answers) if answers else None
    if kind == "anomaly" and labels is not None:
        labels = (labels != 0).astype(np.float64)
    first_rows, names = _find_groups(series, roles.group)
    cycles = calendar_columns(series.index, roles.calendar if calendar else ())
    if cycles:
        values = np.column_stack([values, *cycles.values()])
    return Panel(
        values=np.ascontiguousarray(values),
        channels=(*columns, *cycles),
        n_targets=len(roles.targets) if is_input else 0,
        n_known=len(roles.known_features) + len(cycles) if is_input else 0,
        n_calendar=len(cycles),
        first_rows=first_rows,
        group_names=names,
        labels=labels,
    )


def _answer_columns(roles: Roles, kind: TaskKind) -> list[str]:
    if kind == "forecasting":
        return []
    if kind == "anomaly":
        return [] if roles.label is None else [roles.label]
    return list(roles.targets)


def _numbers(series: pd.DataFrame, columns: list[str]) -> np.ndarray:
    absent = [name for name in columns if name not in series.columns]
    if absent:
        raise SeriesError(f"The series has no column {', '.join(map(repr, absent))}.")
    values = series[columns].to_numpy(dtype=np.float64, copy=True)
    _check_finite(values, columns)
    return values


def _find_groups(
    series: pd.DataFrame, column: str | None
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the first row and the name of each group, in the order of the rows."""
    if column is None:
        return (0,), ()
    if column not in series.columns:
        raise SeriesError(f"The series has no column {column!r}.")
    given = series[column]
    if given.isna().any():
        row = int(given.isna().to_numpy().argmax())
        raise SeriesError(f"Column {column!r} names no group at position {row}.")
    codes, found = pd.factorize(given)
    edges = np.flatnonzero(np.diff(codes, prepend=-1))
    if len(edges) > len(found):
        seen = pd.Series(codes[edges]).duplicated().to_numpy()
        row = int(edges[seen.argmax()])
        raise SeriesError(
            f"The rows of group {found[codes[row]]!r} in column {column!r} do not lie "
            f"together: they begin again at position {row}. Sort the rows by group."
        )
    return tuple(edges.tolist()), tuple(str(name) for name in found)


def _check_finite(values: np.ndarray, columns: list[str]) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        n_bad = int((bad[:, 1] == column).sum())
        raise SeriesError(
            f"Column {columns[column]!r} has {n_bad} values that are not finite "
            f"numbers, the first at position {row}. Choose how gaps are filled."
        )
