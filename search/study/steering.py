"""Steer a study after its creation: narrow its space, and queue configurations.

Everything is a wish that workers find at their next claim, on every machine that works
on the study. It holds for a study at rest too, and then for what comes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.config import MAX_QUEUED, Budget
from search.errors import ConfigError, UserInputError
from search.space.combinations import check_together
from search.space.lines import LIMITS, Line, Space, Value
from search.space.narrowing import (
    Change,
    ChangeKind,
    Origin,
    check_narrowed,
    line_of,
    narrowed_line,
    narrowed_space,
)
from search.study.control import Control, change_control, read_control
from search.study.folders import StudyHandle, utc_now
from search.study.optuna_study import check_uuid, claim_lock, writable_study
from search.study.storage.batching import batching_storage
from search.study.storage.opening import call_storage
from search.study.trials.listing import REMOVED, TrialView
from search.study.trials.turns import next_cell


def current_space(handle: StudyHandle) -> Space:
    """Return the space that new trials come from: the original one, narrowed."""
    return narrowed_space(handle.settings.space, read_control(handle).narrowed)


def narrow(
    handle: StudyHandle, lines: Iterable[Line], *, by: Origin = "page"
) -> Control:
    """Search only inside `lines` from the next claim on.

    A line may be narrower or wider than what holds now, but never wider than in the
    settings; one that equals that line undoes the narrowing. Lines that are not
    given stay as they are.

    Raises
    ------
    ConfigError
        If a line does not lie inside the one of the study; nothing is changed then.
    """
    original = handle.settings.space
    wanted = [_like(original[line.name], line) for line in lines]
    for line in wanted:
        if line != original[line.name]:
            check_narrowed(original, line)

    def change(control: Control) -> Control:
        former = narrowed_space(original, control.narrowed)
        space = narrowed_space(former, wanted)
        notes = [
            Change(_kind(original, line), utc_now(), by, line=line)
            for line in space.lines
            if line != former[line.name]
        ]
        return replace(
            control,
            narrowed=tuple(line for line in space.lines if line != original[line.name]),
            history=(*control.history, *notes),
        )

    return change_control(handle, change)


def widen(
    handle: StudyHandle, names: Iterable[str] | None = None, *, by: Origin = "page"
) -> Control:
    """Search the whole of these lines again; without names, of all lines.

    Raises
    ------
    ConfigError
        If a name is not that of a hyperparameter.
    """
    space = handle.settings.space
    chosen = LIMITS if names is None else names
    return narrow(handle, [line_of(space, name) for name in chosen], by=by)


def enqueue(
    handle: StudyHandle, params: Mapping[str, Value], *, by: Origin = "page"
) -> int:
    """Queue a configuration to be tried next; return the number of its trial.

    Values that are not given are chosen by the sampler; a cell that is not given is
    the one with the fewest trials. It counts towards the budget as any other trial,
    and is tried as it is, also where the space was narrowed.

    Raises
    ------
    ConfigError
        If a value lies outside the search space of the settings, the values cannot be
        trained together, or the queue is full.
    StudyCorrupted
        If the storage cannot be used.
    """
    settings = handle.settings
    settings.space.check_configuration(params)
    check_together(params, settings.space, settings.task)
    with writable_study(handle) as study:
        number = call_storage(lambda: _enqueue(handle, study, params))
    _note_trial(handle, "queue", number, by)
    return number


def remove_queued(handle: StudyHandle, number: int, *, by: Origin = "page") -> None:
    """Take a configuration out of the queue; its trial never runs.

    Raises
    ------
    UserInputError
        If there is no such trial, or it does not wait any more.
    StudyCorrupted
        If the storage cannot be used.
    """
    with writable_study(handle) as study:
        call_storage(lambda: _remove(handle, study, number))
    _note_trial(handle, "unqueue", number, by)


def queued_trials(trials: Sequence[TrialView]) -> tuple[TrialView, ...]:
    """Return the trials that wait, in the order in which they are tried.

    Those that a person asked for come first.
    """
    waiting = [trial for trial in trials if trial.state == "waiting"]
    return tuple(sorted(waiting, key=lambda trial: (not trial.is_asked, trial.number)))


def n_trials_needed(trials: Sequence[TrialView]) -> int:
    """Return the trials that a budget needs so that all that waits is tried."""
    counted = ("complete", "pruned", "running", "waiting")
    return sum(trial.state in counted for trial in trials)


def has_room(budget: Budget, *, n_done: int, seconds_used: float) -> bool:
    """Return whether a search may go on under `budget`.

    Parameters
    ----------
    n_done
        Complete and pruned trials.
    seconds_used
        Seconds of searching so far.
    """
    has_trials = budget.trials is None or n_done < budget.trials
    has_seconds = budget.seconds is None or seconds_used < budget.seconds
    return has_trials and has_seconds


def parse_narrowing(space: Space, words: str) -> Line:
    """Return the line that ``NAME=VALUE``, ``NAME=A,B`` or ``NAME=LOW..HIGH`` means.

    Examples
    --------
    ``units=16..64`` keeps what lies between, ``framing=none,last_value`` these values,
    ``dropout=0.1`` this one alone.

    Raises
    ------
    ConfigError
        If it cannot be understood, or there is no such line.
    """
    name, mark, wanted = (part.strip() for part in words.partition("="))
    if not mark or not wanted:
        raise ConfigError(
            f"{words!r} cannot be understood; write NAME=VALUE, NAME=A,B or "
            "NAME=LOW..HIGH."
        )
    line_of(space, name)
    low, dots, high = wanted.partition("..")
    if dots:
        ends = [parse_value(name, end) for end in (low, high)]
        if not all(isinstance(end, int | float) for end in ends):
            raise ConfigError(f"`{name}` has no range; give the values that stay.")
        return narrowed_line(space, name, float(ends[0]), float(ends[1]))
    values = tuple(parse_value(name, part) for part in wanted.split(","))
    return Line(name, choices=values)


def parse_value(name: str, typed: str) -> Value:
    """Return the value of a hyperparameter from its text.

    Raises
    ------
    ConfigError
        If it is not one of the choices, or not a number.
    """
    limits, text = LIMITS[name], typed.strip()
    if limits.kind == "choice":
        named = {str(choice).lower(): choice for choice in limits.choices}
        if text.lower() not in named:
            allowed = ", ".join(map(str, limits.choices))
            raise ConfigError(f"`{name}` must be one of {allowed}, got {text!r}.")
        return named[text.lower()]
    try:
        return int(text) if limits.kind == "int" else float(text)
    except ValueError:
        kind = "a whole number" if limits.kind == "int" else "a number"
        raise ConfigError(f"`{name}` must be {kind}, got {text!r}.") from None


def _like(original: Line, line: Line) -> Line:
    """Return a line written as in the settings.

    Choices come in their order, and a single value of a range is its both ends.
    """
    if not original.choices and len(line.choices) == 1:
        value = line.choices[0]
        assert isinstance(value, int | float)  # a range is one of numbers
        return replace(original, low=value, high=value)
    if not line.choices or not set(line.choices) <= set(original.choices):
        return line
    kept = tuple(value for value in original.choices if value in line.choices)
    return replace(line, choices=kept)


def _kind(original: Space, line: Line) -> ChangeKind:
    return "widen" if line == original[line.name] else "narrow"


def _enqueue(
    handle: StudyHandle, study: optuna.Study, params: Mapping[str, Value]
) -> int:
    space = handle.settings.space
    with claim_lock(handle), batching_storage(study).together():
        check_uuid(handle, study)
        trials = study.get_trials(deepcopy=False)
        _check_queue(trials)
        chosen = dict(params)
        if not space["cell"].is_fixed:
            chosen.setdefault("cell", next_cell(trials, space.cells))
        study.enqueue_trial(chosen, user_attrs={"is_asked": True})
        return len(trials)


def _check_queue(trials: Sequence[FrozenTrial]) -> None:
    n_waiting = sum(
        trial.state == TrialState.WAITING and bool(trial.user_attrs.get("is_asked"))
        for trial in trials
    )
    if n_waiting >= MAX_QUEUED:
        raise ConfigError(
            f"{n_waiting} configurations wait already, and at most {MAX_QUEUED} may. "
            "Wait until some were tried, or take some out of the queue."
        )


def _remove(handle: StudyHandle, study: optuna.Study, number: int) -> None:
    with claim_lock(handle), batching_storage(study).together():
        check_uuid(handle, study)
        trial = _waiting(study.get_trials(deepcopy=False), number)
        # Optuna has no way to delete a trial; a failed one is never tried.
        storage = study._storage
        storage.set_trial_user_attr(trial._trial_id, "failure", REMOVED)
        storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)


def _waiting(trials: Sequence[FrozenTrial], number: int) -> FrozenTrial:
    found = next((trial for trial in trials if trial.number == number), None)
    if found is None:
        raise UserInputError(f"There is no trial {number} in this study.")
    if found.state != TrialState.WAITING:
        raise UserInputError(
            f"Trial {number} does not wait any more; only what waits can be removed "
            "from the queue."
        )
    return found


def _note_trial(handle: StudyHandle, kind: ChangeKind, number: int, by: Origin) -> None:
    note = Change(kind, utc_now(), by, trial=number)
    change_control(
        handle, lambda control: replace(control, history=(*control.history, note))
    )
