"""What a network is made of, and its layers from the weights that Keras gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from search.config import Cell
from search.explain.attention import AdditiveAttention
from search.explain.cells import CELL_CLASSES, BothWays, NumpyCell
from search.explain.decoder import Decoder
from search.explain.layers import (
    BatchNormalization,
    CausalConvolution,
    Dense,
    JoinKnown,
    LastStep,
    Layer,
    LayerNormalization,
)


@dataclass(frozen=True)
class Structure:
    """All that the weights of a network do not say themselves.

    Attributes
    ----------
    cell, layers
        Kind and number of the recurrent layers that read the window.
    horizon, n_outputs
        Steps of a forecast, and targets (or classes) of each.
    architecture, normalization
        As in the search space.
    has_hidden
        Whether a dense layer with ``relu`` lies before the last one.
    """

    cell: Cell
    layers: int
    horizon: int
    n_outputs: int
    architecture: str = "stacked"
    normalization: str = "none"
    has_hidden: bool = False


def reading_layers(structure: Structure, weights: Iterator[np.ndarray]) -> list[Layer]:
    """Take the layers that give on something for each step of the window."""
    layers: list[Layer] = []
    if structure.architecture == "convolutional":
        layers.append(CausalConvolution(*islice(weights, 2)))
    for number in range(structure.layers):
        layers.append(_recurrent(structure, weights))
        if number < structure.layers - 1 or structure.architecture == "attention":
            layers += _normalization(structure, weights)
    return layers


def head_layers(
    structure: Structure, reader: Sequence[Layer], weights: Iterator[np.ndarray]
) -> list[Layer]:
    """Take the layers from the one that makes a single answer of all steps."""
    layers: list[Layer] = []
    top = reader[-1]
    if structure.architecture == "attention":
        layers.append(AdditiveAttention(*islice(weights, 3)))
    else:
        n_forward = top.forward.width if isinstance(top, BothWays) else None
        layers.append(LastStep(top.width, n_forward=n_forward))
        layers += _normalization(structure, weights)
    if structure.architecture == "encoder_decoder":
        layers.append(Decoder(_cell(structure, weights), horizon=structure.horizon))
        layers += _normalization(structure, weights)
    else:
        layers.append(JoinKnown())
    if structure.has_hidden:
        layers.append(Dense(*islice(weights, 2), is_relu=True))
    layers.append(Dense(*islice(weights, 2)))
    return layers


def _recurrent(structure: Structure, weights: Iterator[np.ndarray]) -> Layer:
    forward = _cell(structure, weights)
    if structure.architecture != "bidirectional":
        return forward
    return BothWays(forward, _cell(structure, weights))


def _cell(structure: Structure, weights: Iterator[np.ndarray]) -> NumpyCell:
    return CELL_CLASSES[structure.cell](*islice(weights, 3))


def _normalization(structure: Structure, weights: Iterator[np.ndarray]) -> list[Layer]:
    if structure.normalization == "layer":
        return [LayerNormalization(*islice(weights, 2))]
    if structure.normalization == "batch":
        return [BatchNormalization(*islice(weights, 4))]
    return []
