"""The parts of a network: the Keras layers of each, and the arrays of its weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np

from search.config import Cell
from search.evaluation.windows import PADDING

if TYPE_CHECKING:
    from search.worker.models import NetworkShape

GATES: dict[Cell, int] = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}

# Steps that a filter of the convolution sees: its own and those just before it.
FILTER_STEPS = 3

# Keras takes 0.99, which needs hundreds of batches to forget where it began; a small
# series has a handful in an epoch.
MOMENTUM = 0.9

# Numbers for the seeds of what a network has once; the layers of the stack, of which
# there are four at most, have 1 to 16.
_HEAD, _DECODER, _CONVOLUTION, _HIDDEN = 0, 17, 21, 22
_QUERY, _KEYS, _SCORES = 23, 24, 25


@dataclass(frozen=True)
class WeightArray:
    """One array of `Model.get_weights`, and how it is drawn.

    Attributes
    ----------
    shape
        Its shape.
    drawn
        The initializer. ``forget`` is zero but for the forget gate of an LSTM, which
        starts open.
    part
        Decides the seed together with that of the network.
    is_trained
        False for the running statistics of a batch normalization.
    """

    shape: tuple[int, ...]
    drawn: Literal["glorot", "orthogonal", "zeros", "ones", "forget"]
    part: int = 0
    is_trained: bool = True

    def draw(self, seed: int) -> np.ndarray:
        """Return the array before training."""
        if self.drawn == "ones":
            return np.ones(self.shape, np.float32)
        if self.drawn in ("zeros", "forget"):
            array = np.zeros(self.shape, np.float32)
            if self.drawn == "forget":
                units = self.shape[0] // GATES["LSTM"]
                array[units : 2 * units] = 1
            return array
        kind = {
            "glorot": keras.initializers.GlorotUniform,
            "orthogonal": keras.initializers.Orthogonal,
        }[self.drawn]
        return np.asarray(kind(seed=_part(seed, self.part))(self.shape))


def weight_arrays(shape: "NetworkShape") -> list[WeightArray]:
    """Return the arrays of a network in the order of `Model.get_weights`."""
    arrays: list[WeightArray] = []
    n_inputs, units = shape.n_channels, shape.units
    if shape.architecture == "convolutional":
        kernel = (FILTER_STEPS, n_inputs, units)
        arrays.append(WeightArray(kernel, "glorot", _CONVOLUTION))
        arrays.append(WeightArray((units,), "zeros"))
        n_inputs = units
    for index in range(shape.layers):
        for way in range(shape.n_ways):
            arrays += _recurrent_arrays(shape, n_inputs, 4 * index + 1 + 2 * way)
        n_inputs = shape.n_ways * units
        arrays += _normalization_arrays(shape, n_inputs)
    if shape.architecture == "encoder_decoder":
        arrays += _recurrent_arrays(shape, n_inputs + shape.n_known, _DECODER)
        n_inputs = units
        arrays += _normalization_arrays(shape, n_inputs)
    else:
        if shape.architecture == "attention":
            arrays.append(WeightArray((units, units), "glorot", _QUERY))
            arrays.append(WeightArray((units, units), "glorot", _KEYS))
            arrays.append(WeightArray((units, 1), "glorot", _SCORES))
            n_inputs = 2 * units
        n_inputs += shape.horizon * shape.n_known
    if shape.dense_units:
        arrays += _dense_arrays(n_inputs, shape.dense_units, _HIDDEN)
        n_inputs = shape.dense_units
    return [*arrays, *_dense_arrays(n_inputs, _n_outputs(shape), _HEAD)]


def stack_layer(
    shape: "NetworkShape", index: int, seed: int, recurrent_dropout: float
) -> keras.layers.Layer:
    """Return one layer of the stack; the last gives all steps where they are read."""
    is_last = index == shape.layers - 1
    name, part = f"{shape.cell.lower()}_{index + 1}", 4 * index + 1
    gives_all = not is_last or shape.architecture == "attention"
    forward = _recurrent_layer(
        shape, name, _part(seed, part), recurrent_dropout, return_sequences=gives_all
    )
    if shape.n_ways == 1:
        return forward
    # Given apart, because a copied backward layer would copy the initial weights.
    backward = _recurrent_layer(
        shape,
        f"{name}_backward",
        _part(seed, part + 2),
        recurrent_dropout,
        return_sequences=gives_all,
        go_backwards=True,
    )
    return keras.layers.Bidirectional(
        forward, backward_layer=backward, name=f"both_ways_{index + 1}"
    )


def decoder(
    shape: "NetworkShape", seed: int, recurrent_dropout: float
) -> keras.layers.Layer:
    """Return the recurrent layer that reads the forecast steps."""
    return _recurrent_layer(shape, "decoder", _part(seed, _DECODER), recurrent_dropout)


def convolution(shape: "NetworkShape", seed: int) -> keras.layers.Layer:
    """Return the causal convolution, which gives as many steps as it gets."""
    initializer = keras.initializers.GlorotUniform(seed=_part(seed, _CONVOLUTION))
    return keras.layers.Conv1D(
        shape.units,
        FILTER_STEPS,
        padding="causal",
        activation="relu",
        kernel_initializer=initializer,
        name="convolution",
    )


def normalization(shape: "NetworkShape", name: str) -> keras.layers.Layer:
    """Return what follows a recurrent layer where `shape` normalizes."""
    if shape.normalization == "layer":
        return keras.layers.LayerNormalization(name=name)
    return keras.layers.BatchNormalization(momentum=MOMENTUM, name=name)


def real_steps(past: Any) -> Any:
    """Return which steps of windows are no padding, of shape (n_windows, n_steps)."""
    return keras.ops.any(keras.ops.not_equal(past, PADDING), axis=-1)


def unmasked(values: Any, real: Any | None) -> Any:
    """Return values of steps, 0 where there is padding, to layers that take no mask.

    Parameters
    ----------
    values
        Shape (n_windows, n_steps, width).
    real
        From `real_steps`; None where nothing is padded.
    """
    if real is None:
        return values
    kept = keras.ops.expand_dims(keras.ops.cast(real, "float32"), -1)
    return keras.ops.multiply(values, kept)


def attend(states: Any, real: Any | None, shape: "NetworkShape", seed: int) -> Any:
    """Return the weighted mean of the states of all steps, and beside it the last one.

    The weight of a step is the softmax over the `real` steps of ``v tanh(K h + Q q)``,
    with its state ``h`` and the last state ``q``: Bahdanau, Cho and Bengio (2015),
    https://arxiv.org/abs/1409.0473.
    """
    layers, units = keras.layers, shape.units
    last = layers.Cropping1D((shape.sequence_length - 1, 0), name="last_step")(states)
    last = layers.Flatten(name="last_state")(last)
    query = _dense(units, "attention_query", _part(seed, _QUERY), use_bias=False)
    asked = layers.Reshape((1, units), name="attention_asked")(query(last))
    keys = _dense(units, "attention_keys", _part(seed, _KEYS), use_bias=False)
    both = layers.Add(name="attention_sum")([keys(states), asked])
    both = layers.Activation("tanh", name="attention_tanh")(both)
    scores = _dense(1, "attention_scores", _part(seed, _SCORES), use_bias=False)
    flat = layers.Flatten(name="attention_flat")(scores(both))
    weights = layers.Softmax(name="attention_weights")(flat, mask=real)
    context = layers.Dot((1, 1), name="attention_context")([weights, states])
    return layers.Concatenate(name="context_and_state")([context, last])


def hidden(shape: "NetworkShape", seed: int) -> keras.layers.Layer:
    """Return the dense layer before the last one."""
    return _dense(shape.dense_units, "hidden", _part(seed, _HIDDEN), activation="relu")


def head(shape: "NetworkShape", seed: int) -> keras.layers.Layer:
    """Return the last layer: of all steps, or of each step of a decoder."""
    return _dense(_n_outputs(shape), "head", _part(seed, _HEAD))


def _recurrent_layer(
    shape: "NetworkShape",
    name: str,
    seed: int,
    recurrent_dropout: float,
    *,
    return_sequences: bool = True,
    go_backwards: bool = False,
) -> keras.layers.Layer:
    return getattr(keras.layers, shape.cell)(
        shape.units,
        return_sequences=return_sequences,
        go_backwards=go_backwards,
        recurrent_dropout=recurrent_dropout if shape.has_recurrent_dropout else 0.0,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        recurrent_initializer=keras.initializers.Orthogonal(seed=seed + 1),
        seed=seed,
        name=name,
    )


def _dense(units: int, name: str, seed: int, **settings: Any) -> keras.layers.Layer:
    initializer = keras.initializers.GlorotUniform(seed=seed)
    return keras.layers.Dense(
        units, kernel_initializer=initializer, name=name, **settings
    )


def _recurrent_arrays(
    shape: "NetworkShape", n_inputs: int, part: int
) -> Iterator[WeightArray]:
    width = GATES[shape.cell] * shape.units
    yield WeightArray((n_inputs, width), "glorot", part)
    yield WeightArray((shape.units, width), "orthogonal", part + 1)
    yield WeightArray(
        (2, width) if shape.cell == "GRU" else (width,),
        "forget" if shape.cell == "LSTM" else "zeros",
    )


def _normalization_arrays(shape: "NetworkShape", width: int) -> Iterator[WeightArray]:
    if shape.normalization == "none":
        return
    yield WeightArray((width,), "ones")
    yield WeightArray((width,), "zeros")
    if shape.normalization == "batch":
        yield WeightArray((width,), "zeros", is_trained=False)
        yield WeightArray((width,), "ones", is_trained=False)


def _dense_arrays(n_inputs: int, units: int, part: int) -> list[WeightArray]:
    kernel = WeightArray((n_inputs, units), "glorot", part)
    return [kernel, WeightArray((units,), "zeros")]


def _n_outputs(shape: "NetworkShape") -> int:
    n_steps = 1 if shape.architecture == "encoder_decoder" else shape.horizon
    return n_steps * shape.n_outputs


def _part(seed: int, part: int) -> int:
    """Return a seed for one part of the network, other than those of its neighbours."""
    return (seed * 32 + part) % 2**31
