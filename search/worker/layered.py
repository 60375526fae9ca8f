"""The epoch of any Keras model, its gradient taken by TensorFlow.

For networks that `search.worker.stacked` cannot train. The numbers are the same; a
program serves one structure only.
"""

from functools import partial

import keras
import numpy as np
import tensorflow as tf

from search.worker.convolving import use_products
from search.worker.dropping import RuntimeDropout, use_runtime_recurrent_dropout
from search.worker.gathering import gather_batch
from search.worker.losses import (
    ClassSums,
    NumberSums,
    add_sums,
    differentiable_losses,
    gather_units,
    no_sums,
)
from search.worker.models import NetworkShape, as_inputs, build_model
from search.worker.normalizing import RealWindows, count_real_windows
from search.worker.records import EpochArguments, EpochResult, ProgramKey
from search.worker.recurrence.layers import use_compiled_recurrence
from search.worker.updates import MOMENTUM, clip

_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
    "momentum": partial(keras.optimizers.SGD, momentum=MOMENTUM),
}
_KERNELS = ("kernel", "recurrent_kernel")
_Tensors = tuple[tf.Tensor, ...]


class LayeredNetwork:
    """Trains the Keras model of `key.shape`.

    The variables of the model are a workplace only: each epoch begins by assigning
    the state to them.
    """

    def __init__(self, key: ProgramKey) -> None:
        self._shape = key.shape
        self._batch_size = key.batch_size
        self._dropout = tf.Variable(0.0, trainable=False)
        self._recurrent_dropout = tf.Variable(0.0, trainable=False)
        self._seeds = keras.random.SeedGenerator(0)
        self._real = RealWindows()
        self._model = self._build_model()
        self._optimizer = _OPTIMIZERS[key.optimizer]()
        self._optimizer.build(self._model.trainable_variables)
        # The running statistics of normalizations are among them, at their places.
        self._weights = [one.value for one in self._model.weights]
        self._slots = [one.value for one in self._optimizer.variables]
        self._fresh_slots = tuple(tf.identity(one) for one in self._slots)

    def pack(
        self, weights: list[np.ndarray], *, learning_rate: float, seed: int
    ) -> _Tensors:
        """Return the state before training, from weights in the order of Keras."""
        rate = tf.constant(learning_rate, tf.float32)
        random = tf.constant([seed % 2**31, 0], self._seeds.state.dtype)
        fresh = (*map(tf.constant, weights), *self._fresh_slots, random)
        return self._with_rate(fresh, rate)

    def with_rate(self, state: _Tensors, learning_rate: float) -> _Tensors:
        """Return `state` with another learning rate."""
        return self._with_rate(state, tf.constant(learning_rate, tf.float32))

    def unpack(self, state: _Tensors, shape: NetworkShape) -> list[np.ndarray]:
        """Return the weights of a network of `shape` in the order of Keras."""
        return [one.numpy() for one in state[: len(self._weights)]]

    def epoch(self, state: _Tensors, given: EpochArguments) -> EpochResult:
        """Train on the windows in their order, then validate."""
        self._dropout.assign(given.dropout)
        self._recurrent_dropout.assign(given.recurrent_dropout)
        variables = [*self._weights, *self._slots, self._seeds.state.value]
        for variable, tensor in zip(variables, state, strict=True):
            variable.assign(tensor)
        loss = self._train(given)
        sums = self._validate(given)
        state = tuple(tf.identity(one) for one in variables)
        return EpochResult(state, loss, sums)

    def _with_rate(self, state: _Tensors, rate: tf.Tensor) -> _Tensors:
        # By identity: `==` between variables compares their values.
        is_rate = [
            one is self._optimizer.learning_rate for one in self._optimizer.variables
        ]
        place = len(self._weights) + is_rate.index(True)
        return (*state[:place], rate, *state[place + 1 :])

    def _penalty(self) -> tf.Tensor:
        """Return the sum of the squares of all kernels."""
        variables = self._model.trainable_variables
        kernels = [one.value for one in variables if one.name in _KERNELS]
        return tf.add_n([tf.reduce_sum(tf.square(one)) for one in kernels])

    def _build_model(self) -> keras.Model:
        """Build the network with dropout that reads its rates from variables."""

        def dropout_layer(rate: tf.Variable, name: str) -> RuntimeDropout:
            return RuntimeDropout(rate, seeds=self._seeds, name=name)

        model = build_model(
            self._shape,
            dropout=self._dropout,
            recurrent_dropout=0.5,  # any rate; the one in use is a variable
            dropout_layer=dropout_layer,
        )
        if self._shape.has_recurrent_dropout:
            use_runtime_recurrent_dropout(model, self._recurrent_dropout, self._seeds)
        count_real_windows(model, self._real)
        use_products(model)
        use_compiled_recurrence(model)
        return model

    def _train(self, given: EpochArguments) -> tf.Tensor:
        """Run the training steps; return the mean loss over the windows."""
        size, n = self._batch_size, given.counts[0]

        def step(index: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            origins = tf.slice(given.order, [index * size], [size])
            is_real = tf.cast(index * size + tf.range(size) < n, tf.float32)
            n_real = tf.reduce_sum(is_real)
            self._real.weights = is_real
            batch = gather_batch(given.series, origins, self._shape)
            with tf.GradientTape() as tape:
                outputs = self._model(as_inputs(batch.inputs), training=True)
                each = differentiable_losses(
                    outputs,
                    batch.targets,
                    gather_units(given.series, origins),
                    given,
                    self._shape,
                )
                mean = tf.reduce_mean(each, axis=[1, 2])
                loss = tf.reduce_sum(mean * is_real) / n_real
                loss += given.l2 * self._penalty()
            gradients = tape.gradient(loss, self._model.trainable_variables)
            clipped = [
                clip(one, given.clipnorm, given.is_clipping_values) for one in gradients
            ]
            self._optimizer.apply(clipped, self._model.trainable_variables)
            return index + 1, total + loss * n_real

        n_steps = (n + size - 1) // size
        _, total = tf.while_loop(
            lambda index, _: index < n_steps, step, [0, tf.constant(0.0)]
        )
        return total / tf.cast(n, tf.float32)

    def _validate(self, given: EpochArguments) -> NumberSums | ClassSums:
        """Return the sums over the validation windows."""
        size, (_, start, n) = self._batch_size, tf.unstack(given.counts)

        def step(
            index: tf.Tensor, sums: NumberSums | ClassSums
        ) -> tuple[tf.Tensor, NumberSums | ClassSums]:
            places = index * size + tf.range(size)
            # Padding repeats the last window, so that no row lies beyond the series.
            origins = start + tf.minimum(places, n - 1)
            batch = gather_batch(given.series, origins, self._shape)
            outputs = self._model(as_inputs(batch.inputs), training=False)
            counts = tf.cast(places < n, tf.float32)
            sums = add_sums(sums, outputs, batch.targets, counts, self._shape)
            return index + 1, sums

        n_steps = (n + size - 1) // size
        sums: NumberSums | ClassSums
        _, sums = tf.while_loop(
            lambda index, _: index < n_steps, step, [0, no_sums(self._shape)]
        )
        return sums
