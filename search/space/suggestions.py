"""Why the suggested search space fits the data: one sentence a line, with numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from search.config import Roles, Task, Training
from search.errors import ConfigError
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel
from search.evaluation.samples import is_padded
from search.evaluation.splits import plan_splits
from search.space.defaults import (
    LONGEST_SEASON_IN_WINDOW,
    fewest_windows,
    sequence_ladder,
)
from search.space.lines import Line, Space

# With fewer training windows, what a wide network learns by heart is told.
FEW_WINDOWS = 200
# With fewer training steps in all, a slow learning rate may not arrive.
FEW_STEPS = 1_000


@dataclass(frozen=True)
class Suggestion:
    """One line of the search space, and why it is suggested for these data.

    Attributes
    ----------
    line
        The suggested line.
    reason
        One or two sentences; None where the line has its usual fixed value, which
        nothing in the data asks to change.
    """

    line: Line
    reason: str | None


@dataclass(frozen=True)
class _Facts:
    """What the reasons speak of; windows are those of the training."""

    space: Space
    roles: Roles
    task: Task
    first_windows: int
    last_windows: int

    @property
    def steps(self) -> int:
        """Training steps in one pass over the largest fold."""
        return ceil(self.last_windows / int(self.space["batch_size"].values[0]))

    @property
    def n_inputs(self) -> int:
        """Columns that a network reads, with a sine and a cosine for each cycle."""
        n_columns = len(self.roles.columns) + 2 * len(self.roles.calendar)
        if self.task.kind in ("forecasting", "anomaly"):
            return n_columns
        return n_columns - len(self.roles.targets)


def suggestions(
    space: Space, n_rows: int, roles: Roles, task: Task, panel: Panel | None = None
) -> dict[str, Suggestion]:
    """Return each line of a suggested space with its reason, by name.

    Parameters
    ----------
    space
        What `default_space` or `task_space` returns for these data, or a part of it.
    n_rows
        Rows in the series.
    roles, task
        Columns, and what is predicted.
    panel
        The data; without it only a forecast of one series has reasons.

    Returns
    -------
    dict
        In the order of the space. Where the folds cannot be made there are no
        windows to speak of, and no line has a reason.
    """
    facts = _facts(space, n_rows, roles, task, panel)
    found = {}
    for line in space.lines:
        explain = _REASONS.get(line.name)
        reason = explain(line, facts) if explain and facts else None
        found[line.name] = Suggestion(line, reason)
    return found


def opened_line(line: Line) -> Line:
    """Return the range to start with where a line that is fixed is opened.

    A line that is not fixed stays as it is, and so does one whose value says all.
    """
    return _OPENED.get(line.name, line) if line.is_fixed else line


def epochs_reason(
    training: Training,
    space: Space,
    n_rows: int,
    roles: Roles,
    task: Task,
    panel: Panel | None = None,
) -> str | None:
    """Return why so many epochs are suggested; None where the folds cannot be made."""
    facts = _facts(space, n_rows, roles, task, panel)
    if facts is None:
        return None
    total = training.epochs * facts.steps
    reason = (
        f"{training.epochs} passes over the {facts.last_windows:,} training windows of "
        f"the largest fold are {total:,} training steps."
    )
    if total < FEW_STEPS:
        return f"{reason} That is few: raise it if the curves still fall when they end."
    if training.patience:
        return (
            f"{reason} A trial ends sooner after {training.patience} passes "
            "without a better score."
        )
    return reason


def _facts(
    space: Space, n_rows: int, roles: Roles, task: Task, panel: Panel | None
) -> _Facts | None:
    first = space.first_origin(task.season)
    try:
        if task.kind != "forecasting" or roles.group is not None:
            return None if panel is None else _sample_facts(space, roles, task, panel)
        plan = plan_splits(n_rows, task, first_origin=first)
    except ConfigError:
        return None
    smallest, largest = plan.folds[0].n_train(first), plan.folds[-1].n_train(first)
    return _Facts(space, roles, task, smallest, largest)


def _sample_facts(space: Space, roles: Roles, task: Task, panel: Panel) -> _Facts:
    first = space.first_origin(task.season)
    plan = plan_samples(panel, task, first_origin=first)
    smallest, largest = (
        len(plan.samples.usable(fold.training, first))
        for fold in (plan.folds[0], plan.folds[-1])
    )
    return _Facts(space, roles, task, smallest, largest)


def _cell(line: Line, facts: _Facts) -> str:
    if line.is_fixed:
        return "One cell only; nothing is compared with it but the baselines."
    return "The search compares them; leave one out only if you would never use it."


def _units(line: Line, facts: _Facts) -> str:
    most = int(max(line.values))
    weights = 4 * most * (most + facts.n_inputs + 1)
    sentence = (
        f"One LSTM layer of {most} units has {weights:,} weights, to learn from "
        f"{facts.first_windows:,} training windows in the first fold and "
        f"{facts.last_windows:,} in the last."
    )
    if facts.first_windows >= FEW_WINDOWS:
        return sentence
    return (
        f"{sentence} That is little, and wide networks can learn it by heart; they "
        "can also score best on such a short series, so the folds decide."
    )


def _layers(line: Line, facts: _Facts) -> str:
    return (
        "The number that is best differs from series to series, whatever their "
        "length; each further layer makes a trial slower."
    )


def _dropout(line: Line, facts: _Facts) -> str:
    n_windows = facts.first_windows
    if n_windows < FEW_WINDOWS:
        return (
            f"There are only {n_windows:,} training windows in the first fold, so "
            "some dropout is likely to help."
        )
    return (
        f"With {n_windows:,} training windows in the first fold small networks can do "
        "without it, and large ones can use it."
    )


def _sequence_length(line: Line, facts: _Facts) -> str:
    lengths, season = [int(value) for value in line.values], facts.task.season
    if facts.task.kind != "forecasting":
        return _window_reason(lengths, facts.task)
    ladder = sequence_ladder(season)
    if not set(lengths) <= set(ladder):
        reason = "The rows before the first validation have no room for longer ones"
    elif season <= 1:
        reason = "The series has no season that would set a length, so short and long"
    elif season > LONGEST_SEASON_IN_WINDOW:
        reason = (
            f"Windows of the whole season of {season:,} rows would cost more than they "
            "tell, so shorter ones"
        )
    else:
        parts = [_share_of_season(length, season) for length in lengths]
        listed = parts[0] if len(parts) == 1 else ", ".join(parts[:-1])
        if len(parts) > 1:
            listed += f" and {parts[-1]}"
        reason = f"{listed.capitalize()} of the season of {season:,} rows"
    lost = [length for length in ladder if length not in lengths]
    if not lost:
        return f"{reason}."
    them = ", ".join(map(str, lost))
    return (
        f"{reason}; {them} left out, because fewer than {fewest_windows(facts.task)} "
        "training windows would remain in the first fold."
    )


def _window_reason(lengths: list[int], task: Task) -> str:
    listed = ", ".join(map(str, lengths))
    if is_padded(task) and task.kind != "labelling":
        return (
            f"The longest sequence has {lengths[-1]:,} rows; whether its end alone "
            "tells enough is tried as well."
        )
    if task.kind == "anomaly" and task.detector == "autoencoder":
        return (
            f"An autoencoder repeats its whole window, so {listed} rows are few enough "
            "to repeat and enough to show what is normal."
        )
    return f"How many rows tell enough is not known before, so {listed} are tried."


def _share_of_season(length: int, season: int) -> str:
    return {season: "one", 2 * season: "two"}.get(length, "about half")


def _learning_rate(line: Line, facts: _Facts) -> str:
    return (
        f"One pass over the largest fold makes {facts.steps:,} training steps; over "
        "this range the right rate differs from cell to cell, whatever the data."
    )


def _clipnorm(line: Line, facts: _Facts) -> str:
    longest = facts.space.longest_sequence
    return (
        f"Gradients come back through up to {longest:,} rows and can grow on the way; "
        "the range holds gentle and strict limits."
    )


def _framing(line: Line, facts: _Facts) -> str:
    season = facts.task.season
    if facts.task.kind != "forecasting":
        return "Nothing but a forecast can be asked for as a change."
    if "seasonal" in line.values:
        return (
            f"The season of {season:,} rows can be subtracted, and so can the last "
            "value; which is best often matters more than the cell."
        )
    if season > 1:
        return (
            f"The change from a season before is left out: {season:,} rows more before "
            "the first window leave too few training windows in the first fold."
        )
    return "The series has no season to subtract, so the last value and none are tried."


def _calendar(line: Line, facts: _Facts) -> str:
    cycles = facts.roles.calendar
    if not cycles:
        return "The series has no calendar inputs."
    return (
        f"Tried with and without the cycles {' and '.join(cycles)} of the time stamps, "
        "because they help one series and hurt another."
    )


def _loss(line: Line, facts: _Facts) -> str:
    if facts.task.has_classes:
        return "The one loss for classes; it is the log loss of the training samples."
    first = "absolute" if facts.task.score == "mae" else "squared"
    other = "squared" if first == "absolute" else "absolute"
    return (
        f"The score is {facts.task.score.upper()}, which {first} error fits; {other} "
        "error is tried too, because it wins on some series all the same."
    )


def _scaler(line: Line, facts: _Facts) -> str:
    return (
        "These two differ where the values have outliers, which is where scaling "
        "matters."
    )


def _batch_size(line: Line, facts: _Facts) -> str:
    size = int(line.values[0])
    ends = "an epoch stays short" if size > 32 else "the weights still move often"
    return (
        f"In the largest fold {facts.last_windows:,} training windows make "
        f"{facts.steps:,} training steps of {size} windows an epoch, so {ends}."
    )


_OPENED = {
    line.name: line
    for line in (
        Line("batch_size", low=16, high=128, log=True),
        Line("recurrent_dropout", low=0.0, high=0.3),
        Line("dense_units", low=0, high=64, step=16),
        Line("l2", low=1e-6, high=1e-2, log=True),
    )
}
_REASONS: dict[str, Callable[[Line, _Facts], str]] = {
    "cell": _cell,
    "units": _units,
    "layers": _layers,
    "dropout": _dropout,
    "sequence_length": _sequence_length,
    "learning_rate": _learning_rate,
    "clipnorm": _clipnorm,
    "framing": _framing,
    "calendar": _calendar,
    "loss": _loss,
    "scaler": _scaler,
    "batch_size": _batch_size,
}
