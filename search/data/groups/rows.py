"""The rows of a table by group and time, while it is being checked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.data.findings import N_NAMED, counted, shown
from search.data.table import Table

INSERTED = -1


@dataclass(frozen=True)
class GroupedRows:
    """Rows in the order of their groups, and within a group in the order of time.

    Attributes
    ----------
    table
        Where the rows come from.
    rows
        Position in the table of each row; `INSERTED` for a step that was absent.
    group
        Position in `names` of the group of each row; rises.
    names
        Names of all groups, in the order of the file; some may have no rows left.
    time
        datetime64[us], or numbers that count steps, of shape (n_rows,); None where
        the order of the file counts.
    """

    table: Table
    rows: np.ndarray
    group: np.ndarray
    names: tuple[str, ...]
    time: np.ndarray | None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def starts(self) -> np.ndarray:
        """First row of each group that has rows, of shape (n_groups,)."""
        return np.flatnonzero(np.diff(self.group, prepend=-1))

    @property
    def lengths(self) -> np.ndarray:
        """Rows of each group that has rows, of shape (n_groups,)."""
        return np.diff(np.append(self.starts, len(self)))

    @property
    def present(self) -> np.ndarray:
        """Positions in `names` of the groups that have rows, of shape (n_groups,)."""
        return self.group[self.starts]

    @property
    def n_groups(self) -> int:
        """Number of groups that have rows."""
        return len(self.starts)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return one value a group, of shape (n_groups,), as one a row."""
        return np.repeat(values, self.lengths)

    def kept(self, mask: np.ndarray) -> "GroupedRows":
        """Return the rows of `mask` only."""
        time = None if self.time is None else self.time[mask]
        return replace(self, rows=self.rows[mask], group=self.group[mask], time=time)

    def named(self, group: int) -> str:
        """Return ``group 'a'`` for a position in `names`."""
        return f"group {shown(self.names[int(group)])}"

    def where(self, place: int, column: str | None = None) -> str:
        """Return ``group 'a', row 7, column 'x'`` of a zero-based row."""
        return f"{self.named(self.group[place])}, {self.place_of(place, column)}"

    def place_of(self, place: int, column: str | None = None) -> str:
        """Return ``row 7, column 'x'`` of a zero-based row."""
        words = self.table.place(self._before(place), column)
        return words if self.rows[place] != INSERTED else f"inserted after {words}"

    def lines(self, places: Sequence[int] | np.ndarray) -> tuple[int, ...]:
        """Return the line in its file of the first five `places`."""
        before = [self._before(int(place)) for place in places[:N_NAMED]]
        return self.table.file_rows(np.array(before, dtype=np.int64))

    def listed(self, places: np.ndarray, column: str | None = None) -> str:
        """Name the first three of `places` and say how many more there are."""
        first = "; ".join(self.where(int(place), column) for place in places[:3])
        more = f" and {len(places) - 3:,} more" if len(places) > 3 else ""
        return first + more

    def listed_groups(self, groups: Iterable[int]) -> str:
        """Name the first five groups by their positions in `names`."""
        every = [shown(self.names[int(group)]) for group in groups]
        more = f" and {len(every) - N_NAMED:,} more" if len(every) > N_NAMED else ""
        return ", ".join(every[:N_NAMED]) + more

    def _before(self, place: int) -> int:
        """Return the row of the table at `place`, or the one before an inserted one."""
        while self.rows[place] == INSERTED:
            place -= 1
        return int(self.rows[place])


def n_rows_were(n: int) -> str:
    """Return ``1 row was`` or ``7 rows were``."""
    return f"{counted(n, 'row')} {'was' if n == 1 else 'were'}"


def n_groups_were(n: int) -> str:
    """Return ``1 group was`` or ``7 groups were``."""
    return f"{counted(n, 'group')} {'was' if n == 1 else 'were'}"
