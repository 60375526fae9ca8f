"""Stretches of rows that are cut alike, counted from the end of each group.

A forecast of many series cuts whole groups; anomalies, the normal rows of each.
"""

from dataclasses import dataclass

import numpy as np

from search.config import Task
from search.errors import ConfigError
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, Samples, SampleSplit
from search.evaluation.splits import SplitPlan, plan_splits

_ENOUGH_SETTLING = 20


@dataclass(frozen=True)
class SampleCuts:
    """How the rows of one stretch are cut; see `search.evaluation.splits.Cuts`."""

    horizon: int
    holdout: int
    folds: int
    valid_size: int | None


@dataclass(frozen=True)
class Stretches:
    """The same cuts in a stretch of each group, counted from its end.

    Attributes
    ----------
    plan
        Of the shortest stretch.
    begins, ends
        First row of each stretch, and the row after its last one.
    late
        Rows from an origin of `plan` to its stop; above 0 where targets lie before
        the stop.
    """

    plan: SplitPlan
    begins: np.ndarray
    ends: np.ndarray
    late: int

    @property
    def shifts(self) -> np.ndarray:
        """Where the first row of `plan` lies in each group."""
        shifts: np.ndarray = self.ends - self.plan.n_rows
        return shifts

    def rows(self, n_rows: int, stop: int) -> np.ndarray:
        """Mark the rows of all stretches before row `stop` of the plan."""
        marked = np.zeros(n_rows, dtype=bool)
        for begin, shift in zip(self.begins, self.shifts, strict=True):
            marked[begin : shift + stop] = True
        return marked


def plan_from_the_ends(
    panel: Panel, task: Task, samples: Samples, first_origin: int, season_rows: int
) -> SamplePlan:
    """Plan the same cuts in each group, counted from its end.

    See `search.evaluation.group_splits.plan_samples` for parameters and errors.
    """
    cut = cut_stretches(panel, task, first_origin, season_rows)
    plan = cut.plan
    group = panel.groups[samples.stops - 1]
    origins = samples.stops - cut.late - cut.shifts[group]  # in rows of the plan
    folds = tuple(
        SampleSplit(
            training=samples.stops[origins < fold.train_stop],
            validation=samples.stops[
                (origins >= fold.valid_start) & (origins < fold.valid_stop)
            ],
            rows=cut.rows(panel.n_rows, fold.valid_start),
        )
        for fold in plan.folds
    )
    is_held = (origins >= plan.holdout_start) & (origins < plan.holdout_stop)
    held = samples.stops[is_held]
    calibration = held[:0]
    if task.kind == "anomaly":
        # The last row that a stop asks for tells on which side it lies.
        last = samples.stops + samples.target_offset + samples.n_steps - 1
        held, calibration = samples.stops[last >= cut.ends[group]], held
    final = SampleSplit(
        training=samples.stops[origins < plan.refit_stop],
        validation=held,
        rows=cut.rows(panel.n_rows, plan.holdout_start),
    )
    doubts: tuple[str, ...] = ()
    if task.kind == "anomaly":
        doubts = _anomaly_doubts(panel, task, held, n_settling=len(calibration))
    is_detecting = task.kind == "anomaly"
    return SamplePlan(
        samples, folds, final, first_origin, calibration, doubts, is_detecting
    )


def cut_stretches(
    panel: Panel, task: Task, first_origin: int, season_rows: int
) -> Stretches:
    """Cut the shortest stretch, and all others as it.

    Raises
    ------
    ConfigError
        If it is too short for these settings; the message names it.
    """
    begins = np.asarray(panel.first_rows, dtype=np.int64)
    sizes = panel.group_sizes
    horizon, first, late, demand = task.horizon, first_origin, 0, None
    if task.kind == "anomaly":
        sizes = normal_rows(panel, task)
        if task.detector == "autoencoder":
            horizon, first, late = first_origin, 0, first_origin
            demand = f"A window of {first_origin} rows"
            if 0 < task.holdout < first_origin:
                raise ConfigError(
                    f"`holdout` ({task.holdout}), the normal rows kept for the "
                    f"threshold, must be 0 or hold one window of {first_origin} rows. "
                    "Keep more rows, or use shorter sequences."
                )
    shortest = int(sizes.argmin())
    cuts = SampleCuts(horizon, task.holdout, task.folds, task.valid_size)
    try:
        plan = plan_splits(
            int(sizes[shortest]),
            cuts,
            first_origin=first,
            season_rows=season_rows,
            demand=demand,
        )
    except ConfigError as error:
        where = _stretch_name(panel, task, shortest)
        if not where:
            raise
        raise ConfigError(f"{where}: {error}") from error
    return Stretches(plan, begins, begins + sizes, late)


def normal_rows(panel: Panel, task: Task) -> np.ndarray:
    """Return how many first rows of each group are normal, int64 of (n_groups,).

    Raises
    ------
    ConfigError
        If nothing says what is normal.
    """
    if task.normal_rows is not None:
        return np.minimum(panel.group_sizes, task.normal_rows)
    if panel.labels is None:
        raise ConfigError(
            "Say what is normal: give `normal_rows`, or a column that says which rows "
            "are not (`label`)."
        )
    is_bad = panel.labels[:, 0] != 0
    sizes = []
    for first, size in zip(panel.first_rows, panel.group_sizes, strict=True):
        part = is_bad[first : first + size]
        sizes.append(int(part.argmax()) if part.any() else int(size))
    return np.asarray(sizes, dtype=np.int64)


def _stretch_name(panel: Panel, task: Task, group: int) -> str:
    normal = "The normal rows" if task.kind == "anomaly" else ""
    if not panel.group_names:
        return normal
    name = repr(panel.group_names[group])
    return f"{normal} of group {name}" if normal else f"Group {name}, the shortest"


def _anomaly_doubts(
    panel: Panel, task: Task, held: np.ndarray, *, n_settling: int
) -> tuple[str, ...]:
    doubts = []
    if not task.holdout:
        doubts.append(
            "No normal rows are kept for the threshold, so it is taken from rows that "
            "the network learned from and is likely too low."
        )
    elif n_settling < _ENOUGH_SETTLING:
        doubts.append(
            f"Only {n_settling} normal rows settle the threshold, so it is a matter of "
            f"luck how many rows are called. Keep {_ENOUGH_SETTLING} or more for it."
        )
    if not len(held):
        doubts.append(
            "No rows follow the normal ones, so nothing tells how well anomalies are "
            "found."
        )
    elif panel.labels is None:
        doubts.append(
            "No column says which rows are anomalous, so nothing tells how well they "
            "are found."
        )
    return tuple(doubts)
