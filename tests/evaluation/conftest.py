"""Panels of several groups."""

from typing import Any

import numpy as np

from search.evaluation.panel import Panel

CLASSES: dict[str, Any] = {"classes": ("a", "b"), "score": "log_loss"}


def panel_of(*sizes: int, labels: np.ndarray | None = None) -> Panel:
    """Return groups of `sizes` rows named g0, g1, …; each row holds its number."""
    n_rows = sum(sizes)
    return Panel(
        values=np.arange(float(n_rows))[:, None],
        channels=("x",),
        n_targets=0 if labels is not None else 1,
        n_known=0,
        n_calendar=0,
        first_rows=tuple(np.cumsum([0, *sizes[:-1]]).tolist()),
        group_names=tuple(f"g{place}" for place in range(len(sizes))),
        labels=labels,
    )
