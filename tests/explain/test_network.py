"""The network in NumPy: gradients against differences, attributions that add up."""

from itertools import product

import numpy as np
import pytest

from search.config import CELLS, Cell
from search.evaluation.windows import PADDING
from search.explain.layers import Dense
from search.explain.network import NumpyNetwork, integrated_gradients
from tests.explain.networks import (
    ARCHITECTURES,
    CHANNELS,
    HORIZON,
    STEPS,
    TARGETS,
    UNITS,
    make_known,
    make_network,
    make_windows,
)

NORMALIZATIONS = ("none", "layer", "batch")


def _differences(
    network: NumpyNetwork, past: np.ndarray, row: int, channel: int, **beside
) -> float:
    moved = np.repeat(past, 2, axis=0)
    moved[0, row, channel] += 1e-5
    moved[1, row, channel] -= 1e-5
    beside = {name: np.repeat(one, 2, axis=0) for name, one in beside.items()}
    up, down = network.predict(moved, **beside)[:, 1, 0]
    return (up - down) / 2e-5


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_gradients_are_the_differences(cell: Cell, layers: int) -> None:
    network, past = make_network(cell, layers), make_windows()
    found = network.input_gradient(past, step=1, target=0)[0]
    for row, channel in ((0, 0), (3, 2), (STEPS - 1, 1)):
        wanted = _differences(network, past, row, channel)
        assert found[row, channel] == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize(
    ("architecture", "normalization", "hidden"),
    list(product(ARCHITECTURES, NORMALIZATIONS, (0, 4))),
)
def test_gradients_of_every_structure_are_the_differences(
    architecture: str, normalization: str, hidden: int
) -> None:
    network = make_network(
        layers=2,
        architecture=architecture,
        normalization=normalization,
        hidden=hidden,
        n_known=1,
    )
    past, known = make_windows(), make_known(1, 1)
    assert network.predict(past, known).shape == (1, HORIZON, TARGETS)
    found = network.input_gradient(past, known, step=1, target=0)[0]
    for row, channel in ((0, 0), (3, 2), (STEPS - 1, 1)):
        wanted = _differences(network, past, row, channel, known=known)
        assert found[row, channel] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_integrated_gradients_add_up_to_the_forecast(cell: Cell) -> None:
    network, window = make_network(cell, 2), make_windows()[0]
    found = integrated_gradients(network, window, step=0, target=1, n_points=200)
    both = network.predict(np.stack([window, np.zeros_like(window)]))[:, 0, 1]
    assert found.shape == window.shape
    assert found.sum() == pytest.approx(both[0] - both[1], abs=1e-4)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_integrated_gradients_keep_the_known_values(architecture: str) -> None:
    network = make_network(architecture=architecture, hidden=4, n_known=1)
    window, known = make_windows()[0], make_known(1, 1)
    found = integrated_gradients(
        network, window, known[0], step=1, target=1, n_points=2000
    )
    way = np.stack([window, np.zeros_like(window)])
    both = network.predict(way, np.repeat(known, 2, axis=0))[:, 1, 1]
    assert found.sum() == pytest.approx(both[0] - both[1], abs=1e-3)


@pytest.mark.parametrize("cell", CELLS)
def test_windows_do_not_touch_each_other(cell: Cell) -> None:
    network, past = make_network(cell, 2), make_windows(4)
    alone = np.concatenate([network.predict(window[None]) for window in past])
    assert network.predict(past) == pytest.approx(alone)


def test_known_values_enter_after_the_stack() -> None:
    network = make_network(n_known=2)
    known = make_known(2, 2)
    past = np.repeat(make_windows(), 2, axis=0)
    first, second = network.predict(past, known)
    dense = network.head[-1]
    assert isinstance(dense, Dense)
    flat = (known[0] - known[1]).ravel() @ dense.kernel[UNITS:]
    assert (first - second).ravel() == pytest.approx(flat)


def test_a_decoder_knows_no_later_step() -> None:
    network = make_network(architecture="encoder_decoder", n_known=1)
    past, known = np.repeat(make_windows(), 2, axis=0), make_known(1, 1)
    other = known.copy()
    other[0, -1] += 1
    first, second = network.predict(past, np.concatenate([known, other]))
    assert first[:-1] == pytest.approx(second[:-1])
    assert (np.abs(first[-1] - second[-1]) > 1e-3).all()


def test_gates_lie_where_they_should() -> None:
    ((trace,),) = make_network("LSTM", 1).recurrent_traces(make_windows(3))
    for name in ("input", "forget", "output"):
        gate = trace.inside[name]
        assert gate.shape == (3, STEPS, UNITS)
        assert gate.min() > 0
        assert gate.max() < 1
    assert np.abs(trace.outputs).max() < 1
    cell = trace.inside["cell state"]
    assert trace.outputs == pytest.approx(trace.inside["output"] * np.tanh(cell))


def test_the_gates_of_both_ways_have_the_order_of_the_window() -> None:
    network, past = make_network("LSTM", architecture="bidirectional"), make_windows()
    changed = past.copy()
    changed[:, 3] += 1
    ((there, back),) = network.recurrent_traces(past)
    ((there_now, back_now),) = network.recurrent_traces(changed)
    moved = np.abs(there.outputs - there_now.outputs).max(axis=(0, 2)) > 1e-9
    assert moved.tolist() == 3 * [False] + 4 * [True]
    moved = np.abs(back.outputs - back_now.outputs).max(axis=(0, 2)) > 1e-9
    assert moved.tolist() == 4 * [True] + 3 * [False]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_recurrent_layer_that_reads_shows_its_gates(architecture: str) -> None:
    network = make_network("GRU", 2, architecture=architecture, normalization="layer")
    traces = network.recurrent_traces(make_windows(3))
    assert len(traces) == 2
    for trace in (one for ways in traces for one in ways):
        assert trace.inside["update"].shape == (3, STEPS, UNITS)


@pytest.mark.parametrize(("cell", "architecture"), list(product(CELLS, ARCHITECTURES)))
def test_padding_is_as_if_it_were_not_there(cell: Cell, architecture: str) -> None:
    network = make_network(cell, 2, architecture=architecture, normalization="layer")
    past = make_windows(2)
    past[0, :3] = PADDING
    found = network.predict(past)
    assert found[0] == pytest.approx(network.predict(past[:1, 3:])[0])
    assert found[1] == pytest.approx(network.predict(past[1:])[0])
    gradients = network.input_gradient(past, step=1, target=0)
    assert (gradients[0, :3] == 0).all()
    short = network.input_gradient(past[:1, 3:], step=1, target=0)[0]
    assert gradients[0, 3:] == pytest.approx(short)
    values = integrated_gradients(network, past[0], step=1, target=0)
    assert (values[:3] == 0).all()
    short = integrated_gradients(network, past[0, 3:], step=1, target=0)
    assert values[3:] == pytest.approx(short)


def test_padded_steps_have_no_state_and_no_attention() -> None:
    network = make_network("LSTM", architecture="attention")
    past = make_windows(2)
    past[0, :3] = PADDING
    weights = network.attention(past)
    assert weights.sum(axis=1) == pytest.approx(1)
    assert (weights[0, :3] == 0).all()
    assert (weights[0, 3:] > 0).all()
    ((trace,),) = network.recurrent_traces(past)
    assert (trace.outputs[0, :3] == 0).all()
    assert (trace.inside["cell state"][0, :3] == 0).all()


def test_only_attention_has_weights() -> None:
    assert [make_network(architecture=one).has_attention for one in ARCHITECTURES] == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_work_counts_every_product() -> None:
    gru = 3 * UNITS * (CHANNELS + UNITS)
    assert make_network("GRU").work(STEPS) == STEPS * gru
    both = make_network("GRU", architecture="bidirectional")
    assert both.work(STEPS) == 2 * STEPS * gru


def test_evidence_for_a_class_is_what_it_has_more_than_the_mean() -> None:
    network, window = make_network("GRU"), make_windows()[0]
    zeros = np.zeros_like(window)
    outputs = network.predict(np.stack([window, zeros]))[:, 0]
    above = outputs[:, 1] - outputs.mean(axis=1)
    found = integrated_gradients(
        network, window, step=0, target=1, is_class=True, n_points=200
    )
    np.testing.assert_allclose(found.sum(), above[0] - above[1], atol=1e-4)
