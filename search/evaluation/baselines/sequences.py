"""Baselines of values and classes, on the samples of the networks."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from search.config import Task
from search.evaluation.baselines.features import flat_windows, window_features
from search.evaluation.baselines.ridge import PENALTIES
from search.evaluation.class_metrics import class_score
from search.evaluation.metrics import combine_targets, target_weights
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, SampleSplit
from search.evaluation.scaling import fit_values

VALUE_NAMES = ("mean", "ridge_features")
CLASS_NAMES = ("majority", "nearest", "logistic")
MOST_SAMPLES = 20_000
MOST_PRODUCTS = 4_000_000_000
"""Multiplications of the nearest neighbour on one split; some seconds."""
_BATCH = 256

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SampleBaselines:
    """What the baselines say of the samples of one study.

    Attributes
    ----------
    fold_scores
        Score on each fold; only of those baselines that every fold can have.
    holdout
        For each holdout sample values of shape (n_samples, n_targets), in original
        units, or probabilities of shape (n_samples, n_classes).
    absent
        For each baseline that has none for the holdout, why.
    """

    fold_scores: dict[str, tuple[float, ...]]
    holdout: dict[str, np.ndarray]
    absent: dict[str, str]


class _Absent(Exception):
    """A baseline that these samples cannot have, and why."""


def sample_baselines(
    panel: Panel,
    plan: SamplePlan,
    task: Task,
    *,
    sequence_length: int,
    names: Collection[str] = (*VALUE_NAMES, *CLASS_NAMES),
) -> SampleBaselines:
    """Fit every baseline on every fold and on all before the holdout.

    Parameters
    ----------
    panel, plan, task
        What the networks learn from, are judged on and are asked for.
    sequence_length
        Rows of a window.
    names
        Which baselines; those of another task are left out.
    """
    known = CLASS_NAMES if task.has_classes else VALUE_NAMES
    chosen = [name for name in known if name in names]
    learned = plan.samples.usable(plan.final.training, sequence_length)
    weights = target_weights(_answers(panel, plan, learned))
    scores: dict[str, list[float]] = {name: [] for name in chosen}
    for fold in plan.folds:
        found, _ = _outputs(panel, plan, fold, task, sequence_length, chosen)
        actual = _answers(panel, plan, fold.validation)
        for name, output in found.items():
            scores[name].append(_score(actual, output, weights, task))
    holdout, absent = _outputs(panel, plan, plan.final, task, sequence_length, chosen)
    complete = {
        name: tuple(values)
        for name, values in scores.items()
        if len(values) == len(plan.folds)
    }
    return SampleBaselines(complete, holdout, absent)


def _score(
    actual: np.ndarray, output: np.ndarray, weights: np.ndarray, task: Task
) -> float:
    if task.has_classes:
        return class_score(actual[:, 0].astype(np.int64), output, task.score)
    error = output - actual
    squared, absolute = (error**2).mean(axis=0), np.abs(error).mean(axis=0)
    return combine_targets(squared, absolute, weights, task.score)


def _answers(panel: Panel, plan: SamplePlan, stops: np.ndarray) -> np.ndarray:
    answers: np.ndarray = panel.targets[plan.samples.target_rows(stops)[:, 0]]
    return answers


def _outputs(
    panel: Panel,
    plan: SamplePlan,
    split: SampleSplit,
    task: Task,
    sequence_length: int,
    names: Collection[str],
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    training = plan.samples.usable(split.training, sequence_length)
    answers = _answers(panel, plan, training)
    n_judged = len(split.validation)
    n_classes = len(task.classes)

    def features() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        some = _spread(len(training))
        learned, judged = (
            window_features(panel, stops, sequence_length=sequence_length)
            for stops in (training[some], split.validation)
        )
        scaler = fit_values(learned, "standard")
        return scaler.transform(learned), answers[some], scaler.transform(judged)

    def nearest() -> np.ndarray:
        scaler = fit_values(panel.values[split.rows], "standard")
        values = scaler.transform(panel.values)
        cost = len(training) * (len(training) + n_judged)
        cost *= sequence_length * panel.n_channels
        if cost > MOST_PRODUCTS:
            raise _Absent(
                f"{len(training)} samples of {sequence_length} rows and "
                f"{panel.n_channels} columns are too many to compare each with each"
            )
        learned, judged = (
            flat_windows(panel, stops, sequence_length=sequence_length, values=values)
            for stops in (training, split.validation)
        )
        return _nearest(learned, _places(answers), judged, n_classes)

    methods: dict[str, Callable[[], np.ndarray]] = {
        "mean": lambda: np.repeat(answers.mean(axis=0)[None], n_judged, axis=0),
        "ridge_features": lambda: _ridge(*features()),
        "majority": lambda: _majority(_places(answers), n_judged, n_classes),
        "nearest": nearest,
        "logistic": lambda: _logistic(*features(), n_classes),
    }
    found, absent = {}, {}
    for name in names:
        try:
            found[name] = _finite(methods[name]())
        except _Absent as reason:
            absent[name] = str(reason)
        except (ValueError, np.linalg.LinAlgError) as error:
            logger.warning("A baseline could not be fitted.", exc_info=True)
            absent[name] = f"could not be fitted: {error}"
    return found, absent


def _spread(n_samples: int) -> np.ndarray:
    """Return at most 20,000 places, evenly spaced over all of them."""
    n_chosen = min(n_samples, MOST_SAMPLES)
    return np.linspace(0, n_samples - 1, n_chosen).round().astype(np.int64)


def _places(answers: np.ndarray) -> np.ndarray:
    places: np.ndarray = answers[:, 0].astype(np.int64)
    return places


def _ridge(learned: np.ndarray, answers: np.ndarray, judged: np.ndarray) -> np.ndarray:
    # scikit-learn takes a second to import, and pages import this package too.
    from sklearn.linear_model import RidgeCV

    if len(learned) < 10:
        raise _Absent(f"{len(learned)} samples to learn from, 10 are needed")
    model = RidgeCV(alphas=PENALTIES).fit(learned, answers)
    return np.asarray(model.predict(judged)).reshape(len(judged), -1)


def _majority(places: np.ndarray, n_judged: int, n_classes: int) -> np.ndarray:
    """Say the shares of the classes, counting one sample more of each."""
    counts = np.bincount(places, minlength=n_classes) + 1.0
    return np.repeat((counts / counts.sum())[None], n_judged, axis=0)


def _nearest(
    learned: np.ndarray, places: np.ndarray, judged: np.ndarray, n_classes: int
) -> np.ndarray:
    """Give the class of the nearest window the share of windows that it is right for.

    That share is found among the windows learned from, each without itself.
    """
    itself = np.arange(len(learned))
    n_wrong = int((places[_closest(learned, learned, itself)] != places).sum())
    wrong = (n_wrong + 1) / (len(learned) + 2)
    called = places[_closest(judged, learned, None)]
    probabilities = np.full((len(judged), n_classes), wrong / (n_classes - 1))
    probabilities[np.arange(len(judged)), called] = 1 - wrong
    return probabilities


def _closest(
    wanted: np.ndarray, learned: np.ndarray, without: np.ndarray | None
) -> np.ndarray:
    lengths = (learned**2).sum(axis=1)
    found = np.empty(len(wanted), dtype=np.int64)
    for first in range(0, len(wanted), _BATCH):
        some = wanted[first : first + _BATCH]
        distances = lengths - 2 * some @ learned.T
        if without is not None:
            here = np.arange(len(some))
            distances[here, without[first : first + _BATCH]] = np.inf
        found[first : first + _BATCH] = distances.argmin(axis=1)
    return found


def _logistic(
    learned: np.ndarray, answers: np.ndarray, judged: np.ndarray, n_classes: int
) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    places = _places(answers)
    if len(np.unique(places)) < 2:
        raise _Absent("one class only to learn from")
    model = LogisticRegression(max_iter=1_000).fit(learned, places)
    probabilities = np.zeros((len(judged), n_classes))
    probabilities[:, model.classes_] = model.predict_proba(judged)
    return probabilities


def _finite(output: np.ndarray) -> np.ndarray:
    if not np.isfinite(output).all():
        raise _Absent("its outputs are not finite numbers")
    return output
