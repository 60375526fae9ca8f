"""One formulation of every task: which rows end a window, and what is asked of it.

A *sample* is a row number ``stop``. Its window is the rows ``[stop - L, stop)``; rows
before its group begins are padding. Its targets are the rows ``stop + target_offset +
[0 … n_steps)``. For a forecast the stop is the origin.
"""

from dataclasses import dataclass, replace

import numpy as np

from search.config import Task
from search.evaluation.panel import Panel


@dataclass(frozen=True)
class Samples:
    """The samples of a task in a panel.

    Attributes
    ----------
    stops
        All stops whose targets lie in their group, ascending, int64 of shape
        (n_samples,); each has at least one row of its group before it.
    group_starts
        First row of the group of each row, int64 of shape (n_rows,).
    target_offset
        Place of the first target, relative to the stop: 0 for a forecast, -1 where
        the last row of the window is valued or labelled, ``-n_steps`` where the window
        is repeated.
    n_steps
        Targets of a sample.
    is_padded
        Whether windows may begin before their group; otherwise a trial uses the stops
        with its own sequence length before them, see `usable`.
    """

    stops: np.ndarray
    group_starts: np.ndarray
    target_offset: int
    n_steps: int
    is_padded: bool

    def usable(self, stops: np.ndarray, first_origin: int) -> np.ndarray:
        """Return those `stops` that a trial can use.

        Parameters
        ----------
        stops
            Some of the samples.
        first_origin
            Rows that the window of the trial needs, and its framing.
        """
        if self.is_padded:
            return stops
        return stops[self.history(stops) >= first_origin]

    def history(self, stops: np.ndarray) -> np.ndarray:
        """Return how many rows of its own group lie before each stop."""
        history: np.ndarray = stops - self.group_starts[stops - 1]
        return history

    def target_rows(self, stops: np.ndarray) -> np.ndarray:
        """Return the rows of the targets, of shape (n_samples, n_steps).

        Examples
        --------
        The label of the last row, and the two rows that follow:

        >>> zeros = np.zeros(9, dtype=np.int64)
        >>> stops = np.array([3, 4])
        >>> Samples(stops, zeros, -1, 1, True).target_rows(stops).tolist()
        [[2], [3]]
        >>> Samples(stops, zeros, 0, 2, False).target_rows(stops).tolist()
        [[3, 4], [4, 5]]
        """
        rows: np.ndarray = stops[:, None] + self.target_offset + np.arange(self.n_steps)
        return rows

    def repeating(self, sequence_length: int) -> "Samples":
        """Return the samples of an autoencoder whose windows have another length."""
        return replace(self, target_offset=-sequence_length, n_steps=sequence_length)


@dataclass(frozen=True)
class SampleSplit:
    """What one network learns from and is judged on.

    Attributes
    ----------
    training, validation
        Stops, ascending; of the training ones a trial uses those that are
        `Samples.usable`. All of the validation ones are usable for every trial.
    rows
        Rows that scalers may be fitted on, bool of shape (n_rows,).
    """

    training: np.ndarray
    validation: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class SamplePlan:
    """The folds and the holdout of any task.

    Attributes
    ----------
    samples
        All samples.
    folds
        The folds, in time order where there is one.
    final
        The refit: it learns from all before the holdout, and `validation` is the
        holdout. Where anomalies are looked for that is all that follows the normal
        rows.
    first_origin
        Rows that the most demanding trial needs.
    calibration
        Stops of normal rows that the refit does not learn from; they settle the
        threshold of anomalies. Empty for other tasks.
    doubts
        What a person should know of these folds, as sentences.
    is_detecting
        Whether anomalies are looked for.
    """

    samples: Samples
    folds: tuple[SampleSplit, ...]
    final: SampleSplit
    first_origin: int
    calibration: np.ndarray
    doubts: tuple[str, ...] = ()
    is_detecting: bool = False

    @property
    def scored(self) -> np.ndarray:
        """Stops that a refit is judged on, ascending; see `settling`."""
        stops: np.ndarray = np.union1d(self.settling, self.final.validation)
        return stops

    @property
    def settling(self) -> np.ndarray:
        """Stops of the normal rows that settle the threshold of anomalies.

        Those that the refit learns from, where no others are kept; empty for other
        tasks.
        """
        if len(self.calibration) or not self.is_detecting:
            return self.calibration
        return self.samples.usable(self.final.training, self.first_origin)

    @property
    def largest_train(self) -> int:
        """Training samples of the largest fold."""
        return max(len(fold.training) for fold in self.folds)


def find_samples(panel: Panel, task: Task, *, longest: int) -> Samples:
    """Find all samples of `task`.

    Parameters
    ----------
    panel
        The rows, and where each group begins.
    task
        What is asked for.
    longest
        Rows of the longest window of the search; only an autoencoder is asked for so
        many steps.

    Examples
    --------
    Two groups of 3 and 4 rows: one sample each, every row, or windows whose ends are
    2 rows apart.

    >>> panel = Panel(np.zeros((7, 1)), ("x",), 0, 0, 0, first_rows=(0, 3))
    >>> whole = Task(1, 1, kind="regression")
    >>> find_samples(panel, whole, longest=2).stops.tolist()
    [3, 7]
    >>> sliding = Task(1, 1, kind="regression", samples="sliding", stride=2)
    >>> find_samples(panel, sliding, longest=2).stops.tolist()
    [1, 3, 5, 7]
    >>> find_samples(panel, Task(2, 2), longest=2).stops.tolist()
    [1, 4, 5]
    """
    offset, n_steps = asked_steps(task, longest)
    after = max(0, offset + n_steps)  # rows of targets that follow the window
    begins = np.asarray(panel.first_rows, dtype=np.int64)
    ends = begins + panel.group_sizes
    if _is_whole(task):
        stops = ends
    else:
        every = np.arange(1, panel.n_rows + 1, dtype=np.int64)
        end = ends[panel.groups]
        step = task.stride if _slides(task) else 1
        is_inside = (every + after <= end) & (every + offset >= panel.group_starts)
        stops = every[is_inside & ((end - every) % step == 0)]
    return Samples(
        stops=stops,
        group_starts=panel.group_starts,
        target_offset=offset,
        n_steps=n_steps,
        is_padded=is_padded(task),
    )


def is_padded(task: Task) -> bool:
    """Whether windows may begin before their group; see `Samples`."""
    return _is_whole(task) or task.kind == "labelling"


def asked_steps(task: Task, longest: int) -> tuple[int, int]:
    """Return the offset of the first target and how many there are.

    Only an autoencoder asks for as many as its window has rows, `longest`.
    """
    if task.kind == "forecasting":
        return 0, task.horizon
    if task.kind == "anomaly":
        return (0, 1) if task.detector == "forecaster" else (-longest, longest)
    return -1, 1


def _slides(task: Task) -> bool:
    return task.kind in ("regression", "classification") and task.samples == "sliding"


def _is_whole(task: Task) -> bool:
    return task.kind in ("regression", "classification") and task.samples == "whole"
