"""Time-ordered folds and the holdout, as positions of forecast origins.

Positions are zero-based rows of the series, ranges are half-open. The *origin* of a
window is its first target row.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from search.errors import ConfigError


class Cuts(Protocol):
    """How a series is cut; a `Task` of the kind ``forecasting`` is one."""

    @property
    def horizon(self) -> int:
        """Targets of each origin, in rows."""

    @property
    def holdout(self) -> int:
        """Last rows that are held out."""

    @property
    def folds(self) -> int:
        """Number of folds."""

    @property
    def valid_size(self) -> int | None:
        """Validation origins in each fold; None is the standard."""


@dataclass(frozen=True)
class Fold:
    """One fold of the cross-validation.

    Attributes
    ----------
    train_stop
        Training origins lie in ``[first origin of the trial, train_stop)``.
    valid_start, valid_stop
        Validation origins lie in ``[valid_start, valid_stop)``. No target of a
        training window lies at or after `valid_start`, so scalers may be fitted
        on the rows ``[0, valid_start)``.
    """

    train_stop: int
    valid_start: int
    valid_stop: int

    def n_train(self, first_origin: int) -> int:
        """Return the number of training windows from `first_origin` on."""
        return max(0, self.train_stop - first_origin)

    @property
    def n_valid(self) -> int:
        """Number of validation windows."""
        return self.valid_stop - self.valid_start


@dataclass(frozen=True)
class SplitPlan:
    """The folds and the holdout of one series.

    Attributes
    ----------
    n_rows
        Rows in the series.
    holdout_start
        The holdout is ``[holdout_start, n_rows)``; nothing that selects sees it.
    horizon
        Steps predicted from each origin.
    first_origin
        First origin that is legal for every trial of the search space.
    folds
        Folds in time order; every trial is scored on the same targets.
    """

    n_rows: int
    holdout_start: int
    horizon: int
    first_origin: int
    folds: tuple[Fold, ...]

    @property
    def refit_stop(self) -> int:
        """Origins before this one have all their targets before the holdout."""
        return self.holdout_start - self.horizon + 1

    @property
    def holdout_stop(self) -> int:
        """Holdout origins lie in ``[holdout_start, holdout_stop)``."""
        return self.n_rows - self.horizon + 1

    @property
    def largest_train(self) -> int:
        """Training windows of the largest fold, counted from the first row."""
        return max(fold.train_stop for fold in self.folds)


def plan_splits(
    n_rows: int,
    task: Cuts,
    *,
    first_origin: int,
    season_rows: int = 0,
    demand: str | None = None,
) -> SplitPlan:
    """Cut the holdout off, then split the origins before it as `TimeSeriesSplit` does.

    The gap between training and validation origins is ``horizon - 1``, so that no
    training target lies in or beyond the validation range. The positions are computed
    here, because each process of a study would wait a second for scikit-learn;
    `confirm_folds` compares them with it.

    Parameters
    ----------
    n_rows
        Rows in the series.
    task
        Horizon, holdout, number and size of the folds.
    first_origin
        First origin that is legal for the most demanding trial: the longest
        sequence length, plus one season where the framing needs it.
    season_rows
        The part of `first_origin` that the framing needs; only for the message.
    demand
        What needs the first rows, for the message; None names sequence length and
        horizon.

    Raises
    ------
    ConfigError
        If the first fold has no room for one training window; the message holds
        the numbers that conflict.

    Examples
    --------
    >>> from search.config import Task
    >>> task = Task(horizon=2, holdout=4, folds=2)
    >>> plan = plan_splits(20, task, first_origin=3)
    >>> [(fold.train_stop, fold.valid_start, fold.valid_stop) for fold in plan.folds]
    [(6, 7, 11), (10, 11, 15)]
    """
    holdout_start = n_rows - task.holdout
    last = holdout_start - task.horizon + 1
    n_valid = task.valid_size or max(1, (last - first_origin) // (task.folds + 1))
    first_valid = last - task.folds * n_valid
    needed = first_origin + task.horizon
    if first_valid < needed:
        raise ConfigError(
            f"{demand or _demand(first_origin, season_rows, task)} needs {needed} "
            f"rows before the first validation target; fold 1 has "
            f"{max(0, first_valid)} ({n_rows} "
            f"rows, {task.holdout} held out, {max(0, holdout_start)} left for "
            f"{task.folds} folds). Use shorter sequences, fewer folds, a smaller "
            "holdout, or more data."
        )
    gap = task.horizon - 1
    folds = tuple(
        Fold(train_stop=start - gap, valid_start=start, valid_stop=start + n_valid)
        for start in range(first_valid, last, n_valid)
    )
    return SplitPlan(n_rows, holdout_start, task.horizon, first_origin, folds)


def confirm_folds(plan: SplitPlan) -> None:
    """Make sure that the folds are those of scikit-learn; once for each new study.

    Raises
    ------
    RuntimeError
        If they are not, which only another version of either program can cause.
    """
    from sklearn.model_selection import TimeSeriesSplit

    origins = np.arange(plan.first_origin, plan.refit_stop)
    splitter = TimeSeriesSplit(
        n_splits=len(plan.folds), gap=plan.horizon - 1, test_size=plan.folds[0].n_valid
    )
    folds = tuple(
        Fold(
            train_stop=int(origins[train[-1]]) + 1,
            valid_start=int(origins[valid[0]]),
            valid_stop=int(origins[valid[-1]]) + 1,
        )
        for train, valid in splitter.split(origins)
    )
    if folds != plan.folds:
        raise RuntimeError(f"The folds {plan.folds} are not those of scikit-learn.")


def _demand(first_origin: int, season_rows: int, task: Cuts) -> str:
    season = f" + season {season_rows} (seasonal framing)" if season_rows else ""
    return (
        f"Sequence length {first_origin - season_rows}{season} + horizon {task.horizon}"
    )
