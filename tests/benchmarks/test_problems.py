"""The windows and configurations that the scripts of the benchmarks are given."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from benchmarks.alternatives.job import Note
from benchmarks.support.problems import Problem, draw_configurations, problem_of
from benchmarks.support.scripts import extrapolate
from search.config import CELLS
from search.space.lines import Value


@pytest.fixture
def problem(tmp_path) -> Problem:
    path = tmp_path / "series.csv"
    pd.DataFrame({"value": np.arange(60.0), "other": 100.0}).to_csv(path, index=False)
    options = ["--target", "value", "--features", "other", "--time", "none"]
    return problem_of([str(path), *options, "--season", "1", "--folds", "3"])


def params_of(problem: Problem, **changes: Value):
    values: dict[str, Value] = {"cell": "GRU", "units": 16, "layers": 1, "dropout": 0.1}
    values |= {"sequence_length": 6, "learning_rate": 0.01, "clipnorm": 1.0}
    return problem.space.complete({**values, "framing": "none", **changes})


def test_folds_hold_scaled_windows_of_the_planned_origins(problem) -> None:
    folds = problem.folds(params_of(problem))
    plan = problem.plan.folds
    assert [len(fold.valid.targets) for fold in folds] == [one.n_valid for one in plan]
    start = plan[0].valid_start
    past = np.arange(start, dtype=float)
    (window,) = (one[0] for one in folds[0].train.inputs)
    mean, scale = past.mean(), past.std()
    np.testing.assert_allclose(window[:, 0], (np.arange(6) - mean) / scale, rtol=1e-5)
    np.testing.assert_array_equal(window[:, 1], 0)  # a constant is only centred
    np.testing.assert_allclose(folds[0].train.targets[0], [[(6 - mean) / scale]])
    assert folds[0].scale == pytest.approx(scale)


def test_folds_ask_for_the_change_where_the_framing_says_so(problem) -> None:
    fold = problem.folds(params_of(problem, framing="last_value"))[-1]
    np.testing.assert_allclose(fold.valid.targets, 1 / fold.scale, rtol=1e-4)


def test_configurations_are_drawn_for_each_cell_and_repeat_with_the_seed(
    problem,
) -> None:
    drawn = draw_configurations(problem.space, 8, seed=3)
    assert Counter(params["cell"] for params in drawn) == dict.fromkeys(CELLS, 8)
    assert drawn == draw_configurations(problem.space, 8, seed=3)
    assert drawn != draw_configurations(problem.space, 8, seed=4)
    for params in drawn:
        problem.space.check_configuration(params)


def test_extrapolation_counts_the_first_epoch_once() -> None:
    note = Note(0, "complete", 0.0, started=100.0, finished=110.0)
    measured = Note(**{**vars(note), "epoch_seconds": (5.0, 2.0, 1.0)})
    # 2 s around the epochs, 8 s of epochs, 17 more of 1.5 s each.
    assert extrapolate(measured, 3, epochs=20) == pytest.approx(35.5)
    # Known from the first two alone: 2 + 5 + 2 + 18 x 2.
    assert extrapolate(measured, 2, epochs=20) == pytest.approx(45.0)
