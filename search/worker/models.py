"""The networks: plain Keras models that run anywhere Keras runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import keras
import numpy as np

from search.config import Cell, Task
from search.evaluation.panel import Panel
from search.study.space import TrialParams

T = TypeVar("T")

GATES: dict[Cell, int] = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


@dataclass(frozen=True)
class NetworkShape:
    """All that decides the structure of a network; rates and weights do not.

    Attributes
    ----------
    cell, units, layers, bidirectional
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
    n_classes
        Classes of each target, of which the network gives the logits side by side; 0
        where it forecasts numbers.
    """

    cell: Cell
    units: int
    layers: int
    sequence_length: int
    horizon: int
    n_targets: int
    n_channels: int
    n_known: int
    bidirectional: bool = False
    has_dropout: bool = False
    has_recurrent_dropout: bool = False
    n_classes: int = 0

    @property
    def n_outputs(self) -> int:
        """Numbers that the network gives for each step."""
        return self.n_targets * max(self.n_classes, 1)


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
        bidirectional=params.bidirectional,
        has_dropout=params.dropout > 0,
        has_recurrent_dropout=params.recurrent_dropout > 0,
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
    and targets at once. Dropout follows each recurrent layer.

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
    past = keras.Input((shape.sequence_length, shape.n_channels), name="past")
    inputs = [past]
    state = past
    for index in range(shape.layers):
        state = _recurrent_layer(shape, index, seed, recurrent_dropout)(state)
        if shape.has_dropout:
            state = dropout_layer(dropout, name=f"dropout_{index + 1}")(state)
    if shape.n_known:
        known = keras.Input((shape.horizon, shape.n_known), name="known")
        inputs.append(known)
        flat = keras.layers.Flatten(name="known_flat")(known)
        state = keras.layers.Concatenate(name="state_and_known")([state, flat])
    head = keras.layers.Dense(
        shape.horizon * shape.n_outputs,
        kernel_initializer=keras.initializers.GlorotUniform(seed=_part(seed, 0)),
        name="head",
    )
    output = keras.layers.Reshape((shape.horizon, shape.n_outputs), name="forecast")
    name = name or shape.cell.lower()
    return keras.Model(as_inputs(inputs), output(head(state)), name=name)


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
    width = GATES[shape.cell] * shape.units
    weights: list[np.ndarray] = []
    n_inputs = shape.n_channels
    for index in range(shape.layers):
        parts = (
            (4 * index + 1, 4 * index + 3) if shape.bidirectional else (4 * index + 1,)
        )
        for part in parts:
            bias = np.zeros((2, width) if shape.cell == "GRU" else width, np.float32)
            if shape.cell == "LSTM":
                bias[shape.units : 2 * shape.units] = 1
            weights += [
                _glorot((n_inputs, width), _part(seed, part)),
                _orthogonal((shape.units, width), _part(seed, part + 1)),
                bias,
            ]
        n_inputs = shape.units * len(parts)
    n_features = n_inputs + shape.horizon * shape.n_known
    n_outputs = shape.horizon * shape.n_outputs
    head = _glorot((n_features, n_outputs), _part(seed, 0))
    return [*weights, head, np.zeros(n_outputs, np.float32)]


def count_weights(shape: NetworkShape) -> int:
    """Return the number of trained weights."""
    n_ways = 2 if shape.bidirectional else 1
    n_biases = 2 if shape.cell == "GRU" else 1
    total, n_inputs = 0, shape.n_channels
    for _ in range(shape.layers):
        n_sources = n_inputs + shape.units + n_biases
        total += n_ways * n_sources * GATES[shape.cell] * shape.units
        n_inputs = n_ways * shape.units
    n_features = n_inputs + shape.horizon * shape.n_known
    return total + (n_features + 1) * shape.horizon * shape.n_outputs


def as_inputs(parts: Sequence[T]) -> T | list[T]:
    """Return `past`, or `past` and `known`, in the form that the network takes."""
    return parts[0] if len(parts) == 1 else list(parts)


def _recurrent_layer(
    shape: NetworkShape, index: int, seed: int, recurrent_dropout: float
) -> keras.layers.Layer:
    def make(part: int, name: str, *, go_backwards: bool = False) -> keras.layers.Layer:
        return getattr(keras.layers, shape.cell)(
            shape.units,
            return_sequences=index < shape.layers - 1,
            go_backwards=go_backwards,
            recurrent_dropout=recurrent_dropout if shape.has_recurrent_dropout else 0.0,
            kernel_initializer=keras.initializers.GlorotUniform(seed=_part(seed, part)),
            recurrent_initializer=keras.initializers.Orthogonal(
                seed=_part(seed, part + 1)
            ),
            seed=_part(seed, part),
            name=name,
        )

    name = f"{shape.cell.lower()}_{index + 1}"
    part = 4 * index + 1
    if not shape.bidirectional:
        return make(part, name)
    # Given apart, because a copied backward layer would copy the initial weights.
    return keras.layers.Bidirectional(
        make(part, name),
        backward_layer=make(part + 2, f"{name}_backward", go_backwards=True),
        name=f"both_ways_{index + 1}",
    )


def _glorot(shape: tuple[int, int], seed: int) -> np.ndarray:
    return np.asarray(keras.initializers.GlorotUniform(seed=seed)(shape))


def _orthogonal(shape: tuple[int, int], seed: int) -> np.ndarray:
    return np.asarray(keras.initializers.Orthogonal(seed=seed)(shape))


def _part(seed: int, part: int) -> int:
    """Return a seed for one part of the network, other than those of its neighbours."""
    return (seed * 32 + part) % 2**31
