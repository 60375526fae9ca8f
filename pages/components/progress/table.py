"""The table of trials on the Progress page, a hundred rows at a time."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import pandas as pd
import streamlit as st

from pages.components.draft import follow
from pages.components.hyperparameters import label, value_word
from pages.components.scales import digits_format, score_scale
from pages.components.text import raw_text, text
from search.analysis.score_ranges import varying_parameters
from search.config import Cell
from search.space.lines import Value
from search.study.folders import StudyHandle
from search.study.progress import Progress
from search.study.trials.listing import TrialView

Order = Literal["number", "score"]

ORDERS: tuple[Order, ...] = ("number", "score")
PAGE_ROWS = 100


def show_table(study: StudyHandle, progress: Progress) -> tuple[TrialView, ...]:
    """Show one page of the table; return the trials on it."""
    order, page = _choose_page(len(progress.trials))
    shown = page_of_trials(progress.trials, order, page)
    scale, leaders = score_scale(study), progress.best
    table = trial_table(
        shown, leaders, scale.column, names=_differing_names(progress.trials)
    )
    # The chosen row is one of a place, not of a trial: other rows, another table.
    key = f"progress_table_{order}_{page}"
    if order == "score":
        key += f"_{hash(tuple(trial.number for trial in shown))}"
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=min(420, 38 + 35 * len(table)),
        column_config=_columns(
            scale.column,
            "percent"
            if scale.is_share
            else digits_format([trial.score for trial in leaders.values()]),
        ),
        on_select=partial(_take_row, key, tuple(trial.number for trial in shown)),
        selection_mode="single-row",
        placeholder="",
    )
    return shown


def page_of_trials(
    trials: Sequence[TrialView], order: Order, page: int
) -> tuple[TrialView, ...]:
    """Return the trials of one page, counted from 0.

    By number, a page keeps its trials while the study grows. By score, complete
    trials come first, the best one on top, then the others by number.
    """
    ordered = trials
    if order == "score":
        ordered = sorted(trials, key=_rank)
    return tuple(ordered[page * PAGE_ROWS : _stop(page, len(trials))])


def trial_table(
    trials: Sequence[TrialView],
    best: dict[Cell, TrialView],
    score_name: str,
    *,
    names: Sequence[str],
) -> pd.DataFrame:
    """Return one row a trial.

    Parameters
    ----------
    trials
        Trials in the order of the rows.
    best
        Best trial of each cell; gets a star.
    score_name
        Header of the score.
    names
        Hyperparameters to show.
    """
    leaders = {trial.number for trial in best.values()}
    columns: dict[str, list[Any]] = {
        raw_text("progress.column_number"): [t.number for t in trials],
        raw_text("progress.column_best"): [
            "★" if t.number in leaders else "" for t in trials
        ],
        raw_text("progress.column_cell"): [t.cell for t in trials],
        score_name: [t.score for t in trials],
        raw_text("progress.column_state"): [
            raw_text(f"progress.state_{t.state}") for t in trials
        ],
        **{
            label(name): [_in_table(name, t.params.get(name)) for t in trials]
            for name in names
        },
        raw_text("progress.column_epochs"): [t.epochs_run for t in trials],
        raw_text("progress.column_seconds"): [t.seconds_total for t in trials],
        raw_text("progress.column_parameters"): [t.n_parameters for t in trials],
        raw_text("progress.column_error"): [t.error or "" for t in trials],
    }
    return pd.DataFrame(columns)


def _in_table(name: str, value: Value | None) -> Value | None:
    """Return a number as it is, so that the column can be sorted; a choice in words."""
    return value_word(name, value) if isinstance(value, str | bool) else value


def _differing_names(trials: Sequence[TrialView]) -> list[str]:
    """Return the hyperparameters but the cell that are not the same in all trials."""
    names = varying_parameters([trial.params for trial in trials])
    return [name for name in names if name != "cell"]


def _choose_page(n_trials: int) -> tuple[Order, int]:
    """Return order and page; nothing is asked where one page has all trials."""
    n_pages = _count_pages(n_trials)
    if n_pages < 2:
        return "number", 0
    with st.container(horizontal=True, key="progress_pages"):
        order: Order = st.segmented_control(
            text("progress.order"),
            ORDERS,
            default="number",
            format_func=lambda name: raw_text(f"progress.order_{name}"),
            key="progress_order",
            required=True,
        )
        # The page of the latest trials, until somebody turns to another one.
        key = f"progress_page_{order}"
        follow(key, n_pages - 1 if order == "number" else 0)
        page: int = st.selectbox(
            text("progress.page"),
            range(n_pages),
            format_func=lambda page: _page_words(order, page, n_trials),
            key=key,
            width=220,
        )
    return order, page


def _page_words(order: Order, page: int, n_trials: int) -> str:
    first, last = page * PAGE_ROWS, _stop(page, n_trials) - 1
    # Trials are counted from 0, as everywhere; places from 1.
    offset = 1 if order == "score" else 0
    return raw_text(f"progress.page_{order}", first=first + offset, last=last + offset)


def _count_pages(n_trials: int) -> int:
    """Return the number of pages; the last has half a page up to one and a half.

    So the latest trials never stand on a page of their own with nothing beside them.
    """
    return max(1, (n_trials + PAGE_ROWS // 2) // PAGE_ROWS)


def _stop(page: int, n_trials: int) -> int:
    is_last = page == _count_pages(n_trials) - 1
    return n_trials if is_last else min((page + 1) * PAGE_ROWS, n_trials)


def _rank(trial: TrialView) -> tuple[float, int]:
    is_ranked = trial.state == "complete" and trial.score is not None
    return (trial.score or 0.0) if is_ranked else math.inf, trial.number


def _take_row(key: str, numbers: tuple[int, ...]) -> None:
    """Look at the trial whose row was chosen."""
    rows = st.session_state[key]["selection"]["rows"]
    if rows:
        st.session_state["progress_trial"] = numbers[rows[0]]


def _columns(score_name: str, score_format: str) -> dict[str, Any]:
    """Return how the columns look: three digits that matter, hints."""
    return {
        raw_text("progress.column_best"): st.column_config.TextColumn(
            help=text("progress.column_best_help")
        ),
        raw_text("progress.column_state"): st.column_config.TextColumn(width=100),
        score_name: st.column_config.NumberColumn(format=score_format),
        label("learning_rate"): st.column_config.NumberColumn(format="%.2e"),
        label("dropout"): st.column_config.NumberColumn(format="%.2f"),
        label("clipnorm"): st.column_config.NumberColumn(format="%.2g"),
        raw_text("progress.column_seconds"): st.column_config.NumberColumn(
            format="%.0f"
        ),
    }
