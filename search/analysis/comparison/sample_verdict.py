"""The comparison in words for every task but the forecast of one series.

Models are compared on the losses of the same held-out samples. What counts as one are
groups where there are ten, else stretches of samples; see
`search.evaluation.paired_groups`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from search.analysis.comparison.sample_losses import Measure, in_digits
from search.analysis.comparison.verdict import SIGNIFICANT, Contestant, adjust_tests
from search.evaluation.paired_groups import (
    difference_interval,
    grouped_p_value,
    independent_units,
    relative_group_interval,
)
from search.study.results import Comparison, Verdict

FEWEST_UNITS = 6
_WORDS = {
    "nearest": "the nearest neighbour",
    "majority": "the most frequent class",
    "logistic": "logistic regression on summary features",
    "mean": "the mean of the training part",
    "ridge_features": "ridge regression on summary features",
    "zscore": "the z-score",
    "pca": "the PCA residual",
    "never": "never giving an alarm",
    "always": "always giving an alarm",
    "last_value": "the last value",
    "seasonal_naive": "the seasonal naive forecast",
    "drift": "the drift",
    "ets": "exponential smoothing",
    "theta": "the theta method",
    "ridge": "ridge regression on the window",
}


@dataclass(frozen=True)
class Field:
    """The samples that all contestants were judged on.

    Attributes
    ----------
    groups
        Place of the group of each sample, of shape (n_samples,).
    measure
        How losses are said.
    """

    groups: np.ndarray
    measure: Measure

    @property
    def n_units(self) -> int:
        """Groups or stretches that count as one each."""
        return len(np.unique(independent_units(self.groups)))


def compare_samples(first: Contestant, second: Contestant, field: Field) -> Comparison:
    """Test whether two models have the same mean loss over the samples.

    The p-value is None where fewer than six groups or stretches can be told apart,
    where no exchange of them is rare enough.
    """
    sizes = [field.measure.size(one.losses) for one in (first, second)]
    relative = sizes[0] / sizes[1] - 1 if sizes[1] > 0 else None
    if sizes == [0.0, 0.0]:
        relative = 0.0
    p_value = interval = None
    if field.n_units >= FEWEST_UNITS:
        p_value = grouped_p_value(first.losses, second.losses, groups=field.groups)
        if sizes[1] > 0:
            interval = relative_group_interval(
                first.losses,
                second.losses,
                groups=field.groups,
                power=field.measure.power,
            )
    return Comparison(
        first=first.name,
        second=second.name,
        relative_difference=relative,
        p_value=p_value,
        n_origins=len(first.losses),
        interval=interval,
    )


def give_sample_verdict(
    cells: Mapping[str, Contestant],
    baselines: Mapping[str, Contestant],
    field: Field,
) -> Verdict:
    """Say which cell is best, whether that is chance, and whether a network is needed.

    Parameters
    ----------
    cells
        The winners in the order of their cross-validation score, best first.
    baselines
        The best of them is the one with the lowest loss on the holdout, which favours
        the baseline a little.
    field
        The samples.
    """
    if not cells:
        return Verdict("No network could be scored, so there is nothing to compare.")
    ranked = list(cells.values())
    best, pairs = ranked[0], list(combinations(ranked, 2))
    if baselines:
        lowest = min(baselines.values(), key=lambda one: float(one.losses.mean()))
        pairs.append((best, lowest))
    tests = adjust_tests([compare_samples(*pair, field) for pair in pairs])
    sentences = [f"{best.name} is the only cell that was scored."]
    if len(ranked) > 1:
        sentences = [_between_cells(*pairs[0], tests[0], field)]
    if baselines:
        sentences.append(_against_baseline(*pairs[-1], tests[-1], field))
    return Verdict(" ".join(sentences), tuple(tests))


def _between_cells(
    first: Contestant, second: Contestant, test: Comparison, field: Field
) -> str:
    opening = f"{first.name} was best in cross-validation."
    both = f"On the holdout {_both(first, second, field)}"
    if test.p_adjusted is None:
        return f"{opening} {both}; {_too_few(field)}"
    numbers = _numbers(first, second, test, field)
    if test.p_adjusted >= SIGNIFICANT:
        return (
            f"{opening} {both} ({numbers}): there is no evidence that {first.name} is "
            f"better than {second.name}."
        )
    if first.losses.mean() < second.losses.mean():
        return f"{opening} {both}, which is more than chance ({numbers})."
    return (
        f"{opening} But on the holdout {_both(first, second, field)}, which is more "
        f"than chance ({numbers}): {second.name} did better on what is held out."
    )


def _against_baseline(
    best: Contestant, baseline: Contestant, test: Comparison, field: Field
) -> str:
    both = _both(best, baseline, field, is_baseline=True)
    if best.losses.mean() >= baseline.losses.mean():
        numbers = ""
        if test.p_adjusted is not None:
            numbers = f" ({_numbers(best, baseline, test, field)})"
        return f"You do not need a network here: {both}{numbers}."
    if test.p_adjusted is None:
        return f"Against the best baseline: {both}; {_too_few(field)}"
    numbers = _numbers(best, baseline, test, field)
    if test.p_adjusted >= SIGNIFICANT:
        return (
            f"Against the best baseline: {both}, but that can be chance ({numbers}): "
            "there is no evidence that you need a network here."
        )
    return f"It beats the best baseline: {both} ({numbers})."


def _both(
    first: Contestant, second: Contestant, field: Field, *, is_baseline: bool = False
) -> str:
    other = _WORDS.get(second.name, second.name) if is_baseline else second.name
    said = field.measure.say(first.losses)
    return f"{first.name} {said}, {other} {_short(second, field)}"


def _short(model: Contestant, field: Field) -> str:
    """Return how well the second of two models does, without the words of the first."""
    return f"{field.measure.number(model.losses)}{' %' * field.measure.is_share}"


def _numbers(
    first: Contestant, second: Contestant, test: Comparison, field: Field
) -> str:
    assert test.p_adjusted is not None
    p_value = test.p_adjusted
    chance = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
    n_samples = len(first.losses)
    noun = field.measure.sample if n_samples == 1 else field.measure.samples
    shown = f"{chance}, {n_samples:,} {noun}"
    low, high = difference_interval(
        first.losses, second.losses, groups=field.groups, power=field.measure.power
    )
    if low == high:
        return shown
    ends = [_signed(low), _signed(high)]
    if field.measure.is_share:  # losses are what is wrong, words what is right
        # Adding 0 makes +0.0 of what was rounded to −0.0.
        shares = [round(-100 * end, 1) + 0.0 for end in (high, low)]
        ends = [f"{share:+.1f}".replace("-", "−") for share in shares]
    unit = " percentage points" if field.measure.is_share else ""
    return f"95 % interval of the difference {ends[0]} to {ends[1]}{unit}, {shown}"


def _signed(value: float) -> str:
    sign = "−" if value < 0 else "+"
    return f"{sign}{in_digits(abs(value))}"


def _too_few(field: Field) -> str:
    n_samples = len(field.groups)
    noun = field.measure.sample if n_samples == 1 else field.measure.samples
    return (
        f"{n_samples:,} {noun} are too few to tell whether that is chance (it takes "
        f"{FEWEST_UNITS} at least)."
    )
