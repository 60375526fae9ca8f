"""The network in NumPy against Keras: forecasts and gradients of every structure."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
import tensorflow as tf

from search.config import CELLS, Cell
from search.evaluation.windows import PADDING
from search.explain.network import NumpyNetwork
from search.explain.structure import Structure
from search.worker.models import NetworkShape, build_model

STEPS, CHANNELS, HORIZON, TARGETS, KNOWN = 9, 3, 2, 2, 1

# Each cell with each architecture; the rest so that every pair is met.
STRUCTURES = (
    ("SimpleRNN", 1, "stacked", "none", 0),
    ("SimpleRNN", 2, "bidirectional", "layer", 4),
    ("SimpleRNN", 1, "attention", "batch", 4),
    ("SimpleRNN", 2, "convolutional", "none", 4),
    ("SimpleRNN", 1, "encoder_decoder", "layer", 0),
    ("LSTM", 3, "stacked", "layer", 4),
    ("LSTM", 1, "bidirectional", "none", 0),
    ("LSTM", 2, "attention", "none", 0),
    ("LSTM", 1, "convolutional", "batch", 0),
    ("LSTM", 2, "encoder_decoder", "batch", 4),
    ("GRU", 2, "stacked", "batch", 0),
    ("GRU", 1, "bidirectional", "batch", 4),
    ("GRU", 1, "attention", "layer", 0),
    ("GRU", 2, "convolutional", "layer", 4),
    ("GRU", 1, "encoder_decoder", "none", 4),
)


def _compare(
    shape: NetworkShape, *, seed: int, n_padded: Sequence[int] = (0, 0, 0, 0)
) -> None:
    """Compare forecasts and a gradient of a network with random weights.

    The first `n_padded` steps of each window are padding.
    """
    model = build_model(shape, seed=3)
    generator = np.random.default_rng(seed)
    weights = [0.4 * generator.normal(size=one.shape) for one in model.get_weights()]
    if shape.normalization == "batch":  # no variance is below 0
        weights = [np.abs(one) if one.ndim == 1 else one for one in weights]
    model.set_weights(weights)
    past = generator.normal(size=(4, STEPS, CHANNELS)).astype(np.float32)
    for window, n in zip(past, n_padded, strict=True):
        window[:n] = PADDING
    known = generator.normal(size=(4, shape.horizon, shape.n_known)).astype(np.float32)
    structure = Structure(
        shape.cell,
        shape.layers,
        shape.horizon,
        shape.n_targets,
        shape.architecture,
        shape.normalization,
        shape.dense_units > 0,
    )
    network = NumpyNetwork.of(structure, model.get_weights())
    inputs, step = tf.constant(past), shape.horizon - 1
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        given = [inputs, tf.constant(known)] if shape.n_known else inputs
        outputs = model(given, training=False)
        one = tf.reduce_sum(outputs[:, step, 0])
    assert network.predict(past, known) == pytest.approx(outputs.numpy(), abs=1e-5)
    found = network.input_gradient(past, known, step=step, target=0)
    assert found == pytest.approx(tape.gradient(one, inputs).numpy(), abs=1e-5)


@pytest.mark.parametrize(
    ("cell", "layers", "architecture", "normalization", "dense_units"), STRUCTURES
)
def test_forecasts_and_gradients_are_those_of_keras(
    cell: Cell, layers: int, architecture: str, normalization: str, dense_units: int
) -> None:
    shape = NetworkShape(
        cell,
        6,
        layers,
        STEPS,
        HORIZON,
        TARGETS,
        CHANNELS,
        n_known=KNOWN,
        architecture=architecture,  # type: ignore[arg-type]
        normalization=normalization,  # type: ignore[arg-type]
        dense_units=dense_units,
    )
    _compare(shape, seed=layers)


@pytest.mark.parametrize("cell", CELLS)
def test_deep_stacks_are_those_of_keras(cell: Cell) -> None:
    shape = NetworkShape(cell, 6, 3, STEPS, HORIZON, TARGETS, CHANNELS, n_known=KNOWN)
    _compare(shape, seed=0)


@pytest.mark.parametrize("cell", CELLS)
def test_what_stands_before_the_softmax_is_that_of_keras(cell: Cell) -> None:
    """A class network gives one number for each class, at one step."""
    n_classes = 4
    shape = NetworkShape(
        cell, 6, 1, STEPS, 1, n_classes, CHANNELS, n_known=0, architecture="attention"
    )
    _compare(shape, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "layers", "architecture", "normalization", "dense_units", "n_known"),
    list(
        product(
            CELLS,
            (1, 2),
            (
                "stacked",
                "bidirectional",
                "attention",
                "convolutional",
                "encoder_decoder",
            ),
            ("none", "layer", "batch"),
            (0, 4),
            (0, 2),
        )
    )[::13],  # each pair of values is among these
)
def test_every_pair_of_structures_is_that_of_keras(
    cell: Cell,
    layers: int,
    architecture: str,
    normalization: str,
    dense_units: int,
    n_known: int,
) -> None:
    shape = NetworkShape(
        cell,
        5,
        layers,
        STEPS,
        HORIZON,
        TARGETS,
        CHANNELS,
        n_known=n_known,
        architecture=architecture,  # type: ignore[arg-type]
        normalization=normalization,  # type: ignore[arg-type]
        dense_units=dense_units,
    )
    _compare(shape, seed=layers)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("architecture", "normalization"),
    [
        ("stacked", "none"),
        ("bidirectional", "batch"),
        ("attention", "none"),
        ("attention", "batch"),
        ("convolutional", "none"),
        ("convolutional", "layer"),
    ],
)
def test_padding_is_that_of_keras(
    cell: Cell, architecture: str, normalization: str
) -> None:
    """Steps before the first row leave the state at zero and have no gradient."""
    shape = NetworkShape(
        cell,
        5,
        2,
        STEPS,
        1,
        HORIZON,
        CHANNELS,
        n_known=0,
        architecture=architecture,  # type: ignore[arg-type]
        normalization=normalization,  # type: ignore[arg-type]
        has_padding=True,
        target_offset=-1,
    )
    _compare(shape, seed=0, n_padded=(0, 4, STEPS - 1, 1))
