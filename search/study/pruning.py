"""Which trials are ended early, each compared with trials of its own cell only.

A simple cell trains in fewer epochs than a gated one, so curves of different cells say
little about each other.
"""

from collections.abc import Container
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


def make_pruner(name: PrunerName, training: Training) -> BasePruner:
    """Return the pruner `name`, comparing within a cell.

    Parameters
    ----------
    name
        ``none``; ``median`` ends what is worse than the median of earlier trials at
        the same epoch, ``percentile`` what is not in the best quarter; ``halving``
        and ``hyperband`` keep the best third at growing numbers of epochs.
    training
        Gives the largest number of epochs.
    """
    smallest = min(N_WARMUP_STEPS, training.epochs)
    if name == "none":
        return NopPruner()
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


class CellPruner(BasePruner):
    """Lets another pruner see the trials of one cell only.

    Parameters
    ----------
    inner
        The pruner that decides.
    """

    def __init__(self, inner: BasePruner) -> None:
        self._inner = inner
        self._studies: dict[str, optuna.Study] = {}

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Ask the inner pruner; where the cell is fixed it sees all trials."""
        cell = trial.params.get("cell")
        if cell is None:
            return self._inner.prune(study, trial)
        if cell not in self._studies:
            self._studies[cell] = _study_of_cell(study, cell)
        return self._inner.prune(self._studies[cell], trial)


class _CellStorage:
    """A storage that lists the trials of one cell and passes all else on.

    The filter sits here and not on the study, because Hyperband builds studies of its
    own from the storage.
    """

    def __init__(self, storage: Any, cell: str) -> None:
        self._storage = storage
        self._cell = cell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = self._storage.get_all_trials(study_id, deepcopy, states)
        return [trial for trial in trials if trial.params.get("cell") == self._cell]


def _study_of_cell(study: optuna.Study, cell: str) -> optuna.Study:
    storage: Any = _CellStorage(study._storage, cell)  # no public way to it
    return optuna.load_study(
        study_name=study.study_name, storage=storage, pruner=NopPruner()
    )
