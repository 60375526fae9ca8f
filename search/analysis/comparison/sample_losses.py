"""One loss for each held-out sample of any task, from which verdicts are made."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.config import Task
from search.evaluation.class_metrics import class_losses


@dataclass(frozen=True)
class Measure:
    """What the mean loss of a model is, and how it is said.

    Attributes
    ----------
    verb
        What a model does with the samples, with ``{value}`` for how well.
    sample, samples
        What one sample is called, and several of them.
    power
        Power of the errors in the losses; the root of their mean is what is said.
    is_share
        Whether losses are shares, which are said in percent of what is right.
    """

    verb: str
    sample: str
    samples: str
    power: int = 1
    is_share: bool = False

    def size(self, losses: np.ndarray) -> float:
        """Return the error that the losses make."""
        return float(losses.mean() ** (1 / self.power))

    def say(self, losses: np.ndarray) -> str:
        """Return what a model with these losses does, as the rest of a sentence."""
        return self.verb.format(value=self.number(losses))

    def number(self, losses: np.ndarray) -> str:
        """Return how well a model with these losses does, in percent if a share."""
        size = self.size(losses)
        if not self.is_share:
            return in_digits(size)
        percent = f"{100 * (1 - size):.1f}"
        return percent.removesuffix(".0")


def in_digits(value: float) -> str:
    """Return a number with three digits, large ones without an exponent.

    Examples
    --------
    >>> in_digits(0.12345), in_digits(12345.6)
    ('0.123', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def measure_of(task: Task) -> Measure:
    """Return how the losses of a task are said."""
    if task.kind == "anomaly":
        return Measure(
            "calls {value} % of the rows rightly, normal and anomalous ones with equal "
            "weight",
            "row",
            "rows",
            is_share=True,
        )
    sample, samples = _sample_words(task)
    if task.score == "error_rate":
        return Measure(
            f"classifies {{value}} % of the {samples} right",
            sample,
            samples,
            is_share=True,
        )
    if task.score == "f1_error":
        return Measure(
            f"classifies {{value}} % of the {samples} right as a mean over the classes",
            sample,
            samples,
            is_share=True,
        )
    if task.score == "log_loss":
        return Measure("has a log loss of {value}", sample, samples)
    name = "mean absolute error" if task.score == "mae" else "error (RMSE)"
    power = 1 if task.score == "mae" else 2
    verb = f"has a {name} of {{value}}" if power == 1 else f"has an {name} of {{value}}"
    return Measure(verb, sample, samples, power=power)


def number_losses(
    actual: np.ndarray, predicted: np.ndarray, weights: np.ndarray, task: Task
) -> np.ndarray:
    """Return the mean absolute or squared error of each sample, of shape (n_samples,).

    Parameters
    ----------
    actual, predicted
        Shape (n_samples, …, n_targets).
    weights
        Weight of each target, see `search.evaluation.metrics.target_weights`.
    task
        Its score says whether errors are squared.
    """
    sizes = np.abs(predicted - actual) * weights
    powered = sizes**2 if task.score == "rmse" else sizes
    losses: np.ndarray = powered.reshape(len(powered), -1).mean(axis=1)
    return losses


def classes_losses(
    actual: np.ndarray, probabilities: np.ndarray, task: Task
) -> np.ndarray:
    """Return the loss of each sample by the score of the study, of shape (n_samples,).

    Macro F1 is no mean over samples. In its place wrong calls count, each class with
    the same weight in all.
    """
    losses = class_losses(actual, probabilities, task.score)
    return losses * balance(actual) if task.score == "f1_error" else losses


def anomaly_losses(labels: np.ndarray, is_called: np.ndarray) -> np.ndarray:
    """Return wrong calls of labelled rows, anomalous and normal ones of equal weight.

    Their mean is that of false-alarm rate and missing rate, ½ for "never" and "always".
    """
    is_anomalous = labels != 0
    wrong = (is_anomalous != is_called).astype(np.float64)
    losses: np.ndarray = wrong * balance(is_anomalous.astype(np.int64))
    return losses


def balance(places: np.ndarray) -> np.ndarray:
    """Return weights with mean 1 that give each class that occurs the same share.

    Examples
    --------
    >>> balance(np.array([0, 0, 0, 1])).tolist()
    [0.6666666666666666, 0.6666666666666666, 0.6666666666666666, 2.0]
    """
    _, inverse, counts = np.unique(places, return_inverse=True, return_counts=True)
    weights: np.ndarray = len(places) / (len(counts) * counts[inverse])
    return weights


def _sample_words(task: Task) -> Sequence[str]:
    if task.kind == "forecasting":
        return "forecast", "forecasts"
    if task.kind == "labelling":
        return "row", "rows"
    return (
        ("window", "windows")
        if task.samples == "sliding"
        else (
            "sequence",
            "sequences",
        )
    )
