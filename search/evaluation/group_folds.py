"""Which groups each fold learns from and is judged on, and which are held out.

Groups are counted by their place in the panel. Those that follow each other in time are
split as rows are, by `TimeSeriesSplit`; others at random, each class in its share, as
`StratifiedKFold` and `KFold` do. The places are computed here, because each process of
a study would wait a second for scikit-learn; `confirm_group_folds` compares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.config import Task
from search.errors import ConfigError
from search.evaluation.splits import plan_splits

_MOST_NAMED = 5


@dataclass(frozen=True)
class Grouped:
    """The groups as far as folds depend on them.

    Attributes
    ----------
    names
        Name of each group, in the order of the panel.
    classes
        Place of the class of each group, int64 of shape (n_groups,); None where the
        folds do not keep the shares of classes.
    """

    names: tuple[str, ...]
    classes: np.ndarray | None


@dataclass(frozen=True)
class GroupFolds:
    """Places of groups, ascending.

    Attributes
    ----------
    training, validation
        For each fold, int64 arrays.
    kept, holdout
        What the refit learns from, and what the search never sees.
    """

    training: tuple[np.ndarray, ...]
    validation: tuple[np.ndarray, ...]
    kept: np.ndarray
    holdout: np.ndarray


def fold_groups(grouped: Grouped, task: Task, *, seed: int) -> GroupFolds:
    """Hold groups out and put the others into folds.

    Parameters
    ----------
    grouped
        The groups.
    task
        Number of folds, what is held out, and whether the groups have an order.
    seed
        Decides between groups without an order.

    Raises
    ------
    ConfigError
        If there are too few groups, or too few of a class; the message holds the
        numbers.

    Examples
    --------
    Six batches in time order, the last one held out, two folds:

    >>> task = Task(1, 1, folds=2, kind="regression", group_order="time")
    >>> found = fold_groups(Grouped(tuple("abcdef"), None), task, seed=0)
    >>> [places.tolist() for places in found.training]
    [[0, 1, 2], [0, 1, 2, 3]]
    >>> [places.tolist() for places in found.validation]
    [[3], [4]]
    >>> found.holdout.tolist()
    [5]
    """
    n_groups = len(grouped.names)
    holdout = _holdout(grouped, task, seed)
    kept = np.setdiff1d(np.arange(n_groups), holdout)
    _check_enough(len(kept), len(holdout), task)
    if task.group_order == "time":
        validation = _forward(len(kept), task)
        training = [np.arange(places[0]) for places in validation]
    else:
        classes = None if grouped.classes is None else grouped.classes[kept]
        if classes is not None:
            _check_classes(classes, task)
        validation = _at_random(len(kept), classes, task.folds, seed)
        training = [np.setdiff1d(np.arange(len(kept)), one) for one in validation]
    return GroupFolds(
        training=tuple(kept[places] for places in training),
        validation=tuple(kept[places] for places in validation),
        kept=kept,
        holdout=holdout,
    )


def confirm_group_folds(
    folds: GroupFolds, grouped: Grouped, task: Task, *, seed: int
) -> None:
    """Make sure that the folds are those of scikit-learn; once for each new study.

    Raises
    ------
    RuntimeError
        If they are not, which only another version of either program can cause.
    """
    from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit

    kept = folds.kept
    if task.group_order == "time":
        size = len(folds.validation[0])
        splitter = TimeSeriesSplit(n_splits=task.folds, test_size=size)
        expected = splitter.split(kept)
    elif grouped.classes is None:
        splitter = KFold(n_splits=task.folds, shuffle=True, random_state=seed)
        expected = splitter.split(kept)
    else:
        splitter = StratifiedKFold(n_splits=task.folds, shuffle=True, random_state=seed)
        expected = splitter.split(kept, grouped.classes[kept])
    for found, (training, validation) in zip(
        zip(folds.training, folds.validation, strict=True), expected, strict=True
    ):
        is_same = np.array_equal(found[0], kept[training]) and np.array_equal(
            found[1], kept[validation]
        )
        if not is_same:
            raise RuntimeError(f"The folds {folds} are not those of scikit-learn.")


def _holdout(grouped: Grouped, task: Task, seed: int) -> np.ndarray:
    n_groups = len(grouped.names)
    if task.test_groups:
        absent = sorted(set(task.test_groups) - set(grouped.names))
        if absent:
            raise ConfigError(
                f"`test_groups` names {len(absent)} groups that are not there: "
                f"{named(absent)}."
            )
        is_test = np.isin(np.asarray(grouped.names), np.asarray(task.test_groups))
        return np.flatnonzero(is_test)
    if task.holdout >= n_groups:
        raise ConfigError(
            f"`holdout` ({task.holdout}) must leave groups to learn from; there are "
            f"{n_groups}."
        )
    if task.group_order == "time":
        return np.arange(n_groups - task.holdout, n_groups)
    random = np.random.RandomState(seed)
    if grouped.classes is None:
        return np.sort(random.permutation(n_groups)[: task.holdout])
    counts = np.bincount(grouped.classes, minlength=len(task.classes))
    wanted = _shares(counts, task.holdout)
    chosen = [
        random.permutation(np.flatnonzero(grouped.classes == place))[:n]
        for place, n in enumerate(wanted)
    ]
    return np.sort(np.concatenate(chosen))


def _shares(counts: np.ndarray, n: int) -> np.ndarray:
    """Divide `n` by `counts`, the largest remainders first.

    Examples
    --------
    >>> _shares(np.array([6, 3, 1]), 5).tolist()
    [3, 2, 0]
    """
    exact = counts * n / counts.sum()
    shares = np.floor(exact).astype(np.int64)
    rest = n - int(shares.sum())
    first = np.argsort(-(exact - shares), kind="stable")[:rest]
    shares[first] += 1
    return shares


def _check_enough(n_kept: int, n_holdout: int, task: Task) -> None:
    counted = f"{n_kept + n_holdout} groups, {n_holdout} held out, {n_kept} left"
    if task.group_order == "time":
        needed = task.folds * (task.valid_size or 1) + 1
        if n_kept < needed:
            size = f" of {task.valid_size}" if task.valid_size else ""
            raise ConfigError(
                f"{task.folds} folds{size} in time order need {needed} groups before "
                f"the holdout; there are {n_kept} ({counted}). Use fewer folds, a "
                "smaller holdout, or more groups."
            )
    elif n_kept < task.folds:
        raise ConfigError(
            f"{task.folds} folds need {task.folds} groups beside the holdout; there "
            f"are {n_kept} ({counted}). Use fewer folds, a smaller holdout, or more "
            "groups."
        )


def _check_classes(classes: np.ndarray, task: Task) -> None:
    counts = np.bincount(classes, minlength=len(task.classes))
    place = int(counts.argmin())
    if counts[place] < task.folds:
        raise ConfigError(
            f"Class {task.classes[place]!r} has {counts[place]} groups beside the "
            f"holdout, too few for {task.folds} folds, which need one each. Use fewer "
            "folds, a smaller holdout, or leave the class out."
        )


def _forward(n_groups: int, task: Task) -> list[np.ndarray]:
    rows = Task(1, 1, folds=task.folds, valid_size=task.valid_size)
    plan = plan_splits(n_groups + 1, rows, first_origin=0)
    return [np.arange(fold.valid_start, fold.valid_stop) for fold in plan.folds]


def _at_random(
    n_groups: int, classes: np.ndarray | None, n_folds: int, seed: int
) -> list[np.ndarray]:
    """Return the groups that each fold is judged on."""
    random = np.random.RandomState(seed)
    if classes is None:
        shuffled = np.arange(n_groups)
        random.shuffle(shuffled)
        return [np.sort(part) for part in np.array_split(shuffled, n_folds)]
    codes = _by_appearance(classes)
    ordered = np.sort(codes)
    fold_of = np.empty(n_groups, dtype=np.int64)
    shares = [ordered[first::n_folds] for first in range(n_folds)]
    for code in range(int(codes.max()) + 1):
        counts = [int((share == code).sum()) for share in shares]
        folds = np.arange(n_folds).repeat(counts)
        random.shuffle(folds)
        fold_of[codes == code] = folds
    return [np.flatnonzero(fold_of == fold) for fold in range(n_folds)]


def _by_appearance(classes: np.ndarray) -> np.ndarray:
    """Return the classes as numbers, in the order in which they appear first."""
    _, first, inverse = np.unique(classes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    codes: np.ndarray = rank[inverse]
    return codes


def named(names: Sequence[str]) -> str:
    """Return some of the names for a message."""
    shown = ", ".join(repr(name) for name in names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown}, …"
