"""`narrow`, `widen`, `enqueue`, `unqueue`, `budget`: steer a study while it runs."""

import argparse
import sys
from collections.abc import Sequence

from search.cli.source import changed_budget
from search.config import Budget, Environment
from search.errors import ConfigError, UserInputError
from search.space.lines import Line, Value
from search.space.narrowing import Change, line_of
from search.study.control import is_supervised, read_control, set_budget
from search.study.folders import StudyHandle
from search.study.steering import (
    enqueue,
    n_trials_needed,
    narrow,
    parse_narrowing,
    parse_value,
    queued_trials,
    remove_queued,
    widen,
)
from search.study.studies import find_study
from search.study.trials.listing import TrialView, read_trials

LATEST_CHANGES = 10


def steer(options: argparse.Namespace) -> int:
    """Change a study; running workers follow at their next trial."""
    environment = Environment.from_process(storage_url=options.storage)
    handle = find_study(environment, options.study)
    sentence = _COMMANDS[options.command](handle, options)
    sys.stderr.write(f"{sentence}\n")
    if not is_supervised(handle):
        resume = f"python -m search resume {handle.uuid[:8]}"
        sys.stderr.write(f"The study is at rest. Go on with: {resume}\n")
    return 0


def steering_lines(handle: StudyHandle, trials: Sequence[TrialView]) -> list[str]:
    """Return what was changed about a study, and what waits in its queue."""
    control = read_control(handle)
    lines = [f"Narrowed: {_line_words(line)}" for line in control.narrowed]
    queued = queued_trials(trials)
    if queued:
        lines.append(f"Waiting: {', '.join(_queue_words(trial) for trial in queued)}")
    lines += [_change_words(change) for change in control.history[-LATEST_CHANGES:]]
    return lines


def _narrow(handle: StudyHandle, options: argparse.Namespace) -> str:
    space = handle.settings.space
    lines = [parse_narrowing(space, words) for words in options.lines]
    narrow(handle, lines, by="command line")
    shown = "; ".join(map(_line_words, lines))
    return f"New trials are searched with {shown}."


def _widen(handle: StudyHandle, options: argparse.Namespace) -> str:
    widen(handle, options.names or None, by="command line")
    shown = ", ".join(options.names) or "every line"
    return f"New trials are searched in the whole of {shown} again."


def _enqueue(handle: StudyHandle, options: argparse.Namespace) -> str:
    params = _start(handle, options.like)
    for words in options.values:
        name, mark, typed = words.partition("=")
        if not mark:
            raise ConfigError(f"{words!r} cannot be understood; write NAME=VALUE.")
        line_of(handle.settings.space, name.strip())
        params[name.strip()] = parse_value(name.strip(), typed)
    if not params:
        raise UserInputError("Give values such as units=32, or --like TRIAL.")
    number = enqueue(handle, params, by="command line")
    sentence = f"Queued as trial {number}."
    n_trials = read_control(handle).budget.trials
    n_needed = n_trials_needed(read_trials(handle))
    if n_trials is not None and n_trials < n_needed:
        sentence += (
            f" The budget of {_counted(n_trials, 'trial')} has no room for all "
            f"that waits; give it with: python -m search budget {handle.uuid[:8]} "
            f"--trials {n_needed}"
        )
    return sentence


def _start(handle: StudyHandle, number: int | None) -> dict[str, Value]:
    """Return what trial `number` searched, without the fixed lines."""
    if number is None:
        return {}
    trials = {trial.number: trial for trial in read_trials(handle)}
    if number not in trials:
        raise UserInputError(f"There is no trial {number} in this study.")
    searched = {line.name for line in handle.settings.space.lines if not line.is_fixed}
    params = trials[number].params
    return {name: value for name, value in params.items() if name in searched}


def _unqueue(handle: StudyHandle, options: argparse.Namespace) -> str:
    remove_queued(handle, options.trial, by="command line")
    return f"Trial {options.trial} was taken out of the queue."


def _budget(handle: StudyHandle, options: argparse.Namespace) -> str:
    former = read_control(handle).budget
    wanted = changed_budget(options, former)
    if wanted == former:
        raise UserInputError(
            f"The budget is {budget_words(former)} already; give another one with "
            "--trials, --timeout or --stop-early."
        )
    set_budget(handle, wanted, by="command line")
    return f"The budget is now {budget_words(wanted)}."


def budget_words(budget: Budget) -> str:
    """Return a budget in words."""
    parts = []
    if budget.trials is not None:
        parts.append(_counted(budget.trials, "trial"))
    if budget.seconds is not None:
        parts.append(_counted(budget.seconds, "second"))
    early = ", less if more are not worth it" if budget.stop_early else ""
    return " and ".join(parts) + early


def _counted(n: float, noun: str) -> str:
    return f"{n:g} {noun}{'' if n == 1 else 's'}"


def _line_words(line: Line) -> str:
    return f"{line.name} {line.words}{' (frozen)' if line.is_fixed else ''}"


def _queue_words(trial: TrialView) -> str:
    return f"trial {trial.number} ({trial.cell})"


def _change_words(change: Change) -> str:
    when = change.when.replace("T", " ")[:16]
    what = {
        "narrow": "narrowed to",
        "widen": "widened to",
        "queue": "queued",
        "unqueue": "removed from the queue",
        "budget": "budget",
    }[change.kind]
    if change.line is not None:
        what = f"{change.line.name} {what} {change.line.words}"
    elif change.budget is not None:
        what = f"{what} {budget_words(change.budget)}"
    else:
        what = f"trial {change.trial} {what}"
    return f"{when} UTC, {change.by}: {what}"


_COMMANDS = {
    "narrow": _narrow,
    "widen": _widen,
    "enqueue": _enqueue,
    "unqueue": _unqueue,
    "budget": _budget,
}
