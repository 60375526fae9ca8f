"""What a network is trained on: the loss of each value, and its slope.

Both engines take loss and slope from here, so that they cannot differ. Which loss of
numbers it is, is a value of the compiled program; classes are part of its structure.
"""

from typing import NamedTuple, get_args

import tensorflow as tf

from search.space.lines import LossName
from search.worker.gathering import SeriesTensors
from search.worker.models import NetworkShape
from search.worker.records import EpochArguments

LOSSES: tuple[LossName, ...] = get_args(LossName)
HUBER_DELTA = 1.0
_LOWEST = 1e-7
"""Below it a value counts as this one where its logarithm is taken, as in Keras."""


class Units(NamedTuple):
    """How framed values of some windows become values in original units.

    Attributes
    ----------
    scale
        Factor of each target, (n_windows, 1, n_targets).
    shift
        What is added to the product, (n_windows, horizon, n_targets).
    """

    scale: tf.Tensor
    shift: tf.Tensor


class Judgement(NamedTuple):
    """What a loss says about outputs.

    Attributes
    ----------
    each
        Loss of each value, (n_windows, horizon, n_targets).
    slope
        Derivative of its loss with respect to each output, of the shape of the
        outputs.
    """

    each: tf.Tensor
    slope: tf.Tensor


class NumberSums(NamedTuple):
    """Sums over validation windows and steps, (n_targets,), in scaled units."""

    squared: tf.Tensor
    absolute: tf.Tensor


class ClassSums(NamedTuple):
    """Sums over validation windows and steps.

    Attributes
    ----------
    log_loss
        Minus the logarithm of the probability of the true class, (n_targets,).
    errors
        Windows and steps of which another class is the likeliest, (n_targets,).
    confusion
        How often a true class (row) was taken for a class (column), over all targets,
        (n_classes, n_classes).
    """

    log_loss: tf.Tensor
    errors: tf.Tensor
    confusion: tf.Tensor


def gather_units(series: SeriesTensors, origins: tf.Tensor) -> Units:
    """Gather what takes the values ahead of `origins` back to original units.

    The scale is that of the last row of the window.
    """
    scale = tf.gather(series.scale, origins - 1)[:, None, :]
    base = tf.gather(series.targets, origins[:, None] + series.base_offsets)
    center = tf.gather(series.center, origins - 1)[:, None, :]
    return Units(scale, base * series.flags[1] * scale + center)


def judge_numbers(
    outputs: tf.Tensor, targets: tf.Tensor, units: Units, loss: tf.Tensor
) -> Judgement:
    """Judge forecasts of numbers.

    ``huber`` is that of Keras with delta 1, in scaled units. ``msle`` is the squared
    difference of ``log(1 + value)`` in original units, where a value below 0 counts
    as 0.

    Parameters
    ----------
    outputs, targets
        What the network gives and should give, (n_windows, horizon, n_targets), scaled
        and framed.
    units
        See `Units`.
    loss
        Its place in `LOSSES`.
    """
    error = outputs - targets
    size = tf.abs(error)
    is_small = size <= HUBER_DELTA
    output, target = (one * units.scale + units.shift for one in (outputs, targets))
    positive = tf.maximum(output, _LOWEST)
    ratio = tf.math.log(positive + 1) - tf.math.log(tf.maximum(target, _LOWEST) + 1)
    of_ratio = tf.where(output >= _LOWEST, units.scale / (positive + 1), 0.0)
    known: dict[LossName, tuple[tf.Tensor, tf.Tensor]] = {
        "mse": (tf.square(error), 2 * error),
        "mae": (size, tf.sign(error)),
        "huber": (
            tf.where(
                is_small,
                0.5 * tf.square(error),
                HUBER_DELTA * (size - 0.5 * HUBER_DELTA),
            ),
            tf.where(is_small, error, HUBER_DELTA * tf.sign(error)),
        ),
        "msle": (tf.square(ratio), 2 * ratio * of_ratio),
    }
    each, slope = known["mse"]
    for name in ("mae", "huber", "msle"):
        is_it = tf.equal(loss, LOSSES.index(name))
        each = tf.where(is_it, known[name][0], each)
        slope = tf.where(is_it, known[name][1], slope)
    return Judgement(each, slope)


def judge_classes(
    logits: tf.Tensor, classes: tf.Tensor, weights: tf.Tensor
) -> Judgement:
    """Judge forecasts of classes by their cross entropy.

    Parameters
    ----------
    logits
        Shape (n_windows, horizon, n_targets, n_classes).
    classes
        Number of the true class as a float, (n_windows, horizon, n_targets).
    weights
        Weight of each true class in the loss, (n_classes,).
    """
    true = _one_hot(classes, logits)
    weight = tf.reduce_sum(true * weights, -1)
    each = -tf.reduce_sum(true * tf.nn.log_softmax(logits), -1) * weight
    return Judgement(each, (tf.nn.softmax(logits) - true) * weight[..., None])


def judge(
    outputs: tf.Tensor,
    targets: tf.Tensor,
    units: Units,
    given: EpochArguments,
    shape: NetworkShape,
) -> Judgement:
    """Judge the outputs of a network of `shape` by the loss that `given` names.

    Parameters
    ----------
    outputs
        Shape (n_windows, horizon, n_outputs).
    targets
        Shape (n_windows, horizon, n_targets).
    units
        See `Units`.
    """
    if not shape.n_classes:
        return judge_numbers(outputs, targets, units, given.loss)
    logits = _as_logits(outputs, shape)
    each, slope = judge_classes(logits, targets, given.class_weights)
    return Judgement(each, tf.reshape(slope, tf.shape(outputs)))


def differentiable_losses(
    outputs: tf.Tensor,
    targets: tf.Tensor,
    units: Units,
    given: EpochArguments,
    shape: NetworkShape,
) -> tf.Tensor:
    """Return the losses of `judge`, for a gradient that TensorFlow takes."""

    def losses(outputs: tf.Tensor) -> tuple[tf.Tensor, object]:
        each, slope = judge(outputs, targets, units, given, shape)

        def back(upstream: tf.Tensor) -> tf.Tensor:
            n_classes = max(shape.n_classes, 1)
            return tf.repeat(upstream, n_classes, axis=-1) * slope

        return each, back

    each: tf.Tensor = tf.custom_gradient(losses)(outputs)
    return each


def no_sums(shape: NetworkShape) -> NumberSums | ClassSums:
    """Return the sums before the first validation batch."""
    nothing = tf.zeros([shape.n_targets], tf.float64)
    if not shape.n_classes:
        return NumberSums(nothing, nothing)
    confusion = tf.zeros([shape.n_classes, shape.n_classes], tf.float64)
    return ClassSums(nothing, nothing, confusion)


def add_sums(
    sums: NumberSums | ClassSums,
    outputs: tf.Tensor,
    targets: tf.Tensor,
    counts: tf.Tensor,
    shape: NetworkShape,
) -> NumberSums | ClassSums:
    """Add a batch to the validation sums.

    Parameters
    ----------
    outputs, targets
        As of `judge`.
    counts
        1.0 for each window that counts, else 0.0; (n_windows,).
    """
    if isinstance(sums, NumberSums):
        error = tf.where(counts[:, None, None] > 0, outputs - targets, 0.0)
        error = tf.cast(error, tf.float64)
        return NumberSums(
            sums.squared + tf.reduce_sum(tf.square(error), axis=[0, 1]),
            sums.absolute + tf.reduce_sum(tf.abs(error), axis=[0, 1]),
        )
    logits = _as_logits(outputs, shape)
    counted = counts[:, None, None] > 0
    true = tf.where(counted[..., None], _one_hot(targets, logits), 0.0)
    given = _one_hot(tf.argmax(logits, -1), logits)
    loss = tf.where(counted, -tf.reduce_sum(true * tf.nn.log_softmax(logits), -1), 0.0)
    wrong = tf.reduce_sum(true * (1 - given), -1)
    true, given, loss, wrong = (
        tf.cast(one, tf.float64) for one in (true, given, loss, wrong)
    )
    return ClassSums(
        sums.log_loss + tf.reduce_sum(loss, axis=[0, 1]),
        sums.errors + tf.reduce_sum(wrong, axis=[0, 1]),
        sums.confusion + tf.einsum("whtc,whtd->cd", true, given),
    )


def _as_logits(outputs: tf.Tensor, shape: NetworkShape) -> tf.Tensor:
    """Return the logits of each target apart; one target has them side by side."""
    return tf.reshape(outputs, [-1, shape.horizon, shape.n_targets, shape.n_classes])


def _one_hot(classes: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.one_hot(tf.cast(classes, tf.int32), logits.shape[-1])
