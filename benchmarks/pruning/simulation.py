"""Searches over recorded learning curves: what a rule for pruning would have done.

The pruners are Optuna's own objects on a study in memory, within `CellPruner` as in a
real search; only the training is replaced by the recorded scores and seconds.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import optuna
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
)
from optuna.trial import TrialState

from benchmarks.pruning.curves import RecordedTrial
from search.config import CELLS
from search.study.trials.pruning import BestSharePruner, CellPruner

SHARE_OF_POOL = 2 / 3


@dataclass(frozen=True)
class Rule:
    """A rule for ending trials early.

    Attributes
    ----------
    name
        As in the tables.
    make
        Makes the pruner, for a largest number of epochs.
    """

    name: str
    make: Callable[[int], BasePruner]


@dataclass(frozen=True)
class SimulatedTrial:
    """How a trial ended.

    Attributes
    ----------
    finished
        Seconds of all trials up to its end.
    epochs
        Epochs that it was trained for.
    score
        Its best score; None if it was pruned or failed, because only complete trials
        can win.
    """

    finished: float
    epochs: int
    score: float | None


REFERENCE = Rule("median, warm-up 4", lambda _: MedianPruner(4, 4))
NO_RULE = Rule("none", lambda _: NopPruner())
RULES = (
    NO_RULE,
    REFERENCE,
    Rule("median, warm-up 1", lambda _: MedianPruner(4, 1)),
    Rule("median, warm-up 2", lambda _: MedianPruner(4, 2)),
    Rule("median, warm-up 8", lambda _: MedianPruner(4, 8)),
    Rule("median, warm-up 4, after 2 trials", lambda _: MedianPruner(2, 4)),
    Rule("best quarter, warm-up 1", lambda _: PercentilePruner(25, 4, 1)),
    Rule("best quarter, warm-up 4", lambda _: PercentilePruner(25, 4, 4)),
    Rule("best quarter, warm-up 8", lambda _: PercentilePruner(25, 4, 8)),
    Rule(
        "halving from epoch 1, a third",
        lambda _: SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    ),
    Rule(
        "halving from epoch 4, a third",
        lambda _: SuccessiveHalvingPruner(min_resource=4, reduction_factor=3),
    ),
    Rule(
        "halving from epoch 4, a half",
        lambda _: SuccessiveHalvingPruner(min_resource=4, reduction_factor=2),
    ),
    Rule(
        "halving from epoch 8, a half",
        lambda _: SuccessiveHalvingPruner(min_resource=8, reduction_factor=2),
    ),
    Rule("Hyperband from epoch 1", lambda epochs: HyperbandPruner(1, epochs, 3)),
    Rule("Hyperband from epoch 4", lambda epochs: HyperbandPruner(4, epochs, 3)),
    Rule("top tenth after epoch 1", lambda _: BestSharePruner(1 / 10, epoch=1)),
    Rule("top third after epoch 1", lambda _: BestSharePruner(1 / 3, epoch=1)),
    Rule("top half after epoch 1", lambda _: BestSharePruner(1 / 2, epoch=1)),
    Rule("top third after epoch 2", lambda _: BestSharePruner(1 / 3, epoch=2)),
    Rule("top third after epoch 4", lambda _: BestSharePruner(1 / 3, epoch=4)),
    Rule("top half after epoch 4", lambda _: BestSharePruner(1 / 2, epoch=4)),
    Rule("top third after epoch 8", lambda _: BestSharePruner(1 / 3, epoch=8)),
)


def rule_named(name: str) -> Rule:
    """Return the rule with this name."""
    return next(rule for rule in RULES if rule.name == name)


def search_order(
    trials: Sequence[RecordedTrial], *, seed: int
) -> tuple[RecordedTrial, ...]:
    """Return the order of a random search: the textbook first, the cells by turns.

    The first configuration of each compiled program bears the seconds of compiling it,
    whichever one it was in the recording. Only `SHARE_OF_POOL` of the random
    configurations take part, so that it is not the same one that wins every search.
    """
    generator = np.random.default_rng(seed)
    queues = []
    for cell in CELLS:
        own = [trial for trial in trials if trial.cell == cell]
        drawn = [trial for trial in own if not trial.is_textbook]
        n_drawn = round(SHARE_OF_POOL * len(drawn))
        chosen = generator.permutation(len(drawn))[:n_drawn]
        textbook = [trial for trial in own if trial.is_textbook]
        queues.append([*textbook, *(drawn[place] for place in chosen)])
    turns = max(map(len, queues))
    order = [
        queue[turn] for turn in range(turns) for queue in queues if turn < len(queue)
    ]
    return _with_compile_seconds(order, trials)


def _with_compile_seconds(
    order: Sequence[RecordedTrial], trials: Sequence[RecordedTrial]
) -> tuple[RecordedTrial, ...]:
    recorded: dict[Hashable, list[float]] = {}
    for trial in trials:
        recorded.setdefault(trial.program, []).append(trial.seconds_compile)
    met: set[Hashable] = set()
    charged = []
    for trial in order:
        is_first = trial.program not in met
        met.add(trial.program)
        seconds = (max if is_first else min)(recorded[trial.program])
        charged.append(replace(trial, seconds_compile=seconds))
    return tuple(charged)


def simulate(
    order: Sequence[RecordedTrial],
    rule: Rule,
    *,
    epochs: int,
    patience: int,
    name: str,
) -> tuple[SimulatedTrial, ...]:
    """Search through `order`, one trial after the other.

    Parameters
    ----------
    epochs, patience
        Largest number of epochs; epochs without a better score (0: no early stopping).
    name
        Name of the study, from which Hyperband derives the bracket of each trial.
    """
    study = optuna.create_study(
        study_name=name, pruner=CellPruner(rule.make(epochs)), direction="minimize"
    )
    ended, seconds = [], 0.0
    for recorded in order:
        study.enqueue_trial({"cell": recorded.cell})
        trial = study.ask()
        trial.suggest_categorical("cell", CELLS)
        curve = recorded.scores[:epochs]
        n_epochs, is_pruned = _train(trial, curve, patience, is_free=rule is NO_RULE)
        seconds += recorded.seconds_compile + sum(recorded.seconds_epochs[:n_epochs])
        is_failed = recorded.is_failed and n_epochs == len(recorded.scores) < epochs
        score = None if is_pruned or is_failed else min(curve[:n_epochs])
        _tell(study, trial, score, is_failed=is_failed)
        ended.append(SimulatedTrial(seconds, n_epochs, score))
    return tuple(ended)


def _train(
    trial: optuna.Trial, curve: Sequence[float], patience: int, *, is_free: bool
) -> tuple[int, bool]:
    """Return the epochs that the trial gets, and whether it was pruned."""
    best = 0
    for index, score in enumerate(curve):
        epoch = index + 1
        if score < curve[best]:
            best = index
        if not is_free:
            trial.report(score, epoch)
            if trial.should_prune():
                return epoch, True
        if patience and index - best >= patience:
            return epoch, False
    return len(curve), False


def _tell(
    study: optuna.Study, trial: optuna.Trial, score: float | None, *, is_failed: bool
) -> None:
    if score is not None:
        study.tell(trial, score)
    else:
        state = TrialState.FAIL if is_failed else TrialState.PRUNED
        study.tell(trial, state=state)
