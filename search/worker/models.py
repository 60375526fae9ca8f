"""The networks: plain Keras models that run anywhere Keras runs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import keras
import numpy as np

from search.config import Cell, Task
from search.evaluation.panel import Panel
from search.study.space import Architecture, Normalization, TrialParams
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

    @property
    def n_ways(self) -> int:
        """Directions in which each layer of the stack reads."""
        return 2 if self.architecture == "bidirectional" else 1


def network_shape(params: TrialParams, panel: Panel, task: Task) -> NetworkShape:
    """Return the structure that `params` ask for on the channels of `panel`."""
    return NetworkShape(
        cell=params.cell,
        units=params.units,
        layers=params.layers,
        sequence_length=params.sequence_length,
        horizon=task.horizon,
        n_targets=panel.n_targets,
        n_channels=panel.n_channels,
        n_known=panel.n_known,
        has_dropout=params.dropout > 0,
        has_recurrent_dropout=params.recurrent_dropout > 0,
        architecture=params.architecture,
        normalization=params.normalization,
        dense_units=params.dense_units,
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
        output has shape (horizon, n_targets).
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
    state = past
    if shape.architecture == "convolutional":
        state = blocks.convolution(shape, seed)(state)
    for index in range(shape.layers):
        layer = blocks.stack_layer(shape, index, seed, recurrent_dropout)
        state = finish(layer(state), index + 1)
    if shape.architecture == "encoder_decoder":
        state = keras.layers.RepeatVector(shape.horizon, name="repeated_state")(state)
        if shape.n_known:
            state = keras.layers.Concatenate(name="state_and_known")([state, known])
        decoder = blocks.decoder(shape, seed, recurrent_dropout)
        state = finish(decoder(state), "decoder")
    else:
        if shape.architecture == "attention":
            state = blocks.attend(state, shape, seed)
        if shape.n_known:
            flat = keras.layers.Flatten(name="known_flat")(known)
            state = keras.layers.Concatenate(name="state_and_known")([state, flat])
    if shape.dense_units:
        state = blocks.hidden(shape, seed)(state)
    state = blocks.head(shape, seed)(state)
    output = keras.layers.Reshape((shape.horizon, shape.n_targets), name="forecast")
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
