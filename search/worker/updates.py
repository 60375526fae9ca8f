"""One step of an optimizer on one variable, with the sums of Keras."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from search.worker.records import OptimizerName
from search.worker.recurrence.rows import settle

_EPSILON = 1e-7

Slots = tuple[tf.Tensor, ...]
"""What an optimizer remembers of a variable; each has the shape of the variable."""


class Pace(NamedTuple):
    """Learning rate, number of this step (1 for the first), and clipnorm."""

    rate: tf.Tensor
    step: tf.Tensor
    clipnorm: tf.Tensor


class UpdateRule(NamedTuple):
    """An optimizer.

    Attributes
    ----------
    n_slots
        Tensors that it remembers for each variable.
    apply
        Returns the new variable and slots from variable, gradient, slots and pace.
    """

    n_slots: int
    apply: Callable[[tf.Tensor, tf.Tensor, Slots, Pace], tuple[tf.Tensor, Slots]]


def clip(gradient: tf.Tensor, clipnorm: tf.Tensor) -> tf.Tensor:
    """Shorten one gradient to the norm `clipnorm`, as `clipnorm` of Keras does."""
    norm = tf.sqrt(tf.reduce_sum(tf.square(gradient)))
    return gradient * clipnorm / tf.maximum(norm, clipnorm)


def _adam(
    variable: tf.Tensor, gradient: tf.Tensor, slots: Slots, pace: Pace
) -> tuple[tf.Tensor, Slots]:
    momentum, velocity = slots
    step = tf.cast(pace.step, tf.float32)
    rate = pace.rate * tf.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    momentum += (gradient - momentum) * (1 - 0.9)
    velocity += (tf.square(gradient) - velocity) * (1 - 0.999)
    # Apart from the subtraction, which happens in place and is slow; see `rows`.
    change = settle(momentum / (tf.sqrt(velocity) + _EPSILON))
    return variable - rate * change, (momentum, velocity)


def _rmsprop(
    variable: tf.Tensor, gradient: tf.Tensor, slots: Slots, pace: Pace
) -> tuple[tf.Tensor, Slots]:
    (velocity,) = slots
    velocity = 0.9 * velocity + (1 - 0.9) * tf.square(gradient)
    change = settle(gradient / tf.sqrt(velocity + _EPSILON))
    return variable - pace.rate * change, (velocity,)


def _sgd(
    variable: tf.Tensor, gradient: tf.Tensor, slots: Slots, pace: Pace
) -> tuple[tf.Tensor, Slots]:
    return variable - pace.rate * gradient, slots


UPDATE_RULES: dict[OptimizerName, UpdateRule] = {
    "adam": UpdateRule(2, _adam),
    "rmsprop": UpdateRule(1, _rmsprop),
    "sgd": UpdateRule(0, _sgd),
}
