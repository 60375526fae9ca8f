"""The epoch of any Keras model, its gradient taken by TensorFlow.

For networks that `search.worker.stacked` cannot train. The numbers are the same; a
program serves one structure only.
"""

import keras
import numpy as np
import tensorflow as tf

from search.worker.convolving import use_products
from search.worker.dropping import RuntimeDropout, use_runtime_recurrent_dropout
from search.worker.gathering import gather_batch
from search.worker.models import NetworkShape, as_inputs, build_model
from search.worker.normalizing import RealWindows, count_real_windows
from search.worker.records import EpochArguments, EpochResult, ProgramKey
from search.worker.recurrence.layers import use_compiled_recurrence
from search.worker.updates import clip

_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}
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
        # By identity: `==` between variables compares their values.
        slots = [
            rate if variable is self._optimizer.learning_rate else fresh
            for variable, fresh in zip(
                self._optimizer.variables, self._fresh_slots, strict=True
            )
        ]
        random = tf.constant([seed % 2**31, 0], self._seeds.state.dtype)
        return (*map(tf.constant, weights), *slots, random)

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
        squared, absolute = self._validate(given)
        state = tuple(tf.identity(one) for one in variables)
        return EpochResult(state, loss, squared, absolute)

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
                error = outputs - batch.targets
                each = tf.where(given.is_mae, tf.abs(error), tf.square(error))
                mean = tf.reduce_mean(each, axis=[1, 2])
                loss = tf.reduce_sum(mean * is_real) / n_real
            gradients = tape.gradient(loss, self._model.trainable_variables)
            clipped = [clip(one, given.clipnorm) for one in gradients]
            self._optimizer.apply(clipped, self._model.trainable_variables)
            return index + 1, total + loss * n_real

        n_steps = (n + size - 1) // size
        _, total = tf.while_loop(
            lambda index, _: index < n_steps, step, [0, tf.constant(0.0)]
        )
        return total / tf.cast(n, tf.float32)

    def _validate(self, given: EpochArguments) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the sums of squared and of absolute errors of each target."""
        size, (_, start, n) = self._batch_size, tf.unstack(given.counts)

        def step(
            index: tf.Tensor, squared: tf.Tensor, absolute: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            places = index * size + tf.range(size)
            # Padding repeats the last window, so that no row lies beyond the series.
            origins = start + tf.minimum(places, n - 1)
            batch = gather_batch(given.series, origins, self._shape)
            error = self._model(as_inputs(batch.inputs), training=False) - batch.targets
            is_real = (places < n)[:, None, None]
            error = tf.cast(tf.where(is_real, error, 0.0), tf.float64)
            return (
                index + 1,
                squared + tf.reduce_sum(tf.square(error), axis=[0, 1]),
                absolute + tf.reduce_sum(tf.abs(error), axis=[0, 1]),
            )

        n_steps = (n + size - 1) // size
        nothing = tf.zeros([self._shape.n_targets], tf.float64)
        _, squared, absolute = tf.while_loop(
            lambda index, *_: index < n_steps, step, [0, nothing, nothing]
        )
        return squared, absolute
