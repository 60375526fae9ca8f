"""Which groups and which tasks a table seems to be made for, and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.columns import suggest_time
from search.data.findings import counted, shown
from search.data.groups.clock import order_in_time_of
from search.data.groups.members import cell_names
from search.data.groups.settings import GroupOrder, GroupSettings, TargetKind
from search.data.reading.wide import SEQUENCE, STEP
from search.data.stacking import names_groups
from search.data.table import Table

SuggestedKind = Literal[
    "forecasting", "regression", "classification", "labelling", "anomaly"
]

_MOST_CLASSES = 20
_LEAST_ROWS_A_GROUP = 2
_LEAST_GROUPS_A_CLASS = 2
_STEP_NAME = re.compile(
    r"(time.?)?(step|cycle|index|tick|second|minute|hour|day|t|time)s?"
    r"([_\W]*(nr|no|number|id))?(\s*[\[(].*[\])])?",
    re.IGNORECASE,
)
_GROUP_NAME = re.compile(
    r"(.*[_\W])?(recording|run|trial|experiment|case|sequence|session|lot|heat|coil|"
    r"campaign|file|vehicle|person|user)([_\W]*(id|nr|no|number|name))?",
    re.IGNORECASE,
)
_LABEL_NAME = re.compile(
    r".*(label|class|target|fault|anomal|attack|outlier|state|regime|phase|mode|"
    r"condition|activity|status|diagnosis|event).*",
    re.IGNORECASE,
)
_ODD_NAME = re.compile(
    r".*(anomal|outlier|attack|fault|failure|alarm).*", re.IGNORECASE
)
NORMAL_WORDS = {
    "0",
    "false",
    "no",
    "normal",
    "ok",
    "healthy",
    "nominal",
    "good",
    "none",
}
_TEST_NAME = re.compile(r"(split|part|set|subset|fold|dataset)", re.IGNORECASE)


@dataclass(frozen=True)
class TaskSuggestion:
    """A task that fits a table.

    Attributes
    ----------
    kind
        What is to be done.
    reason
        One sentence on the columns that make it fit.
    settings
        Group, time, targets and features for it; nothing is repaired.
    """

    kind: SuggestedKind
    reason: str
    settings: GroupSettings


@dataclass(frozen=True)
class _Column:
    """What one column beside group and time holds.

    Attributes
    ----------
    name
        Its name.
    is_number, is_class
        Whether it holds numbers; whether it holds few texts or whole numbers.
    values
        Its distinct values, for columns of classes.
    is_constant
        Whether it is one value in each group.
    n_changes
        Rows whose value differs from the row before in the same group.
    least_groups
        Groups of the rarest value, where it is constant in groups.
    """

    name: str
    is_number: bool
    is_class: bool
    values: tuple[str, ...]
    is_constant: bool
    n_changes: int
    least_groups: int


def suggest_group(table: Table) -> str | None:
    """Return the column that tells groups apart, or None.

    It is complete, has at least two values of two rows each on average, and is the
    sequence of a wide table, the file in an archive, or named like an id.
    """
    names = [str(name) for name in table.frame.columns]
    if table.origin is not None:
        return names[0]
    fitting = [name for name in names if _is_named(name) and _tells(table, name)]
    texts = [name for name in fitting if not table.numbers(name).n_numbers]
    return next(iter([*texts, *fitting]), None)


def suggest_tasks(table: Table) -> tuple[TaskSuggestion, ...]:
    """Return the tasks that fit a table, the most telling first; () if none does."""
    group = suggest_group(table)
    time = suggest_steps(table, group)
    taken = {*time, *([group] if group else [])}
    test = suggest_test_column(table, taken)
    taken |= {test} if test else set()
    codes = np.zeros(len(table.frame), dtype=np.int64)
    if group is not None:
        codes = pd.factorize(cell_names(table, group))[0]
    order = np.argsort(codes, kind="stable")
    columns = [
        _looked_at(table, str(name), codes, order)
        for name in table.frame.columns
        if str(name) not in taken
    ]
    found = _Suggestions(table, group, time, test, tuple(columns), codes)
    return tuple(found.make())


@dataclass(frozen=True)
class _Suggestions:
    table: Table
    group: str | None
    time: tuple[str, ...]
    test: str | None
    columns: tuple[_Column, ...]
    codes: np.ndarray

    def make(self) -> list[TaskSuggestion]:
        """Return what fits: labels of groups, labels of rows, then forecasting."""
        found = []
        for column in reversed(self.columns):
            found += [*self._of_groups(column), *self._of_rows(column)]
        rank = ["classification", "regression", "anomaly", "labelling"]
        # A column called label says more than one that could be one.
        found.sort(
            key=lambda one: (
                not _LABEL_NAME.fullmatch(one.settings.class_column or ""),
                rank.index(one.kind),
            )
        )
        return [*found, *self._forecasting()]

    def _of_groups(self, column: _Column) -> list[TaskSuggestion]:
        """Return classification or regression of groups by a constant column."""
        if self.group is None or not column.is_constant:
            return []
        n_groups = int(self.codes.max()) + 1
        name = shown(column.name)
        if column.is_class and column.least_groups >= _LEAST_GROUPS_A_CLASS:
            reason = (
                f"Column {name} has one of {counted(len(column.values), 'value')} in "
                f"each of {n_groups:,} groups, which can be told from the rows of a "
                "group."
            )
            return self._labelled("classification", reason, column, "classes")
        if column.is_number and not column.is_class and n_groups > 2:
            reason = (
                f"Column {name} has one number in each of {n_groups:,} groups, which "
                "can be predicted from the rows of a group."
            )
            return self._labelled("regression", reason, column, "numbers")
        return []

    def _of_rows(self, column: _Column) -> list[TaskSuggestion]:
        """Return anomaly detection, labelling or regression by a column of rows."""
        name = shown(column.name)
        if column.is_constant or not column.n_changes:
            return []
        is_in_runs = 5 * column.n_changes < len(self.table.frame)
        is_label = _LABEL_NAME.fullmatch(column.name) or not column.is_number
        if column.is_class and is_in_runs and is_label:
            texts = {value.casefold() for value in column.values}
            is_odd = _ODD_NAME.fullmatch(column.name) or texts & (
                NORMAL_WORDS - {"0", "no"}
            )
            if len(column.values) == 2 and is_odd and texts & NORMAL_WORDS:
                reason = (
                    f"Column {name} marks rows as normal or not, so a network can "
                    "learn the normal rows and be checked on the others."
                )
                sensors = [c for c in self._sensors() if c != column.name]
                if sensors:
                    roles = Roles(targets=tuple(sensors), group=self.group)
                    settings = self._settings(roles, "series", label=column.name)
                    return [TaskSuggestion("anomaly", reason, settings)]
            reason = (
                f"Column {name} has one of {counted(len(column.values), 'value')} in "
                "each row, which can be told from the rows up to it."
            )
            return self._labelled("labelling", reason, column, "classes")
        if column.is_number and self._counts_down(column.name):
            reason = (
                f"Column {name} counts down to the end of each group, as a remaining "
                "useful life does, and can be predicted from the rows up to then."
            )
            return self._labelled("regression", reason, column, "numbers")
        return []

    def _forecasting(self) -> list[TaskSuggestion]:
        sensors = self._sensors()
        if not sensors:
            return []
        target = sensors[-1]
        where = "" if self.group is None else f" of each {self.group}"
        reason = (
            f"Column {shown(target)} changes from row to row, so its next values"
            f"{where} can be forecast."
        )
        roles = Roles(targets=(target,), group=self.group)
        return [TaskSuggestion("forecasting", reason, self._settings(roles, "series"))]

    def _labelled(
        self, kind: SuggestedKind, reason: str, column: _Column, targets: TargetKind
    ) -> list[TaskSuggestion]:
        features = tuple(name for name in self._sensors() if name != column.name)
        if not features:
            return []
        roles = Roles(targets=(column.name,), past_features=features, group=self.group)
        return [TaskSuggestion(kind, reason, self._settings(roles, targets))]

    def _sensors(self) -> list[str]:
        """Return the number columns that change within groups, labels apart."""
        return [
            column.name
            for column in self.columns
            if column.is_number
            and not column.is_constant
            and not (column.is_class and _LABEL_NAME.fullmatch(column.name))
            and not (column.is_class and len(column.values) == 2)  # flags and marks
            and not self._counts_down(column.name)
        ]

    def _counts_down(self, name: str) -> bool:
        """Tell whether a column falls by equal steps in each group."""
        if self.group is None:
            return False
        order = np.argsort(self.codes, kind="stable")
        values, codes = self.table.numbers(name).values[order], self.codes[order]
        steps = np.diff(values)[np.diff(codes) == 0]
        steps = steps[np.isfinite(steps)]
        n_groups = int(codes.max()) + 1
        is_down = len(steps) > n_groups and bool((steps <= 0).all())
        return is_down and float(np.mean(steps == np.median(steps))) > 0.5

    def _settings(
        self, roles: Roles, kind: TargetKind, *, label: str | None = None
    ) -> GroupSettings:
        return GroupSettings(
            roles=roles,
            time=self.time,
            target_kind=kind,
            label=label,
            test_column=self.test,
            order=_order(self.table, self.codes, self.time, self.group),
        )


def _is_named(name: str) -> bool:
    return names_groups(name) or _GROUP_NAME.fullmatch(name.strip()) is not None


def _tells(table: Table, name: str) -> bool:
    """Tell whether a column has several values of several rows each."""
    names = cell_names(table, name)
    n_values = names.nunique()
    has_whole = not _STEP_NAME.fullmatch(name)
    is_complete = not names.isna().any()
    return (
        is_complete
        and has_whole
        and (2 <= n_values <= len(names) / _LEAST_ROWS_A_GROUP)
    )


def suggest_steps(table: Table, group: str | None) -> tuple[str, ...]:
    """Return the columns that order the rows of a group: time stamps, or steps."""
    time = tuple(name for name in suggest_time(table) if name != group)
    if time:
        return time
    names = [str(name) for name in table.frame.columns if str(name) != group]
    if group == SEQUENCE and STEP in names:
        return (STEP,)
    if group is None:
        return ()
    steps = [name for name in names if _STEP_NAME.fullmatch(name)]
    return tuple(
        name for name in steps[:1] if table.numbers(name).n_numbers == len(table.frame)
    )


def suggest_test_column(table: Table, taken: set[str]) -> str | None:
    """Return the column that says ``train`` or ``test``."""
    for name in map(str, table.frame.columns):
        if name not in taken and _TEST_NAME.fullmatch(name.strip()):
            texts = {str(text).casefold() for text in cell_names(table, name).unique()}
            if "test" in texts and len(texts) == 2:
                return name
    return None


def _looked_at(
    table: Table, name: str, codes: np.ndarray, order: np.ndarray
) -> _Column:
    numbers = table.numbers(name)
    names = cell_names(table, name)
    is_number = numbers.n_numbers > 0 and not numbers.is_unreadable.any()
    values = names.dropna().unique()
    finite = numbers.values[np.isfinite(numbers.values)]
    is_whole = bool((finite == np.round(finite)).all())
    is_class = 2 <= len(values) <= _MOST_CLASSES and (not is_number or is_whole)
    of_row = pd.factorize(names)[0][order]
    is_same_group = np.diff(codes[order]) == 0
    n_changes = int(((np.diff(of_row) != 0) & is_same_group).sum())
    least = 0
    if n_changes == 0 and is_class:
        firsts = of_row[np.flatnonzero(np.diff(codes[order], prepend=-1))]
        least = int(np.bincount(firsts[firsts >= 0]).min())
    return _Column(
        name=name,
        is_number=is_number,
        is_class=is_class,
        values=tuple(str(value) for value in values[: _MOST_CLASSES + 1]),
        is_constant=n_changes == 0 and len(values) > 1,
        n_changes=n_changes,
        least_groups=least,
    )


def _order(
    table: Table, codes: np.ndarray, time: Sequence[str], group: str | None
) -> GroupOrder:
    if group is None or not time:
        return "none"
    return "time" if order_in_time_of(table, codes, tuple(time)) else "none"
