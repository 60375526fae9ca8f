"""What is wrong with answers, and what is not said of sound ones."""

import numpy as np

from search.evaluation.answer_diagnosis import (
    diagnose_calls,
    diagnose_groups,
    diagnose_growth,
    diagnose_threshold,
)

NAMES = ("a", "b", "c")


def test_a_class_that_is_never_called():
    actual = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2])
    (found,) = diagnose_calls(actual, np.zeros(9, dtype=int), NAMES)
    assert found.illness == "never_called"
    assert found.numbers == {"name": "b", "n": 4, "classes": 1}  # two of c are too few
    assert not diagnose_calls(actual, actual, NAMES)


def test_a_group_that_fails():
    codes = np.repeat([0, 1, 2], 20)
    errors = np.tile([0.0, 1.0], 30)
    assert not diagnose_groups(errors, codes, NAMES)
    errors[20:40] = 1.0
    (found,) = diagnose_groups(errors, codes, NAMES)
    assert (found.illness, found.numbers) == (
        "fails_in_group",
        {"name": "b", "times": 2.0},
    )
    assert not diagnose_groups(errors[15:25], codes[15:25], NAMES)


def test_errors_that_grow_with_the_estimate():
    level = np.arange(1.0, 41.0)
    sign = np.tile([1.0, -1.0], 20)
    (found,) = diagnose_growth(level + 0.1 * level * sign, level)
    assert found.illness == "grows_with_level"
    assert not diagnose_growth(level + sign, level)


def test_thresholds():
    labels = np.repeat([0.0, 1.0, np.nan], [100, 100, 5])
    called = np.zeros(205, dtype=bool)
    called[:1] = called[100:130] = True
    (found,) = diagnose_threshold(labels, called, quantile=0.99)
    assert found.illness == "threshold_high"
    assert round(found.numbers["missed"], 6) == 0.7
    called[:20] = True
    (found,) = diagnose_threshold(labels, called, quantile=0.99)
    assert (found.illness, found.numbers["share"]) == ("threshold_low", 0.2)
    called[:] = labels == 1
    assert not diagnose_threshold(labels, called, quantile=0.99)
    assert not diagnose_threshold(labels * np.nan, called, quantile=0.99)
