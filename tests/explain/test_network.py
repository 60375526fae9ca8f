"""The network in NumPy: gradients against differences, attributions that add up."""

import numpy as np
import pytest

from search.config import CELLS, Cell
from search.explain.network import NumpyNetwork, integrated_gradients

GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
UNITS, CHANNELS, STEPS, HORIZON, TARGETS = 5, 3, 7, 2, 2


def make_network(cell: Cell, layers: int, n_known: int = 0) -> NumpyNetwork:
    generator = np.random.default_rng(layers)
    weights, n_inputs, width = [], CHANNELS, GATES[cell] * UNITS
    for _ in range(layers):
        bias_shape = (2, width) if cell == "GRU" else (width,)
        shapes = ((n_inputs, width), (UNITS, width), bias_shape)
        weights += [0.5 * generator.normal(size=shape) for shape in shapes]
        n_inputs = UNITS
    n_outputs = HORIZON * TARGETS
    weights += [
        generator.normal(size=(UNITS + HORIZON * n_known, n_outputs)),
        generator.normal(size=n_outputs),
    ]
    return NumpyNetwork.of(cell, weights, horizon=HORIZON, n_targets=TARGETS)


def _window(n: int = 1) -> np.ndarray:
    return np.random.default_rng(9).normal(size=(n, STEPS, CHANNELS))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_gradients_are_the_differences(cell: Cell, layers: int) -> None:
    network, past = make_network(cell, layers), _window()
    found = network.input_gradient(past, step=1, target=0)[0]
    for row, channel in ((0, 0), (3, 2), (STEPS - 1, 1)):
        moved = np.repeat(past, 2, axis=0)
        moved[0, row, channel] += 1e-5
        moved[1, row, channel] -= 1e-5
        up, down = network.predict(moved)[:, 1, 0]
        assert found[row, channel] == pytest.approx((up - down) / 2e-5, abs=1e-7)


@pytest.mark.parametrize("cell", CELLS)
def test_integrated_gradients_add_up_to_the_forecast(cell: Cell) -> None:
    network, window = make_network(cell, 2), _window()[0]
    found = integrated_gradients(network, window, step=0, target=1, n_points=200)
    both = network.predict(np.stack([window, np.zeros_like(window)]))[:, 0, 1]
    assert found.shape == window.shape
    assert found.sum() == pytest.approx(both[0] - both[1], abs=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_windows_do_not_touch_each_other(cell: Cell) -> None:
    network, past = make_network(cell, 2), _window(4)
    alone = np.concatenate([network.predict(window[None]) for window in past])
    assert network.predict(past) == pytest.approx(alone)


def test_known_values_enter_after_the_stack() -> None:
    network = make_network("GRU", 1, n_known=2)
    known = np.random.default_rng(3).normal(size=(2, HORIZON, 2))
    past = np.repeat(_window(), 2, axis=0)
    first, second = network.predict(past, known)
    flat = (known[0] - known[1]).ravel() @ network.kernel[UNITS:]
    assert (first - second).ravel() == pytest.approx(flat)


def test_gates_lie_where_they_should() -> None:
    (trace,) = make_network("LSTM", 1).trace(_window(3))
    for name in ("input", "forget", "output"):
        gate = trace.gates[name]
        assert gate.shape == (3, STEPS, UNITS)
        assert gate.min() > 0
        assert gate.max() < 1
    assert np.abs(trace.states).max() < 1
    cell = trace.gates["cell state"]
    assert trace.states == pytest.approx(trace.gates["output"] * np.tanh(cell))
