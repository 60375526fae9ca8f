"""Dropout whose rate is a variable, so that a new rate needs no new compilation."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


class RuntimeDropout(keras.layers.Layer):  # type: ignore[misc]
    """Does what `keras.layers.Dropout` does, at a rate that is read when it runs.

    Parameters
    ----------
    rate
        Scalar variable in [0, 1).
    seeds
        Where the random numbers come from; its state may be set and saved.
    name
        Name of the layer.
    """

    def __init__(
        self, rate: tf.Variable, *, seeds: keras.random.SeedGenerator, name: str
    ) -> None:
        super().__init__(name=name)
        self._drop = _dropper(rate, seeds)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return `inputs`, in training with some values 0 and the others enlarged."""
        return self._drop(inputs) if training else inputs


def use_runtime_recurrent_dropout(
    model: keras.Model, rate: tf.Variable, seeds: keras.random.SeedGenerator
) -> None:
    """Make the recurrent layers of `model` drop states at the rate in `rate`.

    They must have been built with a recurrent dropout above 0.
    """
    drop = _dropper(rate, seeds)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Bidirectional):
            _replace_mask(layer.forward_layer.cell, drop)
            _replace_mask(layer.backward_layer.cell, drop)
        elif isinstance(layer, keras.layers.RNN):
            _replace_mask(layer.cell, drop)


def _dropper(
    rate: tf.Variable, seeds: keras.random.SeedGenerator
) -> Callable[[tf.Tensor], tf.Tensor]:
    def drop(values: tf.Tensor) -> tf.Tensor:
        seed = tf.cast(seeds.next(), tf.int32)
        return tf.nn.experimental.stateless_dropout(values, rate=rate, seed=seed)

    return drop


def _replace_mask(cell: Any, drop: Callable[[tf.Tensor], tf.Tensor]) -> None:
    def get_recurrent_dropout_mask(state: tf.Tensor) -> Any:
        # The layer empties `_recurrent_dropout_mask` after each call, so that one
        # mask serves all time steps of a batch.
        if getattr(cell, "_recurrent_dropout_mask", None) is None:
            masks = [
                drop(tf.ones_like(state))
                for _ in range(getattr(cell, "dropout_mask_count", None) or 1)
            ]
            is_single = getattr(cell, "dropout_mask_count", None) is None
            cell._recurrent_dropout_mask = masks[0] if is_single else masks
        return cell._recurrent_dropout_mask

    cell.get_recurrent_dropout_mask = get_recurrent_dropout_mask
