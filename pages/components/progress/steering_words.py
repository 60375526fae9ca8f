"""What was changed about a study, in words, for Progress, Compare and the report."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from pages.components.hyperparameters import label, line_words, value_word
from pages.components.numbers import duration
from pages.components.text import raw_text
from search.config import Budget
from search.space.lines import Line
from search.space.narrowing import Change
from search.study.control import read_control
from search.study.folders import StudyHandle


def steered_sentence(study: StudyHandle) -> str | None:
    """Say that a study was steered while it ran; None if it was not.

    The sentence is plain, not markdown.
    """
    history = read_control(study).history
    if not history:
        return None
    changes = "; ".join(change_words(change) for change in history[-3:])
    key = "progress.steered_one" if len(history) == 1 else "progress.steered"
    return raw_text(key, n=len(history), changes=changes)


def change_words(change: Change) -> str:
    """Return one change, such as ``units narrowed to 16, 32``; plain, not markdown."""
    if change.line is not None:
        key = "frozen" if change.line.is_fixed else change.kind
        if change.kind == "widen":
            key = "widen"
        return raw_text(
            f"progress.change_{key}",
            name=label(change.line.name),
            words=_words(change.line),
        )
    if change.budget is not None:
        return raw_text("progress.change_budget", budget=budget_words(change.budget))
    return raw_text(f"progress.change_{change.kind}", number=change.trial)


def narrowed_words(line: Line) -> str:
    """Return a line that is narrowed now; plain, not markdown."""
    key = "frozen" if line.is_fixed else "narrowed"
    name = label(line.name)
    return raw_text(f"progress.line_{key}", name=name, words=_words(line))


def moment_words(when: str, zone: tzinfo = UTC) -> str:
    """Return a time of day with its date, such as ``22 Nov, 14:02``."""
    moment = datetime.fromisoformat(when).astimezone(zone)
    return f"{moment.day} {moment:%b, %H:%M}"


def viewer_zone() -> tzinfo:
    """Return the time zone of the browser; UTC where it does not tell."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def budget_words(budget: Budget) -> str:
    """Return a budget in words."""
    parts = []
    if budget.trials is not None:
        key = "budget_trial" if budget.trials == 1 else "budget_trials"
        parts.append(raw_text(f"progress.{key}", n=budget.trials))
    if budget.seconds is not None:
        parts.append(duration(budget.seconds))
    words = parts[0]
    if len(parts) > 1:
        words = raw_text("progress.budget_and", first=parts[0], second=parts[1])
    return (
        raw_text("progress.budget_early", budget=words) if budget.stop_early else words
    )


def _words(line: Line) -> str:
    return value_word(line.name, line.values[0]) if line.is_fixed else line_words(line)
