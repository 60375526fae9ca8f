"""The network in NumPy against Keras: forecasts, gates and gradients."""

from itertools import product

import numpy as np
import pytest
import tensorflow as tf

from search.config import CELLS, Cell
from search.explain.network import NumpyNetwork
from search.worker.models import NetworkShape, build_model

STEPS, CHANNELS, HORIZON, TARGETS, KNOWN = 9, 3, 2, 2, 1


@pytest.mark.parametrize(("cell", "layers"), list(product(CELLS, (1, 3))))
def test_forecasts_and_gradients_are_those_of_keras(cell: Cell, layers: int) -> None:
    shape = NetworkShape(
        cell, 6, layers, STEPS, HORIZON, TARGETS, CHANNELS, n_known=KNOWN
    )
    model = build_model(shape, seed=3)
    generator = np.random.default_rng(0)
    model.set_weights(
        [0.4 * generator.normal(size=one.shape) for one in model.get_weights()]
    )
    past = generator.normal(size=(4, STEPS, CHANNELS)).astype(np.float32)
    known = generator.normal(size=(4, HORIZON, KNOWN)).astype(np.float32)
    network = NumpyNetwork.of(
        cell, model.get_weights(), horizon=HORIZON, n_targets=TARGETS
    )
    inputs = tf.constant(past)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = model([inputs, tf.constant(known)], training=False)
        one = tf.reduce_sum(outputs[:, 1, 0])
    assert network.predict(past, known) == pytest.approx(outputs.numpy(), abs=1e-5)
    found = network.input_gradient(past, step=1, target=0)
    assert found == pytest.approx(tape.gradient(one, inputs).numpy(), abs=1e-5)


@pytest.mark.parametrize(("cell", "layers"), list(product(CELLS, (1, 2))))
def test_networks_that_read_both_ways_forecast_like_keras(
    cell: Cell, layers: int
) -> None:
    shape = NetworkShape(
        cell,
        4,
        layers,
        STEPS,
        HORIZON,
        TARGETS,
        CHANNELS,
        n_known=KNOWN,
        architecture="bidirectional",
    )
    model = build_model(shape, seed=3)
    generator = np.random.default_rng(1)
    model.set_weights(
        [0.4 * generator.normal(size=one.shape) for one in model.get_weights()]
    )
    past = generator.normal(size=(4, STEPS, CHANNELS)).astype(np.float32)
    known = generator.normal(size=(4, HORIZON, KNOWN)).astype(np.float32)
    network = NumpyNetwork.of(
        cell,
        model.get_weights(),
        horizon=HORIZON,
        n_targets=TARGETS,
        bidirectional=True,
    )
    expected = model([past, known], training=False).numpy()
    assert network.predict(past, known) == pytest.approx(expected, abs=1e-5)
