"""The structure of the networks and their initial weights."""

from dataclasses import replace

import numpy as np
import pytest

from search.config import CELLS, Cell
from search.worker.models import (
    NetworkShape,
    build_model,
    count_weights,
    initial_weights,
)

SHAPE = NetworkShape(
    cell="LSTM",
    units=4,
    layers=1,
    sequence_length=5,
    horizon=3,
    n_targets=2,
    n_channels=6,
    n_known=0,
)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("n_known", [0, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_build_model_has_the_shape_that_was_asked_for(
    cell: str, n_known: int, bidirectional: bool
) -> None:
    shape = replace(
        SHAPE,
        cell=cell,  # type: ignore[arg-type]
        layers=2,
        n_known=n_known,
        bidirectional=bidirectional,
        has_dropout=True,
    )
    model = build_model(shape, dropout=0.25)
    names = [one.name for one in model.inputs]
    assert names == ["past", "known"][: 1 + bool(n_known)]
    assert model.inputs[0].shape == (None, 5, 6)
    assert model.output.shape == (None, 3, 2)
    assert model.get_layer("dropout_2").rate == 0.25


def test_build_model_counts_the_weights_by_hand() -> None:
    """LSTM: 4 * (6 + 4 + 1) * 4 = 176; head: (4 + 3 * 2) * 6 + 6 = 66."""
    assert build_model(replace(SHAPE, n_known=2)).count_params() == 176 + 66


def test_build_model_draws_the_weights_from_the_seed() -> None:
    shape = replace(SHAPE, layers=2, bidirectional=True)
    one, same, other = (build_model(shape, seed=seed) for seed in (5, 5, 6))
    for first, second in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    different = [
        not np.allclose(first, second)
        for first, second in zip(one.get_weights(), other.get_weights(), strict=True)
        if np.unique(first).size > 2  # biases start at 0 and 1
    ]
    assert len(different) == 9
    assert all(different)


def test_build_model_never_draws_the_same_weights_twice() -> None:
    """Two directions and two layers of equal size start from different numbers."""
    shape = replace(SHAPE, n_channels=8, layers=2, bidirectional=True)
    kernels = [one for one in build_model(shape).get_weights() if one.shape == (4, 16)]
    assert len(kernels) == 4
    for place, one in enumerate(kernels):
        for other in kernels[place + 1 :]:
            assert not np.allclose(one, other)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("n_known", [0, 2])
def test_initial_weights_are_those_of_a_fresh_model(
    cell: Cell, bidirectional: bool, n_known: int
) -> None:
    shape = NetworkShape(
        cell,
        units=5,
        layers=3,
        sequence_length=7,
        horizon=4,
        n_targets=2,
        n_channels=3,
        n_known=n_known,
        bidirectional=bidirectional,
        has_dropout=True,
    )
    model = build_model(shape, seed=9, dropout=0.2)
    weights = initial_weights(shape, seed=9)
    assert count_weights(shape) == model.count_params()
    for ours, theirs in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
