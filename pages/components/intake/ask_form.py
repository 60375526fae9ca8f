"""What is to be predicted: the one choice that decides which columns are asked for."""

from collections.abc import Sequence
from typing import Literal, get_args

import streamlit as st

from pages.components.draft import DraftFile, follow
from pages.components.text import plain, raw_text, text
from search.config import TaskKind
from search.data.group_samples import GROUP_SAMPLES
from search.data.groups.suggestion import (
    TaskSuggestion,
    suggest_group,
    suggest_tasks,
)
from search.data.samples import SAMPLES
from search.data.table import Table

Ask = Literal[
    "forecasting", "many", "regression", "classification", "labelling", "anomaly"
]
ASKS: tuple[Ask, ...] = get_args(Ask)

# Longer tables are looked at for tasks only where a column names groups.
MOST_ROWS_LOOKED_AT = 50_000


def ask_of(kind: TaskKind, *, has_groups: bool) -> Ask:
    """Return the question behind a task; forecasts of many series are one more."""
    if kind == "forecasting":
        return "many" if has_groups else "forecasting"
    return kind


def kind_of(ask: Ask) -> TaskKind:
    """Return the task that answers a question."""
    return "forecasting" if ask == "many" else ask


def suggested_tasks(file: DraftFile, table: Table) -> tuple[TaskSuggestion, ...]:
    """Return the tasks that fit a file, the most telling first; maybe none."""
    if file.sample in SAMPLES:
        return ()
    if file.sample in GROUP_SAMPLES:
        sample = GROUP_SAMPLES[file.sample]
        return (TaskSuggestion(sample.kind, sample.description, sample.settings),)
    is_long = len(table.frame) > MOST_ROWS_LOOKED_AT
    if is_long and suggest_group(table) is None:
        return ()
    return suggest_tasks(table)


def choose_ask(suggested: Sequence[TaskSuggestion]) -> Ask:
    """Show what can be predicted, what fits the table first, and return the choice."""
    reasons = {
        ask_of(one.kind, has_groups=one.settings.roles.group is not None): one.reason
        for one in reversed(suggested)
    }
    asks = list(dict.fromkeys([*reversed(reasons), *ASKS]))
    has_groups = any(one.settings.roles.group is not None for one in suggested)
    is_series = not has_groups and "forecasting" in (*reasons, *asks[:1])
    if is_series:  # one series is forecast until something else is chosen
        asks = list(ASKS)
    follow("data_ask", asks[0])
    chosen = st.segmented_control(
        text("data.ask"),
        asks,
        required=True,
        format_func=lambda ask: raw_text(f"data.ask_{ask}"),
        key="data_ask",
        persist_state="session",
        wrap=True,
    )
    ask: Ask = chosen or asks[0]
    st.caption(_explained(ask, reasons))
    return ask


def _explained(ask: Ask, reasons: dict[Ask, str]) -> str:
    """Say what a question means, and why it fits the table or what else would."""
    parts = [text(f"data.ask_{ask}_help")]
    if ask in reasons and ask != "forecasting":
        parts.append(f":material/lightbulb: {plain(reasons[ask])}")
    others = [one for one in reversed(reasons) if one not in (ask, "forecasting")]
    if others and ask == "forecasting":
        name = raw_text(f"data.ask_{others[0]}")
        parts.append(text("data.ask_also", name=name, reason=reasons[others[0]]))
    return "  \n".join(parts)
