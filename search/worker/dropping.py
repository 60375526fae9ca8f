"""Dropout whose rate is a variable, so that a new rate needs no new compilation."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def dropout_mask(
    shape: list[int], rate: tf.Tensor, words: list[tf.Tensor]
) -> tf.Tensor:
    """Return factors that drop values: 0, or 1 / (1 - rate).

    The random numbers are a hash of the place and of `words`, in a few integer
    operations: the generators of TensorFlow made a quarter of the whole program.

    Parameters
    ----------
    shape
        Shape of the mask.
    rate
        Scalar in [0, 1).
    words
        At most four integers that decide the mask; other words give another one.
    """
    # Odd factors far apart, so that no small words make up for others.
    factors = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)
    parts = [
        tf.cast(word, tf.uint32) * np.uint32(factor)
        for word, factor in zip(words, factors, strict=False)
    ]
    seed = _scramble(tf.add_n(parts))
    places = tf.range(math.prod(shape), dtype=tf.int32)
    bits = _scramble(tf.cast(places, tf.uint32) * np.uint32(factors[0]) + seed)
    # The upper 24 bits fill the fraction of a float32 exactly.
    uniform = tf.cast(tf.bitwise.right_shift(bits, np.uint32(8)), tf.float32) * 2**-24
    kept = tf.cast(uniform >= rate, tf.float32) / (1 - rate)
    return tf.reshape(kept, shape)


def _scramble(bits: tf.Tensor) -> tf.Tensor:
    """Spread each bit over all others: the last steps of the hash MurmurHash3."""
    bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint32(16)))
    bits *= np.uint32(0x85EBCA6B)
    bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint32(13)))
    bits *= np.uint32(0xC2B2AE35)
    return tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint32(16)))


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
        self.supports_masking = True  # hands on which steps are padding
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
