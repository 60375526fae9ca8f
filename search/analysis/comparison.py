"""The numbers of the comparison between winners and baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from search.config import Cell, Score
from search.evaluation.kind_metrics import AnomalyResult, error_of
from search.evaluation.metrics import KindMetrics
from search.space.lines import LIMITS, Value
from search.study.results import StudyResults, WinnerResult

MetricName = Literal["mse", "rmse", "mae", "mase", "smape", "r2"]
ClassMetricName = Literal["accuracy", "precision", "recall", "f1", "roc_auc"]
AnomalyMetricName = Literal[
    "f1", "precision", "recall", "false_alarm_rate", "missing_rate", "detection_delay"
]
AnyMetricName = MetricName | ClassMetricName | AnomalyMetricName


@dataclass(frozen=True)
class Spread:
    """A metric over several trainings of the same winner.

    Attributes
    ----------
    mean
        Mean over the seeds.
    low, high
        Smallest and largest of them.
    deviation
        Standard deviation over the seeds; None for a single one.
    """

    mean: float
    low: float
    high: float
    deviation: float | None = None


@dataclass(frozen=True)
class ModelRow:
    """One line of the comparison table.

    Attributes
    ----------
    name
        Cell of a winner, or name of a baseline.
    is_winner
        Whether this is a network.
    is_best
        Whether this network has the lowest score over the folds.
    cv, cv_folds
        Mean score over the folds and each of them; None and empty if not known.
    holdout
        Metrics on the holdout; of a winner, those of the delivered model.
    seeds
        The score's metric over the seeds that did not diverge; None for a baseline.
    skill
        Share by which the holdout error is smaller than that of the best baseline;
        None for anomalies, where F1 stands beside that of the baselines.
    """

    name: str
    is_winner: bool
    is_best: bool
    cv: float | None
    cv_folds: tuple[float, ...]
    holdout: KindMetrics
    seeds: Spread | None
    skill: float | None
    winner: WinnerResult | None = None


@dataclass(frozen=True)
class ParamRow:
    """One hyperparameter of several configurations side by side."""

    name: str
    values: tuple[Value, ...]

    @property
    def differs(self) -> bool:
        """Whether not all configurations have the same value."""
        return len({(type(value), value) for value in self.values}) > 1


def skill(error: float, reference: float) -> float | None:
    """Return the share by which `error` is smaller than `reference`; None if that is 0.

    Examples
    --------
    >>> skill(3.0, 4.0), skill(5.0, 4.0), skill(1.0, 0.0)
    (0.25, -0.25, None)
    """
    return 1 - error / reference if reference > 0 else None


def best_baseline(baselines: Mapping[str, KindMetrics], score: Score) -> str | None:
    """Return the name of the baseline with the lowest holdout error.

    Of anomalies the one with the highest F1, whatever the score is. None where none has
    an error that is defined.
    """
    errors = {name: error_of(found, score) for name, found in baselines.items()}
    defined = {name: error for name, error in errors.items() if error is not None}
    return min(defined, key=lambda name: defined[name]) if defined else None


def seed_spread(winner: WinnerResult, metric: AnyMetricName | Score) -> Spread | None:
    """Return the metric over the scored seeds; None where one has no such metric."""
    given = [getattr(seed.holdout, metric, None) for seed in winner.seeds]
    values = [float(value) for value in given if value is not None]
    if not values or len(values) < len(given):
        return None
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(float(np.mean(values)), min(values), max(values), deviation)


def model_rows(
    results: StudyResults,
    score: Score,
    fold_baselines: Mapping[str, Sequence[float]] | None = None,
) -> tuple[ModelRow, ...]:
    """Return one row for each winner, lowest fold score first, then the baselines.

    Parameters
    ----------
    results
        What the study found.
    score
        Error that the search minimised; skill is measured in it.
    fold_baselines
        Fold scores of the baselines.
    """
    reference = best_baseline(results.baselines, score)
    rows = [
        _winner_row(cell, winner, results, score)
        for cell, winner in sorted(results.winners.items(), key=lambda pair: pair[1].cv)
    ]
    for name, metrics in results.baselines.items():
        folds = tuple((fold_baselines or {}).get(name, ()))
        rows.append(
            ModelRow(
                name=name,
                is_winner=False,
                is_best=False,
                cv=float(np.mean(folds)) if folds else None,
                cv_folds=folds,
                holdout=metrics,
                seeds=None,
                skill=None
                if name == reference
                else _holdout_skill(metrics, results, score),
            )
        )
    return tuple(rows)


def parameter_rows(configurations: Sequence[Mapping[str, Value]]) -> list[ParamRow]:
    """Return each hyperparameter but the cell, those that differ first."""
    rows = [
        ParamRow(name, tuple(params[name] for params in configurations))
        for name in LIMITS
        if name != "cell" and all(name in params for params in configurations)
    ]
    return sorted(rows, key=lambda row: not row.differs)


def _winner_row(
    cell: Cell, winner: WinnerResult, results: StudyResults, score: Score
) -> ModelRow:
    return ModelRow(
        name=cell,
        is_winner=True,
        is_best=cell == results.best_cell,
        cv=winner.cv,
        cv_folds=winner.cv_folds,
        holdout=winner.holdout,
        seeds=seed_spread(winner, score),
        skill=_holdout_skill(winner.holdout, results, score),
        winner=winner,
    )


def _holdout_skill(
    metrics: KindMetrics, results: StudyResults, score: Score
) -> float | None:
    reference = best_baseline(results.baselines, score)
    if reference is None or isinstance(metrics, AnomalyResult):
        return None
    error = error_of(metrics, score)
    best = error_of(results.baselines[reference], score)
    return None if error is None or best is None else skill(error, best)
