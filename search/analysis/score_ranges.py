"""What tables and charts of trials must know: what differs, leads, or is far off."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from search.space.lines import LIMITS, Value
from search.study.trials.listing import TrialView

LOG_RATIO = 20
FAR = 2.5


def varying_parameters(configurations: Sequence[Mapping[str, Value]]) -> list[str]:
    """Return the hyperparameters that are not the same in all configurations.

    Examples
    --------
    >>> varying_parameters([{"units": 16, "layers": 1}, {"units": 32, "layers": 1}])
    ['units']
    """
    return [name for name in LIMITS if _varies(name, configurations)]


def running_best(trials: Sequence[TrialView]) -> list[tuple[int, float]]:
    """Return number and score of each complete trial that was the best so far.

    The last trial closes the list with the best score again, so that a drawn line
    reaches the present.
    """
    scored = [
        (trial.number, trial.score)
        for trial in sorted(trials, key=lambda trial: trial.number)
        if trial.score is not None and trial.state == "complete"
    ]
    steps: list[tuple[int, float]] = []
    for number, score in scored:
        if not steps or score < steps[-1][1]:
            steps.append((number, score))
    if steps and scored[-1][0] != steps[-1][0]:
        steps.append((scored[-1][0], steps[-1][1]))
    return steps


def needs_log_axis(values: Iterable[float | None]) -> bool:
    """Return whether the largest value would hide the differences of the others.

    Examples
    --------
    >>> needs_log_axis([1.0, 25.0]), needs_log_axis([1.0, 2.0, None])
    (True, False)
    """
    known = [value for value in values if value is not None]
    return bool(known) and min(known) > 0 and max(known) > LOG_RATIO * min(known)


def lowest_mean(
    scores: Mapping[str, Sequence[float]],
) -> tuple[str, float] | None:
    """Return name and mean of the entry with the lowest mean; None if there is none.

    Examples
    --------
    >>> lowest_mean({"drift": (3.0, 5.0), "last_value": (2.0, 4.0)})
    ('last_value', 3.0)
    """
    means = {name: float(np.mean(values)) for name, values in scores.items() if values}
    if not means:
        return None
    name = min(means, key=lambda key: means[key])
    return name, means[name]


def comparable(scores: Mapping[str, Sequence[float]]) -> set[str]:
    """Return the entries whose mean is at most `FAR` times the lowest one.

    What is much worse would press everything else together in a chart.

    Examples
    --------
    >>> sorted(comparable({"GRU": (1.0,), "drift": (9.0,), "LSTM": (2.0,)}))
    ['GRU', 'LSTM']
    """
    lowest = lowest_mean(scores)
    if lowest is None:
        return set()
    return {
        name
        for name, values in scores.items()
        if values and float(np.mean(values)) <= FAR * lowest[1]
    }


def _varies(name: str, configurations: Sequence[Mapping[str, Value]]) -> bool:
    """Tell whether two configurations differ; ends at the first that does."""
    missing = object()
    first: object = missing
    for params in configurations:
        value = params.get(name, missing)
        if first is missing:
            first = value
        elif value is not missing and value != first:
            return True
    return False
