"""Folds of samples whose training sees what they are judged on."""

import numpy as np

from search.evaluation.leaks.groups import named_splits
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, SampleSplit


def audit_samples(panel: Panel, plan: SamplePlan) -> tuple[Suspicion, ...]:
    """Check the samples of each fold and of the holdout.

    No training target lies where the same group is judged or after it, no scaler sees
    a row that is judged, no window begins before its group, and no fold touches the
    holdout.

    Parameters
    ----------
    panel
        All rows, the holdout too.
    plan
        The folds in use.

    Returns
    -------
    tuple of Suspicion
        At most one of each kind for each fold.
    """
    found = []
    held = _judged(plan, plan.final, is_final=True)
    for where, split in named_splits(plan):
        is_final = split is plan.final
        judged = _judged(plan, split, is_final=is_final)
        found += _order(panel, plan, split, judged, where)
        found += _scaled(split, judged, where)
        found += _crossing(panel, plan, split, where)
        if not is_final:
            found += _held_out(plan, split, judged, held, where)
    return tuple(found)


def _judged(plan: SamplePlan, split: SampleSplit, *, is_final: bool) -> np.ndarray:
    """Return the rows that are judged; of anomalies the last row of each window."""
    rows = plan.samples.target_rows(split.validation)
    if is_final and plan.is_detecting:
        rows = rows[:, -1:]
    return np.unique(rows)


def _order(
    panel: Panel, plan: SamplePlan, split: SampleSplit, judged: np.ndarray, where: str
) -> list[Suspicion]:
    """Compare, group by group, the last row learned from with the first one judged."""
    targets = plan.samples.target_rows(split.training)
    if not len(targets) or not len(judged):
        return []
    first_judged = np.full(panel.n_groups, panel.n_rows)
    np.minimum.at(first_judged, panel.groups[judged], judged)
    border = first_judged[panel.groups[split.training - 1]]
    late = np.flatnonzero(targets[:, 0] >= border)
    if len(late):
        row = int(targets[late[0], 0])
        return [
            Suspicion(
                "border",
                f"Training reaches row {row + 1}{_of(panel, row)}, which is judged "
                f"{where} from row {int(border[late[0]]) + 1} on.",
            )
        ]
    close = np.flatnonzero(targets[:, -1] >= border)
    if not len(close):
        return []
    row = int(targets[close[0], -1])
    steps = plan.samples.n_steps
    return [
        Suspicion(
            "gap",
            f"The gap before what is judged {where} is too short{_of(panel, row)}: it "
            f"has to be {steps - 1} rows for {steps} rows at once, or "
            f"{len(close)} training samples ask for rows that are judged.",
        )
    ]


def _scaled(split: SampleSplit, judged: np.ndarray, where: str) -> list[Suspicion]:
    seen = int(split.rows[judged].sum())
    if not seen:
        return []
    return [
        Suspicion(
            "scaler",
            f"The scaler sees {seen} of the {len(judged)} rows judged {where}.",
        )
    ]


def _crossing(
    panel: Panel, plan: SamplePlan, split: SampleSplit, where: str
) -> list[Suspicion]:
    samples = plan.samples
    n_cut = len(split.validation) - len(
        samples.usable(split.validation, plan.first_origin)
    )
    is_other = not np.array_equal(samples.group_starts, panel.group_starts)
    if not n_cut and not is_other:
        return []
    if is_other:
        what = "Windows are cut as if the series began elsewhere"
    else:
        what = f"{n_cut} windows judged {where} begin before the first row of their own"
    return [Suspicion("group_border", f"{what}, so they hold rows of another series.")]


def _held_out(
    plan: SamplePlan,
    split: SampleSplit,
    judged: np.ndarray,
    held: np.ndarray,
    where: str,
) -> list[Suspicion]:
    learned = np.unique(plan.samples.target_rows(split.training))
    n_both = len(np.intersect1d(np.union1d(learned, judged), held))
    n_both += int(split.rows[held].sum())
    if not n_both:
        return []
    return [
        Suspicion("holdout_border", f"{n_both} rows of the holdout are used {where}.")
    ]


def _of(panel: Panel, row: int) -> str:
    if not panel.group_names:
        return ""
    return f" of {panel.group_names[panel.groups[row]]!r}"
