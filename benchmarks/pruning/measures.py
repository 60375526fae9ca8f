"""What many simulated searches gave: seconds to quality, and quality at equal cost."""

import multiprocessing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import optuna

from benchmarks.pruning.curves import RecordedTrial, best_score
from benchmarks.pruning.simulation import (
    NO_RULE,
    REFERENCE,
    Rule,
    SimulatedTrial,
    rule_named,
    search_order,
    simulate,
)
from benchmarks.support.problems import say

Pool = tuple[RecordedTrial, ...]

N_EQUAL_TRIALS = 30
N_EARLY, N_LATE = 10, 20


@dataclass(frozen=True)
class Setting:
    """A rule by its name, the largest number of epochs and the patience (0: none)."""

    rule: str
    epochs: int
    patience: int


REFERENCE_SETTING = Setting(REFERENCE.name, 40, 6)


@dataclass(frozen=True)
class Measures:
    """One simulated search.

    The best possible score is that of any configuration of the order within the epochs
    that count as enough.

    Attributes
    ----------
    series, seed, setting
        Which search; searches of one series and seed have the same order.
    seconds
        Seconds of all trials.
    seconds_full
        Seconds of all trials if none ended early; what counts where a quality is not
        reached.
    to_percent, to_tenth
        Seconds to a score within 1 % and 0.1 % of the best possible; None where it is
        not reached.
    early, late
        Share by which the best score so far exceeds the best possible, in the time
        that the reference needs for its first `N_EARLY` and `N_LATE` trials.
    loss
        Share by which the best score of the first `N_EQUAL_TRIALS` trials exceeds what
        these trials can have.
    """

    series: str
    seed: int
    setting: Setting
    seconds: float
    seconds_full: float
    to_percent: float | None
    to_tenth: float | None
    early: float
    late: float
    loss: float


@dataclass(frozen=True)
class _Task:
    """One random order on which every setting is tried; see `measure_all`."""

    series: str
    pool: Pool
    seed: int
    settings: tuple[Setting, ...]
    longest: int


def measure_all(
    pools: Mapping[str, Pool],
    settings: Sequence[Setting],
    *,
    seeds: int,
    processes: int,
    longest: int,
) -> list[Measures]:
    """Simulate every setting on every series with every seed.

    The best possible score is the best within `longest` epochs.
    """
    tasks = [
        _Task(name, pool, seed, tuple(settings), longest)
        for name, pool in pools.items()
        for seed in range(seeds)
    ]
    found: list[Measures] = []
    with multiprocessing.get_context("spawn").Pool(processes) as workers:
        for done, measures in enumerate(workers.imap(_measure_order, tasks), start=1):
            found.extend(measures)
            if done % 10 == 0 or done == len(tasks):
                say(f"simulated {done} of {len(tasks)} orders")
    return found


def _measure_order(task: _Task) -> list[Measures]:
    """Simulate every setting on one random order."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    order = search_order(task.pool, seed=task.seed)
    full = _search(order, Setting(NO_RULE.name, task.longest, 0), task.seed)
    reference = _search(order, REFERENCE_SETTING, task.seed)
    moments = [reference[min(n, len(order)) - 1].finished for n in (N_EARLY, N_LATE)]
    best = best_score(order, epochs=task.longest)
    first_best = best_score(order[:N_EQUAL_TRIALS], epochs=task.longest)
    measured = []
    for setting in task.settings:
        ended = _search(order, setting, task.seed)
        early, late = (_best_at(ended, moment) / best - 1 for moment in moments)
        first = ended[:N_EQUAL_TRIALS]
        measured.append(
            Measures(
                series=task.series,
                seed=task.seed,
                setting=setting,
                seconds=ended[-1].finished,
                seconds_full=full[-1].finished,
                to_percent=_seconds_to(ended, best * 1.01),
                to_tenth=_seconds_to(ended, best * 1.001),
                early=early,
                late=late,
                loss=_best_at(first, first[-1].finished) / first_best - 1,
            )
        )
    return measured


def _search(
    order: Sequence[RecordedTrial], setting: Setting, seed: int
) -> tuple[SimulatedTrial, ...]:
    rule: Rule = rule_named(setting.rule)
    return simulate(
        order,
        rule,
        epochs=setting.epochs,
        patience=setting.patience,
        name=f"simulated {seed}",
    )


def _seconds_to(ended: Sequence[SimulatedTrial], target: float) -> float | None:
    for trial in ended:
        if trial.score is not None and trial.score <= target:
            return trial.finished
    return None


def _best_at(ended: Sequence[SimulatedTrial], moment: float) -> float:
    """Return the best score until `moment`; that of the first trial before its end."""
    scores = [one.score for one in ended if one.score is not None]
    done = [
        one.score
        for one in ended
        if one.score is not None and one.finished <= moment + 1e-9
    ]
    return min(done, default=scores[0])
