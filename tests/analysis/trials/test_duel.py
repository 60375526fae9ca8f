"""Who is going to win, on searches whose end is known."""

import numpy as np
import pytest

from search.analysis.trials.duel import leader, winning_chances
from search.config import Cell


def _scores(middle: float, n: int = 12, seed: int = 0) -> list[float]:
    return list(middle * np.exp(0.1 * np.random.default_rng(seed).normal(size=n)))


def test_nothing_is_left_so_the_best_has_won() -> None:
    scores: dict[Cell, list[float]] = {"LSTM": [2.0, 3, 4, 5], "GRU": [1.9, 3, 4, 5]}
    assert winning_chances(scores, {"LSTM": 0, "GRU": 0}) == {"LSTM": 0.0, "GRU": 1.0}


def test_a_cell_far_ahead_is_nearly_certain() -> None:
    scores: dict[Cell, list[float]] = {"LSTM": _scores(2.0), "GRU": _scores(1.0)}
    chances = winning_chances(scores, {"LSTM": 10, "GRU": 10})
    assert chances is not None
    assert chances["GRU"] > 0.99
    assert leader(chances) == "GRU"


def test_equal_cells_are_undecided() -> None:
    scores: dict[Cell, list[float]] = {
        "SimpleRNN": _scores(1.0, seed=1),
        "LSTM": _scores(1.0, seed=2),
        "GRU": _scores(1.0, seed=3),
    }
    chances = winning_chances(scores, dict.fromkeys(scores, 20))
    assert chances is not None
    assert sum(chances.values()) == pytest.approx(1.0)
    assert leader(chances) is None


def test_few_or_perfect_scores_say_nothing() -> None:
    assert winning_chances({"GRU": [1.0, 2.0, 3.0], "LSTM": _scores(1.0)}, {}) is None
    assert winning_chances({"GRU": [0.0, 1, 2, 3], "LSTM": _scores(1.0)}, {}) is None
    assert winning_chances({}, {}) is None


def test_chances_come_true_about_as_often_as_they_say() -> None:
    """Two cells of nearly equal worth, half of their trials done, 200 times."""
    said, came = [], []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        all_scores = np.exp(0.15 * generator.normal(size=(2, 24)))
        all_scores[1] *= 1.05
        scores: dict[Cell, list[float]] = {
            "LSTM": list(all_scores[0, :12]),
            "GRU": list(all_scores[1, :12]),
        }
        chances = winning_chances(scores, {"LSTM": 12, "GRU": 12})
        assert chances is not None
        said.append(chances["LSTM"])
        came.append(all_scores[0].min() < all_scores[1].min())
    sure = np.array(said) > 0.8
    assert sure.sum() >= 20
    assert np.array(came)[sure].mean() > 0.7
    assert np.mean(came) == pytest.approx(np.mean(said), abs=0.1)
