"""Which hyperparameters made the difference between the trials of a study."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from search.study.space import Line, Space, Value

if TYPE_CHECKING:
    import optuna

EVALUATOR = "PED-ANOVA"
FEWEST_TRIALS = 10
BEST_SHARE, FEWEST_BEST = 0.1, 5


def parameter_importance(
    space: Space, trials: Sequence[tuple[Mapping[str, Value], float]]
) -> dict[str, float]:
    """Return the share of each searched line, largest first; empty if too few trials.

    PED-ANOVA asks where the best trials (the best tenth, at least five) differ from
    all of them: Watanabe, Bansal and Hutter (2023), https://arxiv.org/abs/2304.10255.
    Other evaluators may order the lines differently, so the name belongs beside the
    chart.

    Parameters
    ----------
    space
        The search space; fixed lines have no importance.
    trials
        Configuration and score of each complete trial.
    """
    lines = [line for line in space.lines if not line.is_fixed]
    if len(trials) < FEWEST_TRIALS or len({score for _, score in trials}) < 2:
        return {}
    # optuna.importance imports scikit-learn, and the web process starts without it.
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    study = optuna.create_study(direction="minimize")
    distributions = {line.name: _distribution(line) for line in lines}
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={line.name: params[line.name] for line in lines},
                distributions=distributions,
                value=score,
            )
            for params, score in trials
        ]
    )
    evaluator = PedAnovaImportanceEvaluator(
        target_quantile=max(BEST_SHARE, FEWEST_BEST / len(trials)),
        evaluate_on_local=False,
    )
    shares = get_param_importances(study, evaluator=evaluator)
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _distribution(line: Line) -> "optuna.distributions.BaseDistribution":
    """Return the range of `line`; tried values may lie between its steps."""
    from optuna import distributions

    if line.choices:
        return distributions.CategoricalDistribution(line.choices)
    low, high = line.values
    if line.kind == "int":
        return distributions.IntDistribution(int(low), int(high), line.log)
    return distributions.FloatDistribution(float(low), float(high), line.log)
