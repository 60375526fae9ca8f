"""Which targets a loss can be taken of."""

from collections.abc import Sequence

import numpy as np

from search.errors import SeriesError
from search.evaluation.panel import Panel
from search.space.lines import Space


def check_loss_targets(space: Space, panel: Panel, names: Sequence[str] = ()) -> None:
    """Refuse targets below 0 where the squared logarithmic error is among the losses.

    Parameters
    ----------
    names
        Names of the targets; those of the first channels where none are given.

    Raises
    ------
    SeriesError
        With the first such row.
    """
    if "msle" not in space["loss"].values:
        return
    below = np.argwhere(panel.targets < 0)
    if len(below):
        row, target = below[0]
        name = (names or panel.channels)[target]
        value = panel.targets[row, target]
        raise SeriesError(
            "`loss` = msle takes the logarithm of the targets, which must be 0 or "
            f"more; column {name!r} has {value:g} at position "
            f"{row}. Leave msle out of `loss`, or choose another target."
        )
