"""Illnesses planted in learning curves are named, and healthy curves are not."""

import numpy as np
import pytest

from search.evaluation.curve_diagnosis import (
    diagnose_curve,
    diagnose_folds,
    diagnose_jumps,
    sound_epochs,
)

EPOCHS = np.arange(1, 41)
HEALTHY_TRAIN = 0.2 + np.exp(-EPOCHS / 4)
HEALTHY_VALID = 1.0 + np.exp(-EPOCHS / 4)


def _curve(
    train: np.ndarray,
    valid: np.ndarray,
    *,
    skill: float | None = 0.2,
    was_ended: bool = False,
) -> list[str]:
    found = diagnose_curve(
        train, valid, most_epochs=40, skill=skill, was_ended=was_ended
    )
    return [one.illness for one in found]


def _folds(*columns: np.ndarray) -> np.ndarray:
    return np.stack(columns, axis=1)


def test_a_healthy_curve_has_nothing() -> None:
    assert _curve(HEALTHY_TRAIN, HEALTHY_VALID) == []
    train = _folds(HEALTHY_TRAIN, 1.2 * HEALTHY_TRAIN)
    assert diagnose_jumps(train, train) == []


def test_overfitting() -> None:
    valid = np.where(EPOCHS < 10, HEALTHY_VALID, 1.1 + 0.01 * (EPOCHS - 10))
    train = 0.01 + np.exp(-EPOCHS / 8)
    (found,) = diagnose_curve(train, valid, most_epochs=40, skill=0.2)
    assert found.illness == "overfitting"
    assert found.numbers["epoch"] == 10
    assert found.cures[0] == "more_dropout"


def test_one_worse_epoch_at_the_end_is_no_overfitting() -> None:
    valid = 2.0 - 0.02 * EPOCHS
    valid[-1] = 1.5
    train = 0.01 + np.exp(-EPOCHS / 8)
    assert _curve(train, valid) == ["still_falling"]


def test_loss_still_falling_at_the_epoch_limit() -> None:
    falling = 2.0 - 0.02 * EPOCHS
    assert _curve(falling, falling) == ["still_falling"]


def test_the_same_curve_that_ended_early_is_not_still_falling() -> None:
    falling = (2.0 - 0.02 * EPOCHS)[:20]
    assert _curve(falling, falling) == []


def test_a_curve_that_was_cut_while_it_fell_was_too_slow_and_not_too_weak() -> None:
    falling = (2.0 - 0.02 * EPOCHS)[:8]
    (found,) = diagnose_curve(
        falling, falling, most_epochs=40, skill=-0.5, was_ended=True
    )
    assert (found.illness, found.numbers["epochs"]) == ("slow_start", 8)
    # From 1.88 after six epochs to 1.84 after eight.
    assert found.numbers["share"] == pytest.approx(0.04 / 1.88)
    assert found.cures[0] == "higher_rate"
    assert _curve(falling, falling, skill=0.5, was_ended=True) == []


def test_a_curve_that_was_cut_after_it_had_settled_is_too_weak() -> None:
    assert _curve(HEALTHY_TRAIN, HEALTHY_VALID, skill=-0.1, was_ended=True) == [
        "underfitting"
    ]


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_a_jump_of_one_fold_is_seen_though_the_mean_hides_it(fold: int) -> None:
    train = _folds(HEALTHY_TRAIN, HEALTHY_TRAIN, HEALTHY_TRAIN)
    train[20, fold] = 11 * train[:20, fold].min()
    means = train.mean(axis=1)
    assert means[20] < 10 * means[:20].min()
    (found,) = diagnose_jumps(train, train)
    assert found.illness == "exploding"
    assert found.numbers == {
        "times": pytest.approx(11.0),
        "epoch": 21,
        "fold": fold + 1,
    }
    assert found.cures == ("lower_rate", "stronger_clipping")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("is_loss", [True, False])
def test_a_training_that_left_the_numbers_names_epoch_and_fold(
    value: float, is_loss: bool
) -> None:
    """Folds after the one that diverged were not trained in that epoch."""
    train = _folds(HEALTHY_TRAIN, HEALTHY_TRAIN, HEALTHY_TRAIN)[:5]
    valid = train.copy()
    (train if is_loss else valid)[4, 1] = value
    train[4, 2] = valid[4, 2] = np.nan
    assert sound_epochs(train, valid) == 4
    (found,) = diagnose_jumps(train, valid)
    assert found.illness == "diverged"
    assert found.numbers == {"epoch": 5, "fold": 2}


def test_a_loss_of_nothing_is_no_jump() -> None:
    """A constant target is learned to the last digit."""
    train = np.array([[1.0], [0.0], [0.1]])
    assert diagnose_jumps(train, train) == []
    assert _curve(train[:, 0], train[:, 0]) == []


def test_no_epochs_are_no_trouble() -> None:
    nothing = np.empty((0, 0))
    assert sound_epochs(nothing, nothing) == 0
    assert diagnose_jumps(nothing, nothing) == []


def test_not_learning() -> None:
    flat = np.full(40, 1.0) - 1e-4 * EPOCHS
    assert _curve(flat, flat, skill=-0.3) == ["not_learning"]


def test_underfitting() -> None:
    assert _curve(HEALTHY_TRAIN, HEALTHY_VALID, skill=-0.1) == ["underfitting"]


def test_without_a_baseline_nothing_is_said_about_it() -> None:
    assert _curve(HEALTHY_TRAIN, HEALTHY_VALID, skill=None) == []


def test_curves_that_are_short_or_not_finite_are_not_read() -> None:
    assert _curve(np.ones(2), np.ones(2)) == []
    assert _curve(np.full(40, np.nan), HEALTHY_VALID) == []


def test_unstable_folds_are_measured_by_the_baseline() -> None:
    """A hard fold is hard for all; only what the model alone fails on counts."""
    assert diagnose_folds((1.0, 1.1, 5.0), (2.0, 2.2, 10.0)) == []
    (found,) = diagnose_folds((1.0, 1.1, 5.0), (2.0, 2.2, 2.0))
    assert (found.illness, found.numbers["fold"]) == ("unstable_folds", 3)
    assert found.numbers["times"] == pytest.approx(5.0)


def test_folds_without_an_error_of_the_baseline_keep_their_numbers() -> None:
    (found,) = diagnose_folds((1, 1, 5, 1), (0, 2, 2, 2))
    assert found.numbers["fold"] == 3
    assert found.numbers["times"] == pytest.approx(5.0)
    assert diagnose_folds((1, 1, 5, 1), (0, 0, 2, 2)) == []
