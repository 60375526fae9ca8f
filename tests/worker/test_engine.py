"""The compiled epochs against Keras itself, and what they promise beyond it."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from search.config import Task
from search.evaluation.framing import FramedSeries, frame_series
from search.evaluation.panel import Panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.windows import gather_targets, gather_windows
from search.study.space import TrialParams
from search.worker.engine import (
    VALIDATION_BATCH,
    EpochProgram,
    epoch_program,
)
from search.worker.gathering import series_tensors
from search.worker.models import as_inputs, build_model, network_shape
from search.worker.records import ProgramKey, Rates

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}
ORDER = np.random.default_rng(1).permutation(np.arange(13, 71)).astype(np.int32)


class Setting:
    """One network on one series, for the engine and for Keras."""

    def __init__(self, panel: Panel, task: Task, params: TrialParams) -> None:
        self.params, self.task = params, task
        self.shape = network_shape(params, panel, task)
        scaler = fit_scaler(panel, params.scaler, stop=74)
        self.framed: FramedSeries = frame_series(
            panel, scaler, params.framing, horizon=task.horizon, season=task.season
        )
        self.program: EpochProgram = epoch_program(
            ProgramKey(self.shape, params.batch_size, params.optimizer, panel.n_rows)
        )
        self.model = build_model(self.shape, seed=11)
        self.state = self.program.start_from(
            self.model.get_weights(), learning_rate=params.learning_rate
        )

    def run(self, order: np.ndarray = ORDER, validation: range = range(0)) -> Any:
        """Advance the engine by one epoch."""
        outcome = self.program.run(
            self.state,
            series_tensors(self.framed),
            order=order,
            validation=validation,
            rates=Rates.of(self.params),
        )
        self.state = outcome.state
        return outcome

    def weights(self) -> list[np.ndarray]:
        return self.program.weights(self.state)

    def windows(self, origins: np.ndarray) -> tuple[Any, np.ndarray]:
        """Return inputs and targets by the plain definition."""
        windows = gather_windows(
            self.framed,
            origins,
            sequence_length=self.shape.sequence_length,
            n_known=self.shape.n_known,
        )
        inputs = [windows.past, windows.known][: len(self.model.inputs)]
        ahead = gather_targets(self.framed.targets, origins, horizon=self.shape.horizon)
        return as_inputs(inputs), ahead - windows.base

    def compile_keras(self) -> None:
        optimizer = OPTIMIZERS[self.params.optimizer](
            self.params.learning_rate, clipnorm=self.params.clipnorm
        )
        self.model.compile(optimizer, loss=self.params.loss, jit_compile=False)

    def fit_keras(self, order: np.ndarray = ORDER) -> float:
        """Advance Keras by one epoch over the same batches; return its loss."""
        x, y = self.windows(order)
        history = self.model.fit(
            x, y, batch_size=self.params.batch_size, shuffle=False, verbose=0
        )
        return float(history.history["loss"][0])


CASES: dict[str, dict[str, Any]] = {
    "rnn": {"cell": "SimpleRNN", "layers": 2, "framing": "last_value"},
    "lstm": {"cell": "LSTM", "layers": 2, "framing": "seasonal"},
    "gru": {"cell": "GRU", "layers": 2, "loss": "mae"},
    "both ways": {"cell": "GRU", "bidirectional": True, "optimizer": "rmsprop"},
    "mae": {"cell": "LSTM", "loss": "mae", "framing": "last_value"},
    "sgd": {"cell": "SimpleRNN", "optimizer": "sgd", "learning_rate": 0.1},
}


@pytest.mark.parametrize("case", CASES)
def test_epochs_give_the_weights_of_fit(
    case: str,
    rich_panel: Panel,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """58 windows in batches of 16: the last batch has 10. The clipnorm bites."""
    setting = Setting(rich_panel, task, make_params(clipnorm=0.05, **CASES[case]))
    assert setting.shape.n_known == 3
    before = setting.weights()
    setting.compile_keras()
    for _ in range(2):
        expected = setting.fit_keras()
        outcome = setting.run()
        assert outcome.loss == pytest.approx(expected, rel=1e-5)
        for ours, theirs in zip(
            setting.weights(), setting.model.get_weights(), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    moved = max(
        np.abs(new - old).max()
        for new, old in zip(setting.weights(), before, strict=True)
    )
    assert moved > 1e-3


@pytest.mark.parametrize("clipnorm", [0.05, 1e3])
def test_clipnorm_shortens_each_gradient_by_itself(
    clipnorm: float, panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """One step of plain descent moves each weight array by at most the clipnorm."""
    params = make_params(optimizer="sgd", learning_rate=1.0, clipnorm=clipnorm)
    setting = Setting(panel, task, replace(params, cell="LSTM"))
    before = setting.weights()
    setting.run(order=ORDER[:16])
    moves = [
        float(np.linalg.norm(new - old))
        for new, old in zip(setting.weights(), before, strict=True)
    ]
    if clipnorm == 0.05:
        np.testing.assert_allclose(moves[-2:], 0.05, rtol=1e-4)
        assert max(moves) < 0.0501
    else:
        assert max(moves) > 0.1


@pytest.mark.parametrize("n_windows", [1, 15, 17])
def test_windows_can_have_any_number(
    n_windows: int, panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """An epoch of 17 windows in batches of 16 is one step of 16, then one of 1."""
    together, apart = (Setting(panel, task, make_params()) for _ in range(2))
    together.run(order=ORDER[:n_windows])
    apart.run(order=ORDER[: min(n_windows, 16)])
    if n_windows > 16:
        apart.run(order=ORDER[16:n_windows])
    for one, other in zip(together.weights(), apart.weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("framing", ["none", "last_value", "seasonal"])
@pytest.mark.parametrize("n_valid", [1, VALIDATION_BATCH - 1, VALIDATION_BATCH + 7])
def test_validation_errors_are_those_of_predict(
    framing: str,
    n_valid: int,
    rich_panel: Panel,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    setting = Setting(rich_panel, task, make_params(framing=framing))
    validation = range(118 - n_valid, 118)
    outcome = setting.run(order=ORDER[:0], validation=validation)
    x, y = setting.windows(np.array(validation))
    error = setting.model(x).numpy().astype(float) - y
    np.testing.assert_allclose(outcome.squared, np.mean(error**2, (0, 1)), rtol=1e-5)
    np.testing.assert_allclose(
        outcome.absolute, np.mean(np.abs(error), (0, 1)), rtol=1e-5
    )


def test_validation_does_not_train(
    panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    setting = Setting(panel, task, make_params())
    before = setting.weights()
    setting.run(order=ORDER[:0], validation=range(80, 100))
    for new, old in zip(setting.weights(), before, strict=True):
        np.testing.assert_array_equal(new, old)


def test_dropout_at_rate_zero_changes_nothing(
    panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """Rates are values: the program with dropout, run at 0, is the one without."""
    plain = Setting(panel, task, make_params())
    plain.run()
    dropping = make_params(dropout=0.4, recurrent_dropout=0.4)
    setting = Setting(panel, task, dropping)
    setting.params = replace(dropping, dropout=0.0, recurrent_dropout=0.0)
    setting.run()
    for one, other in zip(plain.weights(), setting.weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rate", ["dropout", "recurrent_dropout"])
def test_dropout_follows_the_seed(
    rate: str, panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    params = make_params(dropout=0.4, recurrent_dropout=0.4)
    results = []
    for seed, value in [(1, 0.4), (1, 0.4), (2, 0.4), (1, 0.0)]:
        setting = Setting(panel, task, params)
        setting.params = replace(
            params,
            dropout=value if rate == "dropout" else 0.0,
            recurrent_dropout=value if rate == "recurrent_dropout" else 0.0,
        )
        setting.state = setting.program.start_from(
            setting.model.get_weights(), learning_rate=0.01, seed=seed
        )
        setting.run()
        results.append(np.concatenate([one.ravel() for one in setting.weights()]))
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.allclose(results[0], results[2])
    assert not np.allclose(results[0], results[3])


def test_folds_that_take_turns_do_not_touch_each_other(
    panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """Two epochs in a row give the same weights as with another fold in between."""
    alone, first = (Setting(panel, task, make_params()) for _ in range(2))
    alone.run()
    alone.run()
    first.run()
    second = Setting(panel, task, make_params(learning_rate=0.5))
    second.run(order=ORDER[:20])
    first.run()
    for one, other in zip(alone.weights(), first.weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_same_structure_compiles_once(
    panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """Rates, loss, framing and scaler are values, not structure."""
    setting = Setting(panel, task, make_params())
    setting.run()
    changes: dict[str, Any] = {
        "learning_rate": 0.002,
        "clipnorm": 3.0,
        "loss": "mae",
        "framing": "seasonal",
        "scaler": "robust",
    }
    other = Setting(panel, task, make_params(**changes))
    assert other.program is setting.program
    assert other.program.compile(other.state, series_tensors(other.framed)) == 0.0
    other.run(order=ORDER[:33])
    assert other.program._run.experimental_get_tracing_count() == 1


def test_windows_are_never_stored(
    panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """The program holds one batch of windows at a time, not those of the epoch."""
    setting = Setting(panel, task, make_params(sequence_length=7))
    program = setting.program
    arguments = program._arguments(
        setting.state,
        series_tensors(setting.framed),
        ORDER,
        range(80, 100),
        Rates(clipnorm=1.0),
    )
    text = program._run.experimental_get_compiler_ir(*arguments)(stage="hlo")
    with_length = {
        sizes
        for sizes in re.findall(r"f32\[([\d,]+)\]", text)
        if "7" in sizes.split(",")
    }
    assert "16,7,2" in with_length
    largest = max(math.prod(map(int, sizes.split(","))) for sizes in with_length)
    assert largest <= VALIDATION_BATCH * 7 * 4 < 128 * 7 * 4
