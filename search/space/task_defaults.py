"""A task that fits the data: what is held out, folds, score and samples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.config import (
    ClassWeights,
    Detector,
    GroupOrder,
    SampleChoice,
    Score,
    Task,
    TaskKind,
)
from search.errors import ConfigError
from search.evaluation.group_splits import normal_rows, plan_samples
from search.evaluation.panel import Panel
from search.evaluation.samples import is_padded
from search.space.defaults import (
    FEWEST_FOLDS,
    MOST_FOLDS,
    default_holdout,
    sequence_ladder,
    valid_sizes,
)

# Of groups without more than a few, a tenth would be one or two.
SHARE_OF_GROUPS = 5
SHARE_OF_NORMAL = 5
MOST_WINDOWS = 5_000
LONGEST_WINDOW = 2_000
REPEATED_LENGTHS = (8, 16, 32)
# Where a loss of each class counts, a network that is sure and wrong is told at once,
# and two networks hardly ever tie; of many labelled rows the rare classes count most.
DEFAULT_SCORES: dict[TaskKind, Score] = {
    "forecasting": "rmse",
    "regression": "rmse",
    "classification": "log_loss",
    "labelling": "f1_error",
    "anomaly": "rmse",
}
_ENOUGH_SAMPLES, _ENOUGH_GROUPS = 20, 4


@dataclass(frozen=True)
class TaskWishes:
    """What a person said of a task; see `Task`. What is None is chosen.

    Attributes
    ----------
    kind
        What is asked for.
    classes
        Names of the classes; only where they are told apart.
    group_order
        As the data say it; None takes ``none``.
    """

    kind: TaskKind
    classes: tuple[str, ...] = ()
    horizon: int = 1
    holdout: int | None = None
    folds: int | None = None
    season: int = 1
    score: Score | None = None
    samples: SampleChoice | None = None
    stride: int | None = None
    class_weights: ClassWeights = "none"
    group_order: GroupOrder = "none"
    test_groups: tuple[str, ...] = ()
    detector: Detector = "forecaster"
    normal_rows: int | None = None


def is_one_forecast(panel: Panel, kind: TaskKind) -> bool:
    """Whether one series is forecast, which `suggest_task` knows more about."""
    return kind == "forecasting" and not panel.group_names


def suggest_sample_task(panel: Panel, wishes: TaskWishes) -> Task:
    """Choose what is held out, the folds and the score of a task with groups or labels.

    What is held out: an official test set if there is one; a fifth of the groups where
    sequences are told apart or valued; a fifth of the normal rows where anomalies are
    looked for, which settle the threshold; else the last rows, as for a forecast. Of
    the folds that leave enough to learn from the most are taken, five at best.
    What is given stays.

    Raises
    ------
    ConfigError
        If something that was given cannot be used.
    """
    samples = wishes.samples or _samples(panel, wishes.kind)
    task = Task(
        horizon=wishes.horizon,
        holdout=max(1, wishes.horizon),  # until it is chosen
        folds=wishes.folds or FEWEST_FOLDS,
        season=wishes.season,
        score=wishes.score or DEFAULT_SCORES[wishes.kind],
        kind=wishes.kind,
        classes=wishes.classes,
        samples=samples,
        stride=wishes.stride or _stride(panel, wishes.kind, samples),
        class_weights=wishes.class_weights,
        group_order=wishes.group_order,
        detector=wishes.detector,
        normal_rows=wishes.normal_rows,
    )
    holdout = wishes.holdout
    if holdout is None:
        holdout = 0 if wishes.test_groups else _holdout(panel, task)
    task = replace(task, holdout=holdout, test_groups=wishes.test_groups)
    tasks = list(_foldings(panel, task, wishes.folds))
    lengths = window_ladder(panel, task)
    for longest in reversed(lengths):
        for candidate in tasks:
            if n_smallest(panel, candidate, longest) >= enough(panel, candidate):
                return candidate
    return tasks[-1]


def window_ladder(panel: Panel, task: Task) -> list[int]:
    """Return the usual sequence lengths for a task, in growing order.

    The later half of a sequence and the whole, which comes first in a search because
    the answer belongs to all of it; for an autoencoder a few rows, because it has to
    repeat all of them; else those of a forecast.
    """
    if is_padded(task) and task.kind != "labelling":
        longest = min(int(panel.group_sizes.max()), LONGEST_WINDOW)
        parts = {longest, -(-longest // 2)}
        return sorted(length for length in parts if length >= min(4, longest))
    if task.kind == "anomaly" and task.detector == "autoencoder":
        return list(REPEATED_LENGTHS)
    return sequence_ladder(task.season)


def n_smallest(panel: Panel, task: Task, first_origin: int) -> int:
    """Return the samples that the first fold learns from; 0 without any folds.

    Where folds keep groups whole it is the groups that count.
    """
    try:
        plan = plan_samples(panel, task, first_origin=first_origin)
    except ConfigError:
        return 0
    stops = plan.samples.usable(plan.folds[0].training, first_origin)
    if _keeps_groups(panel, task):
        return len(np.unique(panel.groups[stops - 1]))
    return len(stops)


def enough(panel: Panel, task: Task) -> int:
    """Return the samples below which a fold says little about a network."""
    if _keeps_groups(panel, task):
        return max(_ENOUGH_GROUPS, len(task.classes))
    return max(_ENOUGH_SAMPLES, 2 * task.horizon)


def _keeps_groups(panel: Panel, task: Task) -> bool:
    return bool(panel.group_names) and task.kind not in ("forecasting", "anomaly")


def _samples(panel: Panel, kind: TaskKind) -> SampleChoice:
    """Return ``whole`` where each group has one label, else ``sliding``."""
    if kind not in ("regression", "classification"):
        return "whole"
    if not panel.group_names or panel.labels is None:
        return "sliding"
    first = panel.labels[panel.group_starts]
    return "whole" if np.array_equal(first, panel.labels) else "sliding"


def _stride(panel: Panel, kind: TaskKind, samples: SampleChoice) -> int:
    """Return a distance that leaves some thousand windows of groups with one label."""
    if samples == "whole" or kind != "classification":
        return 1
    return max(1, panel.n_rows // MOST_WINDOWS)


def _holdout(panel: Panel, task: Task) -> int:
    if task.kind == "forecasting":
        return default_holdout(int(panel.group_sizes.min()), task.horizon)
    if task.kind == "anomaly":
        fifth = int(normal_rows(panel, task).min()) // SHARE_OF_NORMAL
        least = REPEATED_LENGTHS[-1] if task.detector == "autoencoder" else 1
        return max(least, fifth)
    if not panel.group_names:
        return default_holdout(panel.n_rows, 1)
    return max(1, panel.n_groups // SHARE_OF_GROUPS)


def _foldings(panel: Panel, task: Task, folds: int | None) -> Iterator[Task]:
    """Yield the task with the most and largest folds first."""
    counts: Sequence[int] = range(MOST_FOLDS, FEWEST_FOLDS - 2, -1)
    for count in counts if folds is None else [folds]:
        for size in _sizes(panel, task, count):
            yield replace(task, folds=count, valid_size=size)


def _sizes(panel: Panel, task: Task, count: int) -> list[int | None]:
    if _keeps_groups(panel, task):
        if task.group_order == "none":
            return [None]
        return valid_sizes(panel.n_groups - task.holdout, 1, count)
    rows = int(panel.group_sizes.min())
    if task.kind == "anomaly":
        rows = int(normal_rows(panel, task).min())
    return valid_sizes(rows - task.holdout, task.horizon, count)
