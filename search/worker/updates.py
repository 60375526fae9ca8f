"""One step of an optimizer on one variable, with the sums of Keras."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from search.space.lines import OptimizerName

_EPSILON = 1e-7
MOMENTUM = 0.9

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
    remember
        Returns the new slots from the gradient, the old ones and the rate.
    change
        Returns what is taken off the variable, from the gradient, the new slots and
        the rate.
    """

    n_slots: int
    pace: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    remember: Callable[[tf.Tensor, Slots, tf.Tensor], Slots]
    change: Callable[[tf.Tensor, Slots, tf.Tensor], tf.Tensor]


def clip(
    gradient: tf.Tensor, clipnorm: tf.Tensor, is_clipping_values: tf.Tensor
) -> tf.Tensor:
    """Shorten one gradient as `clipnorm` of Keras does, or as its `clipvalue` does.

    Parameters
    ----------
    clipnorm
        Longest norm, or the largest absolute value of an entry.
    is_clipping_values
        Whether it is that of an entry.
    """
    norm = tf.sqrt(tf.reduce_sum(tf.square(gradient)))
    shortened = gradient * clipnorm / tf.maximum(norm, clipnorm)
    return tf.where(
        is_clipping_values, tf.clip_by_value(gradient, -clipnorm, clipnorm), shortened
    )


def _steady(rate: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    return rate


def _adam_pace(rate: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    count = tf.cast(step, tf.float32)
    return rate * tf.sqrt(1 - 0.999**count) / (1 - 0.9**count)


def _adam_slots(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor) -> Slots:
    momentum, velocity = slots
    return (
        momentum + (gradient - momentum) * (1 - 0.9),
        velocity + (tf.square(gradient) - velocity) * (1 - 0.999),
    )


def _adam_change(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor) -> tf.Tensor:
    momentum, velocity = slots
    return rate * (momentum / (tf.sqrt(velocity) + _EPSILON))


def _rmsprop_slots(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor) -> Slots:
    (velocity,) = slots
    return (0.9 * velocity + (1 - 0.9) * tf.square(gradient),)


def _rmsprop_change(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor) -> tf.Tensor:
    (velocity,) = slots
    return rate * (gradient / tf.sqrt(velocity + _EPSILON))


def _sgd_slots(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor) -> Slots:
    return slots


def _sgd_change(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor) -> tf.Tensor:
    return rate * gradient


def _momentum_slots(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor) -> Slots:
    (velocity,) = slots
    return (MOMENTUM * velocity - rate * gradient,)


def _momentum_change(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor) -> tf.Tensor:
    (velocity,) = slots
    return -velocity


UPDATE_RULES: dict[OptimizerName, UpdateRule] = {
    "adam": UpdateRule(2, _adam_pace, _adam_slots, _adam_change),
    "rmsprop": UpdateRule(1, _steady, _rmsprop_slots, _rmsprop_change),
    "sgd": UpdateRule(0, _steady, _sgd_slots, _sgd_change),
    "momentum": UpdateRule(1, _steady, _momentum_slots, _momentum_change),
}
