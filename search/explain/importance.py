"""Permutation importance of inputs and of time steps.

Breiman (2001), https://doi.org/10.1023/A:1010933404324: how much worse the forecasts
become when one input is taken from other windows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from search.evaluation.windows import is_padding

MOST_WINDOWS = 300
MOST_STEPS = 24

Predict = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Measure:
    """What grows where an input is missing.

    Attributes
    ----------
    error
        Gives the error of outputs beside what they should be.
    is_share
        Whether the growth is given as a share of the error.
    """

    error: Callable[[np.ndarray, np.ndarray], float]
    is_share: bool


def mean_absolute_error(found: np.ndarray, actual: np.ndarray) -> float:
    """Return the mean size of the differences."""
    return float(np.abs(found - actual).mean())


def class_error_rate(logits: np.ndarray, actual: np.ndarray) -> float:
    """Return the share of samples whose most probable class is wrong.

    Parameters
    ----------
    logits
        Shape (n_windows, 1, n_classes).
    actual
        Places of the classes, of shape (n_windows,).
    """
    return float((logits[:, 0].argmax(axis=-1) != actual).mean())


def class_log_loss(logits: np.ndarray, actual: np.ndarray) -> float:
    """Return the mean negative logarithm of the probability of the right class."""
    levels = logits[:, 0] - logits[:, 0].max(axis=-1, keepdims=True)
    sums = np.log(np.exp(levels).sum(axis=-1))
    return float((sums - levels[np.arange(len(actual)), actual]).mean())


VALUES = Measure(mean_absolute_error, is_share=True)
ACCURACY = Measure(class_error_rate, is_share=False)
LOG_LOSS = Measure(class_log_loss, is_share=False)


@dataclass(frozen=True)
class Importance:
    """How much the error grows without an input.

    Attributes
    ----------
    names
        What was shuffled.
    means, spreads
        Mean and standard deviation over the repetitions of the growth of the error;
        by default of the mean absolute error as a share of it.
    """

    names: tuple[str, ...]
    means: np.ndarray
    spreads: np.ndarray


def channel_importance(
    predict: Predict,
    past: np.ndarray,
    known: np.ndarray,
    actual: np.ndarray,
    *,
    channels: tuple[str, ...],
    n_repeats: int = 10,
    measure: Measure = VALUES,
) -> Importance:
    """Shuffle one channel at a time, the known values of it together with its past.

    Parameters
    ----------
    predict
        Gives outputs for windows and known values.
    past, known
        See `search.evaluation.windows.Windows`; channels known in advance are the last
        ones of `past`.
    actual
        What the network should give, as `measure` takes it; by default of shape
        (n_windows, horizon, n_targets).
    channels
        Name of each channel of `past`.
    n_repeats
        Shuffles of each channel.
    measure
        What grows.
    """
    n_known = known.shape[-1]

    def shuffled(number: int, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        changed, changed_known = past.copy(), known.copy()
        changed[:, :, number] = _taken(past, order)[:, :, number]
        place = number - (past.shape[-1] - n_known)
        if place >= 0:
            changed_known[:, :, place] = known[order, :, place]
        return changed, changed_known

    return _importance(
        predict, past, known, actual, channels, shuffled, n_repeats, measure
    )


def step_importance(
    predict: Predict,
    past: np.ndarray,
    known: np.ndarray,
    actual: np.ndarray,
    *,
    n_repeats: int = 10,
    measure: Measure = VALUES,
) -> Importance:
    """Shuffle the time steps of the window, at most 24 stretches of them.

    The names say how many rows before the forecast a stretch lies, such as ``1–4``.
    """
    n_steps = past.shape[1]
    edges = np.unique(np.linspace(0, n_steps, min(MOST_STEPS, n_steps) + 1).astype(int))
    spans = list(pairwise(edges))
    names = tuple(
        _span_name(n_steps - stop + 1, n_steps - start) for start, stop in spans
    )

    def shuffled(number: int, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        changed = past.copy()
        start, stop = spans[number]
        changed[:, start:stop] = _taken(past, order)[:, start:stop]
        return changed, known

    return _importance(
        predict, past, known, actual, names, shuffled, n_repeats, measure
    )


def _importance(
    predict: Predict,
    past: np.ndarray,
    known: np.ndarray,
    actual: np.ndarray,
    names: tuple[str, ...],
    shuffled: Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]],
    n_repeats: int,
    measure: Measure,
) -> Importance:
    generator = np.random.default_rng(0)
    error = measure.error(predict(past, known), actual)
    growth = np.zeros((len(names), n_repeats))
    for number in range(len(names)):
        for repeat in range(n_repeats):
            order = generator.permutation(len(past))
            changed = predict(*shuffled(number, order))
            growth[number, repeat] = measure.error(changed, actual) - error
    shares = growth / error if measure.is_share and error else growth
    spreads = shares.std(axis=1, ddof=1) if n_repeats > 1 else np.zeros(len(names))
    return Importance(names, shares.mean(axis=1), spreads)


def _taken(past: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the windows of `order`, with padding where it was and nowhere else."""
    other = past[order]
    stays = is_padding(past) | is_padding(other)
    return np.where(stays[..., None], past, other) if stays.any() else other


def _span_name(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"
