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
        for shape in weight_shapes(
            structure,
            units=UNITS,
            n_channels=CHANNELS,
            n_known=n_known,
            dense_units=hidden,
        )
    ]
    return NumpyNetwork.of(structure, weights)


def make_windows(n: int = 1) -> np.ndarray:
    """Make windows of random values, of shape (n, STEPS, CHANNELS)."""
    return np.random.default_rng(9).normal(size=(n, STEPS, CHANNELS))


def make_known(n: int, n_known: int) -> np.ndarray:
    """Make known values, of shape (n, HORIZON, n_known)."""
    return np.random.default_rng(3).normal(size=(n, HORIZON, n_known))


def weight_shapes(
    structure: Structure,
    *,
    units: int,
    n_channels: int,
    n_known: int,
    dense_units: int,
) -> list[tuple[int, ...]]:
    """Return the shapes of the weights in the order of Keras."""
    ways = 2 if structure.architecture == "bidirectional" else 1
    is_decoder = structure.architecture == "encoder_decoder"
    shapes: list[tuple[int, ...]] = []

    def add_recurrent(n_inputs: int, n_ways: int) -> None:
        gates = GATES[structure.cell] * units
        bias = (2, gates) if structure.cell == "GRU" else (gates,)
        shapes.extend(n_ways * [(n_inputs, gates), (units, gates), bias])
        n_norms = {"none": 0, "layer": 2, "batch": 4}[structure.normalization]
        shapes.extend(n_norms * [(n_ways * units,)])

    n_inputs = n_channels
    if structure.architecture == "convolutional":
        shapes += [(3, n_channels, units), (units,)]
        n_inputs = units
    for _ in range(structure.layers):
        add_recurrent(n_inputs, ways)
        n_inputs = ways * units
    if structure.architecture == "attention":
        shapes += [(units, units), (units, units), (units, 1)]
        n_inputs = 2 * units
    if is_decoder:
        add_recurrent(n_inputs + n_known, 1)
        n_inputs = units
    else:
        n_inputs += structure.horizon * n_known
    if dense_units:
        shapes += [(n_inputs, dense_units), (dense_units,)]
        n_inputs = dense_units
    n_outputs = structure.n_outputs * (1 if is_decoder else structure.horizon)
    return [*shapes, (n_inputs, n_outputs), (n_outputs,)]
