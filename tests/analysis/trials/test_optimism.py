"""The correction for the best of many, against simulated searches."""

import numpy as np
import pytest

from search.analysis.trials.optimism import selection_optimism


def test_a_trial_that_is_best_on_every_fold_is_not_optimistic() -> None:
    assert selection_optimism([(1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]) == 0.0


def test_too_few_trials_say_nothing() -> None:
    assert selection_optimism([(1.0, 2.0), (2.0, 1.0)]) is None
    assert selection_optimism([]) is None


def test_the_corrected_best_of_equal_trials_is_nearer_to_what_they_are_worth() -> None:
    """Forty equally good trials, five folds with independent luck, 200 times."""
    plain, corrected = [], []
    for seed in range(200):
        scores = 1 + 0.1 * np.random.default_rng(seed).normal(size=(40, 5))
        optimism = selection_optimism(scores.tolist())
        assert optimism is not None
        best = scores.mean(axis=1).min()
        plain.append(best)
        corrected.append(best + optimism)
    assert np.mean(plain) < 0.92
    assert abs(np.mean(corrected) - 1) < abs(np.mean(plain) - 1) / 1.5


def test_folds_that_are_hard_for_all_do_not_count() -> None:
    scores = [(1.0, 9.0), (1.1, 9.9), (1.2, 10.8)]
    assert selection_optimism(scores) == pytest.approx(0.0)
