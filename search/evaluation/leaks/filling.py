"""Columns whose first values were filled from later ones."""

import numpy as np
import pandas as pd

from search.config import Roles
from search.evaluation.leaks.suspicion import Suspicion

SHORTEST_FILL = 10
MOST_REPEATS = 0.01


def audit_first_values(series: pd.DataFrame, roles: Roles) -> tuple[Suspicion, ...]:
    """Look for columns that begin with one value, repeated up to its own row.

    Said where a column has the same value in at least its first ten rows, in half of
    the rows at most, and hardly ever repeats a value elsewhere: then nothing was
    measured there, and the value came from later.

    Parameters
    ----------
    series
        The series before the holdout, one row a time stamp.
    roles
        What each column is for.
    """
    found = []
    for name in roles.columns:
        values = series[name].to_numpy(dtype=np.float64)
        n_same = _n_same_at_start(values)
        if n_same < SHORTEST_FILL or 2 * n_same > len(values):
            continue
        if (np.diff(values[n_same:]) == 0).mean() > MOST_REPEATS:
            continue
        found.append(
            Suspicion(
                "filled_from_future",
                f"The first {n_same} rows of {name!r} all have the value of row "
                f"{n_same}, and later it changes from row to row: it looks filled "
                "backward, from values that were not known then. Begin the series "
                f"where {name!r} was measured, or leave the column out.",
                name,
            )
        )
    return tuple(found)


def _n_same_at_start(values: np.ndarray) -> int:
    """Return how many rows have the value of the first one before it changes."""
    differs = values != values[0]
    return int(differs.argmax()) if differs.any() else len(values)
