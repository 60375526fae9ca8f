"""Stretches of rows that are learned from and stand again where a network is judged."""

import numpy as np
import pandas as pd

from search.evaluation.leaks.groups import named_splits
from search.evaluation.leaks.rows import LENGTH, is_lively
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, SampleSplit


def audit_repeats(
    panel: Panel, plan: SamplePlan, *, keeps_groups: bool
) -> tuple[Suspicion, ...] | None:
    """Look for stretches that stand on both sides of the holdout, then of the folds.

    See `search.evaluation.leaks.rows.audit_rows`; here the stretch may lie in another
    group, as where sequences were cut from one recording and overlap.

    Parameters
    ----------
    panel
        All rows, the holdout too.
    plan
        The folds in use.
    keeps_groups
        Whether whole groups are judged, or rows of groups whose past is known.

    Returns
    -------
    tuple of Suspicion, optional
        One at most. None where no group is long enough for a stretch.
    """
    length = max(LENGTH, plan.samples.n_steps)
    starts = np.arange(panel.n_rows - length + 1)
    starts = starts[panel.groups[starts] == panel.groups[starts + length - 1]]
    if not len(starts):
        return None
    codes = _row_codes(panel)
    weights = np.random.default_rng(0).integers(1, 2**63, length, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(codes, length)
    digests = (windows @ weights)[starts]
    looked = False
    for where, split in reversed(named_splits(plan)):
        judged = _judged(panel, plan, split, keeps_groups=keeps_groups)
        inside = _all_in(judged, length)[starts]
        before = _all_in(split.rows, length)[starts]
        if not inside.any() or not before.any():
            continue
        looked = True
        repeated = np.flatnonzero(inside & np.isin(digests, digests[before]))
        # A machine at rest repeats the same few stretches many thousand times.
        _, places = np.unique(digests[repeated], return_index=True)
        row = next(
            (
                row
                for row in repeated[np.sort(places)]
                if is_lively(windows[starts[row]])
            ),
            None,
        )
        if row is None:
            continue
        first = starts[np.flatnonzero(before & (digests == digests[row]))[0]]
        return (
            Suspicion(
                "repeated_rows",
                f"The {length} rows {_from(panel, int(starts[row]))}, judged {where}, "
                f"also stand {_from(panel, int(first))}, which is learned from: the "
                "network has seen the answers. Remove the copied rows.",
            ),
        )
    return () if looked else None


def _row_codes(panel: Panel) -> np.ndarray:
    """Return a number for each row; calendar columns repeat by right, and are out."""
    values = panel.values[:, : panel.n_channels - panel.n_calendar]
    codes = pd.util.hash_array(np.ascontiguousarray(values).ravel())
    odd = 2 * np.arange(values.shape[1], dtype=np.uint64) + 1
    return np.asarray((codes.reshape(values.shape) * odd).sum(axis=1))


def _judged(
    panel: Panel, plan: SamplePlan, split: SampleSplit, *, keeps_groups: bool
) -> np.ndarray:
    if keeps_groups:
        return np.isin(panel.groups, panel.groups[split.validation - 1])
    # Samples may lie some rows apart, and the rows between them are judged too.
    rows = plan.samples.target_rows(split.validation).ravel()
    first, last = np.full(panel.n_groups, panel.n_rows), np.zeros(panel.n_groups)
    np.minimum.at(first, panel.groups[rows], rows)
    np.maximum.at(last, panel.groups[rows], rows)
    every = np.arange(panel.n_rows)
    is_between = (every >= first[panel.groups]) & (every <= last[panel.groups])
    return is_between & ~split.rows


def _all_in(marked: np.ndarray, length: int) -> np.ndarray:
    """Tell for each stretch of `length` rows whether all of its rows are marked."""
    count = np.concatenate([[0], np.cumsum(marked)])
    return np.asarray(count[length:] - count[:-length] == length)


def _from(panel: Panel, row: int) -> str:
    if not panel.group_names:
        return f"from row {row + 1} on"
    group = panel.groups[row]
    place = row - panel.first_rows[group] + 1
    return f"from row {place} of {panel.group_names[group]!r} on"
