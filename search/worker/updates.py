"""One step of an optimizer on one variable, with the sums of Keras."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from search.worker.records import OptimizerName

_EPSILON = 1e-7

Slots = tuple[tf.Tensor, ...]
"""What an optimizer remembers of a variable; each has the shape of the variable."""


class UpdateRule(NamedTuple):
    """An optimizer.

    A variable changes by minus the rate times the direction.

    Attributes
    ----------
    n_slots
        Tensors that it remembers for each variable.
    pace
        Returns the rate of one update from the learning rate and the number of the
        update, 1 for the first.
    remember
        Returns the new slots from the gradient and the old ones.
    direction
        Returns the direction from the gradient and the new slots.
    """

    n_slots: int
    pace: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    remember: Callable[[tf.Tensor, Slots], Slots]
    direction: Callable[[tf.Tensor, Slots], tf.Tensor]


def clip(gradient: tf.Tensor, clipnorm: tf.Tensor) -> tf.Tensor:
    """Shorten one gradient to the norm `clipnorm`, as `clipnorm` of Keras does."""
    norm = tf.sqrt(tf.reduce_sum(tf.square(gradient)))
    return gradient * clipnorm / tf.maximum(norm, clipnorm)


def _steady(rate: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    return rate


def _adam_pace(rate: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    count = tf.cast(step, tf.float32)
    return rate * tf.sqrt(1 - 0.999**count) / (1 - 0.9**count)


def _adam_slots(gradient: tf.Tensor, slots: Slots) -> Slots:
    momentum, velocity = slots
    return (
        momentum + (gradient - momentum) * (1 - 0.9),
        velocity + (tf.square(gradient) - velocity) * (1 - 0.999),
    )


def _adam_direction(gradient: tf.Tensor, slots: Slots) -> tf.Tensor:
    momentum, velocity = slots
    return momentum / (tf.sqrt(velocity) + _EPSILON)


def _rmsprop_slots(gradient: tf.Tensor, slots: Slots) -> Slots:
    (velocity,) = slots
    return (0.9 * velocity + (1 - 0.9) * tf.square(gradient),)


def _rmsprop_direction(gradient: tf.Tensor, slots: Slots) -> tf.Tensor:
    (velocity,) = slots
    return gradient / tf.sqrt(velocity + _EPSILON)


def _sgd_slots(gradient: tf.Tensor, slots: Slots) -> Slots:
    return slots


def _sgd_direction(gradient: tf.Tensor, slots: Slots) -> tf.Tensor:
    return gradient


UPDATE_RULES: dict[OptimizerName, UpdateRule] = {
    "adam": UpdateRule(2, _adam_pace, _adam_slots, _adam_direction),
    "rmsprop": UpdateRule(1, _steady, _rmsprop_slots, _rmsprop_direction),
    "sgd": UpdateRule(0, _steady, _sgd_slots, _sgd_direction),
}
