"""The networks: plain Keras models that run anywhere Keras runs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import keras
import numpy as np

from search.config import Cell, Task
from search.evaluation.panel import Panel
from search.evaluation.samples import asked_steps, is_padded
from search.evaluation.windows import PADDING
from search.space.lines import Architecture, Normalization, TrialParams
from search.worker import blocks

T = TypeVar("T")


@dataclass(frozen=True)
class NetworkShape:
    """All that decides the structure of a network; rates and weights do not.

    Attributes
    ----------
    cell, units, layers
        The recurrent stack.
    sequence_length, n_channels
        Shape of the input `past`.
    horizon, n_targets
        Shape of the output.
    n_known
        Channels known in advance; above 0 the network has a second input `known`
        of shape (horizon, n_known).
    has_dropout, has_recurrent_dropout
        Whether anything is dropped while it trains.
    architecture
        What is built around the stack; see `build_model`.
    normalization
        What follows each recurrent layer.
    dense_units
        Units of the hidden dense layer before the last one; 0 without it.
    n_classes
        Classes of each target, of which the network gives the logits side by side; 0
        where it forecasts numbers.
    has_padding
        Whether windows may be padded with `PADDING`; these steps are not read.
    target_offset
        Row of the first target, counted from the origin of the window.
    """

    cell: Cell
    units: int
    layers: int
    sequence_length: int
    horizon: int
    n_targets: int
    n_channels: int
    n_known: int
    has_dropout: bool = False
    has_recurrent_dropout: bool = False
    architecture: Architecture = "stacked"
    normalization: Normalization = "none"
    dense_units: int = 0
    n_classes: int = 0
    has_padding: bool = False
    target_offset: int = 0

    @property
    def n_outputs(self) -> int:
        """Numbers that the network gives for each step."""
        return self.n_targets * max(self.n_classes, 1)

    @property
    def n_ways(self) -> int:
        """Directions in which each layer of the stack reads."""
        return 2 if self.architecture == "bidirectional" else 1


def network_shape(params: TrialParams, panel: Panel, task: Task) -> NetworkShape:
    """Return the structure that `params` ask for on the channels of `panel`."""
    offset, n_steps = asked_steps(task, params.sequence_length)
    return NetworkShape(
        cell=params.cell,
        units=params.units,
        layers=params.layers,
        sequence_length=params.sequence_length,
        horizon=n_steps,
        n_targets=panel.targets.shape[1],
        n_channels=panel.n_channels,
        n_known=0 if offset else panel.n_known,
        has_dropout=params.dropout > 0,
        has_recurrent_dropout=params.recurrent_dropout > 0,
        architecture=params.architecture,
        normalization=params.normalization,
        dense_units=params.dense_units,
        n_classes=len(task.classes),
        has_padding=is_padded(task),
        target_offset=offset,
    )


def build_model(
    shape: NetworkShape,
    *,
    seed: int = 0,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    dropout_layer: Callable[..., keras.layers.Layer] = keras.layers.Dropout,
    name: str | None = None,
) -> keras.Model:
    """Build the network with fresh weights.

    A stack of recurrent layers reads the past. Its last state, and beside it the
    values known for the forecast steps, feed one dense layer that gives all steps
    and targets at once. Normalization, then dropout, follow each recurrent layer, and
    a hidden dense layer may stand before the last one. The architecture changes this:

    ``bidirectional``
        Each layer of the stack reads from both ends.
    ``attention``
        Beside the last state stands a weighted mean of the states of all steps; see
        `search.worker.blocks.attend`.
    ``convolutional``
        A causal convolution stands in front of the stack and keeps the steps.
    ``encoder_decoder``
        The last state is repeated for each forecast step, beside it stand the values
        known for this step, and one more recurrent layer reads this sequence. The
        dense layers give the targets of one step after the other.

    Parameters
    ----------
    shape
        Structure; input `past` of shape (sequence_length, n_channels) and, where
        `n_known` is above 0, a second input `known` of shape (horizon, n_known). The
        output has shape (horizon, n_outputs).
    seed
        Decides the initial weights.
    dropout, recurrent_dropout
        Rates, written to the file of the model; they act only in training, and only
        where `shape` has them.
    dropout_layer
        Called with `dropout` and a name for each layer that drops values.
    name
        Name of the network; that of its cell by default.
    """

    def finish(states: Any, number: int | str) -> Any:
        """Add what follows a recurrent layer."""
        if shape.normalization != "none":
            states = blocks.normalization(shape, f"normalization_{number}")(states)
        if shape.has_dropout:
            states = dropout_layer(dropout, name=f"dropout_{number}")(states)
        return states

    past = keras.Input((shape.sequence_length, shape.n_channels), name="past")
    known = keras.Input((shape.horizon, shape.n_known), name="known")
    state, real = past, None
    if shape.has_padding:
        state = keras.layers.Masking(PADDING, name="padding")(state)
        real = blocks.real_steps(past)
    if shape.architecture == "convolutional":
        state = blocks.convolution(shape, seed)(blocks.unmasked(state, real))
    for index in range(shape.layers):
        layer = blocks.stack_layer(shape, index, seed, recurrent_dropout)
        # Given apart, because a convolution hands no mask on.
        masked = {} if real is None else {"mask": real}
        state = finish(layer(state, **masked), index + 1)
    if shape.architecture == "encoder_decoder":
        state = keras.layers.RepeatVector(shape.horizon, name="repeated_state")(state)
        if shape.n_known:
            state = keras.layers.Concatenate(name="state_and_known")([state, known])
        decoder = blocks.decoder(shape, seed, recurrent_dropout)
        state = finish(decoder(state), "decoder")
    else:
        if shape.architecture == "attention":
            state = blocks.attend(blocks.unmasked(state, real), real, shape, seed)
        if shape.n_known:
            flat = keras.layers.Flatten(name="known_flat")(known)
            state = keras.layers.Concatenate(name="state_and_known")([state, flat])
    if shape.dense_units:
        state = blocks.hidden(shape, seed)(state)
    state = blocks.head(shape, seed)(state)
    output = keras.layers.Reshape((shape.horizon, shape.n_outputs), name="forecast")
    inputs = [past, known] if shape.n_known else [past]
    name = name or shape.cell.lower()
    return keras.Model(as_inputs(inputs), output(state), name=name)


def average_model(members: Sequence[keras.Model]) -> keras.Model:
    """Return a network whose output is the mean of the outputs of `members`.

    Scaling and framing are undone by one straight line for each value, the same for
    every member. So the mean of scaled outputs, scaled back, is the mean of the
    forecasts.

    Parameters
    ----------
    members
        At least two networks of one shape, with names of their own.
    """
    inputs = [keras.Input(one.shape[1:], name=one.name) for one in members[0].inputs]
    outputs = [member(as_inputs(inputs)) for member in members]
    mean = keras.layers.Average(name="mean")(outputs)
    return keras.Model(as_inputs(inputs), mean, name="average")


def initial_weights(shape: NetworkShape, *, seed: int) -> list[np.ndarray]:
    """Return the weights that `build_model` gives, without building a model."""
    return [array.draw(seed) for array in blocks.weight_arrays(shape)]


def count_weights(shape: NetworkShape) -> int:
    """Return the number of trained weights."""
    arrays = blocks.weight_arrays(shape)
    return sum(math.prod(array.shape) for array in arrays if array.is_trained)


def as_inputs(parts: Sequence[T]) -> T | list[T]:
    """Return `past`, or `past` and `known`, in the form that the network takes."""
    return parts[0] if len(parts) == 1 else list(parts)
