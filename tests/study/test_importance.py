"""Importance finds the hyperparameter that made the difference."""

import numpy as np

from search.config import Roles, Task
from search.study.defaults import default_space
from search.study.importance import parameter_importance
from search.study.space import Space, Value


def space() -> Space:
    return default_space(400, Roles(("y",)), Task(4, 40, 3, 12))


def trials(n: int) -> list[tuple[dict[str, Value], float]]:
    """Return trials whose score depends on dropout only."""
    random = np.random.default_rng(0)
    made = []
    for _ in range(n):
        params = {
            line.name: line.choices[int(random.integers(len(line.choices)))]
            if line.choices
            else int(random.integers(int(line.values[0]), int(line.values[1]) + 1))
            if line.kind == "int"
            else float(random.uniform(float(line.values[0]), float(line.values[1])))
            for line in space().lines
        }
        made.append((params, 1.0 + float(params["dropout"])))
    return made


def test_importance_names_the_line_that_made_the_difference() -> None:
    shares = parameter_importance(space(), trials(60))
    assert next(iter(shares)) == "dropout"
    assert abs(sum(shares.values()) - 1) < 1e-6
    assert "loss" not in shares


def test_importance_needs_ten_trials() -> None:
    assert parameter_importance(space(), trials(9)) == {}


def test_importance_needs_different_scores() -> None:
    assert parameter_importance(space(), [(p, 1.0) for p, _ in trials(12)]) == {}
