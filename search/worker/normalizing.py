"""Batch normalization where the last batch of an epoch is filled up with padding."""

import keras
import tensorflow as tf


class RealWindows:
    """Tells batch normalization which windows of the batch at hand are no padding.

    Attributes
    ----------
    weights
        1.0 for each real window and 0.0 for padding, of shape (n_windows,). To be set
        before the model is called in training.
    """

    def __init__(self) -> None:
        self.weights: tf.Tensor | None = None


def count_real_windows(model: keras.Model, real: RealWindows) -> None:
    """Make the batch normalizations of `model` take their statistics from `real`.

    `fit` makes the last batch smaller. Compiled programs pad it, and what the padding
    holds must not count; neither do the padded steps of a window that is real.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            _replace_moments(layer, real)


def _replace_moments(layer: keras.layers.BatchNormalization, real: RealWindows) -> None:
    def moments(
        inputs: tf.Tensor, mask: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        assert real.weights is not None
        axes = list(range(inputs.shape.rank - 1))
        weights = tf.reshape(real.weights, [-1] + [1] * len(axes))
        if mask is not None:
            weights *= tf.cast(mask, inputs.dtype)[..., None]
            n_values = tf.reduce_sum(weights)
        else:
            n_steps = tf.cast(tf.size(inputs[0, ..., 0]), inputs.dtype)
            n_values = tf.reduce_sum(weights) * n_steps
        mean = tf.reduce_sum(inputs * weights, axes) / n_values
        squares = tf.square(inputs - mean) * weights
        return mean, tf.reduce_sum(squares, axes) / n_values

    layer._moments = moments
