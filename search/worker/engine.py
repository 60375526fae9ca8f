"""Whole epochs in one compiled program.

Keras spends most of the time of a small recurrent network outside arithmetic. Here one
XLA program runs all steps of an epoch over one fold and validates the result. Its
shapes are fixed and what differs between folds, epochs and trials comes in as values:
the order of the windows (padded), their number, the weights, the learning rate, the
dropout rates, the loss and the framing. So one compilation serves every fold and
epoch, and every trial whose network has the same structure.

The numbers are those of `keras.Model.fit` on the same batches.
"""

import time
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from search.worker.dropping import RuntimeDropout, use_runtime_recurrent_dropout
from search.worker.gathering import SeriesTensors, gather_batch
from search.worker.models import as_inputs, build_model
from search.worker.records import EpochOutcome, ProgramKey, Rates, State
from search.worker.recurrence.layers import use_compiled_recurrence

VALIDATION_BATCH = 64
_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}


@lru_cache(maxsize=256)
def epoch_program(key: ProgramKey) -> "EpochProgram":
    """Return the program for `key`, the same one each time within this process."""
    return EpochProgram(key)


class EpochProgram:
    """A network, its optimizer, and the compiled program that trains them.

    The object holds no training state between calls: `run` takes a state and returns
    the next one, so that several folds can advance in turn.

    Parameters
    ----------
    key
        See `ProgramKey`. Nothing is compiled before `compile` or the first `run`.
    """

    def __init__(self, key: ProgramKey) -> None:
        self.key = key
        self.seconds_compile = 0.0
        self._dropout = tf.Variable(0.0, trainable=False)
        self._recurrent_dropout = tf.Variable(0.0, trainable=False)
        self._seeds = keras.random.SeedGenerator(0)
        self._model = self._build_model()
        self._optimizer = _OPTIMIZERS[key.optimizer]()
        self._optimizer.build(self._model.trainable_variables)
        self._weights = [one.value for one in self._model.trainable_variables]
        self._slots = [one.value for one in self._optimizer.variables]
        self._fresh_slots = tuple(tf.identity(one) for one in self._slots)
        self._is_compiled = False
        self._run = tf.function(self._epoch, jit_compile=True, autograph=False)

    @property
    def n_parameters(self) -> int:
        """Number of weights of the network."""
        return int(sum(np.prod(one.shape) for one in self._weights))

    @property
    def n_positions(self) -> int:
        """Windows that fit into the padded order of an epoch."""
        batch_size = self.key.batch_size
        return -(-self.key.n_rows // batch_size) * batch_size

    def start(self, *, learning_rate: float, seed: int) -> State:
        """Return the state before the first epoch: fresh weights, empty optimizer."""
        weights = build_model(self.key.shape, seed=seed).get_weights()
        return self.start_from(weights, learning_rate=learning_rate, seed=seed)

    def start_from(
        self, weights: list[np.ndarray], *, learning_rate: float, seed: int = 0
    ) -> State:
        """Return a state with given weights, in the order of `Model.get_weights`."""
        rate = tf.constant(learning_rate, tf.float32)
        # By identity: `==` between variables compares their values.
        slots = [
            rate if variable is self._optimizer.learning_rate else fresh
            for variable, fresh in zip(
                self._optimizer.variables, self._fresh_slots, strict=True
            )
        ]
        random = tf.constant([seed % 2**31, 0], self._seeds.state.dtype)
        return State((*map(tf.constant, weights), *slots, random))

    def weights(self, state: State) -> list[np.ndarray]:
        """Return the weights in `state` in the order of `Model.get_weights`."""
        return [one.numpy() for one in state.tensors[: len(self._weights)]]

    def compile(self, state: State, series: SeriesTensors) -> float:
        """Compile the program if need be and return the seconds that this took."""
        if self._is_compiled:
            return 0.0
        started = time.perf_counter()
        nothing = np.zeros(0, np.int32)
        # No window at all, so that the time is that of the compilation alone.
        self._call(state, series, nothing, range(0, 0), Rates(clipnorm=1.0))
        self._is_compiled = True
        self.seconds_compile = time.perf_counter() - started
        return self.seconds_compile

    def run(
        self,
        state: State,
        series: SeriesTensors,
        *,
        order: np.ndarray,
        validation: range,
        rates: Rates,
    ) -> EpochOutcome:
        """Train for one epoch, then validate.

        Parameters
        ----------
        state
            From `start` or from the epoch before.
        series
            Series of the fold, see `series_tensors`.
        order
            Training origins in the order in which batches take them; at most
            `n_positions`.
        validation
            Consecutive origins to validate on; may be empty.
        rates
            Settings of the trial.
        """
        self.compile(state, series)
        tensors, loss, squared, absolute = self._call(
            state, series, order, validation, rates
        )
        n_errors = len(validation) * self.key.shape.horizon
        scale = 1 / n_errors if n_errors else np.nan
        return EpochOutcome(
            state=State(tuple(tensors)),
            loss=float(loss),
            squared=squared.numpy() * scale,
            absolute=absolute.numpy() * scale,
        )

    def _call(
        self,
        state: State,
        series: SeriesTensors,
        order: np.ndarray,
        validation: range,
        rates: Rates,
    ) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor]:
        self._dropout.assign(rates.dropout)
        self._recurrent_dropout.assign(rates.recurrent_dropout)
        return self._run(*self._arguments(state, series, order, validation, rates))

    def _arguments(
        self,
        state: State,
        series: SeriesTensors,
        order: np.ndarray,
        validation: range,
        rates: Rates,
    ) -> tuple[object, ...]:
        """Return what the compiled program takes; the shapes are always the same."""
        padded = np.zeros(self.n_positions, np.int32)
        padded[: len(order)] = order
        return (
            state.tensors,
            series,
            tf.constant(padded),
            tf.constant([len(order), validation.start, len(validation)], tf.int32),
            tf.constant([rates.clipnorm, rates.loss == "mae"], tf.float32),
        )

    def _build_model(self) -> keras.Model:
        """Build the network with dropout that reads its rates from variables."""

        def dropout_layer(rate: tf.Variable, name: str) -> RuntimeDropout:
            return RuntimeDropout(rate, seeds=self._seeds, name=name)

        model = build_model(
            self.key.shape,
            dropout=self._dropout,
            recurrent_dropout=0.5,  # any rate; the one in use is a variable
            dropout_layer=dropout_layer,
        )
        if self.key.shape.has_recurrent_dropout:
            use_runtime_recurrent_dropout(model, self._recurrent_dropout, self._seeds)
        use_compiled_recurrence(model)
        return model

    def _epoch(
        self,
        tensors: tuple[tf.Tensor, ...],
        series: SeriesTensors,
        order: tf.Tensor,
        counts: tf.Tensor,
        knobs: tf.Tensor,
    ) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor]:
        variables = [*self._weights, *self._slots, self._seeds.state.value]
        for variable, tensor in zip(variables, tensors, strict=True):
            variable.assign(tensor)
        loss = self._train(series, order, counts[0], knobs)
        squared, absolute = self._validate(series, counts[1], counts[2])
        return [tf.identity(one) for one in variables], loss, squared, absolute

    def _train(
        self, series: SeriesTensors, order: tf.Tensor, n: tf.Tensor, knobs: tf.Tensor
    ) -> tf.Tensor:
        """Run the training steps; return the mean loss over the windows."""
        size = self.key.batch_size

        def step(index: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            origins = tf.slice(order, [index * size], [size])
            is_real = tf.cast(index * size + tf.range(size) < n, tf.float32)
            n_real = tf.reduce_sum(is_real)
            batch = gather_batch(series, origins, self.key.shape)
            with tf.GradientTape() as tape:
                error = (
                    self._model(as_inputs(batch.inputs), training=True) - batch.targets
                )
                each = tf.where(knobs[1] > 0, tf.abs(error), tf.square(error))
                mean = tf.reduce_mean(each, axis=[1, 2])
                loss = tf.reduce_sum(mean * is_real) / n_real
            gradients = tape.gradient(loss, self._model.trainable_variables)
            clipped = [_clip(one, knobs[0]) for one in gradients]
            self._optimizer.apply(clipped, self._model.trainable_variables)
            return index + 1, total + loss * n_real

        n_steps = (n + size - 1) // size
        _, total = tf.while_loop(
            lambda index, _: index < n_steps, step, [0, tf.constant(0.0)]
        )
        return total / tf.cast(n, tf.float32)

    def _validate(
        self, series: SeriesTensors, start: tf.Tensor, n: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the sums of squared and of absolute errors of each target."""
        size = VALIDATION_BATCH

        def step(
            index: tf.Tensor, squared: tf.Tensor, absolute: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            places = index * size + tf.range(size)
            # Padding repeats the last window, so that no row lies beyond the series.
            batch = gather_batch(
                series, start + tf.minimum(places, n - 1), self.key.shape
            )
            error = self._model(as_inputs(batch.inputs), training=False) - batch.targets
            is_real = (places < n)[:, None, None]
            error = tf.cast(tf.where(is_real, error, 0.0), tf.float64)
            return (
                index + 1,
                squared + tf.reduce_sum(tf.square(error), axis=[0, 1]),
                absolute + tf.reduce_sum(tf.abs(error), axis=[0, 1]),
            )

        n_steps = (n + size - 1) // size
        nothing = tf.zeros([self.key.shape.n_targets], tf.float64)
        _, squared, absolute = tf.while_loop(
            lambda index, *_: index < n_steps, step, [0, nothing, nothing]
        )
        return squared, absolute


def _clip(gradient: tf.Tensor, clipnorm: tf.Tensor) -> tf.Tensor:
    """Shorten one gradient to the norm `clipnorm`, as `clipnorm` of Keras does."""
    norm = tf.sqrt(tf.reduce_sum(tf.square(gradient)))
    return gradient * clipnorm / tf.maximum(norm, clipnorm)
