"""The compiled epochs against Keras itself, and what they promise beyond it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from search.config import CELLS, Cell, Roles, Task
from search.evaluation.framing import FramedSeries, frame_series
from search.evaluation.panel import Panel, make_panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.windows import gather_targets, gather_windows
from search.space.lines import TrialParams
from search.worker.dropping import dropout_mask
from search.worker.engine import EpochProgram, epoch_program
from search.worker.gathering import series_tensors
from search.worker.models import as_inputs, build_model, network_shape
from search.worker.records import Rates
from search.worker.stacked import CHUNK, LENGTH_STEP

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
    "momentum": partial(keras.optimizers.SGD, momentum=0.9),
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
            self.shape, params.batch_size, params.optimizer, panel.n_rows
        )
        self.model = build_model(self.shape, seed=11)
        self.state = self.program.start_from(
            self.shape, self.model.get_weights(), learning_rate=params.learning_rate
        )

    def run(self, order: np.ndarray = ORDER, validation: Any = range(0)) -> Any:
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
        base = np.broadcast_to(windows.base, ahead.shape)
        targets = ahead - base
        if self.params.loss == "msle":
            targets = np.concatenate([targets, base], -1)
        return as_inputs(inputs), targets

    def take_classes(self, n_classes: int) -> None:
        """Make the first target a class, and the network one that tells it."""
        values = self.framed.targets[:, :1]
        edges = np.quantile(values, np.linspace(0, 1, n_classes + 1)[1:-1])
        classes = np.digitize(values, edges).astype(np.float32)
        self.framed = replace(self.framed, targets=classes)
        self.shape = replace(self.shape, n_classes=n_classes)
        self.program = epoch_program(
            self.shape, self.params.batch_size, self.params.optimizer, len(values)
        )
        self.model = build_model(self.shape, seed=11)
        self.state = self.program.start_from(
            self.shape,
            self.model.get_weights(),
            learning_rate=self.params.learning_rate,
        )

    def compile_keras(self) -> None:
        clipping = "clipnorm" if self.params.clipping == "norm" else "clipvalue"
        optimizer = OPTIMIZERS[self.params.optimizer](
            self.params.learning_rate, **{clipping: self.params.clipnorm}
        )
        for variable in self.model.trainable_variables:
            if "kernel" in variable.name:
                variable.regularizer = keras.regularizers.L2(self.params.l2)
        self.model.compile(optimizer, loss=self.keras_loss(), jit_compile=False)

    def keras_loss(self) -> Any:
        """Return the loss; ``msle`` is taken in original units."""
        n = self.shape.n_targets
        scale, center = self.framed.scale[0], self.framed.center[0]

        def msle(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
            base = target[..., n:]
            target, output = (
                (one + base) * scale + center for one in (target[..., :n], output)
            )
            return keras.losses.mean_squared_logarithmic_error(target, output)

        return {"msle": msle, "huber": keras.losses.Huber()}.get(
            self.params.loss, self.params.loss
        )

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
    "both ways": {
        "cell": "GRU",
        "architecture": "bidirectional",
        "optimizer": "rmsprop",
    },
    "both ways twice": {"cell": "LSTM", "architecture": "bidirectional", "layers": 2},
    "both ways plain": {"cell": "SimpleRNN", "architecture": "bidirectional"},
    "attention": {
        "cell": "GRU",
        "architecture": "attention",
        "normalization": "batch",
        "framing": "last_value",
    },
    "convolution": {
        "cell": "SimpleRNN",
        "architecture": "convolutional",
        "normalization": "layer",
        "dense_units": 3,
    },
    "decoder": {
        "cell": "LSTM",
        "architecture": "encoder_decoder",
        "normalization": "batch",
        "dense_units": 3,
        "loss": "mae",
    },
    "hidden": {"cell": "GRU", "layers": 2, "dense_units": 6},
    "hidden decay": {"cell": "GRU", "dense_units": 6, "l2": 0.05, "loss": "huber"},
    "mae": {"cell": "LSTM", "loss": "mae", "framing": "last_value"},
    "sgd": {"cell": "SimpleRNN", "optimizer": "sgd", "learning_rate": 0.1},
    "huber": {"cell": "GRU", "loss": "huber", "l2": 0.01},
    "msle": {"cell": "LSTM", "loss": "msle", "framing": "last_value"},
    "momentum": {"cell": "GRU", "optimizer": "momentum", "layers": 2, "l2": 0.05},
    "value": {"cell": "LSTM", "clipping": "value", "clipnorm": 1e-3, "layers": 2},
    "both ways huber": {
        "cell": "LSTM",
        "architecture": "bidirectional",
        "layers": 2,
        "loss": "huber",
    },
    "both ways msle": {
        "cell": "SimpleRNN",
        "architecture": "bidirectional",
        "loss": "msle",
        "framing": "seasonal",
        "l2": 0.01,
        "optimizer": "momentum",
        "clipping": "value",
    },
}

QUICK = ("rnn", "lstm", "gru", "both ways", "attention", "convolution", "huber")


def slow_but(quick: Iterable[str], every: Iterable[str]) -> list[Any]:
    """Return `every` case; those that are not `quick` run with the slow tests."""
    return [
        pytest.param(one, marks=[] if one in quick else [pytest.mark.slow])
        for one in every
    ]


@pytest.mark.parametrize("case", slow_but(QUICK, CASES))
def test_epochs_give_the_weights_of_fit(
    case: str,
    rich_panel: Panel,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """58 windows in batches of 16: the last batch has 10. The clipnorm bites."""
    setting = Setting(rich_panel, task, make_params(**{"clipnorm": 0.05} | CASES[case]))
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


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_decoders_that_get_the_same_in_every_step_give_the_weights_of_fit(
    cell: str, panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """Nothing is known in advance here, so one product serves all steps."""
    params = make_params(cell=cell, architecture="encoder_decoder", layers=2)
    setting = Setting(panel, task, params)
    assert setting.shape.n_known == 0
    setting.compile_keras()
    for _ in range(2):
        expected = setting.fit_keras()
        assert setting.run().loss == pytest.approx(expected, rel=1e-5)
        for ours, theirs in zip(
            setting.weights(), setting.model.get_weights(), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


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
@pytest.mark.parametrize("n_valid", [1, 15, 23])
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
            setting.shape, setting.model.get_weights(), learning_rate=0.01, seed=seed
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
    """Rates, loss, penalty, clipping, framing and scaler are no structure."""
    setting = Setting(panel, task, make_params())
    setting.run()
    changes: dict[str, Any] = {
        "learning_rate": 0.002,
        "clipnorm": 3.0,
        "loss": "msle",
        "framing": "seasonal",
        "scaler": "robust",
        "l2": 0.01,
        "clipping": "value",
    }
    other = Setting(panel, task, make_params(**changes))
    assert other.program is setting.program
    assert other.program.compile(other.state, series_tensors(other.framed)) == 0.0
    other.run(order=ORDER[:33])
    assert other.program._run.experimental_get_tracing_count() == 1


def test_windows_are_never_stored(
    series: pd.DataFrame, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """Ten times as many rows change no array but the series and the order."""

    def shapes(n_copies: int) -> list[str]:
        rows = pd.concat([series] * n_copies, ignore_index=True)
        panel = make_panel(rows, Roles(("level",), ("inlet",)))
        setting = Setting(panel, task, make_params(sequence_length=7))
        arguments = setting.program._arguments(
            setting.state,
            series_tensors(setting.framed),
            ORDER,
            range(80, 100),
            Rates(clipnorm=1.0),
        )
        compiler_ir = setting.program._run.experimental_get_compiler_ir
        text = compiler_ir(setting.state.tensors, arguments)(stage="hlo")
        own = {panel.n_rows, setting.program.n_positions}
        found = re.findall(r"[fs]\d+\[([\d,]+)\]", text)
        return sorted(
            sizes for sizes in found if own.isdisjoint(map(int, sizes.split(",")))
        )

    assert shapes(1) == shapes(10)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("layers", "length"),
    [
        (3, 13),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in [(1, 12), (2, 5), (3, 48)]
        ),
    ],
)
def test_relatives_share_a_program_and_give_the_weights_of_fit(
    cell: str,
    layers: int,
    length: int,
    series: pd.DataFrame,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """Depth and sequence length are values, to the ends of the chunks and beyond."""
    panel = make_panel(series, Roles(("level",), ("inlet",)))
    usual = Setting(panel, task, make_params(cell=cell))
    relative = Setting(
        panel, task, make_params(cell=cell, layers=layers, sequence_length=length)
    )
    assert relative.program is usual.program
    order = np.random.default_rng(2).permutation(np.arange(50, 81))
    relative.compile_keras()
    for _ in range(2):
        expected = relative.fit_keras(order)
        assert relative.run(order).loss == pytest.approx(expected, rel=1e-5)
    for ours, theirs in zip(
        relative.weights(), relative.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5)


def test_longer_windows_have_a_longer_program(
    panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    longest, beyond = (
        Setting(panel, task, make_params(sequence_length=length)).program
        for length in (48, 49)
    )
    assert longest.key.shape.sequence_length == 48
    assert beyond.key.shape.sequence_length == 96


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_drops_the_same_values_on_the_way_back(
    cell: Cell, panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """One step of descent, against TensorFlow's gradient through the same masks."""
    rate, layers, length = 0.4, 2, 14
    params = make_params(
        cell=cell,
        layers=layers,
        sequence_length=length,
        dropout=rate,
        optimizer="sgd",
        learning_rate=1.0,
        clipnorm=1e3,
    )
    setting = Setting(panel, task, params)
    setting.state = setting.program.start_from(
        setting.shape, setting.model.get_weights(), learning_rate=1.0, seed=5
    )
    origins = ORDER[:16]
    setting.run(order=origins)

    def mask(number: int, chunk: int) -> tf.Tensor:
        shape = [CHUNK, 16, params.units]
        return dropout_mask(shape, tf.constant(rate), [5, 0, number, chunk + 1])

    x, y = setting.windows(origins)
    recurrent = [one for one in setting.model.layers if hasattr(one, "cell")]
    with tf.GradientTape() as tape:
        values = tf.constant(x)
        for number, layer in enumerate(recurrent):
            values = layer(values)
            if number < layers - 1:
                chunks = [mask(number, chunk) for chunk in range(LENGTH_STEP // CHUNK)]
                whole = tf.concat(chunks, 0)[-length:]
                values *= tf.transpose(whole, [1, 0, 2])
        values *= mask(layers - 1, -1)[0]
        outputs = setting.model.get_layer("forecast")(
            setting.model.get_layer("head")(values)
        )
        loss = tf.reduce_mean(tf.square(outputs - y))
    variables = setting.model.trainable_variables
    gradients = tape.gradient(loss, variables)
    for ours, variable, gradient in zip(
        setting.weights(), variables, gradients, strict=True
    ):
        np.testing.assert_allclose(ours, variable - gradient, rtol=0, atol=1e-5)


def test_dropout_mask_drops_the_share_that_it_should() -> None:
    mask = dropout_mask([100, 50, 20], tf.constant(0.3), [1, 2, 3]).numpy()
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1) / np.float32(0.7)}
    # Of 100,000 values; four standard deviations.
    assert abs((mask == 0).mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 100_000)
    for axis in range(3):
        shares = (mask == 0).mean(axis=tuple({0, 1, 2} - {axis}))
        spread = np.sqrt(0.3 * 0.7 / (mask.size / mask.shape[axis]))
        assert np.abs(shares - 0.3).max() < 5 * spread
    flat = (mask == 0).ravel() - 0.3
    for lag in (1, 7, 20, 1000):
        assert abs(np.corrcoef(flat[:-lag], flat[lag:])[0, 1]) < 0.015


def test_dropout_mask_differs_with_each_word() -> None:
    words = [[1, 2, 3, 0], [2, 2, 3, 0], [1, 3, 3, 0], [1, 2, 4, 0], [1, 2, 3, 1]]
    masks = [
        dropout_mask([40, 25], tf.constant(0.5), word).numpy().ravel() > 0
        for word in words
    ]
    for number, one in enumerate(masks):
        for other in masks[:number]:
            assert abs(np.corrcoef(one, other)[0, 1]) < 0.15
    again = dropout_mask([40, 25], tf.constant(0.5), words[0]).numpy().ravel() > 0
    np.testing.assert_array_equal(masks[0], again)


@pytest.mark.parametrize("optimizer", slow_but(("adam",), OPTIMIZERS))
def test_updates_are_those_of_keras(
    optimizer: str, panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    """Over many steps, where the corrections of the first ones have faded."""
    setting = Setting(
        panel, task, make_params(optimizer=optimizer, learning_rate=0.003)
    )
    setting.compile_keras()
    for _ in range(15):
        setting.fit_keras()
        setting.run()
    for ours, theirs in zip(
        setting.weights(), setting.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "architecture", slow_but(("stacked",), ("stacked", "bidirectional"))
)
def test_classes_are_learned_as_by_fit(
    architecture: str,
    panel: Panel,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """Three classes, one of which counts four times as much as the others."""
    params = make_params(cell="GRU", architecture=architecture, loss="cross_entropy")
    setting = Setting(panel, task, params)
    setting.take_classes(3)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    setting.model.compile(
        keras.optimizers.Adam(params.learning_rate, clipnorm=params.clipnorm),
        loss=loss,
        jit_compile=False,
    )
    weights = (1.0, 4.0, 1.0)
    x, y = setting.windows(ORDER)
    y = y[..., 0]
    for _ in range(2):
        for start in range(0, len(ORDER), 16):
            some = slice(start, start + 16)
            setting.model.train_on_batch(
                x[some], y[some], sample_weight=np.array(weights)[y[some].astype(int)]
            )
        outcome = setting.program.run(
            setting.state,
            series_tensors(setting.framed),
            order=ORDER,
            validation=range(80, 100),
            rates=replace(Rates.of(params), class_weights=weights),
        )
        setting.state = outcome.state
    for ours, theirs in zip(
        setting.weights(), setting.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    x, y = setting.windows(np.arange(80, 100))
    y, logits = y[..., 0].astype(int), setting.model(x).numpy()
    found = outcome.classes
    assert found is not None
    assert found.confusion.sum() == 60
    np.testing.assert_allclose(found.log_loss, [float(loss(y, logits))], rtol=1e-4)
    np.testing.assert_allclose(found.error_rate, [np.mean(logits.argmax(-1) != y)])
    assert np.trace(found.confusion) == np.sum(logits.argmax(-1) == y)
    assert np.isnan(outcome.squared).all()


@pytest.mark.parametrize(
    "architecture", slow_but(("stacked",), ("stacked", "bidirectional"))
)
def test_a_changed_rate_acts_as_in_keras(
    architecture: str,
    panel: Panel,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """Momentum keeps the steps of the old rate."""
    setting = Setting(
        panel,
        task,
        make_params(cell="GRU", architecture=architecture, optimizer="momentum"),
    )
    setting.compile_keras()
    for rate in (0.01, 0.005):
        setting.model.optimizer.learning_rate = rate
        setting.state = setting.program.with_rate(setting.state, rate)
        setting.fit_keras()
        setting.run()
    for ours, theirs in zip(
        setting.weights(), setting.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


def test_class_weights_of_another_number_are_refused(
    panel: Panel, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    setting = Setting(panel, task, make_params())
    with pytest.raises(ValueError, match=r"`class_weights` needs 0 numbers.*got 2"):
        setting.program.run(
            setting.state,
            series_tensors(setting.framed),
            order=ORDER[:0],
            validation=range(0),
            rates=Rates(clipnorm=1.0, class_weights=(1.0, 2.0)),
        )
