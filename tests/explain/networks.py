"""Networks of every structure with random weights, for tests without Keras."""

import numpy as np

from search.config import Cell
from search.explain.network import NumpyNetwork
from search.explain.structure import Structure

GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
ARCHITECTURES = (
    "stacked",
    "bidirectional",
    "attention",
    "convolutional",
    "encoder_decoder",
)
UNITS, CHANNELS, STEPS, HORIZON, TARGETS = 5, 3, 7, 2, 2


def make_network(
    cell: Cell = "GRU",
    layers: int = 1,
    *,
    architecture: str = "stacked",
    normalization: str = "none",
    hidden: int = 0,
    n_known: int = 0,
) -> NumpyNetwork:
    """Make a network of `UNITS` units that forecasts `HORIZON` steps of `TARGETS`."""
    structure = Structure(
        cell, layers, HORIZON, TARGETS, architecture, normalization, hidden > 0
    )
    generator = np.random.default_rng(layers)
    # The variances are among the vectors; all of these may be positive.
    weights = [
        np.abs(generator.normal(size=shape)) + 0.5
        if len(shape) == 1
        else 0.5 * generator.normal(size=shape)
        for shape in _shapes(structure, hidden, n_known)
    ]
    return NumpyNetwork.of(structure, weights)


def make_windows(n: int = 1) -> np.ndarray:
    """Make windows of random values, of shape (n, STEPS, CHANNELS)."""
    return np.random.default_rng(9).normal(size=(n, STEPS, CHANNELS))


def make_known(n: int, n_known: int) -> np.ndarray:
    """Make known values, of shape (n, HORIZON, n_known)."""
    return np.random.default_rng(3).normal(size=(n, HORIZON, n_known))


def _shapes(structure: Structure, hidden: int, n_known: int) -> list[tuple[int, ...]]:
    """Return the shapes of the weights in the order of Keras."""
    ways = 2 if structure.architecture == "bidirectional" else 1
    width, is_decoder = UNITS, structure.architecture == "encoder_decoder"
    shapes: list[tuple[int, ...]] = []

    def add_recurrent(n_inputs: int, n_ways: int) -> None:
        gates = GATES[structure.cell] * width
        bias = (2, gates) if structure.cell == "GRU" else (gates,)
        shapes.extend(n_ways * [(n_inputs, gates), (width, gates), bias])
        n_norms = {"none": 0, "layer": 2, "batch": 4}[structure.normalization]
        shapes.extend(n_norms * [(n_ways * width,)])

    n_inputs = CHANNELS
    if structure.architecture == "convolutional":
        shapes += [(3, CHANNELS, UNITS), (UNITS,)]
        n_inputs = UNITS
    for _ in range(structure.layers):
        add_recurrent(n_inputs, ways)
        n_inputs = ways * UNITS
    if structure.architecture == "attention":
        shapes += [(UNITS, UNITS), (UNITS, UNITS), (UNITS, 1)]
        n_inputs = 2 * UNITS
    if is_decoder:
        add_recurrent(n_inputs + n_known, 1)
        n_inputs = UNITS
    else:
        n_inputs += HORIZON * n_known
    if hidden:
        shapes += [(n_inputs, hidden), (hidden,)]
        n_inputs = hidden
    n_outputs = TARGETS if is_decoder else HORIZON * TARGETS
    return [*shapes, (n_inputs, n_outputs), (n_outputs,)]
