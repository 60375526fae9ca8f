"""Whose turn it is, and where the seeds come from."""

from dataclasses import replace

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial

from search.config import CELLS, Budget
from search.study.trials.turns import derive_seed, make_sampler, next_cell

STATES = {
    "c": TrialState.COMPLETE,
    "p": TrialState.PRUNED,
    "r": TrialState.RUNNING,
    "f": TrialState.FAIL,
    "k": TrialState.FAIL,
    "w": TrialState.WAITING,
}


def trials_of(*words: str) -> list[optuna.trial.FrozenTrial]:
    """Make trials from words such as ``GRU:c``; k is a killed trial."""
    distribution = optuna.distributions.CategoricalDistribution(CELLS)
    trials = []
    for number, word in enumerate(words):
        cell, letter = word.split(":")
        trial = create_trial(
            state=STATES[letter],
            value=1.0 if letter == "c" else None,
            params={"cell": cell},
            distributions={"cell": distribution},
            user_attrs={"failure": "killed" if letter == "k" else "trial"},
        )
        trial.number = number
        trials.append(trial)
    return trials


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "SimpleRNN"),
        (["SimpleRNN:c"], "LSTM"),
        (["SimpleRNN:c", "LSTM:p"], "GRU"),
        (["SimpleRNN:c", "LSTM:p", "GRU:r"], "SimpleRNN"),
        # One failure costs no turn, so that each cell gets its results.
        (["SimpleRNN:f"], "SimpleRNN"),
        (["SimpleRNN:f", "SimpleRNN:f"], "LSTM"),
        # A killed trial is tried again; it says nothing about the cell.
        (["SimpleRNN:k", "SimpleRNN:k", "SimpleRNN:k"], "SimpleRNN"),
        # A success ends the row of failures.
        (["SimpleRNN:f", "SimpleRNN:f", "SimpleRNN:c", "LSTM:c", "GRU:c"], "SimpleRNN"),
        (["SimpleRNN:w", "LSTM:c", "GRU:c"], "SimpleRNN"),
    ],
)
def test_next_cell(words, expected):
    assert next_cell(trials_of(*words), CELLS) == expected


def test_next_cell_knows_only_the_cells_that_take_part():
    assert next_cell(trials_of("LSTM:c"), ("LSTM", "GRU")) == "GRU"


@given(st.lists(st.sampled_from("cpr"), max_size=30))
def test_next_cell_keeps_the_cells_within_one_trial(letters):
    words: list[str] = []
    for letter in letters:
        words.append(f"{next_cell(trials_of(*words), CELLS)}:{letter}")
    counts = [sum(word.startswith(cell) for word in words) for cell in CELLS]
    assert max(counts) - min(counts) <= 1


def test_next_cell_that_always_fails_does_not_stop_the_others():
    words: list[str] = []
    for _ in range(20):
        cell = next_cell(trials_of(*words), CELLS)
        words.append(f"{cell}:{'f' if cell == 'SimpleRNN' else 'c'}")
    assert words.count("LSTM:c") >= 5
    assert words.count("GRU:c") >= 5


@given(st.integers(0, 2**31), st.integers(0, 5_000), st.integers(0, 1))
def test_derive_seed_fits_a_random_generator(seed, number, purpose):
    derived = derive_seed(seed, number, purpose=purpose)
    assert 0 <= derived < 2**32
    assert derived == derive_seed(seed, number, purpose=purpose)


def test_derive_seed_differs_by_study_trial_and_purpose():
    seeds = {
        derive_seed(seed, number, purpose=purpose)
        for seed in (0, 1)
        for number in range(50)
        for purpose in (0, 1)
    }
    assert len(seeds) == 200


@pytest.mark.parametrize(
    ("trials", "expected"), [(4, 5), (12, 5), (28, 7), (60, 10), (None, 10)]
)
def test_make_sampler_starts_after_a_quarter_of_the_budget(settings, trials, expected):
    budget = Budget(trials, None if trials else 60.0)
    sampler = make_sampler(replace(settings, budget=budget), number=0, fixed={})
    assert isinstance(sampler, optuna.samplers.TPESampler)
    assert sampler._n_startup_trials == expected
