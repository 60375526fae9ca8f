"""Starting points of a search: quick, thorough, or one's own."""

import os
from dataclasses import dataclass, replace
from typing import Literal

from search.config import MAX_WORKERS, Training
from search.space.lines import Line, Space

PresetName = Literal["quick", "thorough", "custom"]


@dataclass(frozen=True)
class Preset:
    """What a starting point fixes.

    Attributes
    ----------
    trials, minutes
        Budget; None is no limit.
    training
        Epochs, patience and the rest.
    most_units, most_layers
        Upper ends of these lines of the space; None leaves them.
    """

    trials: int | None
    minutes: float | None
    training: Training
    most_units: int | None = None
    most_layers: int | None = None

    def narrow(self, space: Space) -> Space:
        """Return `space` with the lines that this preset narrows."""
        if self.most_units is not None:
            space = space.with_line(_capped(space["units"], self.most_units))
        if self.most_layers is not None:
            space = space.with_line(_capped(space["layers"], self.most_layers))
        return space


PRESETS: dict[PresetName, Preset] = {
    "quick": Preset(
        trials=12,
        minutes=None,
        training=Training(epochs=40, patience=10),
        most_units=64,
        most_layers=2,
    ),
    "thorough": Preset(
        trials=90, minutes=None, training=Training(epochs=100, patience=15)
    ),
    "custom": Preset(trials=60, minutes=None, training=Training()),
}


def default_workers() -> int:
    """Return the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, MAX_WORKERS)


def _capped(line: Line, most: int) -> Line:
    """Return the line without what exceeds `most`; at least one value stays."""
    if line.choices:
        low = min(line.choices)
        kept = tuple(one for one in line.choices if one <= most)  # type: ignore[operator]
        return replace(line, choices=kept or (low,))
    assert line.low is not None and line.high is not None
    return replace(line, high=max(line.low, min(line.high, most)))
