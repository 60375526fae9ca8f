"""Groups that are ready: rows that know their group, and what was done to them."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.findings import Finding
from search.data.groups.labels import Scope
from search.data.source import Source
from search.errors import SeriesError


@dataclass(frozen=True)
class GroupRows:
    """Which group each row of a frame belongs to.

    Attributes
    ----------
    codes
        Position in `names`, int64 of shape (n_rows,); begins at 0 and rises by 0 or 1.
    names
        Names of the groups, in their order.
    is_ordered
        Whether later groups are later in time.
    times
        Time of each row within its group, datetime64[us] or float64 of shape
        (n_rows,); None where rows are counted.
    classes
        Sorted names of the classes that the label column numbers; () without classes.
    class_column
        Name of the label column; None without classes.

    Raises
    ------
    SeriesError
        If codes and names do not fit together.
    """

    codes: np.ndarray
    names: tuple[str, ...]
    is_ordered: bool = False
    times: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    class_column: str | None = None

    def __post_init__(self) -> None:
        steps = np.diff(self.codes, prepend=-1)
        n_groups = int(self.codes[-1]) + 1 if len(self.codes) else 0
        is_one_by_one = bool(((steps == 0) | (steps == 1)).all())
        if not is_one_by_one or n_groups != len(self.names):
            raise SeriesError(
                f"`codes` must number the {len(self.names)} groups of `names` one "
                "after the other from 0, each with at least one row."
            )
        if self.times is not None and len(self.times) != len(self.codes):
            raise SeriesError(
                f"`times` must have one value a row, got {len(self.times)} for "
                f"{len(self.codes)} rows."
            )

    @property
    def first_rows(self) -> np.ndarray:
        """First row of each group, int64 of shape (n_groups,)."""
        return np.flatnonzero(np.diff(self.codes, prepend=-1))

    @property
    def starts(self) -> np.ndarray:
        """First row of the group of each row, int64 of shape (n_rows,)."""
        return self.first_rows[self.codes]

    @property
    def lengths(self) -> np.ndarray:
        """Rows of each group, int64 of shape (n_groups,)."""
        return np.bincount(self.codes, minlength=len(self.names))


@dataclass(frozen=True)
class BuiltGroups:
    """Groups that are ready for a study.

    Attributes
    ----------
    values
        Float64 without missing values, the rows of all groups one after the other;
        columns are those of `roles` and the label column. Classes are numbered.
    groups
        The group of each row.
    roles
        Targets, features and group column, text features as their 0/1 columns.
    label_scope
        Whether labels belong to a ``group`` or a ``row``; None without labels.
    file_rows
        Line in its file of each row, of shape (n_rows,); -1 for inserted rows.
    test_groups
        Names of the groups of an official test set.
    source
        Where the rows came from and what was done to them.
    findings
        Everything that was found, with what was chosen.
    """

    values: pd.DataFrame
    groups: GroupRows
    roles: Roles
    label_scope: Scope | None
    file_rows: np.ndarray
    test_groups: tuple[str, ...]
    source: Source
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class GroupReport:
    """What a page shows about groups before they are built.

    Attributes
    ----------
    findings
        What was found, in the order in which it should be read.
    names, lengths
        The groups in their order, and their rows.
    n_rows
        Rows in all.
    frequency
        pandas offset alias of the step within groups; None where rows are counted.
    classes
        Names of the classes.
    class_counts
        For each class, its groups where labels belong to groups, else its rows.
    label_scope
        Whether labels belong to a ``group`` or a ``row``; None without labels.
    """

    findings: tuple[Finding, ...]
    names: tuple[str, ...]
    lengths: tuple[int, ...]
    n_rows: int
    frequency: str | None = None
    classes: tuple[str, ...] = ()
    class_counts: tuple[int, ...] = field(default=())
    label_scope: Scope | None = None

    @property
    def is_ready(self) -> bool:
        """Whether nothing stands in the way of building the groups."""
        return not any(finding.is_blocking for finding in self.findings)
