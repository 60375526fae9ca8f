"""The epoch of a plain stack of recurrent layers, its gradient written out.

A plain stack has layers that run forward in time, without recurrent dropout and with
nothing but dropout between them, then one or two dense layers. One
program serves every depth and sequence length up to those of its key, and trains and
validates in one loop over batches: a batch of validation takes the same way forward,
and its loops backward are empty.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from search.worker.dropping import dropout_mask
from search.worker.gathering import gather_ahead, gather_past
from search.worker.models import NetworkShape
from search.worker.records import EpochArguments, EpochResult, ProgramKey
from search.worker.recurrence.cells import STEP_RULES
from search.worker.recurrence.rows import Arrays, unknown_zero
from search.worker.recurrence.stack import (
    Extent,
    Masks,
    RecurrentStack,
    StackWeights,
    pick_layer,
    put_layer,
)
from search.worker.updates import UPDATE_RULES, clip

CHUNK = 12
LENGTH_STEP = 48
USUAL_DEPTH = 3


class Weights(NamedTuple):
    """All weights.

    Attributes
    ----------
    stack
        The recurrent layers.
    kernel, bias
        The last layer, which is dense.
    hidden
        Kernel and bias of the hidden dense layer before it, if there is one.
    """

    stack: StackWeights
    kernel: tf.Tensor
    bias: tf.Tensor
    hidden: tuple[tf.Tensor, ...] = ()


class StackState(NamedTuple):
    """Everything that training changes.

    Attributes
    ----------
    weights
        See `Weights`.
    slots
        What the optimizer remembers: one more set of `Weights` for each of its slots.
    n_updates
        Updates so far.
    rate
        Learning rate.
    seed
        Seed of the dropout.
    """

    weights: Weights
    slots: tuple[Weights, ...]
    n_updates: tf.Tensor
    rate: tf.Tensor
    seed: tf.Tensor


def is_plain(shape: NetworkShape) -> bool:
    """Whether `StackedNetwork` can train a network of this shape."""
    return (
        shape.architecture == "stacked"
        and shape.normalization == "none"
        and not shape.has_recurrent_dropout
    )


def program_shape(shape: NetworkShape) -> NetworkShape:
    """Return the shape of the program that serves `shape` and its relatives."""
    n_spans = -(-shape.sequence_length // LENGTH_STEP)
    return replace(
        shape,
        layers=max(shape.layers, USUAL_DEPTH),
        sequence_length=n_spans * LENGTH_STEP,
        has_dropout=True,
    )


class StackedNetwork:
    """Trains plain stacks; `key.shape` comes from `program_shape`."""

    def __init__(self, key: ProgramKey) -> None:
        shape = key.shape
        self._shape = shape
        self._batch_size = key.batch_size
        self._rule = UPDATE_RULES[key.optimizer]
        self._cell = STEP_RULES[shape.cell]
        self._stack = RecurrentStack(
            rule=self._cell,
            units=shape.units,
            depth=shape.layers,
            n_channels=shape.n_channels,
            n_steps=shape.sequence_length,
            chunk=CHUNK,
            n_windows=key.batch_size,
        )

    def pack(
        self, weights: list[np.ndarray], *, learning_rate: float, seed: int
    ) -> StackState:
        """Return the state before training, from weights in the order of Keras."""
        units, depth = self._shape.units, self._shape.layers
        width = self._cell.n_gates * units
        *layers, kernel, bias = weights
        hidden: tuple[np.ndarray, ...] = ()
        if self._shape.dense_units:
            *layers, hidden_kernel, hidden_bias = layers
            hidden = (hidden_kernel, hidden_bias)
        upper = np.zeros((depth, units, width), np.float32)
        recurrent = np.zeros((depth, units, width), np.float32)
        bias_shape = self._cell.bias_shape(units)
        biases = np.zeros((depth, *bias_shape), np.float32)
        for number in range(len(layers) // 3):
            below, recurrent[number], biases[number] = layers[3 * number :][:3]
            if number:
                upper[number] = below
        stack = StackWeights(layers[0], upper, recurrent, biases)
        packed = tf.nest.map_structure(
            tf.constant, Weights(stack, kernel, bias, hidden)
        )
        empty = tf.nest.map_structure(tf.zeros_like, packed)
        return StackState(
            weights=packed,
            slots=(empty,) * self._rule.n_slots,
            n_updates=tf.constant(0),
            rate=tf.constant(learning_rate, tf.float32),
            seed=tf.constant(seed % 2**31, tf.int32),
        )

    @staticmethod
    def unpack(state: StackState, shape: NetworkShape) -> list[np.ndarray]:
        """Return the weights of a network of `shape` in the order of Keras."""
        stack, kernel, bias, hidden = tf.nest.map_structure(
            lambda one: one.numpy(), state.weights
        )
        weights = []
        for number in range(shape.layers):
            below = stack.upper[number] if number else stack.entry
            weights += [below, stack.recurrent[number], stack.bias[number]]
        return [*weights, *hidden, kernel, bias]

    def epoch(self, state: StackState, given: EpochArguments) -> EpochResult:
        """Train on the windows in their order, then validate."""
        size = self._batch_size
        n_train, _, n_valid = tf.unstack(given.counts)
        n_training_steps = (n_train + size - 1) // size
        n_steps = n_training_steps + (n_valid + size - 1) // size

        def step(
            index: tf.Tensor,
            state: StackState,
            arrays: Arrays,
            gradients: StackWeights,
            loss: tf.Tensor,
            squared: tf.Tensor,
            absolute: tf.Tensor,
        ) -> tuple[object, ...]:
            is_training = index < n_training_steps
            origins, is_real = self._windows(index, is_training, given)
            state, arrays, gradients, error = self._advance(
                state, arrays, gradients, origins, is_real, is_training, given
            )
            each = tf.where(given.is_mae, tf.abs(error), tf.square(error))
            mean = tf.reduce_sum(tf.reduce_mean(each, axis=[1, 2]) * is_real)
            loss += tf.where(is_training, mean, 0.0)
            counts = is_real * tf.where(is_training, 0.0, 1.0)
            error = tf.cast(error * counts[:, None, None], tf.float64)
            squared += tf.reduce_sum(tf.square(error), axis=[0, 1])
            absolute += tf.reduce_sum(tf.abs(error), axis=[0, 1])
            return index + 1, state, arrays, gradients, loss, squared, absolute

        nothing = tf.zeros([self._shape.n_targets], tf.float64)
        _, state, _, _, loss, squared, absolute = tf.while_loop(
            lambda index, *_: index < n_steps,
            step,
            [
                0,
                state,
                self._stack.workspace(),
                StackWeights(*map(tf.zeros_like, state.weights.stack)),
                tf.constant(0.0),
                nothing,
                nothing,
            ],
        )
        return EpochResult(
            state, loss / tf.cast(n_train, tf.float32), squared, absolute
        )

    def _windows(
        self, index: tf.Tensor, is_training: tf.Tensor, given: EpochArguments
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the origins of a batch, and 1.0 for each that is no padding."""
        size = self._batch_size
        n_train, valid_start, n_valid = tf.unstack(given.counts)
        n_training_steps = (n_train + size - 1) // size
        batch = tf.where(is_training, index, index - n_training_steps)
        places = batch * size + tf.range(size)
        ordered = tf.gather(given.order, tf.minimum(places, given.order.shape[0] - 1))
        # Padding repeats a window, so that no row lies beyond the series.
        in_a_row = valid_start + tf.clip_by_value(places, 0, tf.maximum(n_valid - 1, 0))
        origins = tf.where(is_training, ordered, in_a_row)
        is_real = places < tf.where(is_training, n_train, n_valid)
        return origins, tf.cast(is_real, tf.float32)

    def _advance(
        self,
        state: StackState,
        arrays: Arrays,
        gradients: StackWeights,
        origins: tf.Tensor,
        is_real: tf.Tensor,
        is_training: tf.Tensor,
        given: EpochArguments,
    ) -> tuple[StackState, Arrays, StackWeights, tf.Tensor]:
        """Run one batch forward and, in training, back; return its errors too."""
        shape, weights = self._shape, state.weights
        ahead = gather_ahead(given.series, origins, shape)

        def inputs(chunk: tf.Tensor) -> tf.Tensor:
            offsets = chunk * CHUNK + tf.range(CHUNK) - shape.sequence_length
            return gather_past(given.series, origins, offsets, ahead.anchor)

        masks = self._masks(state, tf.where(is_training, given.dropout, 0.0))
        extent = Extent(given.layers, shape.sequence_length - given.sequence_length)
        arrays = self._stack.run(weights.stack, arrays, extent, inputs, masks)
        top = extent.n_layers - 1
        last = pick_layer(arrays["states"][:, -1], top)
        last_mask = masks(top, tf.constant(-1))[0]
        features = tf.concat([last * last_mask, *ahead.known], 1)
        above = _through_hidden(features, weights.hidden)
        outputs = tf.matmul(above, weights.kernel) + weights.bias
        error = tf.reshape(outputs, ahead.targets.shape) - ahead.targets

        of_error = tf.where(given.is_mae, tf.sign(error), 2 * error)
        share = is_real / (tf.reduce_sum(is_real) * shape.horizon * shape.n_targets)
        of_outputs = tf.reshape(of_error * share[:, None, None], outputs.shape)
        of_kernel = tf.matmul(above, of_outputs, transpose_a=True)
        of_bias = tf.reduce_sum(of_outputs, 0)
        of_above, below = of_outputs, weights.kernel
        of_hidden: tuple[tf.Tensor, ...] = ()
        if weights.hidden:
            of_above = tf.matmul(of_outputs, weights.kernel, transpose_b=True)
            of_above *= tf.cast(above > 0, tf.float32)
            below = weights.hidden[0]
            of_hidden = (
                tf.matmul(features, of_above, transpose_a=True),
                tf.reduce_sum(of_above, 0),
            )
        of_last = tf.matmul(of_above, below[: shape.units], transpose_b=True)
        extent = extent._replace(n_layers=tf.where(is_training, extent.n_layers, 0))
        gradients, arrays = self._stack.run_back(
            weights.stack,
            arrays,
            extent,
            inputs,
            masks,
            of_last * last_mask,
            gradients,
        )
        state = self._update(
            state,
            Weights(gradients, of_kernel, of_bias, of_hidden),
            extent.n_layers,
            given,
        )
        return state, arrays, gradients, error

    def _masks(self, state: StackState, rate: tf.Tensor) -> Masks:
        shape = [CHUNK, self._batch_size, self._shape.units]

        def masks(number: tf.Tensor, chunk: tf.Tensor) -> tf.Tensor:
            # The same mask for the same place, on the way forward and back.
            words = [state.seed, state.n_updates, number, chunk + 1]
            return dropout_mask(shape, rate, words)

        return masks

    def _update(
        self,
        state: StackState,
        gradients: Weights,
        n_layers: tf.Tensor,
        given: EpochArguments,
    ) -> StackState:
        """Change the weights of `n_layers` layers; 0 in validation changes nothing."""
        rate = self._rule.pace(state.rate, state.n_updates + 1)
        n_times = tf.minimum(n_layers, 1)
        sets = [state.weights, *state.slots]

        def change_layers(
            sets: list[Weights], first: int, *names: str
        ) -> list[Weights]:
            def change(number: tf.Tensor, sets: list[Weights]) -> tuple[object, ...]:
                for name in names:
                    gradient = pick_layer(getattr(gradients.stack, name), number)
                    changed = self._change_layer(
                        [getattr(one.stack, name) for one in sets],
                        number,
                        clip(gradient, given.clipnorm),
                        rate,
                    )
                    sets = [
                        one._replace(stack=one.stack._replace(**{name: stack}))
                        for one, stack in zip(sets, changed, strict=True)
                    ]
                return number + 1, sets

            return _loop(change, first, n_layers, sets)

        def change_ends(number: tf.Tensor, sets: list[Weights]) -> tuple[object, ...]:
            ends = []
            for gradient, *values in zip(
                _ends(gradients), *map(_ends, sets), strict=True
            ):
                clipped = clip(gradient, given.clipnorm)
                slots = self._rule.remember(clipped, tuple(values[1:]))
                change = rate * self._rule.direction(clipped, slots)
                ends.append([values[0] - change, *slots])
            return number + 1, [
                Weights(one.stack._replace(entry=entry), kernel, bias, tuple(hidden))
                for one, entry, kernel, bias, *hidden in zip(sets, *ends, strict=True)
            ]

        # Loops and not conditions, which would copy what they leave alone.
        sets = change_layers(sets, 0, "recurrent", "bias")
        sets = change_layers(sets, 1, "upper")
        sets = _loop(change_ends, 0, n_times, sets)
        return state._replace(
            weights=sets[0],
            slots=tuple(sets[1:]),
            n_updates=state.n_updates + n_times,
        )

    def _change_layer(
        self,
        stacks: list[tf.Tensor],
        number: tf.Tensor,
        gradient: tf.Tensor,
        rate: tf.Tensor,
    ) -> list[tf.Tensor]:
        """Change one layer of a variable and its slots, and return them all.

        The slots are written and read back. Otherwise XLA would compute them once
        more for the variable, from copies that it makes of all layers before it
        changes the slots in place.
        """
        value, *slots = stacks
        old = tuple(pick_layer(slot, number) for slot in slots)
        new = self._rule.remember(gradient, old)
        slots = [
            put_layer(slot, number, one) for slot, one in zip(slots, new, strict=True)
        ]
        written = number + unknown_zero(rate)
        direction = self._rule.direction(
            gradient, tuple(pick_layer(slot, written) for slot in slots)
        )
        changed = pick_layer(value, number) - rate * direction
        return [put_layer(value, number, changed), *slots]


def _ends(weights: Weights) -> tuple[tf.Tensor, ...]:
    """Return what every network has once, whatever its depth."""
    return weights.stack.entry, weights.kernel, weights.bias, *weights.hidden


def _through_hidden(features: tf.Tensor, hidden: tuple[tf.Tensor, ...]) -> tf.Tensor:
    """Return what the last layer sees."""
    if not hidden:
        return features
    kernel, bias = hidden
    return tf.nn.relu(tf.matmul(features, kernel) + bias)


def _loop(
    body: Callable[..., tuple[object, ...]],
    first: int,
    end: tf.Tensor,
    sets: list[Weights],
) -> list[Weights]:
    """Run `body` on each number from `first` to before `end`."""
    changed: list[Weights] = tf.while_loop(
        lambda number, _: number < end, body, [first, sets]
    )[1]
    return changed
