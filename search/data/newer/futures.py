"""Rows behind the end of each of many series, of which some columns are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.groups.clock import read_clock
from search.data.groups.members import read_members
from search.data.groups.settings import GroupSettings
from search.data.reading.numbers import missing_mask
from search.data.table import Table


@dataclass(frozen=True)
class OpenEnds:
    """A table whose rows behind the end of each series can be read as any others.

    Attributes
    ----------
    table
        Cells that nobody can know yet hold those of the last row that is known.
    is_open
        Which rows of the table these are, bool of shape (n_rows,).
    """

    table: Table
    is_open: np.ndarray


def find_open_ends(
    table: Table, settings: GroupSettings, roles: Roles, columns: Mapping[str, str]
) -> OpenEnds:
    """Find the rows behind the last target of each series.

    Parameters
    ----------
    table
        The file.
    settings
        Groups and time of the file.
    roles
        Of the study.
    columns
        Column of the file behind each input.
    """
    group = read_members(table, settings).group
    time = read_clock(table, settings).time
    place = np.arange(len(group))
    order = np.lexsort((place, place if time is None else time, group))
    targets = [table.frame[columns[name]] for name in roles.targets]
    is_absent = np.logical_and.reduce(
        [np.asarray(missing_mask(one)) for one in targets]
    )
    last = np.full(int(group.max(initial=-1)) + 1, -1)
    given = np.flatnonzero(~is_absent[order] & (group[order] >= 0))
    np.maximum.at(last, group[order][given], given)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = place
    # A gap that is followed by a target is missing, not open.
    end = (
        np.where(group >= 0, last[group], -1) if len(last) else np.full(len(group), -1)
    )
    is_open = (end >= 0) & (rank > end)
    source = order[end]
    if not is_open.any():
        return OpenEnds(table, is_open)
    known = {columns[name] for name in roles.known_features}
    unknown = {columns[name] for name in roles.columns} - known
    frame = _copied(table.frame, sorted(unknown), is_open, source)
    return OpenEnds(replace(table, frame=frame), is_open)


def _copied(
    frame: pd.DataFrame, columns: Sequence[str], rows: np.ndarray, source: np.ndarray
) -> pd.DataFrame:
    """Return the cells of `columns` in `rows` as those of the rows in `source`."""
    taken = np.where(rows, source, np.arange(len(rows)))
    filled = {
        name: frame[name].iloc[taken].set_axis(frame.index, axis=0) for name in columns
    }
    return frame.assign(**filled)


def behind_the_ends(
    places: np.ndarray, is_open: np.ndarray, codes: np.ndarray
) -> np.ndarray:
    """Return which rows of the built groups lie behind the end of their series.

    Parameters
    ----------
    places
        Row of the table of each built row.
    is_open
        See `OpenEnds`.
    codes
        Place of the group of each built row, ascending.
    """
    every = np.arange(len(codes))
    first = np.full(int(codes.max()) + 1 if len(codes) else 0, len(codes))
    found = np.flatnonzero(is_open[places])
    np.minimum.at(first, codes[found], found)
    return np.asarray(every >= first[codes])
