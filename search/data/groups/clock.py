"""The times of one group of a table, before the groups are built."""

import numpy as np
import pandas as pd

from search.data.groups.members import read_members
from search.data.groups.ordering import read_clock
from search.data.groups.settings import GroupSettings
from search.data.table import Table


def longest_times(table: Table, settings: GroupSettings) -> pd.Index:
    """Return when the rows of the longest group are, in their order.

    Row numbers where the table has no time stamps.
    """
    group = read_members(table, settings).group
    if not (group >= 0).any():
        return pd.RangeIndex(0)
    is_in = group == np.bincount(group[group >= 0]).argmax()
    times = read_clock(table, settings).time
    if times is None or times.dtype.kind != "M":
        return pd.RangeIndex(int(is_in.sum()))
    inside = times[is_in]
    return pd.DatetimeIndex(np.unique(inside[~np.isnat(inside)]))
