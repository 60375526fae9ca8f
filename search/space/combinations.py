"""Values of hyperparameters that cannot be trained together, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from search.config import Task
from search.errors import ConfigError
from search.space.lines import Space, Value

Test = Callable[[Value], bool]


@dataclass(frozen=True)
class Refusal:
    """A combination that is refused.

    Attributes
    ----------
    values
        For each line that takes part, which values do. In a range, these lie at one
        of its ends if they lie anywhere in it.
    concerns
        For which tasks it is refused.
    reason
        One sentence that names lines and values; then what to do.
    """

    values: Mapping[str, Test]
    concerns: Callable[[Task], bool]
    reason: str


def _is(wanted: Value) -> Test:
    return lambda value: value == wanted


def _rebuilds(task: Task) -> bool:
    """Whether each row of a window is given again, one step after the other."""
    return task.kind == "anomaly" and task.detector == "autoencoder"


REFUSALS = (
    Refusal(
        {"framing": lambda value: value != "none"},
        lambda task: task.kind != "forecasting",
        "`framing` asks for a change against an earlier value and can be used for "
        "forecasts only. Take none.",
    ),
    Refusal(
        {"architecture": _is("encoder_decoder")},
        lambda task: task.horizon < 2 and not _rebuilds(task),
        "`architecture` = encoder_decoder gives one forecast step after the other and "
        "needs a `horizon` of at least 2, got 1. Leave it out of `architecture`, or "
        "forecast more steps.",
    ),
    Refusal(
        {
            "architecture": _is("attention"),
            "sequence_length": lambda value: float(value) < 2,
        },
        lambda _: True,
        "`architecture` = attention weighs the steps of a window against each other "
        "and cannot be used with a `sequence_length` of 1. Take windows of at least 2 "
        "steps, or leave attention out of `architecture`.",
    ),
    Refusal(
        {"normalization": _is("batch"), "batch_size": lambda value: float(value) < 2},
        lambda _: True,
        "`normalization` = batch compares the windows of a batch with each other and "
        "cannot be used with a `batch_size` of 1. Take batches of at least 2, or leave "
        "batch out of `normalization`.",
    ),
    Refusal(
        {"loss": _is("cross_entropy")},
        lambda task: not task.has_classes,
        "`loss` = cross_entropy compares classes and cannot be used where numbers are "
        "predicted. Take mse, mae, huber or msle.",
    ),
    Refusal(
        {"loss": lambda value: value != "cross_entropy"},
        lambda task: task.has_classes,
        "Where classes are told apart, `loss` can be cross_entropy only. Leave the "
        "others out.",
    ),
)


def refused(values: Mapping[str, Sequence[Value]], task: Task) -> str | None:
    """Return why some combination of `values` cannot be trained; None if each can.

    Parameters
    ----------
    values
        Values that each line may take. A single value for each line is one
        configuration. A line that is not given takes part in nothing.
    task
        What is predicted.
    """
    found = refusals(values, task)
    return found[0].reason if found else None


def refusals(values: Mapping[str, Sequence[Value]], task: Task) -> list[Refusal]:
    """Return everything that `refused` would name, one after the other."""
    return [
        refusal
        for refusal in REFUSALS
        if refusal.concerns(task)
        and all(
            any(map(test, values.get(name, ())))
            for name, test in refusal.values.items()
        )
    ]


def check_combinations(space: Space, task: Task) -> None:
    """Refuse a space from which a combination could be drawn that cannot be trained.

    So no trial is spent on one, and no cell ends up with fewer trials than others.

    Raises
    ------
    ConfigError
        With the lines and the reason.
    """
    _raise(refused({line.name: line.values for line in space.lines}, task))


def check_together(params: Mapping[str, Value], space: Space, task: Task) -> None:
    """Refuse a configuration that cannot be trained, whatever else is drawn for it.

    Parameters
    ----------
    params
        Some or all values.
    space
        Where the others are drawn from.
    task
        What is predicted.

    Raises
    ------
    ConfigError
        With the lines and the reason.
    """
    values = {line.name: line.values for line in space.lines}
    given = {name: (value,) for name, value in params.items()}
    _raise(refused({**values, **given}, task))


def _raise(reason: str | None) -> None:
    if reason is not None:
        raise ConfigError(reason)
