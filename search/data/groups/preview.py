"""What a page draws of groups before everything about them is settled."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from search.config import Roles, Task
from search.data.groups.clock import read_clock
from search.data.groups.members import ALL_ROWS, cell_names
from search.data.groups.record import GroupReport
from search.data.groups.settings import GroupSettings
from search.data.table import Table

# Classes of the rows where anomalies are marked.
NORMAL, UNUSUAL = "normal", "unusual"


@dataclass(frozen=True)
class Preview:
    """The rows of groups as they stand in the file; nothing is repaired.

    Attributes
    ----------
    frame
        Columns of numbers, one row a row of the file; NaN where there is none.
    names
        Groups that can be drawn, in their order.
    classes
        Names of the classes; () without.
    codes
        Place in `names` of the group of each row, of shape (n_rows,); -1 where it has
        none.
    row_places
        Place in `classes` of each row, of shape (n_rows,); -1 where it has none.
    index
        Time of each row where all rows are one group in the order of time; else their
        numbers.
    """

    frame: pd.DataFrame
    names: tuple[str, ...]
    classes: tuple[str, ...]
    codes: np.ndarray
    row_places: np.ndarray
    index: pd.Index
    _rows: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that can be drawn."""
        return tuple(str(name) for name in self.frame.columns)

    @cached_property
    def _first_rows(self) -> np.ndarray:
        first = np.full(len(self.names), -1, dtype=np.int64)
        rows = np.arange(len(self.codes))[::-1]
        first[self.codes[rows][self.codes[rows] >= 0]] = rows[self.codes[rows] >= 0]
        return first

    def values(self, name: str, column: str) -> np.ndarray:
        """Return one column of one group, in the order of the file."""
        if name not in self._rows:
            self._rows[name] = np.flatnonzero(self.codes == self.names.index(name))
        found: np.ndarray = self.frame[column].to_numpy()[self._rows[name]]
        return found

    def place_of(self, name: str) -> int | None:
        """Return the place of the class of a group, by its first row; None if none."""
        first = self._first_rows[self.names.index(name)]
        place = int(self.row_places[first]) if self.classes and first >= 0 else -1
        return None if place < 0 else place

    def first(self, n: int) -> tuple[str, ...]:
        """Return `n` groups to begin with: one of each class, then the first ones."""
        places = self.row_places[np.maximum(self._first_rows, 0)]
        _, one_each = np.unique(places, return_index=True)
        order = [*sorted(one_each.tolist()), *range(len(self.names))]
        return tuple(self.names[place] for place in list(dict.fromkeys(order))[:n])


def preview_groups(
    table: Table, settings: GroupSettings, report: GroupReport
) -> Preview:
    """Return what can be drawn of the groups that `report` found."""
    n_rows = len(table.frame)
    names = report.names
    codes = np.zeros(n_rows, dtype=np.int64)
    if settings.roles.group is not None:
        codes = _places(cell_names(table, settings.roles.group), names)
    elif not names:
        names = (ALL_ROWS,)
    row_places = np.full(n_rows, -1, dtype=np.int64)
    if settings.class_column is not None and report.classes:
        labels = cell_names(table, settings.class_column)
        row_places = _places(labels, report.classes)
    labels_last = (*settings.measured, *settings.labels)
    numbers = {
        name: table.numbers(name).values
        for name in labels_last
        if name != settings.class_column and table.numbers(name).n_numbers
    }
    frame = pd.DataFrame(numbers, index=pd.RangeIndex(n_rows))
    index = frame.index if len(names) > 1 else _times(table, settings)
    return Preview(frame, names, report.classes, codes, row_places, index)


def preview_frame(values: pd.DataFrame, roles: Roles, task: Task) -> Preview:
    """Return what can be drawn of the rows of a study; see `group_frame`.

    Parameters
    ----------
    values
        One row a row of a group, with the column ``roles.group`` if there is one.
    roles
        What the columns are for.
    task
        What is asked. Answers stand behind the inputs from which they are told; marks
        of anomalies are the classes `NORMAL` and `UNUSUAL`.
    """
    codes, index = np.zeros(len(values), dtype=np.int64), values.index
    names: tuple[str, ...] = (ALL_ROWS,)
    if roles.group is not None:
        codes, found = pd.factorize(values[roles.group])
        names = tuple(str(name) for name in found)
        index = pd.RangeIndex(len(values))
    n_targets = len(roles.targets)
    columns, classes = list(roles.columns), task.classes
    places = np.full(len(values), -1, dtype=np.int64)
    if task.kind == "regression":
        columns = [*columns[n_targets:], *columns[:n_targets]]
    elif classes:
        places = values[roles.targets[0]].to_numpy().astype(np.int64)
        columns = columns[n_targets:]
    elif task.kind == "anomaly" and roles.label is not None:
        places = values[roles.label].to_numpy().astype(np.int64)
        classes = (NORMAL, UNUSUAL)
    frame = values[columns].reset_index(drop=True)
    return Preview(frame, names, classes, codes, places, index)


def _times(table: Table, settings: GroupSettings) -> pd.Index:
    time = read_clock(table, settings).time
    if time is not None and time.dtype.kind == "M":
        times = pd.DatetimeIndex(time)
        if not times.hasnans and times.is_monotonic_increasing:
            return times
    return pd.RangeIndex(len(table.frame))


def _places(cells: pd.Series, names: Sequence[str]) -> np.ndarray:
    places: np.ndarray = pd.Index(names).get_indexer(pd.Index(cells.astype(object)))
    return places
