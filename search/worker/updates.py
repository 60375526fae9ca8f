"""One step of an optimizer on one variable, with the sums of Keras."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from search.worker.records import OptimizerName
from search.worker.recurrence.rows import settle

_EPSILON = 1e-7

Slots = tuple[tf.Tensor, ...]
"""What an optimizer remembers of a variable; each has the shape of the variable."""


class UpdateRule(NamedTuple):
    """An optimizer.

    Attributes
    ----------
    n_slots
        Tensors that it remembers for each variable.
    pace
        Returns the rate of one update from the learning rate and the number of the
        update, 1 for the first.
    apply
        Returns the new variable and slots from variable, gradient, slots and rate.
    """

    n_slots: int
    pace: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    apply: Callable[[tf.Tensor, tf.Tensor, Slots, tf.Tensor], tuple[tf.Tensor, Slots]]


def clip(gradient: tf.Tensor, clipnorm: tf.Tensor) -> tf.Tensor:
    """Shorten one gradient to the norm `clipnorm`, as `clipnorm` of Keras does."""
    norm = tf.sqrt(tf.reduce_sum(tf.square(gradient)))
    return gradient * clipnorm / tf.maximum(norm, clipnorm)


def _steady(rate: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    return rate


def _adam_pace(rate: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    count = tf.cast(step, tf.float32)
    return rate * tf.sqrt(1 - 0.999**count) / (1 - 0.9**count)


def _adam(
    variable: tf.Tensor, gradient: tf.Tensor, slots: Slots, rate: tf.Tensor
) -> tuple[tf.Tensor, Slots]:
    momentum, velocity = slots
    momentum += (gradient - momentum) * (1 - 0.9)
    velocity += (tf.square(gradient) - velocity) * (1 - 0.999)
    # Apart from the subtraction, which happens in place and is slow; see `rows`.
    change = settle(momentum / (tf.sqrt(velocity) + _EPSILON))
    return variable - rate * change, (momentum, velocity)


def _rmsprop(
    variable: tf.Tensor, gradient: tf.Tensor, slots: Slots, rate: tf.Tensor
) -> tuple[tf.Tensor, Slots]:
    (velocity,) = slots
    velocity = 0.9 * velocity + (1 - 0.9) * tf.square(gradient)
    change = settle(gradient / tf.sqrt(velocity + _EPSILON))
    return variable - rate * change, (velocity,)


def _sgd(
    variable: tf.Tensor, gradient: tf.Tensor, slots: Slots, rate: tf.Tensor
) -> tuple[tf.Tensor, Slots]:
    return variable - rate * gradient, slots


UPDATE_RULES: dict[OptimizerName, UpdateRule] = {
    "adam": UpdateRule(2, _adam_pace, _adam),
    "rmsprop": UpdateRule(1, _steady, _rmsprop),
    "sgd": UpdateRule(0, _steady, _sgd),
}
