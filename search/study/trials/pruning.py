"""Which trials are ended early, each compared with trials of its own cell only.

A simple cell trains in fewer epochs than a gated one, so curves of different cells say
little about each other.
"""

import copy
import math
import time
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
)
from optuna.trial import FrozenTrial, TrialState

from search.config import PrunerName, Training

N_STARTUP_TRIALS = 4
N_WARMUP_STEPS = 4
KEPT_PERCENT = 25.0
REDUCTION_FACTOR = 3
KEPT_SHARE = 1 / 3
JUDGED_EPOCH = 8
FRESH_SECONDS = 2.0


def make_pruner(name: PrunerName, training: Training) -> BasePruner:
    """Return the pruner `name`, comparing within a cell.

    Parameters
    ----------
    name
        ``none``; ``best_third`` ends after 8 epochs what is not in the best third of
        all trials so far; ``median`` ends what is worse than the median of complete
        trials at the same epoch, ``percentile`` what is not in the best quarter;
        ``halving`` and ``hyperband`` keep the best third at growing numbers of epochs.
    training
        Gives the largest number of epochs.
    """
    smallest = min(N_WARMUP_STEPS, training.epochs)
    if name == "none":
        return NopPruner()
    if name == "best_third":
        return CellPruner(BestSharePruner(KEPT_SHARE, epoch=JUDGED_EPOCH))
    if name == "median":
        return CellPruner(MedianPruner(N_STARTUP_TRIALS, N_WARMUP_STEPS))
    if name == "percentile":
        return CellPruner(
            PercentilePruner(KEPT_PERCENT, N_STARTUP_TRIALS, N_WARMUP_STEPS)
        )
    if name == "halving":
        return CellPruner(
            SuccessiveHalvingPruner(
                min_resource=smallest, reduction_factor=REDUCTION_FACTOR
            )
        )
    return CellPruner(
        HyperbandPruner(
            min_resource=smallest,
            max_resource=training.epochs,
            reduction_factor=REDUCTION_FACTOR,
        )
    )


def should_prune(trial: optuna.Trial) -> bool:
    """Return whether `trial` is hopeless by the mean scores it has reported so far.

    The study of `trial` must come from `open_study`, which sets the pruner.
    """
    return trial.should_prune()


class BestSharePruner(BasePruner):
    """Lets a trial pass one epoch only if it is among the best that have reached it.

    Abdelfattah and others (2023), https://arxiv.org/abs/2307.15422, found that keeping
    the best after one epoch is a strong rule for a set of configurations. Here each is
    judged when it comes, against all trials before it, however these ended. The first
    one passes.

    Parameters
    ----------
    share
        Share of all trials so far that passes, rounded down, but at least one.
    epoch
        The epoch; a trial that ends before or at it is not judged.
    """

    def __init__(self, share: float, *, epoch: int) -> None:
        self._share = share
        self._epoch = epoch

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Return whether `trial` is at the epoch and not among the best."""
        if trial.last_step != self._epoch:
            return False
        value = trial.intermediate_values[self._epoch]
        others = [
            other.intermediate_values[self._epoch]
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number and self._epoch in other.intermediate_values
        ]
        n_kept = max(1, math.floor(self._share * (len(others) + 1)))
        return sum(other < value for other in others) >= n_kept


class CellPruner(BasePruner):
    """Lets another pruner see the trials of one cell only.

    It looks at them again with each new trial, and every `FRESH_SECONDS` while one
    trains: reading them for each epoch takes longer than a short epoch does.

    Parameters
    ----------
    inner
        The pruner that decides.
    """

    def __init__(self, inner: BasePruner) -> None:
        self._inner = inner
        self._views: dict[str | None, _View] = {}

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Ask the inner pruner; where the cell is fixed it sees all trials."""
        cell = trial.params.get("cell")
        if cell not in self._views:
            self._views[cell] = _view_of(study, cell)
        view = self._views[cell]
        view.storage.serve(trial)
        return self._inner.prune(view.study, trial)


class _CellStorage:
    """A storage that lists the trials of one cell and passes all else on.

    The filter sits here and not on the study, because Hyperband builds studies of its
    own from the storage.
    """

    def __init__(self, storage: Any, cell: str | None) -> None:
        self._storage = storage
        self._cell = cell
        self._served: int | None = None
        self._trials: list[FrozenTrial] = []
        self._read_at = -math.inf

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def serve(self, trial: FrozenTrial) -> None:
        """Look afresh if another trial is judged than before."""
        if trial._trial_id != self._served:
            self._served, self._read_at = trial._trial_id, -math.inf

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        if time.monotonic() - self._read_at >= FRESH_SECONDS:
            trials = self._storage.get_all_trials(study_id, deepcopy=False)
            self._trials = [one for one in trials if self._is_of_cell(one)]
            self._read_at = time.monotonic()
        found = [one for one in self._trials if states is None or one.state in states]
        return copy.deepcopy(found) if deepcopy else found

    def _is_of_cell(self, trial: FrozenTrial) -> bool:
        return self._cell is None or trial.params.get("cell") == self._cell


@dataclass(frozen=True)
class _View:
    study: optuna.Study
    storage: _CellStorage


def _view_of(study: optuna.Study, cell: str | None) -> _View:
    storage = _CellStorage(study._storage, cell)  # no public way to it
    seen: Any = storage
    cell_study = optuna.load_study(
        study_name=study.study_name, storage=seen, pruner=NopPruner()
    )
    return _View(cell_study, storage)
