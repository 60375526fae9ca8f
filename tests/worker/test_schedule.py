"""The schedule of the learning rate against the callback of Keras."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from search.space.schedule import rate_at, rate_drops

CURVES = {
    "falling": list(np.linspace(5, 1, 12)),
    "flat": [2.0] * 17,
    "noise": list(np.random.default_rng(3).normal(3, 1, 60)),
    "late": [5, 4, 3, 3, 3, 3, 3, 2.9, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3],
}


@pytest.mark.parametrize("curve", CURVES)
def test_the_rate_falls_where_that_of_keras_does(curve: str) -> None:
    optimizer = SimpleNamespace(learning_rate=0.01)
    callback = keras.callbacks.ReduceLROnPlateau(
        "score", factor=0.5, patience=5, mode="min", min_delta=0.0, cooldown=0
    )
    callback.set_model(SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    expected = []
    for epoch, score in enumerate(CURVES[curve]):
        expected.append(optimizer.learning_rate)
        callback.on_epoch_end(epoch, {"score": score})
    drops = rate_drops("plateau", CURVES[curve])
    rates = [rate_at(0.01, drops, epoch) for epoch in range(1, len(expected) + 1)]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)
    assert bool(drops) == (curve != "falling")


def test_a_constant_rate_never_falls() -> None:
    assert rate_drops("constant", CURVES["flat"]) == ()


def test_a_drop_acts_from_its_epoch_on() -> None:
    assert rate_drops("plateau", [1.0] * 6) == ()
    assert rate_drops("plateau", [1.0] * 7) == (7,)
    assert [rate_at(0.8, (7, 12), epoch) for epoch in (6, 7, 11, 12)] == [
        0.8,
        0.4,
        0.4,
        0.2,
    ]
