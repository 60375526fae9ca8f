"""Folds whose training sees what they are validated on."""

import numpy as np

from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.scaling import Scaler
from search.evaluation.splits import SplitPlan


def audit_plan(plan: SplitPlan) -> tuple[Suspicion, ...]:
    """Check that no training target reaches validation, and nothing the holdout."""
    found = []
    for number, fold in enumerate(plan.folds, 1):
        last_target = fold.train_stop + plan.horizon - 1
        if fold.train_stop > fold.valid_start:
            found.append(
                Suspicion(
                    "border",
                    f"Fold {number}: training windows reach up to row "
                    f"{fold.train_stop}, validation starts at row {fold.valid_start}.",
                )
            )
        elif last_target > fold.valid_start:
            found.append(
                Suspicion(
                    "gap",
                    f"Fold {number}: the gap before validation is "
                    f"{fold.valid_start - fold.train_stop} rows and has to be "
                    f"{plan.horizon - 1} for a horizon of {plan.horizon}, or training "
                    "targets lie in the validation range.",
                )
            )
        if fold.valid_stop + plan.horizon - 1 > plan.holdout_start:
            found.append(
                Suspicion(
                    "holdout_border",
                    f"Fold {number}: validation targets reach into the holdout, which "
                    f"starts at row {plan.holdout_start}.",
                )
            )
    return tuple(found)


def audit_scaler(
    scaler: Scaler, expected: Scaler, *, where: str, others: str = "later ones"
) -> tuple[Suspicion, ...]:
    """Check that a scaler is the one of the rows that it may see.

    Parameters
    ----------
    scaler
        The one in use.
    expected
        Fitted afresh on these rows.
    where, others
        Words for these rows, and for any others.
    """
    is_same = scaler.center.shape == expected.center.shape and (
        np.allclose(scaler.center, expected.center)
        and np.allclose(scaler.scale, expected.scale)
    )
    if is_same:
        return ()
    return (
        Suspicion(
            "scaler", f"The scaler is not the one of {where}: it has seen {others}."
        ),
    )
