"""The rows of a study with groups as one frame: what a panel is made from."""

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.groups.record import GroupRows


def group_frame(values: pd.DataFrame, groups: GroupRows, roles: Roles) -> pd.DataFrame:
    """Return `values` with the name of the group of each row, and with their times.

    Parameters
    ----------
    values
        Columns of roles and labels, one row a row of `groups`.
    groups
        The group of each row.
    roles
        Where ``group`` is None, all rows are one series and no column is added.

    Returns
    -------
    DataFrame
        The column ``roles.group`` holds categories. The index holds the times, which
        come again in each group; where rows are counted, their number within the
        group, from 0.
    """
    frame = values.copy(deep=False)
    if groups.times is None:
        frame.index = pd.Index(np.arange(len(values)) - groups.starts)
    else:
        frame.index = pd.Index(groups.times)
    if roles.group is not None:
        frame[roles.group] = pd.Categorical.from_codes(
            groups.codes, categories=list(groups.names)
        )
    return frame
