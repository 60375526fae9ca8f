"""Lines of the space that the user narrows while a study runs, and what was changed.

A narrowed line lies inside the line that the study was created with. Optuna keeps the
ranges of the creation for every trial, so trials of before and after belong together;
only what is suggested stays inside.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from search.config import Budget
from search.errors import ConfigError
from search.space.lines import LIMITS, Line, Space, Value

Origin = Literal["page", "command line"]
ChangeKind = Literal[
    "narrow",  # a line was narrowed, or narrowed in another way
    "widen",  # a line is as wide as at the start again
    "queue",  # a configuration was queued
    "unqueue",  # a configuration was taken out of the queue
    "budget",  # trials, time, or whether the search stops by itself
]


@dataclass(frozen=True)
class Change:
    """One thing that a person changed about a study after it was created.

    Attributes
    ----------
    kind
        See `ChangeKind`; says which of the last three fields is given.
    when
        ISO 8601 in UTC.
    by
        Where it was done.
    line
        What is searched from then on.
    trial
        Number of the queued trial.
    budget
        The budget from then on.
    """

    kind: ChangeKind
    when: str
    by: Origin
    line: Line | None = None
    trial: int | None = None
    budget: Budget | None = None


def narrowed_space(space: Space, narrowed: Iterable[Line]) -> Space:
    """Return `space` with the narrowed lines in the place of the original ones."""
    for line in narrowed:
        space = space.with_line(line)
    return space


def check_narrowed(space: Space, line: Line) -> None:
    """Refuse a line that does not lie inside the one of the study.

    Raises
    ------
    ConfigError
        If the line is fixed in the study, wider than there, between its steps, or the
        cell, whose trials are shared equally.
    """
    original = space[line.name]
    if line.name == "cell":
        raise ConfigError(
            "`cell` cannot be narrowed: the cells share the trials equally, so that "
            "they can be compared. Start a study with fewer cells instead."
        )
    if original.is_fixed:
        raise ConfigError(
            f"`{line.name}` is fixed at {original.values[0]} in this study and cannot "
            "be narrowed."
        )
    if not line.choices:
        if original.choices:
            raise ConfigError(
                f"`{line.name}` is searched among {original.words}; give the values "
                "that stay."
            )
        if (line.step, line.log) != (original.step, original.log):
            raise ConfigError(
                f"`{line.name}` must keep its step and scale when it is narrowed."
            )
    outside = [value for value in line.values if not _is_on_grid(original, value)]
    if outside:
        shown = ", ".join(map(str, outside))
        step = "" if original.step == 1 else f" in steps of {original.step}"
        raise ConfigError(
            f"`{line.name}` can be narrowed inside {original.words}{step} only, got "
            f"{shown}."
        )


def narrowed_line(space: Space, name: str, low: float, high: float) -> Line:
    """Return the line `name` between `low` and `high`; among choices, those between.

    Raises
    ------
    ConfigError
        If there is no such line, or nothing lies between.
    """
    original = line_of(space, name)
    if not original.choices:
        return replace(original, low=low, high=high)
    if LIMITS[name].kind == "choice":
        raise ConfigError(
            f"`{name}` has no range; give the values that stay, of {original.words}."
        )
    kept = tuple(value for value in original.choices if low <= float(value) <= high)
    if not kept:
        raise ConfigError(
            f"`{name}` has no value between {low} and {high}; it is searched among "
            f"{original.words}."
        )
    return Line(name, choices=kept)


def line_of(space: Space, name: str) -> Line:
    """Return the line `name` of the space.

    Raises
    ------
    ConfigError
        If there is no such hyperparameter.
    """
    if name not in LIMITS:
        raise ConfigError(
            f"`{name}` is not a hyperparameter; choose from {', '.join(LIMITS)}."
        )
    return space[name]


def _is_on_grid(original: Line, value: Value) -> bool:
    if not original.contains(value):
        return False
    if original.choices or original.kind != "int":
        return True
    if value in original.values:
        # The upper end need not be a whole number of steps away.
        return True
    return (int(value) - int(original.values[0])) % original.step == 0
