"""Rows that stand on both sides of a split."""

import numpy as np
import pandas as pd

from search.config import Roles
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.splits import SplitPlan

LENGTH = 12


def audit_rows(
    series: pd.DataFrame, roles: Roles, plan: SplitPlan
) -> tuple[Suspicion, ...]:
    """Look for stretches of the holdout that stand in the rows before it too.

    A stretch is as long as a horizon, at least 12 rows, and has as many different
    values as chance never repeats; a machine at rest is no leak.
    """
    length = max(LENGTH, plan.horizon)
    columns = list(roles.columns)
    values = series[columns].to_numpy(dtype=np.float64)
    if len(values) - plan.holdout_start < length or plan.holdout_start < length:
        return ()
    codes = pd.util.hash_array(values.ravel()).reshape(values.shape)
    row_codes = (codes * np.arange(1, len(columns) + 1, dtype=np.uint64)).sum(axis=1)
    weights = np.random.default_rng(0).integers(1, 2**63, length, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(row_codes, length)
    digests = windows @ weights
    before = digests[: plan.holdout_start - length + 1]
    inside = np.arange(plan.holdout_start, len(digests))
    repeated = inside[np.isin(digests[inside], before)]
    # A machine at rest repeats the same few stretches many thousand times.
    _, places = np.unique(digests[repeated], return_index=True)
    candidates = repeated[np.sort(places)]
    row = next((row for row in candidates if is_lively(windows[row])), None)
    if row is None:
        return ()
    first = int(np.flatnonzero(before == digests[row])[0])
    return (
        Suspicion(
            "repeated_rows",
            f"The {length} rows from row {row + 1} on, in the holdout, also stand at "
            f"row {first + 1}, before it: the network has seen the answers. Remove the "
            "copied rows.",
        ),
    )


def is_lively(window: np.ndarray) -> bool:
    """Whether a stretch has so many different rows that chance never repeats it."""
    return len(np.unique(window)) > len(window) // 2
