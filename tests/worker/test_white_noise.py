"""On noise a search finds nothing, and what it says of the result is nothing too.

Six small searches over series that nobody can forecast, each with trained networks,
folds, baselines, a refit and a verdict, as a study has them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from search.analysis.comparison import skill
from search.analysis.optimism import selection_optimism
from search.analysis.score_ranges import lowest_mean
from search.analysis.verdict import Contestant, give_verdict, origin_losses
from search.config import Roles, Task, Training
from search.evaluation.baselines.suite import forecast_baselines
from search.evaluation.panel import Panel, make_panel
from search.evaluation.splits import SplitPlan, plan_splits
from search.evaluation.windows import gather_targets
from search.space.lines import TrialParams
from search.worker.refit import refit_winner
from search.worker.training import TrialOutcome, train_folds

N_SERIES, N_ROWS, N_TRIALS, SPREAD = 6, 500, 12, 2.0
TASK = Task(horizon=1, holdout=150, folds=3)
TRAINING = Training(epochs=8, patience=3)
LONGEST = 12


@dataclass(frozen=True)
class Search:
    """What one search over noise found.

    Attributes
    ----------
    fold_skill, skill
        Share by which the winner is better than the best baseline: on the folds
        where it was chosen, and on the holdout.
    cv, optimism
        Mean fold score of the winner, and by how much it is said to be too low.
    rmse
        Error of the winner on the holdout.
    sentence
        The verdict.
    """

    fold_skill: float
    skill: float
    cv: float
    optimism: float
    rmse: float
    sentence: str


@pytest.fixture(scope="module")
def searches() -> list[Search]:
    return [_search(seed) for seed in range(N_SERIES)]


def _search(seed: int) -> Search:
    generator = np.random.default_rng([seed, 2026])
    noise = pd.DataFrame({"y": 100 + SPREAD * generator.normal(size=N_ROWS)})
    panel = make_panel(noise, Roles(("y",)))
    plan = plan_splits(N_ROWS, TASK, first_origin=LONGEST)
    trials = [_params(generator) for _ in range(N_TRIALS)]
    outcomes = [
        train_folds(
            panel,
            plan,
            params,
            task=TASK,
            training=TRAINING,
            seed=number,
            on_epoch=lambda point: None,
        )
        for number, params in enumerate(trials)
    ]
    best = int(np.argmin([outcome.score for outcome in outcomes]))
    return _judge(panel, plan, trials[best], outcomes, best)


def _params(generator: np.random.Generator) -> TrialParams:
    return TrialParams(
        cell="GRU",
        units=8,
        layers=1,
        dropout=float(generator.uniform(0, 0.5)),
        sequence_length=int(generator.choice([4, 8, LONGEST])),
        learning_rate=float(10 ** generator.uniform(-3.5, -1.5)),
        clipnorm=1.0,
        batch_size=32,
        framing=str(generator.choice(["none", "last_value"])),
    )


def _judge(
    panel: Panel,
    plan: SplitPlan,
    params: TrialParams,
    outcomes: Sequence[TrialOutcome],
    best: int,
) -> Search:
    baselines = forecast_baselines(panel, plan, TASK, sequence_length=LONGEST)
    refit = refit_winner(
        panel, plan, params, epochs=outcomes[best].best_epoch, task=TASK, seeds=[1]
    )
    origins = np.arange(plan.holdout_start, plan.holdout_stop)
    actual = gather_targets(panel.targets, origins, horizon=1)
    forecasts = {**baselines.holdout, "GRU": refit.runs[0].predictions}
    losses = {
        name: Contestant(
            name, origin_losses(actual, predicted, np.ones(1), score="rmse")
        )
        for name, predicted in forecasts.items()
    }
    rmse = {
        name: float(np.sqrt(((predicted - actual) ** 2).mean()))
        for name, predicted in forecasts.items()
    }
    winner = losses.pop("GRU")
    of_winner = rmse.pop("GRU")
    on_folds = lowest_mean(baselines.fold_scores)
    assert on_folds is not None
    optimism = selection_optimism([outcome.fold_scores for outcome in outcomes])
    assert optimism is not None
    return Search(
        fold_skill=skill(outcomes[best].score, on_folds[1]) or 0.0,
        skill=skill(of_winner, min(rmse.values())) or 0.0,
        cv=outcomes[best].score,
        optimism=optimism,
        rmse=of_winner,
        sentence=give_verdict(
            {"GRU": winner}, losses, horizon=1, score="rmse"
        ).sentence,
    )


@pytest.mark.slow
def test_the_winner_looks_better_on_the_folds_than_it_is(
    searches: list[Search],
) -> None:
    """The best of twelve was chosen there, and this luck does not come again."""
    on_folds = np.array([search.fold_skill for search in searches])
    on_holdout = np.array([search.skill for search in searches])
    assert (on_folds > 0).sum() >= N_SERIES - 1
    assert on_folds.mean() > on_holdout.mean()
    assert all(search.optimism > 0 for search in searches)


@pytest.mark.slow
def test_the_skill_on_the_holdout_is_nothing(searches: list[Search]) -> None:
    """Single searches scatter by about 1.3 % of the error with 150 forecasts."""
    on_holdout = np.array([search.skill for search in searches])
    assert np.abs(on_holdout).max() <= 0.04
    assert abs(on_holdout.mean()) <= 0.015


@pytest.mark.slow
def test_the_error_is_that_of_the_noise(searches: list[Search]) -> None:
    """Nobody can do better than the standard deviation of white noise."""
    errors = [search.rmse for search in searches]
    assert np.mean(errors) == pytest.approx(SPREAD, rel=0.05)


@pytest.mark.slow
def test_the_verdict_says_that_no_network_is_needed(searches: list[Search]) -> None:
    for search in searches:
        assert "It beats the best baseline" not in search.sentence
        assert (
            "You do not need a network here" in search.sentence
            or "no evidence that you need a network here" in search.sentence
        )
