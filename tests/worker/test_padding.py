"""Windows that begin before their group, against Keras with its own masks."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest

from search.config import CELLS, Cell
from search.evaluation.framing import FramedSeries
from search.evaluation.windows import PADDING, gather_targets, gather_windows
from search.worker.engine import epoch_program
from search.worker.export import export_model
from search.worker.gathering import series_tensors
from search.worker.models import NetworkShape, build_model
from search.worker.records import Rates

LENGTHS = [3, 14, 1, 9, 30, 13, 20, 5, 12, 7]
N_ROWS = sum(LENGTHS)
LENGTH = 13
ENDS = np.cumsum(LENGTHS)


def grouped(lengths: list[int] = LENGTHS, *, n_channels: int = 2) -> FramedSeries:
    """Ten groups of unequal length, if not of `lengths`; the label is no input."""
    generator = np.random.default_rng(3)
    n_rows = sum(lengths)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return FramedSeries(
        inputs=generator.normal(0, 1, (n_rows, n_channels)).astype(np.float32),
        targets=generator.normal(0, 1, (n_rows, 1)).astype(np.float32),
        base_offsets=np.array([-1], np.int32),
        is_anchored=False,
        has_base=False,
        center=np.zeros((n_rows, 1), np.float32),
        scale=np.ones((n_rows, 1), np.float32),
        group_starts=starts,
    )


def shape_of(cell: Cell, **changes: Any) -> NetworkShape:
    values: dict[str, Any] = {
        "cell": cell,
        "units": 4,
        "layers": 1,
        "sequence_length": LENGTH,
        "horizon": 1,
        "n_targets": 1,
        "n_channels": 2,
        "n_known": 0,
        "has_padding": True,
        "target_offset": -1,
    }
    return NetworkShape(**(values | changes))


class Pair:
    """One network, for the engine and for Keras, from weights without a zero."""

    def __init__(self, shape: NetworkShape, *, loss: Any = "mse") -> None:
        self.shape, self.framed = shape, grouped()
        self.program = epoch_program(shape, 8, "adam", N_ROWS)
        # The engine drops states at a rate of 0.
        self.model = build_model(replace(shape, has_recurrent_dropout=False), seed=5)
        generator = np.random.default_rng(4)
        # With a bias, a step that is read though it is padding changes the state.
        self.model.set_weights(
            [
                one + abs(generator.normal(0, 0.3, one.shape))
                if one.ndim == 1  # a variance may be among these
                else one + generator.normal(0, 0.3, one.shape)
                for one in self.model.get_weights()
            ]
        )
        self.state = self.program.start_from(
            shape, self.model.get_weights(), learning_rate=0.01
        )
        self.model.compile(
            keras.optimizers.Adam(0.01, clipnorm=1.0), loss=loss, jit_compile=False
        )

    def run(self, order: np.ndarray, validation: np.ndarray) -> Any:
        outcome = self.program.run(
            self.state,
            series_tensors(self.framed),
            order=order,
            validation=validation,
            rates=Rates(clipnorm=1.0),
        )
        self.state = outcome.state
        return outcome

    def windows(self, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets by the plain definition."""
        windows = gather_windows(
            self.framed, origins, sequence_length=LENGTH, n_known=0
        )
        offset = self.shape.target_offset
        y = gather_targets(
            self.framed.targets, origins + offset, horizon=self.shape.horizon
        )
        return windows.past, y

    def check_epoch(self, order: np.ndarray) -> None:
        x, y = self.windows(order)
        history = self.model.fit(x, y, batch_size=8, shuffle=False, verbose=0)
        outcome = self.run(order, ENDS)
        assert outcome.loss == pytest.approx(history.history["loss"][0], rel=1e-5)
        for ours, theirs in zip(
            self.program.weights(self.state), self.model.get_weights(), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
        x, y = self.windows(ENDS)
        error = self.model(x).numpy().astype(float) - y
        np.testing.assert_allclose(
            outcome.squared, np.mean(error**2, (0, 1)), rtol=1e-4
        )


ARCHITECTURES = ("stacked", "bidirectional", "attention", "convolutional")
CASES: dict[str, tuple[Cell, dict[str, Any]]] = {
    **{f"{cell} {n}": (cell, {"layers": n}) for cell in CELLS for n in (1, 2)},
    **{
        f"{cell} both ways": (cell, {"architecture": "bidirectional"}) for cell in CELLS
    },
    # The layer that drops values stands between the two and drops none here.
    "twice both ways": (
        "LSTM",
        {"architecture": "bidirectional", "layers": 2, "has_dropout": True},
    ),
    "normalized": ("GRU", {"layers": 2, "normalization": "layer"}),
    **{
        f"{cell} {architecture}": (cell, {"architecture": architecture, "layers": 2})
        for cell in CELLS
        for architecture in ("attention", "convolutional")
    },
    **{
        f"{architecture} in batches": (
            "LSTM",
            {"architecture": architecture, "layers": 2, "normalization": "batch"},
        )
        for architecture in ARCHITECTURES
    },
    **{
        f"{cell} {architecture} dropping states": (
            cell,
            {
                "architecture": architecture,
                "layers": 2,
                "has_recurrent_dropout": True,
            },
        )
        for cell, architecture in zip(CELLS, ARCHITECTURES[:3], strict=True)
    },
}


QUICK = ("GRU 2",)
# One of each kind; the rest are the same with other cells.
USUAL = (
    *("LSTM 2", "SimpleRNN both ways", "twice both ways", "normalized"),
    *("GRU attention", "LSTM convolutional", "bidirectional in batches"),
    "LSTM bidirectional dropping states",
)


def by_length(quick: Collection[str]) -> list[Any]:
    """Return every case, marked by when it runs."""
    slow, thorough = [pytest.mark.slow], [pytest.mark.slow, pytest.mark.thorough]
    return [
        pytest.param(
            one, marks=[] if one in quick else slow if one in USUAL else thorough
        )
        for one in CASES
    ]


@pytest.mark.parametrize("case", by_length(QUICK))
def test_padded_epochs_give_the_weights_of_fit(case: str) -> None:
    """Sliding windows of every group, most of them padded, the last batch short."""
    cell, changes = CASES[case]
    pair = Pair(shape_of(cell, **changes))
    order = np.random.default_rng(1).permutation(np.arange(1, N_ROWS + 1))[:61]
    for _ in range(2):
        pair.check_epoch(order)


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_is_not_read(architecture: str, normalization: str) -> None:
    """A short sequence gives what a network of its own length gives."""
    changes = {"architecture": architecture, "normalization": normalization}
    pair = Pair(shape_of("GRU", layers=2, **changes))
    short = build_model(shape_of("GRU", layers=2, sequence_length=5, **changes))
    short.set_weights(pair.model.get_weights())
    stop = ENDS[7]  # of five rows
    x, _ = pair.windows(np.array([stop]))
    assert (x[0, :8] == PADDING).all()
    own = pair.framed.inputs[None, stop - 5 : stop]
    np.testing.assert_allclose(
        pair.model(x).numpy(), short(own).numpy(), rtol=0, atol=1e-6
    )


def test_padding_of_a_cell_leaves_its_state_at_zero() -> None:
    """To the last bit: what stands for the inputs there saturates the gate of a GRU."""
    pair = Pair(shape_of("GRU"))
    before = pair.run(np.zeros(0, np.int32), ENDS)
    changed = pair.framed.inputs.copy()
    changed[ENDS[6] :] *= 5.0  # rows of other groups
    pair.framed = replace(pair.framed, inputs=changed)
    after = pair.run(np.zeros(0, np.int32), ENDS[:7])
    pair.framed = grouped()
    alone = pair.run(np.zeros(0, np.int32), ENDS[:7])
    np.testing.assert_array_equal(after.squared, alone.squared)
    assert before.squared != alone.squared


def dropping_epochs(shape: NetworkShape, rate: float) -> tuple[list[Any], list[float]]:
    """Train on 20 sequences of 5 rows; return the weights and the losses."""
    framed = grouped([5] * 20)
    program = epoch_program(shape, 8, "adam", len(framed.inputs))
    state = program.start(shape, learning_rate=0.01, seed=5)
    losses = []
    for _ in range(2):
        outcome = program.run(
            state,
            series_tensors(framed),
            order=np.random.default_rng(1).permutation(np.arange(5, 101, 5)),
            validation=np.zeros(0, np.int32),
            rates=Rates(clipnorm=1.0, recurrent_dropout=rate),
        )
        state = outcome.state
        losses.append(outcome.loss)
    return program.weights(state), losses


@pytest.mark.parametrize(
    ("cell", "architecture"),
    [
        ("SimpleRNN", "stacked"),
        pytest.param("LSTM", "bidirectional", marks=pytest.mark.slow),
        pytest.param("GRU", "attention", marks=pytest.mark.slow),
        pytest.param("LSTM", "convolutional", marks=pytest.mark.slow),
    ],
)
def test_dropped_states_of_padded_windows_are_those_of_short_ones(
    cell: Cell, architecture: str
) -> None:
    """Windows of 5 rows, and of 13 of which 8 are padding: the same masks and weights.

    Keras draws a mask for a whole sequence, so the padding must neither use one up nor
    move a state.
    """
    changes = {"architecture": architecture, "layers": 2, "has_recurrent_dropout": True}
    padded, short = (shape_of(cell, sequence_length=n, **changes) for n in (LENGTH, 5))
    weights, losses = dropping_epochs(padded, 0.4)
    expected, expected_losses = dropping_epochs(short, 0.4)
    assert losses == pytest.approx(expected_losses, rel=1e-5)
    for ours, theirs in zip(weights, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    kept, _ = dropping_epochs(short, 0.0)
    assert max(np.abs(a - b).max() for a, b in zip(kept, expected, strict=True)) > 1e-3


@pytest.mark.parametrize("case", by_length(()))
def test_padded_networks_are_exported(case: str, tmp_path: Path) -> None:
    """Both files are loaded and run on sequences shorter than the window."""
    cell, changes = CASES[case]
    pair = Pair(shape_of(cell, **changes))
    exported = export_model(pair.model, tmp_path)
    session = onnxruntime.InferenceSession(
        exported.onnx_path, providers=["CPUExecutionProvider"]
    )
    loaded = keras.models.load_model(exported.keras_path, compile=False)
    x, _ = pair.windows(ENDS)
    wanted = pair.model(x).numpy()
    np.testing.assert_allclose(loaded(x).numpy(), wanted, rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        session.run(None, {"past": x})[0], wanted, rtol=0, atol=1e-5
    )
