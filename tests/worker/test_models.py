"""The structure of the networks and their initial weights."""

import math
from dataclasses import replace
from typing import get_args

import keras
import numpy as np
import pytest

from search.config import CELLS, Cell
from search.space.lines import Architecture, Normalization
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
@pytest.mark.parametrize("architecture", get_args(Architecture))
def test_build_model_has_the_shape_that_was_asked_for(
    cell: Cell, n_known: int, architecture: Architecture
) -> None:
    shape = replace(
        SHAPE,
        cell=cell,
        layers=2,
        n_known=n_known,
        architecture=architecture,
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
    shape = replace(SHAPE, layers=2, architecture="bidirectional")
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
    shape = replace(SHAPE, n_channels=8, layers=2, architecture="bidirectional")
    kernels = [one for one in build_model(shape).get_weights() if one.shape == (4, 16)]
    assert len(kernels) == 4
    for place, one in enumerate(kernels):
        for other in kernels[place + 1 :]:
            assert not np.allclose(one, other)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("architecture", get_args(Architecture))
@pytest.mark.parametrize(
    ("n_known", "normalization", "dense_units"),
    [(0, "none", 0), (2, "batch", 6), (2, "layer", 0)],
)
def test_initial_weights_are_those_of_a_fresh_model(
    cell: Cell,
    architecture: Architecture,
    n_known: int,
    normalization: Normalization,
    dense_units: int,
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
        architecture=architecture,
        normalization=normalization,
        dense_units=dense_units,
        has_dropout=True,
    )
    model = build_model(shape, seed=9, dropout=0.2)
    weights = initial_weights(shape, seed=9)
    trained = [math.prod(one.shape) for one in model.trainable_variables]
    assert count_weights(shape) == sum(trained)
    for ours, theirs in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_attention_is_a_mean_of_the_states_weighted_by_their_scores() -> None:
    """Against the formula, for states that are given."""
    shape = replace(SHAPE, architecture="attention")
    model = build_model(shape, seed=4)
    names = ("lstm_1", "context_and_state")
    outputs = [model.get_layer(name).output for name in names]
    inside = keras.Model(model.input, outputs)
    past = np.random.default_rng(0).normal(size=(3, 5, 6)).astype(np.float32)
    states, features = (one.numpy() for one in inside(past))
    query, keys, scores = (
        model.get_layer(f"attention_{name}").get_weights()[0]
        for name in ("query", "keys", "scores")
    )
    asked = states[:, -1:] @ query
    found = (np.tanh(states @ keys + asked) @ scores)[..., 0]
    shares = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
    context = (shares[..., None] * states).sum(axis=1)
    np.testing.assert_allclose(features[:, :4], context, atol=1e-6)
    np.testing.assert_array_equal(features[:, 4:], states[:, -1])


def test_the_convolution_sees_nothing_later() -> None:
    shape = replace(SHAPE, architecture="convolutional")
    model = build_model(shape, seed=4)
    convolution = keras.Model(model.input, model.get_layer("convolution").output)
    past = np.random.default_rng(0).normal(size=(1, 5, 6)).astype(np.float32)
    changed = past.copy()
    changed[0, 3] += 1
    before, after = convolution(past).numpy(), convolution(changed).numpy()
    assert before.shape == (1, 5, 4)
    np.testing.assert_array_equal(before[0, :3], after[0, :3])
    assert not np.allclose(before[0, 3:], after[0, 3:])


def test_the_decoder_sees_what_is_known_up_to_its_step() -> None:
    shape = replace(SHAPE, architecture="encoder_decoder", n_known=2)
    model = build_model(shape, seed=4)
    generator = np.random.default_rng(0)
    past = generator.normal(size=(1, 5, 6)).astype(np.float32)
    known = generator.normal(size=(1, 3, 2)).astype(np.float32)
    changed = known.copy()
    changed[0, 1] += 1
    before, after = (model([past, one]).numpy()[0] for one in (known, changed))
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.allclose(before[1], after[1])
    assert not np.allclose(before[2], after[2])
    assert model.get_layer("head").kernel.shape == (4, 2)


def test_what_follows_each_recurrent_layer_has_its_order() -> None:
    """Normalization, then dropout, also after the decoder; then the dense layers."""
    shape = replace(
        SHAPE,
        architecture="encoder_decoder",
        normalization="layer",
        dense_units=7,
        has_dropout=True,
    )
    names = [layer.name for layer in build_model(shape, dropout=0.1).layers]
    assert names == [
        "past",
        "lstm_1",
        "normalization_1",
        "dropout_1",
        "repeated_state",
        "decoder",
        "normalization_decoder",
        "dropout_decoder",
        "hidden",
        "head",
        "forecast",
    ]
