"""Which cell gets the next trial, and which sampler chooses the rest."""

import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler, PartialFixedSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from search.config import Cell
from search.space.lines import Line
from search.study.settings import StudySettings
from search.study.trials.narrowed_sampler import NarrowedSampler

FEWEST_STARTUP_TRIALS, MOST_STARTUP_TRIALS = 5, 10

_GOOD = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)


def next_cell(trials: Sequence[FrozenTrial], cells: Sequence[Cell]) -> Cell:
    """Return the cell with the fewest trials; of equal ones the first.

    Complete, pruned and running trials count. A failure does not, so that each cell
    gets its share of results; but from the second failure in a row on, each counts,
    so that a cell that always fails does not keep the others from their turn.
    """
    return min(cells, key=lambda cell: _taken_turns(trials, cell))


def make_sampler(
    settings: StudySettings,
    *,
    number: int,
    fixed: Mapping[str, object],
    former: BaseSampler | None = None,
    narrowed: Sequence[Line] = (),
    at_random: bool = False,
) -> BaseSampler:
    """Return the sampler of one trial.

    Tree-structured Parzen estimator (Bergstra et al. 2011), multivariate, counting
    running trials as bad ones so that parallel workers spread. It starts after a
    quarter of the trial budget, at least 5 and at most 10 trials.

    Parameters
    ----------
    number
        Number of the trial; each has a seed of its own, so that workers differ.
    fixed
        Values that are given and not sampled.
    former
        Sampler of an earlier trial of the same study. What it found out about the
        space is taken over, which would be read from all trials again otherwise.
    narrowed
        Lines that the user narrowed while the study ran.
    at_random
        Whether nothing is modelled, because the model wants what cannot be trained.
    """
    trials = settings.budget.trials or 4 * MOST_STARTUP_TRIALS
    n_startup = min(max(trials // 4, FEWEST_STARTUP_TRIALS), MOST_STARTUP_TRIALS)
    options: dict[str, Any] = {
        "seed": derive_seed(settings.training.seed, number, purpose=0),
        "n_startup_trials": sys.maxsize if at_random else n_startup,
        "multivariate": True,
        "constant_liar": True,
    }
    sampler = TPESampler(**options)
    if narrowed:
        sampler = NarrowedSampler({line.name: line for line in narrowed}, **options)
    known = _tpe_of(former)
    if known is not None:
        sampler._search_space = known._search_space
    if not fixed:
        return sampler
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return PartialFixedSampler(dict(fixed), sampler)


def derive_seed(study_seed: int, number: int, *, purpose: int) -> int:
    """Return a seed below 2**32 that differs for each trial and purpose.

    Purpose 0 is the sampler, 1 the training.
    """
    sequence = np.random.SeedSequence((study_seed, number, purpose))
    return int(sequence.generate_state(1)[0])


def _tpe_of(sampler: BaseSampler | None) -> TPESampler | None:
    """Return the sampler that `make_sampler` made, without what fixes its values."""
    if isinstance(sampler, PartialFixedSampler):
        sampler = sampler._base_sampler
    return sampler if isinstance(sampler, TPESampler) else None


def _taken_turns(trials: Sequence[FrozenTrial], cell: Cell) -> int:
    own = [trial for trial in trials if trial.params.get("cell") == cell]
    n_good = sum(trial.state in _GOOD for trial in own)
    return n_good + max(0, _last_failures(own) - 1)


def _last_failures(trials: Sequence[FrozenTrial]) -> int:
    """Return how many of the last finished trials failed by their own fault."""
    count = 0
    for trial in sorted(trials, key=lambda trial: trial.number, reverse=True):
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
            break
        if trial.state == TrialState.FAIL:
            count += trial.user_attrs.get("failure") not in ("killed", "removed")
    return count
