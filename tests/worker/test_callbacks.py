"""Keras callbacks in a refit, and the log for TensorBoard."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from search.config import Task
from search.evaluation.panel import Panel
from search.evaluation.splits import plan_splits
from search.space.lines import TrialParams
from search.worker.callbacks import CallbackMaker, no_callbacks, tensorboard_logs
from search.worker.refit import Refit, refit_winner

Make = Callable[..., TrialParams]


@pytest.fixture
def fit(panel: Panel, task: Task, make_params: Make) -> Callable[..., Refit]:
    def run(
        callbacks: CallbackMaker = no_callbacks,
        epochs: int = 4,
        rate_drops: tuple[int, ...] = (),
        learning_rate: float = 0.01,
    ) -> Refit:
        return refit_winner(
            panel,
            plan_splits(120, task, first_origin=13),
            make_params(learning_rate=learning_rate),
            epochs=epochs,
            task=task,
            seeds=[7],
            rate_drops=rate_drops,
            callbacks=callbacks,
        )

    return run


def weights_of(refit: Refit) -> np.ndarray:
    return np.concatenate([one.ravel() for one in refit.runs[0].weights])


def test_early_stopping_ends_a_refit(fit: Callable[..., Refit]) -> None:
    """No epoch improves by 1e9, so the second ends it and the first is restored."""

    def early(seed: int) -> list[keras.callbacks.Callback]:
        return [
            keras.callbacks.EarlyStopping(
                "loss", min_delta=1e9, patience=1, restore_best_weights=True
            )
        ]

    stopped = weights_of(fit(early))
    np.testing.assert_array_equal(stopped, weights_of(fit(epochs=1)))
    assert not np.allclose(stopped, weights_of(fit()))


def test_the_rate_falls_in_a_refit_as_in_the_search(fit: Callable[..., Refit]) -> None:
    """A drop at epoch 1 is half the rate all along; one at the end changes less."""
    rates: list[float] = []

    class Rates(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(
            self, epoch: int, logs: dict[str, float] | None = None
        ) -> None:
            rates.append((logs or {})["learning_rate"])

    half = weights_of(fit(learning_rate=0.005))
    np.testing.assert_array_equal(weights_of(fit(rate_drops=(1,))), half)
    late = weights_of(fit(lambda seed: [Rates()], rate_drops=(3, 4)))
    assert not np.allclose(late, half)
    assert rates == [0.01, 0.01, 0.005, 0.0025]


def test_a_log_that_cannot_be_written_costs_no_training(
    fit: Callable[..., Refit], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tensorboard").write_text("a file where the folder should be")
    logged = fit(tensorboard_logs(tmp_path / "tensorboard"))
    np.testing.assert_array_equal(weights_of(logged), weights_of(fit()))
    assert "No TensorBoard log in" in caplog.text


def test_a_log_holds_losses_rates_and_weights(
    fit: Callable[..., Refit], tmp_path: Path
) -> None:
    plain = weights_of(fit())
    logged = fit(tensorboard_logs(tmp_path / "tensorboard"))
    np.testing.assert_array_equal(weights_of(logged), plain)
    (file,) = (tmp_path / "tensorboard" / "seed-7").iterdir()
    found: dict[str, list[np.ndarray]] = {}
    plugins = set()
    for record in tf.data.TFRecordDataset(str(file)):
        for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
            found.setdefault(value.tag, []).append(tf.make_ndarray(value.tensor))
            plugins.add(value.metadata.plugin_data.plugin_name)
    assert plugins == {"scalars", "histograms"}
    assert len(found.pop("epoch_loss")) == 4
    np.testing.assert_allclose(found.pop("epoch_learning_rate"), [0.01] * 4, rtol=1e-6)
    sizes = {one.size for one in logged.runs[0].weights}
    assert {int(np.sum(one[0][:, 2])) for one in found.values()} == sizes
