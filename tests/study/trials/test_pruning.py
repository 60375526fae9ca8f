"""Pruners compare within a cell, on SQLite and in memory."""

import math

import numpy as np
import optuna
import pytest

from search.config import Training
from search.study.storage.opening import open_storage
from search.study.trials import pruning
from search.study.trials.pruning import CellPruner, make_pruner, should_prune

NAMES = ("none", "best_third", "median", "percentile", "halving", "hyperband")
CELLS = ("SimpleRNN", "GRU")


@pytest.fixture(params=["memory", "sqlite"])
def storage(request):
    if request.param == "memory":
        return optuna.storages.InMemoryStorage()
    return open_storage(request.getfixturevalue("environment").storage_url)


def make_study(storage, name, epochs=20, study_name=None):
    return optuna.create_study(
        storage=storage,
        study_name=study_name,
        pruner=make_pruner(name, Training(epochs=epochs)),
    )


def run(study, cell, score, n_epochs=6):
    """Report `score` for each epoch; return the epoch at which it was pruned."""
    trial = study.ask()
    if cell is not None:
        study_cells = optuna.distributions.CategoricalDistribution(CELLS)
        trial = _with_cell(study, trial, cell, study_cells)
    for epoch in range(1, n_epochs + 1):
        trial.report(score, step=epoch)
        if should_prune(trial):
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return epoch
    study.tell(trial, score)
    return None


def _with_cell(study, trial, cell, distribution):
    study.sampler = optuna.samplers.RandomSampler(seed=0)
    study.sampler.sample_independent = lambda *_: cell
    trial.suggest_categorical("cell", distribution.choices)
    return trial


def test_median_prunes_what_is_worse_than_its_own_cell(storage):
    study = make_study(storage, "median")
    for _ in range(4):
        assert run(study, "GRU", 1.0) is None
    # A cell without earlier trials is compared with nobody.
    assert run(study, "SimpleRNN", 9.0) is None
    assert run(study, "GRU", 9.0) == 4
    assert run(study, "GRU", 0.5) is None


def test_median_waits_for_four_trials_of_the_cell(storage):
    study = make_study(storage, "median")
    for _ in range(3):
        run(study, "GRU", 1.0)
        run(study, "SimpleRNN", 1.0)
    assert run(study, "GRU", 9.0) is None
    assert run(study, "GRU", 9.0) == 4


def test_percentile_keeps_the_best_quarter(storage):
    study = make_study(storage, "percentile")
    for score in (1.0, 2.0, 3.0, 4.0):
        run(study, "GRU", score)
    assert run(study, "GRU", 2.5) == 4
    assert run(study, "GRU", 1.0) is None


def test_best_third_judges_each_trial_once_when_it_comes(storage):
    """Of 3 trials one passes, of 6 two; pruned trials count among them."""
    study = make_study(storage, "best_third")
    assert run(study, "GRU", 2.0, n_epochs=12) is None
    assert run(study, "GRU", 3.0, n_epochs=12) == 8
    assert run(study, "GRU", 1.0, n_epochs=12) is None
    assert run(study, "GRU", 1.5, n_epochs=12) == 8
    assert run(study, "GRU", 4.0, n_epochs=12) == 8
    assert run(study, "GRU", 1.7, n_epochs=12) == 8
    assert run(study, "GRU", 1.2, n_epochs=12) is None
    # A cell without earlier trials is compared with nobody.
    assert run(study, "SimpleRNN", 9.0, n_epochs=12) is None


def test_best_third_lets_short_trials_end(storage):
    study = make_study(storage, "best_third", epochs=7)
    for score in (1.0, 5.0, 9.0):
        assert run(study, "GRU", score, n_epochs=7) is None


@pytest.mark.parametrize("name", ["halving", "hyperband"])
def test_halving_compares_within_the_cell(storage, name):
    study = make_study(storage, name)
    for _ in range(9):
        run(study, "GRU", 1.0)
    pruned = [run(study, "GRU", 9.0) for _ in range(6)]
    assert any(epoch is not None for epoch in pruned)
    assert run(study, "SimpleRNN", 9.0) is None


@pytest.mark.parametrize("name", NAMES)
def test_looking_seldom_decides_as_looking_each_time(monkeypatch, name):
    """One worker: nothing changes while its trial trains, only between trials."""
    decisions = []
    for seconds in (0.0, math.inf):
        monkeypatch.setattr(pruning, "FRESH_SECONDS", seconds)
        # Hyperband draws the bracket of a trial from the name of the study.
        study = make_study(optuna.storages.InMemoryStorage(), name, study_name="same")
        scores = np.random.default_rng(0).uniform(1.0, 3.0, 30)
        decisions.append(
            [
                run(study, CELLS[turn % 2], score, n_epochs=12)
                for turn, score in enumerate(scores)
            ]
        )
    assert decisions[0] == decisions[1]
    if name != "none":
        assert any(epoch is not None for epoch in decisions[0])


def test_trials_are_read_once_a_trial_and_then_every_two_seconds(monkeypatch):
    clock = _Clock()
    monkeypatch.setattr(pruning, "time", clock)
    storage = _CountingStorage()
    study = make_study(storage, "median")
    for _ in range(5):
        run(study, "GRU", 1.0)
    study.sampler = optuna.samplers.RandomSampler(seed=0)
    storage.n_reads = 0
    trial = _with_cell(
        study, study.ask(), "GRU", optuna.distributions.CategoricalDistribution(CELLS)
    )
    n_before = storage.n_reads
    for epoch in range(1, 12):
        clock.now += 0.5
        trial.report(1.0, step=epoch)
        assert not should_prune(trial)
    # At the first epoch, and after 2, 4 and 6 seconds at most.
    assert storage.n_reads - n_before == 3


class _Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


class _CountingStorage(optuna.storages.InMemoryStorage):
    n_reads = 0

    def get_all_trials(self, *arguments, **options):
        self.n_reads += 1
        return super().get_all_trials(*arguments, **options)


def test_none_never_prunes(storage):
    study = make_study(storage, "none")
    for score in (1.0, 1.0, 1.0, 1.0, 1.0, 99.0):
        assert run(study, "GRU", score) is None


def test_fixed_cell_compares_all_trials(storage):
    study = make_study(storage, "median")
    for _ in range(4):
        run(study, None, 1.0)
    assert run(study, None, 9.0) == 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("epochs", [1, 2, 300])
def test_make_pruner_works_with_any_number_of_epochs(name, epochs):
    study = make_study(optuna.storages.InMemoryStorage(), name, epochs=epochs)
    for _ in range(6):
        run(study, "GRU", 1.0, n_epochs=min(epochs, 12))
    assert len(study.trials) == 6


def test_make_pruner_wraps_all_but_none():
    kinds = [type(make_pruner(name, Training())) for name in NAMES]
    assert kinds == [optuna.pruners.NopPruner, *[CellPruner] * 5]
