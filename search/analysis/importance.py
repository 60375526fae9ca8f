"""Which hyperparameters made the difference between the trials of a study."""

from collections.abc import Container, Mapping, Sequence

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.space.lines import Line, Space, Value

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
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    distributions = {line.name: _distribution(line) for line in lines}
    study = _GivenTrials(
        [
            _complete_trial(number, params, score, distributions)
            for number, (params, score) in enumerate(trials)
        ]
    )
    evaluator = PedAnovaImportanceEvaluator(
        target_quantile=max(BEST_SHARE, FEWEST_BEST / len(trials)),
        evaluate_on_local=False,
    )
    shares = get_param_importances(study, evaluator=evaluator)
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


class _GivenTrials(optuna.Study):
    """Complete trials as a study to evaluate, without a storage behind it.

    A storage in memory would copy each trial, which takes ten times as long as the
    evaluation, and write a line about a new study to the log of the server.
    """

    def __init__(self, trials: list[FrozenTrial]) -> None:
        self._trials = trials

    @property
    def directions(self) -> list[StudyDirection]:
        return [StudyDirection.MINIMIZE]

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        if states is None or TrialState.COMPLETE in states:
            return self._trials
        return []


def _complete_trial(
    number: int,
    params: Mapping[str, Value],
    score: float,
    distributions: dict[str, BaseDistribution],
) -> FrozenTrial:
    return FrozenTrial(
        number=number,
        state=TrialState.COMPLETE,
        value=score,
        datetime_start=None,
        datetime_complete=None,
        params={name: params[name] for name in distributions},
        distributions=distributions,
        user_attrs={},
        system_attrs={},
        intermediate_values={},
        trial_id=number,
    )


def _distribution(line: Line) -> BaseDistribution:
    """Return the range of `line`; tried values may lie between its steps."""
    if line.choices:
        return CategoricalDistribution(line.choices)
    low, high = line.values
    if line.kind == "int":
        return IntDistribution(int(low), int(high), line.log)
    return FloatDistribution(float(low), float(high), line.log)
