"""The comparison in words: which cell is best, and whether a network is needed.

Each model has one loss a holdout origin: the mean absolute or squared error over the
forecast steps (and over the targets, made comparable), as the study scores by MAE or
RMSE. Two models are compared on the difference of their losses, see
`search.evaluation.paired`; what is said of its size is said of MAE or RMSE, so that
verdict and skill speak of the same error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from search.config import Score
from search.evaluation.paired import (
    adjust_pairs,
    origins_needed,
    paired_p_value,
    relative_interval,
)
from search.study.results import Comparison, Verdict

SIGNIFICANT = 0.05
SAME_RELATIVE = 0.005
_POWERS: dict[Score, int] = {"mae": 1, "rmse": 2}


@dataclass(frozen=True)
class Contestant:
    """One model with its losses on the holdout.

    Attributes
    ----------
    name
        A cell or a name of `search.evaluation.baselines`, such as "seasonal_naive".
    losses
        Loss of each holdout origin, of shape (n_origins,), over the same origins for
        all contestants; see `origin_losses`.
    """

    name: str
    losses: np.ndarray


def origin_losses(
    actual: np.ndarray, predicted: np.ndarray, weights: np.ndarray, *, score: Score
) -> np.ndarray:
    """Return the mean absolute or squared error of each origin, of shape (n_origins,).

    Parameters
    ----------
    actual, predicted
        Original units, of shape (n_origins, horizon, n_targets).
    weights
        Weight of each target, of shape (n_targets,); see
        `search.evaluation.metrics.target_weights`.
    score
        Whether errors count as they are or squared.

    Examples
    --------
    >>> actual = np.zeros((2, 2, 1))
    >>> predicted = np.array([[[1.0], [3.0]], [[0.0], [-1.0]]])
    >>> origin_losses(actual, predicted, np.ones(1), score="mae")
    array([2. , 0.5])
    >>> origin_losses(actual, predicted, np.ones(1), score="rmse")
    array([5. , 0.5])
    """
    sizes = np.abs(predicted - actual) * weights
    losses: np.ndarray = (sizes ** _POWERS[score]).mean(axis=(1, 2))
    return losses


def compare(
    first: Contestant, second: Contestant, *, horizon: int, score: Score
) -> Comparison:
    """Test whether two models have the same mean loss.

    Parameters
    ----------
    horizon
        Steps of each forecast. Neighbouring origins overlap by ``horizon - 1`` steps,
        and so far the loss differences are taken to depend on each other.
    score
        Error whose relative difference is given; the losses are those of it.

    Returns
    -------
    Comparison
        `p_value` is None with fewer than 10 origins or fewer than three horizons of
        them, where the test means nothing, and 1 where the losses are the same at
        every origin.
    """
    n_origins = len(first.losses)
    power = _POWERS[score]
    difference = _relative_difference(first.losses, second.losses, power)
    if n_origins < origins_needed(horizon):
        return Comparison(first.name, second.name, difference, None, n_origins)
    return Comparison(
        first=first.name,
        second=second.name,
        relative_difference=difference,
        p_value=paired_p_value(first.losses, second.losses, horizon=horizon),
        n_origins=n_origins,
        interval=relative_interval(
            first.losses, second.losses, horizon=horizon, power=power
        ),
    )


def give_verdict(
    cells: Mapping[str, Contestant],
    baselines: Mapping[str, Contestant],
    *,
    horizon: int,
    score: Score,
) -> Verdict:
    """Say which cell is best, whether that is chance, and whether a network is needed.

    Parameters
    ----------
    cells
        The winners of the cells in the order of their cross-validation score, best
        first. The holdout does not change this order: what selects must not also
        judge.
    baselines
        Forecasts that need no training. The best of them is the one with the lowest
        loss on the holdout, which favours the baseline a little.
    horizon
        Steps of each forecast.
    score
        Error by which the study scores; the losses are those of it.
    """
    if not cells:
        return Verdict("No network could be scored, so there is nothing to compare.")
    ranked = list(cells.values())
    best = ranked[0]
    pairs = list(combinations(ranked, 2))
    if baselines:
        lowest = min(baselines.values(), key=lambda one: float(one.losses.mean()))
        pairs.append((best, lowest))
    tests = [
        compare(first, second, horizon=horizon, score=score) for first, second in pairs
    ]
    tests = adjust_tests(tests)
    sentences = [f"{best.name} is the only cell that was scored."]
    if len(ranked) > 1:
        sentences = [_between_cells(_in_words(tests[0]), horizon)]
    if baselines:
        sentences.append(_against_baseline(_in_words(tests[-1]), horizon))
    return Verdict(" ".join(sentences), tuple(tests))


def adjust_tests(tests: Sequence[Comparison]) -> list[Comparison]:
    """Return the tests with their p-values adjusted for all that have one."""
    given = {
        (one.first, one.second): one.p_value for one in tests if one.p_value is not None
    }
    values = adjust_pairs(list(given), list(given.values()))
    adjusted = dict(zip(given, values, strict=True))
    return [
        replace(one, p_adjusted=adjusted.get((one.first, one.second))) for one in tests
    ]


def _in_words(comparison: Comparison) -> Comparison:
    """Return the comparison with names as a sentence has them."""
    return replace(
        comparison,
        first=comparison.first.replace("_", " "),
        second=comparison.second.replace("_", " "),
    )


def _relative_difference(
    first: np.ndarray, second: np.ndarray, power: int
) -> float | None:
    mean = float(second.mean())
    if mean > 0:
        return float((first.mean() / mean) ** (1 / power)) - 1
    return 0.0 if float(first.mean()) == mean else None


def _between_cells(result: Comparison, horizon: int) -> str:
    opening = f"{result.first} was best in cross-validation."
    if result.p_adjusted is None:
        return f"{opening} {_on_holdout(result)}; {_too_few(result, horizon)}"
    if result.p_adjusted >= SIGNIFICANT or not result.relative_difference:
        return (
            f"{opening} {_on_holdout(result)} ({_numbers(result)}): there is no "
            f"evidence that {result.first} is better than {result.second}."
        )
    if result.relative_difference < 0:
        return (
            f"{opening} {_on_holdout(result)}, which is more than chance "
            f"({_numbers(result)})."
        )
    return (
        f"{opening} But {_on_holdout(result, start=False)}, which is more than chance "
        f"({_numbers(result)}): {result.second} did better on the newest data."
    )


def _against_baseline(result: Comparison, horizon: int) -> str:
    difference = result.relative_difference
    is_better = difference is not None and difference < -SAME_RELATIVE
    if not is_better:
        detail = "" if result.p_adjusted is None else f", {_numbers(result)}"
        return (
            f"You do not need a network here: {result.second} is as good or better "
            f"({_against(result)}{detail})."
        )
    if result.p_adjusted is None:
        return (
            f"Against the best baseline, {result.second}, {_against(result)}; "
            f"{_too_few(result, horizon)}"
        )
    if result.p_adjusted >= SIGNIFICANT:
        return (
            f"Against the best baseline, {result.second}, {_against(result)}, but "
            f"that can be chance ({_numbers(result)}): there is no evidence that you "
            "need a network here."
        )
    return (
        f"It beats the best baseline, {result.second}: {_against(result)} "
        f"({_numbers(result)})."
    )


def _on_holdout(result: Comparison, *, start: bool = True) -> str:
    """Say how far the two are apart, as the rest of a sentence."""
    opening = "On the holdout" if start else "on the holdout"
    difference = result.relative_difference
    if difference is None:
        return f"{opening} {result.second} has no error at all and it has one"
    if abs(difference) < SAME_RELATIVE:
        return f"{opening} it and {result.second} have the same error"
    word = "below" if difference < 0 else "above"
    return (
        f"{opening} its error is {_percent(difference)} {word} that of {result.second}"
    )


def _against(result: Comparison) -> str:
    difference = result.relative_difference
    if difference is None:
        return f"{result.second} has no error at all"
    if abs(difference) < SAME_RELATIVE:
        return f"the error of {result.first} is the same"
    word = "lower" if difference < 0 else "higher"
    return f"the error of {result.first} is {_percent(difference)} {word}"


def _percent(difference: float) -> str:
    size = abs(difference) * 100
    return f"{size:.1f} %" if size < 10 else f"{size:.0f} %"


def _numbers(result: Comparison) -> str:
    assert result.p_adjusted is not None
    p_value = result.p_adjusted
    shown = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
    parts = [shown, f"{result.n_origins} forecasts"]
    if result.interval is not None:
        parts.insert(0, f"95 % interval {_range(result.interval)}")
    return ", ".join(parts)


def _range(interval: tuple[float, float]) -> str:
    """Return both ends with their signs, such as −16 to −8 %."""
    low, high = (f"{100 * end:+.0f}".replace("-", "−") for end in interval)
    return f"{low} to {high} %"


def _too_few(result: Comparison, horizon: int) -> str:
    count = f"{result.n_origins} forecast{'s' if result.n_origins != 1 else ''}"
    return (
        f"{count} of {horizon} step{'s' if horizon > 1 else ''} are too few to tell "
        f"whether that is chance (it takes {origins_needed(horizon)})."
    )
