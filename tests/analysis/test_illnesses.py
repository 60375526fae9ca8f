"""Illnesses planted in the stored curves of trials, read back as a page reads them."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.analysis.illnesses import diagnose_forecasts, diagnose_trial
from search.analysis.predictions import Predictions
from search.study.trials.curves import CurveWriter, EpochPoint, read_curve

BASELINES = {"last_value": (2.0, 2.0, 2.0), "drift": (3.0, 3.0, 3.0)}
EPOCHS = np.arange(1, 21)
FALLING = 0.5 + np.exp(-EPOCHS / 3)


def _points(
    train: np.ndarray, valid: np.ndarray, *, folds: Sequence[float] = (1, 1, 1)
) -> list[EpochPoint]:
    """Return epochs of three folds, whose scores differ by the factors `folds`."""
    return [
        EpochPoint(
            epoch=number,
            train=(loss,) * 3,
            valid=tuple(score * factor for factor in folds),
            score=score * float(np.mean(folds)),
            seconds=0.1,
        )
        for number, (loss, score) in enumerate(
            zip(train.tolist(), valid.tolist(), strict=True), 1
        )
    ]


def _stored(folder: Path, points: Sequence[EpochPoint]) -> tuple[EpochPoint, ...]:
    (folder / "curves").mkdir()
    writer = CurveWriter(folder, 0)
    for point in points:
        writer.write_epoch(point)
    return read_curve(folder, 0)


def _names(points: Sequence[EpochPoint], *, was_ended: bool = False) -> list[str]:
    found = diagnose_trial(
        points, most_epochs=20, baselines=BASELINES, was_ended=was_ended
    )
    return [one.illness for one in found]


def _learned_by_heart() -> list[EpochPoint]:
    return _points(np.exp(-EPOCHS / 5), 1 + 0.05 * np.abs(EPOCHS - 6))


def _too_short() -> list[EpochPoint]:
    falling = 1.9 - 0.05 * EPOCHS
    return _points(falling, falling)


PLANTED = {
    "nothing": ([], lambda: _points(FALLING, FALLING)),
    "overfitting": (["overfitting"], _learned_by_heart),
    "still falling": (["still_falling"], _too_short),
    "worse than naive": (["underfitting"], lambda: _points(FALLING, 4 * FALLING)),
    "no gradient": (
        ["not_learning"],
        lambda: _points(np.ones(20), np.full(20, 2.5)),
    ),
    "one fold": (
        ["unstable_folds"],
        lambda: _points(FALLING, FALLING, folds=(1, 1, 2.5)),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_an_illness_of_a_complete_trial_is_named(name: str, tmp_path: Path) -> None:
    kinds, plant = PLANTED[name]
    assert _names(_stored(tmp_path, plant())) == kinds


def test_a_failed_trial_names_where_it_diverged(tmp_path: Path) -> None:
    """The last line of its file has no numbers from the fold on that diverged."""
    points = _points(FALLING[:4], FALLING[:4])
    last = EpochPoint(5, (0.4, math.inf, None), (0.6, math.nan, None), None, 0.1)
    stored = _stored(tmp_path, [*points, last])
    assert stored[-1].train == (0.4, None, None)
    (found,) = diagnose_trial(
        stored, most_epochs=20, baselines=BASELINES, was_ended=True
    )
    assert found.illness == "diverged"
    assert found.numbers == {"epoch": 5, "fold": 2}


def test_a_trial_that_diverged_at_once_has_no_other_illness() -> None:
    points = [EpochPoint(1, (None, None, None), (None, None, None), None, 0.1)]
    assert _names(points, was_ended=True) == ["diverged"]


@pytest.mark.parametrize("is_pruned", [True, False])
def test_a_training_that_exploded_is_not_told_to_learn_faster(is_pruned: bool) -> None:
    """It is behind the baseline, but because it was too fast, not too slow."""
    slow = 5 - 0.2 * EPOCHS[:8]
    loss = slow.copy()
    loss[3] = 90.0
    exploded = _points(loss, slow)
    found = diagnose_trial(
        exploded, most_epochs=20, baselines=BASELINES, was_ended=is_pruned
    )
    assert [one.illness for one in found] == ["exploding"]
    diverged = EpochPoint(9, (math.inf,) * 3, (None,) * 3, None, 0.1)
    assert _names([*_points(slow, slow), diverged], was_ended=is_pruned) == ["diverged"]
    flat = np.full(8, 2.5)
    assert _names([*_points(flat, flat), diverged], was_ended=True) == ["diverged"]


def test_a_pruned_trial_was_slow_or_weak() -> None:
    slow = 5 - 0.2 * EPOCHS[:8]
    assert _names(_points(slow, slow), was_ended=True) == ["slow_start"]
    weak = _points(FALLING[:8], np.full(8, 2.5) - 0.001 * EPOCHS[:8])
    assert _names(weak, was_ended=True) == ["underfitting"]


def test_no_curve_and_no_baselines_say_nothing() -> None:
    assert diagnose_trial([], most_epochs=20, baselines=BASELINES) == []
    worse = _points(FALLING, 9 * FALLING, folds=(1, 1, 5))
    assert diagnose_trial(worse, most_epochs=20, baselines={}) == []


def test_given_fold_scores_count_where_the_curve_is_lost() -> None:
    (found,) = diagnose_trial(
        [], most_epochs=20, baselines=BASELINES, fold_scores=(1.0, 1.0, 4.0)
    )
    assert (found.illness, found.numbers["fold"]) == ("unstable_folds", 3)


def _holdout(errors: np.ndarray, actual: np.ndarray, horizon: int) -> Predictions:
    """Return hourly forecasts with these errors, of shape (n_origins, horizon)."""
    origins = np.arange(100, 100 + len(errors))
    hours = np.datetime64("2026-03-02T00", "h") + np.arange(100 + len(errors) + horizon)
    times = hours[origins[:, None] + np.arange(horizon)].astype("datetime64[ns]")
    steps = np.arange(1, horizon + 1)
    return Predictions(origins, steps, times, actual, actual + errors)


def test_each_kind_of_group_is_named_and_levels_get_no_calendar() -> None:
    """Errors are large at 7 o'clock, on Sundays and at high values."""
    generator = np.random.default_rng(0)
    actual = generator.uniform(0, 10, size=(24 * 70, 1))
    plain = _holdout(generator.normal(size=actual.shape), actual, 1)
    stamps = pd.DatetimeIndex(plain.times.ravel())
    factors = np.ones(len(stamps))
    factors[stamps.hour == 7] = 4
    factors[stamps.day_of_week == 6] = 4
    factors[actual[:, 0] > 8.2] = 5
    ill = _holdout(plain.errors * factors[:, None], actual, 1)
    found = [
        one
        for one in diagnose_forecasts(ill, np.zeros(len(actual)))
        if one.illness == "fails_at_times"
    ]
    hour, weekday, level = found
    assert (hour.numbers["group"], weekday.numbers["group"]) == ("07:00", "Sunday")
    assert hour.cures == weekday.cures == ("calendar",)
    assert level.numbers["group"] == f"{_fifth(actual):.4g} … {actual.max():.4g}"
    assert level.cures == ()


def _fifth(values: np.ndarray) -> float:
    """Return where the fifth of the largest values begins."""
    return float(np.quantile(values, 0.8))
