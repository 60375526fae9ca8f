"""What differs, leads, or is far off, against lists written by hand."""

import pytest

from search.analysis.score_ranges import (
    comparable,
    lowest_mean,
    needs_log_axis,
    running_best,
    varying_parameters,
)
from search.study.trials.listing import TrialView


def test_varying_parameters_ignores_what_a_waiting_trial_lacks() -> None:
    assert varying_parameters([{"units": 16, "layers": 1}, {"units": 16}]) == []
    assert varying_parameters([{"units": 16}, {"units": 32}]) == ["units"]


def test_running_best_falls_and_reaches_the_last_trial() -> None:
    scores = {0: 5.0, 1: 6.0, 2: 4.0, 3: 4.5}
    trials = [TrialView(n, "GRU", "complete", score=s) for n, s in scores.items()]
    trials.append(TrialView(4, "GRU", "pruned", score=1.0))
    assert running_best(trials) == [(0, 5.0), (2, 4.0), (3, 4.0)]
    assert running_best([]) == []


@pytest.mark.parametrize(
    ("values", "answer"),
    [([1.0, 20.0], False), ([1.0, 20.1], True), ([0.0, 50.0], False), ([], False)],
)
def test_needs_log_axis(values: list[float], answer: bool) -> None:
    assert needs_log_axis([*values, None]) is answer


def test_lowest_mean_and_comparable() -> None:
    scores = {"a": (1.0, 3.0), "b": (5.0, 5.0), "c": (5.1,), "d": ()}
    assert lowest_mean(scores) == ("a", 2.0)
    assert comparable(scores) == {"a", "b"}
    assert lowest_mean({}) is None
    assert comparable({}) == set()
