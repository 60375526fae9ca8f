"""Folds and holdout of every task, as stops of samples (`search.evaluation.samples`).

No training target lies where a fold is judged, no scaler sees a row of it, and no group
stands on both sides where groups are kept whole.
"""

import numpy as np

from search.config import INPUT_KINDS, Task
from search.errors import ConfigError
from search.evaluation.group_folds import (
    Grouped,
    confirm_group_folds,
    fold_groups,
    named,
)
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, Samples, SampleSplit, find_samples
from search.evaluation.splits import SplitPlan, confirm_folds, plan_splits
from search.evaluation.stretches import (
    SampleCuts,
    cut_stretches,
    plan_from_the_ends,
)


def plan_samples(
    panel: Panel, task: Task, *, first_origin: int, season_rows: int = 0, seed: int = 0
) -> SamplePlan:
    """Plan the folds and the holdout of any task.

    - A forecast of one series: those of `plan_splits`.
    - A forecast of many series: the same cuts, counted from the end of each series, so
      that every series takes part in every fold; the shortest one decides the sizes.
    - Anomalies: the same on the normal rows of each group; what follows them is the
      holdout.
    - Sequences that are told apart or valued: groups stay whole; see `fold_groups`.
    - Rows or windows of one series: forward in time, as a forecast of one step.

    Parameters
    ----------
    panel
        The rows, their groups and labels.
    task
        What is asked for.
    first_origin
        Rows that the most demanding trial needs before its stop.
    season_rows
        The part of them that the framing needs; only for messages.
    seed
        Decides between groups without an order.

    Raises
    ------
    ConfigError
        If there is too little for these settings; the message holds the numbers.
    """
    samples = find_samples(panel, task, longest=first_origin)
    if task.has_classes:
        _check_labels(panel, task)
    if task.kind in INPUT_KINDS:
        plan = plan_from_the_ends(panel, task, samples, first_origin, season_rows)
    elif panel.group_names:
        plan = _whole_groups(panel, task, samples, first_origin, seed)
    else:
        plan = _one_series(panel, task, samples, first_origin)
    _check_filled(plan)
    return plan


def confirm_samples(panel: Panel, task: Task, *, first_origin: int, seed: int) -> None:
    """Make sure that the folds are those of scikit-learn; once for each new study.

    Raises
    ------
    RuntimeError
        If they are not.
    """
    is_whole = task.kind not in INPUT_KINDS and panel.group_names
    if is_whole:
        grouped = _grouped(panel, task)
        folds = fold_groups(grouped, task, seed=seed)
        confirm_group_folds(folds, grouped, task, seed=seed)
    elif task.kind in INPUT_KINDS:
        confirm_folds(cut_stretches(panel, task, first_origin, 0).plan)
    else:
        samples = find_samples(panel, task, longest=first_origin)
        confirm_folds(_cut_one_series(panel, task, samples, first_origin))


def _one_series(
    panel: Panel, task: Task, samples: Samples, first_origin: int
) -> SamplePlan:
    plan = _cut_one_series(panel, task, samples, first_origin)
    targets = samples.stops - 1

    def split(train_stop: int, start: int, stop: int) -> SampleSplit:
        return SampleSplit(
            training=samples.stops[targets < train_stop],
            validation=samples.stops[(targets >= start) & (targets < stop)],
            rows=np.arange(panel.n_rows) < start,
        )

    folds = tuple(
        split(fold.train_stop, fold.valid_start, fold.valid_stop) for fold in plan.folds
    )
    final = split(plan.refit_stop, plan.holdout_start, plan.holdout_stop)
    doubts = _class_doubts(panel, task, samples, (*folds, final))
    return SamplePlan(samples, folds, final, first_origin, samples.stops[:0], doubts)


def _cut_one_series(
    panel: Panel, task: Task, samples: Samples, first_origin: int
) -> SplitPlan:
    first = 0 if samples.is_padded else first_origin - 1
    return plan_splits(
        panel.n_rows,
        SampleCuts(1, task.holdout, task.folds, task.valid_size),
        first_origin=first,
        demand=f"A window of {first + 1} rows" if first else "One row to learn from",
    )


def _whole_groups(
    panel: Panel, task: Task, samples: Samples, first_origin: int, seed: int
) -> SamplePlan:
    if not samples.is_padded:
        _check_long_enough(panel, first_origin)
    folds = fold_groups(_grouped(panel, task), task, seed=seed)
    splits = tuple(
        _split_of(panel, samples, training, validation, first_origin)
        for training, validation in zip(folds.training, folds.validation, strict=True)
    )
    final = _split_of(panel, samples, folds.kept, folds.holdout, first_origin)
    doubts = _class_doubts(panel, task, samples, (*splits, final))
    return SamplePlan(samples, splits, final, first_origin, samples.stops[:0], doubts)


def _split_of(
    panel: Panel,
    samples: Samples,
    training: np.ndarray,
    validation: np.ndarray,
    first_origin: int,
) -> SampleSplit:
    group = panel.groups[samples.stops - 1]
    judged = samples.stops[np.isin(group, validation)]
    return SampleSplit(
        training=samples.stops[np.isin(group, training)],
        validation=samples.usable(judged, first_origin),
        rows=np.isin(panel.groups, training),
    )


def _grouped(panel: Panel, task: Task) -> Grouped:
    if task.kind != "classification":
        return Grouped(panel.group_names, None)
    places = panel.targets[:, 0].astype(np.int64)
    mixed = np.flatnonzero(
        (np.diff(places, prepend=places[:1]) != 0)
        & (np.arange(panel.n_rows) != panel.group_starts)
    )
    if len(mixed):
        name = panel.group_names[panel.groups[mixed[0]]]
        first, second = (task.classes[places[mixed[0] - back]] for back in (1, 0))
        raise ConfigError(
            f"Group {name!r} has more than one class ({first!r}, then {second!r} at "
            f"position {mixed[0]}). Choose labelling, which gives each row a class, "
            "or name the sequences by another column."
        )
    return Grouped(panel.group_names, places[np.asarray(panel.first_rows)])


def _check_labels(panel: Panel, task: Task) -> None:
    places = panel.targets[:, 0]
    is_place = (places == np.floor(places)) & (places >= 0)
    bad = np.flatnonzero(~(is_place & (places < len(task.classes))))
    if len(bad):
        raise ConfigError(
            f"The class at position {bad[0]} is {places[bad[0]]:g}; it must be a place "
            f"among the {len(task.classes)} `classes`, 0 to {len(task.classes) - 1}."
        )


def _check_long_enough(panel: Panel, first_origin: int) -> None:
    short = np.flatnonzero(panel.group_sizes < first_origin)
    if len(short):
        names = [panel.group_names[place] for place in short]
        least = int(panel.group_sizes.min())
        raise ConfigError(
            f"{len(short)} groups are shorter than the longest window of the search, "
            f"{first_origin} rows ({named(names)}; the shortest has {least}). Use "
            "shorter sequences, whole sequences as samples, or leave them out."
        )


def _class_doubts(
    panel: Panel, task: Task, samples: Samples, splits: tuple[SampleSplit, ...]
) -> tuple[str, ...]:
    if not task.has_classes:
        return ()
    doubts = []
    for number, split in enumerate(splits, 1):
        learned, judged = (
            set(panel.targets[samples.target_rows(stops), 0].ravel().astype(int))
            for stops in (split.training, split.validation)
        )
        absent = [task.classes[place] for place in sorted(judged - learned)]
        if absent:
            what = "The refit" if number == len(splits) else f"Fold {number}"
            doubts.append(
                f"{what} is judged on samples of class {named(absent)}, and learns "
                "from none."
            )
    return tuple(doubts)


def _check_filled(plan: SamplePlan) -> None:
    for number, fold in enumerate(plan.folds, 1):
        n_train = len(plan.samples.usable(fold.training, plan.first_origin))
        if not n_train or not len(fold.validation):
            raise ConfigError(
                f"Fold {number} has {n_train} samples to learn from and "
                f"{len(fold.validation)} to be judged on; it needs one of each. Use "
                "fewer folds, shorter sequences, a smaller stride, or more data."
            )
