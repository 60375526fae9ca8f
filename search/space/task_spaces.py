"""The search space of any task."""

from search.config import Roles, Task
from search.errors import ConfigError
from search.evaluation.framing import FramingName
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel
from search.space.defaults import batch_size_for, default_space, usual_space
from search.space.lines import Space, Value
from search.space.task_defaults import (
    enough,
    is_one_forecast,
    n_smallest,
    window_ladder,
)

_SMALL_BATCHES = ((200, 8), (1_000, 16))


def task_space(panel: Panel, roles: Roles, task: Task) -> Space:
    """Return a space that fits the data and the task.

    One series that is forecast has `default_space`. Elsewhere the sequence lengths are
    those of `window_ladder` that leave the first fold enough to learn from, nothing but
    a forecast is framed, and classes have the one loss that they can have. Few
    sequences make small batches, so that the weights still move often.
    """
    if is_one_forecast(panel, task.kind):
        return default_space(panel.n_rows, roles, task)
    lengths = _fitting(panel, task, 0)
    framings: list[FramingName] = ["none"]
    if task.kind == "forecasting":
        framings.append("last_value")
        seasonal = _fitting(panel, task, task.season) if task.season > 1 else []
        if seasonal:
            framings.append("seasonal")
            lengths = seasonal
    losses: tuple[Value, ...] = ("mse", "mae")
    if task.has_classes:
        losses = ("cross_entropy",)
    elif task.score == "mae":
        losses = ("mae", "mse")
    ladder = window_ladder(panel, task)
    return usual_space(
        lengths=lengths or ladder[:1],
        framings=framings,
        losses=losses,
        calendars=("none", "cycles") if roles.calendar else ("none",),
        batch_size=_batch_size(_largest(panel, task, (lengths or ladder)[-1])),
    )


def _fitting(panel: Panel, task: Task, further: int) -> list[int]:
    """Return the lengths that leave fold 1 enough, with `further` rows before them."""
    least = min(enough(panel, task), task.horizon + 4)
    return [
        length
        for length in window_ladder(panel, task)
        if n_smallest(panel, task, length + further) >= least
    ]


def _largest(panel: Panel, task: Task, length: int) -> int:
    try:
        return plan_samples(panel, task, first_origin=length).largest_train
    except ConfigError:
        return 0


def _batch_size(n_samples: int) -> int:
    small = next((batch for most, batch in _SMALL_BATCHES if n_samples <= most), None)
    return small or batch_size_for(n_samples)
