"""Losses and their slopes against Keras and TensorFlow's gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from search.worker.losses import (
    LOSSES,
    ClassSums,
    NumberSums,
    Units,
    add_sums,
    judge_classes,
    judge_numbers,
    no_sums,
)
from search.worker.models import NetworkShape

SCALE, SHIFT = 3.0, 2.0
NUMBERS = NetworkShape("GRU", 4, 1, 5, 2, 1, 2, 0)
CLASSES = NetworkShape("GRU", 4, 1, 5, 2, 1, 2, 0, n_classes=3)
RANDOM = np.random.default_rng(4)
TARGETS = RANDOM.uniform(-0.6, 3, (6, 2, 1)).astype(np.float32)
OUTPUTS = (TARGETS + RANDOM.normal(0, 2, TARGETS.shape)).astype(np.float32)
UNITS = Units(tf.constant([[[SCALE]]]), tf.fill([6, 2, 1], SHIFT))


def msle(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    return keras.losses.mean_squared_logarithmic_error(
        target * SCALE + SHIFT, output * SCALE + SHIFT
    )


KERAS = {
    "mse": keras.losses.mean_squared_error,
    "mae": keras.losses.mean_absolute_error,
    "huber": keras.losses.huber,
    "msle": msle,
}


@pytest.mark.parametrize("loss", KERAS)
def test_judge_numbers_agrees_with_keras(loss: str) -> None:
    """The last axis has one target, so the loss of Keras is that of each value."""
    outputs = tf.constant(OUTPUTS)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        expected = KERAS[loss](TARGETS, outputs)
    slope = tape.gradient(expected, outputs)
    number = tf.constant(LOSSES.index(loss))  # type: ignore[arg-type]
    judged = judge_numbers(outputs, TARGETS, UNITS, number)
    np.testing.assert_allclose(judged.each[..., 0], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(judged.slope, slope, rtol=1e-5, atol=1e-6)


def test_msle_takes_no_slope_from_values_below_zero() -> None:
    """In original units the output is 2 - 3 * 5 = -13 and counts as 0."""
    output, target = tf.fill([1, 1, 1], -5.0), tf.fill([1, 1, 1], 0.0)
    units = Units(UNITS.scale, tf.fill([1, 1, 1], SHIFT))
    judged = judge_numbers(output, target, units, tf.constant(LOSSES.index("msle")))
    assert float(judged.each[0, 0, 0]) == pytest.approx(np.log(3) ** 2, rel=1e-5)
    assert float(judged.slope[0, 0, 0]) == 0


def test_judge_classes_agrees_with_keras() -> None:
    logits = tf.constant(RANDOM.normal(0, 2, (6, 2, 1, 3)).astype(np.float32))
    classes = RANDOM.integers(0, 3, (6, 2, 1)).astype(np.float32)
    weights = np.array([0.5, 1.0, 3.0], np.float32)
    loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction="none"
    )
    with tf.GradientTape() as tape:
        tape.watch(logits)
        expected = loss(classes, logits) * weights[classes.astype(int)]
    slope = tape.gradient(expected, logits)
    judged = judge_classes(logits, tf.constant(classes), tf.constant(weights))
    np.testing.assert_allclose(judged.each, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(judged.slope, slope, rtol=1e-5, atol=1e-6)


def test_sums_of_numbers_leave_padding_out() -> None:
    """Two windows of two steps; the second window is padding."""
    outputs = tf.constant([[[3.0], [1.0]], [[np.inf], [9.0]]])
    sums = no_sums(NUMBERS)
    for _ in range(2):
        counts = tf.constant([1.0, 0.0])
        sums = add_sums(sums, outputs, tf.zeros([2, 2, 1]), counts, NUMBERS)
    assert isinstance(sums, NumberSums)
    assert sums.squared.numpy().tolist() == [20.0]
    assert sums.absolute.numpy().tolist() == [8.0]


def test_sums_of_classes_count_errors_and_confusions() -> None:
    """Of four true classes 0, 2, 2, 1 three are found; the third window is padding."""
    given = [[0, 2], [1, 1], [0, 0]]
    logits = np.log(np.full((3, 2, 3), 0.1, np.float32))
    for window, step in np.ndindex(3, 2):
        logits[window, step, given[window][step]] = np.log(0.8)
    targets = tf.constant([[[0.0], [2.0]], [[2.0], [1.0]], [[2.0], [2.0]]])
    counts = tf.constant([1.0, 1.0, 0.0])
    sums = add_sums(no_sums(CLASSES), tf.constant(logits), targets, counts, CLASSES)
    assert isinstance(sums, ClassSums)
    expected = -3 * np.log(0.8) - np.log(0.1)
    np.testing.assert_allclose(sums.log_loss, [expected], rtol=1e-5)
    assert sums.errors.numpy().tolist() == [1.0]
    assert sums.confusion.numpy().tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
