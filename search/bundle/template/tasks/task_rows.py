"""From cells to numbers: the rows of each group, one group after the other."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from one_series import (
    ForecastError,
    cell_numbers,
    fill,
    grid,
    is_missing,
    note,
    read_stamps,
)
from task_setup import TaskSetup


@dataclass(frozen=True)
class Rows:
    """Numbers in original units.

    Attributes
    ----------
    values
        Inputs that come from the table, of shape (n_rows, n_columns); NaN only where
        a row is to be forecast.
    answers
        For each column of `TaskSetup.answers` that the table has, its cells.
    names
        The groups; one without a name where there is no group column.
    first_rows, stops
        First row of each group, and the row after its last one that is no future.
    times
        Time stamps; None where rows are counted.
    """

    values: np.ndarray
    answers: pd.DataFrame
    names: list[str]
    first_rows: np.ndarray
    stops: np.ndarray
    times: pd.DatetimeIndex | None

    @property
    def sizes(self) -> np.ndarray:
        """Rows of each group, its future included."""
        return np.diff([*self.first_rows, len(self.values)])

    @property
    def groups(self) -> np.ndarray:
        """Place of the group of each row, of shape (n_rows,)."""
        return np.repeat(np.arange(len(self.names)), self.sizes)

    @property
    def starts(self) -> np.ndarray:
        """First row of the group of each row, of shape (n_rows,)."""
        return self.first_rows[self.groups]


@dataclass(frozen=True)
class _Table:
    """Cells in the order of their groups."""

    cells: pd.DataFrame
    codes: np.ndarray
    names: list[str]
    setup: TaskSetup

    def kept(self, mask: np.ndarray) -> "_Table":
        codes, names = pd.factorize(self.codes[mask])
        return _Table(
            self.cells[mask], codes, [self.names[code] for code in names], self.setup
        )

    def place(self, row: int) -> str:
        """Return ``row 7 (group 'a')``."""
        where = str(self.cells.index[row])
        if self.setup.group is None:
            return where
        return f"{where} ({self.setup.group} {self.names[self.codes[row]]!r})"


def make_rows(table: pd.DataFrame, setup: TaskSetup, *, all_rows: bool) -> Rows:
    """Turn cells into numbers.

    Parameters
    ----------
    table
        See `task_files.read_table`.
    setup
        The settings.
    all_rows
        Whether every row must be usable; else, for a forecast, those that the next
        one needs.

    Raises
    ------
    ForecastError
        If a row cannot be used; the message says which one and why.
    """
    grouped = _group(table, setup)
    if not len(grouped.cells):
        raise ForecastError("The table has no row.")
    is_future = np.zeros(len(grouped.cells), dtype=bool)
    if setup.kind == "forecasting":
        grouped, is_future = _with_futures(grouped)
    values, is_whole = _numbers(grouped, is_future)
    if not is_whole.all():
        note(
            f"{int((~is_whole).sum())} rows with missing values were left out, the "
            f"first is {grouped.place(int(np.flatnonzero(~is_whole)[0]))}."
        )
        grouped, values = grouped.kept(is_whole), values[is_whole]
        is_future = is_future[is_whole]
        if not len(values):
            raise ForecastError("No row is left: each has missing values.")
    first_rows = np.flatnonzero(np.diff(grouped.codes, prepend=-1))
    n_past = np.bincount(grouped.codes, ~is_future, minlength=len(grouped.names))
    stops = first_rows + n_past.astype(np.int64)
    needed = np.ones(len(values), dtype=bool)
    if setup.kind == "forecasting" and not all_rows:
        place = np.arange(len(values))
        needed = place >= stops[grouped.codes] - setup.rows_before
    times = _times(grouped, needed)
    _check_values(grouped, values, needed, is_future)
    found = [name for name in setup.answers if name in grouped.cells]
    return Rows(values, grouped.cells[found], grouped.names, first_rows, stops, times)


def _group(table: pd.DataFrame, setup: TaskSetup) -> _Table:
    """Put the rows of each group together, in the order of the file."""
    if setup.group is None:
        return _Table(table, np.zeros(len(table), dtype=np.int64), [""], setup)
    column = table[setup.group]
    absent = is_missing(column, setup).to_numpy()
    if absent.any():
        where = table.index[int(absent.argmax())]
        raise ForecastError(
            f"Column {setup.group!r} in {where} is empty, so nothing says to which "
            f"{setup.group} the row belongs; fill it in."
        )
    codes, names = pd.factorize(group_names(column))
    order = np.argsort(codes, kind="stable")
    return _Table(table.iloc[order], codes[order], [str(one) for one in names], setup)


def group_names(column: pd.Series) -> np.ndarray:
    """Return names of groups or classes; whole numbers lose their point."""
    texts = column.astype(str).str.strip()
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float)
    is_whole = np.isfinite(numbers).all() and (numbers == np.round(numbers)).all()
    if not is_whole or np.abs(numbers).max(initial=0) >= 1e15:
        return texts.to_numpy(dtype=object)
    if texts.str.match(r"[+-]?0[0-9]").any():  # codes such as 007
        return texts.to_numpy(dtype=object)
    return numbers.astype(np.int64).astype(str).astype(object)


def _with_futures(table: _Table) -> tuple[_Table, np.ndarray]:
    """Return the rows that a forecast uses, and which of them are the future."""
    setup = table.setup
    absent = table.cells[setup.targets].apply(is_missing, setup=setup)
    is_given = ~absent.all(axis=1).to_numpy()
    place = np.arange(len(is_given))
    last = np.full(len(table.names), -1)
    np.maximum.at(last, table.codes[is_given], place[is_given])
    for group in np.flatnonzero(last < 0)[:1]:
        raise ForecastError(
            f"No row of {table.names[group]!r} has a value of "
            f"{', '.join(setup.targets)}."
        )
    ahead = place - last[table.codes]
    keep = ahead <= (setup.horizon if setup.known_features else 0)
    if not setup.known_features and not keep.all():
        note(
            f"{int((~keep).sum())} rows at the end of their {setup.group} have no "
            f"value of {', '.join(setup.targets)}; the forecast starts there."
        )
    return table.kept(keep), ahead[keep] > 0


def _numbers(table: _Table, is_future: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers, and which rows the rule for missing values leaves whole.

    Raises
    ------
    ForecastError
        If a cell is missing where nothing was chosen for that, or is no number.
    """
    setup, reader = table.setup, table.setup.one_series()
    columns, is_whole = [], np.ones(len(table.cells), dtype=bool)
    for name, (source, category) in reader.sources(table.cells.columns).items():
        must_be_given = ~is_future | (name in setup.known_features)
        cells = table.cells[source]
        numbers, absent = cell_numbers(cells, category, reader)
        is_wrong = np.isnan(numbers) & ~absent & must_be_given
        for row in np.flatnonzero(is_wrong)[:1]:
            _refuse_cell(table, int(row), source, category)
        missing = absent & must_be_given
        rule = setup.reading["missing"]
        if missing.any() and rule != "refuse":
            by_group = pd.Series(numbers).groupby(table.codes, group_keys=False)
            is_text = category is not None
            filled = by_group.apply(lambda one: fill(one, rule, is_text=is_text))  # noqa: B023
            numbers = np.where(missing, filled.sort_index().to_numpy(), numbers)
            n_filled = int((missing & ~np.isnan(numbers)).sum())
            if n_filled and category in (None, *setup.categories.get(source, [])[:1]):
                note(f"{n_filled} missing values of {source!r} were filled ({rule}).")
            is_whole &= ~(must_be_given & np.isnan(numbers))
        columns.append(np.where(must_be_given, numbers, np.nan))
    return np.column_stack(columns), is_whole


def _refuse_cell(table: _Table, row: int, source: str, category: str | None) -> None:
    where = f"Column {source!r} in {table.place(row)}"
    cell = table.cells[source].iloc[row]
    if category is None:
        raise ForecastError(f"{where} is {cell!r}, which is not a number.")
    raise ForecastError(
        f"{where} is {cell!r}; the network knows only "
        f"{', '.join(map(repr, table.setup.categories[source]))}."
    )


def _check_values(
    table: _Table, values: np.ndarray, needed: np.ndarray, is_future: np.ndarray
) -> None:
    """Refuse missing values in the rows that are needed."""
    setup, missing = table.setup, np.isnan(values) & needed[:, None]
    n_before = len(setup.targets) + len(setup.past_features)
    missing[is_future, :n_before] = False
    for row, column in np.argwhere(missing)[:1]:
        raise ForecastError(
            f"Column {setup.columns[column]!r} in {table.place(int(row))} has no "
            "value; fill it in."
        )


def _times(table: _Table, needed: np.ndarray) -> pd.DatetimeIndex | None:
    """Return the time stamps, one step apart in each group where that matters."""
    setup = table.setup
    columns = setup.time["columns"]
    if not columns:
        _check_order(table)
        return None
    times = read_stamps(table.cells[columns], setup.time)
    for row in np.flatnonzero(times.isna())[:1]:
        cells = ", ".join(str(table.cells[name].iloc[row]) for name in columns)
        raise ForecastError(
            f"The time stamp in {table.place(row)} cannot be read: {cells!r}."
        )
    edges = np.searchsorted(table.codes, np.arange(len(table.names) + 1))
    for name, (first, stop) in zip(table.names, pairwise(edges), strict=True):
        rows = first + np.flatnonzero(needed[first:stop])
        found = times[rows]
        wanted = grid(found[0], len(found), setup.one_series())
        for place in np.flatnonzero(found != wanted)[:1]:
            where = str(table.cells.index[rows[place]])
            of = "" if setup.group is None else f" of {setup.group} {name!r}"
            raise ForecastError(
                f"{where[0].upper()}{where[1:]}{of} has the time "
                f"stamp {found[place]} where {wanted[place]} is expected (step "
                f"{setup.time['frequency']!r}). Sort the rows by time, add missing "
                "ones and remove repeated ones."
            )
    return times


def _check_order(table: _Table) -> None:
    """Refuse rows that run backwards by the column that gave their order."""
    for name in table.setup.order_by:
        if name not in table.cells:
            continue
        numbers = pd.to_numeric(table.cells[name], errors="coerce").to_numpy(float)
        is_back = (np.diff(numbers) < 0) & (np.diff(table.codes) == 0)
        for row in np.flatnonzero(is_back)[:1]:
            raise ForecastError(
                f"Column {name!r} in {table.place(int(row) + 1)} is smaller than in "
                "the row before it; sort the rows of each "
                f"{table.setup.group or 'series'} by it."
            )
