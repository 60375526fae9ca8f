"""Importance finds the hyperparameter that made the difference."""

import numpy as np
import optuna
import pytest
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from search.analysis.importance import parameter_importance
from search.config import Roles, Task
from search.space.defaults import default_space
from search.space.lines import Line, Space, Value


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
    assert "optimizer" not in shares


def test_importance_needs_ten_trials() -> None:
    assert parameter_importance(space(), trials(9)) == {}


def test_importance_needs_different_scores() -> None:
    assert parameter_importance(space(), [(p, 1.0) for p, _ in trials(12)]) == {}


def test_importance_is_that_of_a_study_with_these_trials() -> None:
    """The same evaluator over the same trials, through a storage in memory."""
    given = trials(60)
    lines = [line for line in space().lines if not line.is_fixed]
    study = optuna.create_study()
    for params, score in given:
        queued = {line.name: params[line.name] for line in lines}
        study.enqueue_trial(queued)
        trial = study.ask()
        for line in lines:
            _suggest(trial, line)
        study.tell(trial, score)
    evaluator = PedAnovaImportanceEvaluator(
        target_quantile=0.1, evaluate_on_local=False
    )
    expected = get_param_importances(study, evaluator=evaluator)
    assert parameter_importance(space(), given) == pytest.approx(expected)


def test_importance_writes_no_log_line(capfd: pytest.CaptureFixture[str]) -> None:
    """The log of the server had a line about a new study at each look at Compare."""
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        parameter_importance(space(), trials(20))
    finally:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
    assert capfd.readouterr().err == ""


def _suggest(trial: optuna.Trial, line: Line) -> None:
    """Suggest by the range of a line, without its step."""
    if line.choices:
        trial.suggest_categorical(line.name, line.choices)
        return
    low, high = line.values
    if line.kind == "int":
        trial.suggest_int(line.name, int(low), int(high), log=line.log)
    else:
        trial.suggest_float(line.name, float(low), float(high), log=line.log)
