"""The trials on the Progress page: those that run, the table, one of them closely."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.charts.curves import trial_chart
from pages.components.charts.record import show_chart
from pages.components.numbers import count, duration, three_digits
from pages.components.scales import digits_format, score_scale
from pages.components.state import dashboard_link
from pages.components.study_data import trial_curve
from pages.components.text import plain, raw_text, text
from search.config import Cell
from search.study.folders import StudyHandle
from search.study.progress import Progress
from search.study.score_ranges import varying_parameters
from search.study.trials import TrialView

N_SLOWEST = 5


def show_trials(study: StudyHandle, progress: Progress) -> None:
    """Show the table of trials, and the one that is chosen in it."""
    st.subheader(
        text("progress.trials_heading"), help=text("progress.trials_help"), anchor=False
    )
    trials = progress.trials
    if not trials:
        st.caption(text("progress.trials_none"))
        return
    table = trial_table(trials, progress.best, score_scale(study).column)
    st.dataframe(
        table,
        key="progress_table",
        hide_index=True,
        height=min(420, 38 + 35 * len(table)),
        column_config=_columns(
            score_scale(study).column,
            digits_format([trial.score for trial in progress.best.values()]),
        ),
        on_select=_take_row,
        selection_mode="single-row",
        placeholder="",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choose_trial(trials, progress.best)
    number = st.session_state.get("progress_trial")
    chosen = next((trial for trial in trials if trial.number == number), None)
    if chosen is not None:
        with st.container(border=True):
            _show_trial(study, chosen)


def show_problems(progress: Progress) -> None:
    """Show the failed trials with their reason, and the slowest ones."""
    if progress.failures:
        heading = text("progress.failed_heading", n=len(progress.failures))
        with st.expander(heading, icon=":material/error:", key="progress_failed"):
            st.caption(text("progress.failed_help"))
            st.dataframe(failure_table(progress.failures), hide_index=True)
    slowest = slowest_trials(progress.trials)
    if slowest:
        with st.expander(text("progress.slowest_heading"), key="progress_slowest"):
            for trial in slowest:
                st.markdown(
                    "- "
                    + text(
                        "progress.slowest_line",
                        number=trial.number,
                        cell=trial.cell,
                        total=duration(trial.seconds_total),
                        compile=duration(trial.seconds_compile),
                        epochs=trial.epochs_run,
                    )
                )


def trial_table(
    trials: Sequence[TrialView], best: dict[Cell, TrialView], score_name: str
) -> pd.DataFrame:
    """Return one row a trial; of the hyperparameters only those that differ.

    Rows stay in the order of the numbers, so that a chosen row stays the same one
    while the table grows.
    """
    names = [
        name
        for name in varying_parameters([trial.params for trial in trials])
        if name != "cell"
    ]
    leaders = {trial.number for trial in best.values()}
    rows = [
        {
            raw_text("progress.column_number"): trial.number,
            raw_text("progress.column_best"): "★" if trial.number in leaders else "",
            raw_text("progress.column_cell"): trial.cell,
            score_name: trial.score,
            raw_text("progress.column_state"): raw_text(
                f"progress.state_{trial.state}"
            ),
            **{name: trial.params.get(name) for name in names},
            raw_text("progress.column_epochs"): trial.epochs_run,
            raw_text("progress.column_seconds"): trial.seconds_total,
            raw_text("progress.column_parameters"): trial.n_parameters,
            raw_text("progress.column_error"): trial.error or "",
        }
        for trial in trials
    ]
    return pd.DataFrame(rows)


def failure_table(failures: Sequence[TrialView]) -> pd.DataFrame:
    """Return number, cell and reason of each failed trial."""
    return pd.DataFrame(
        {
            raw_text("progress.column_number"): [trial.number for trial in failures],
            raw_text("progress.column_cell"): [trial.cell for trial in failures],
            raw_text("progress.column_error"): [_reason(trial) for trial in failures],
        }
    )


def slowest_trials(trials: Sequence[TrialView]) -> list[TrialView]:
    """Return the ended trials that took longest, the slowest first."""
    ended = [
        trial
        for trial in trials
        if trial.state in ("complete", "pruned") and trial.seconds_total is not None
    ]
    ended.sort(key=lambda trial: -(trial.seconds_total or 0.0))
    return ended[:N_SLOWEST]


def _reason(trial: TrialView) -> str:
    reason = trial.error or raw_text("progress.failed_unknown")
    return (
        f"{reason} ({raw_text('progress.failed_retried')})"
        if (trial.is_retried)
        else reason
    )


def _take_row() -> None:
    """Look at the trial whose row was chosen; the row is its number."""
    rows = st.session_state["progress_table"]["selection"]["rows"]
    if rows:
        st.session_state["progress_trial"] = rows[0]


def _choose_trial(trials: Sequence[TrialView], best: dict[Cell, TrialView]) -> None:
    by_number = {trial.number: trial for trial in trials}
    st.selectbox(
        text("progress.look_at"),
        list(by_number),
        index=None,
        format_func=lambda number: _option(by_number[number]),
        key="progress_trial",
        width=320,
    )
    for cell, trial in best.items():
        st.button(
            text("progress.best_of", cell=cell),
            key=f"progress_best_{cell}",
            icon=":material/star:",
            on_click=_look_at,
            args=(trial.number,),
        )


def _look_at(number: int) -> None:
    st.session_state["progress_trial"] = number


def _option(trial: TrialView) -> str:
    if trial.state == "complete":
        return raw_text(
            "progress.trial_option_score",
            number=trial.number,
            cell=trial.cell,
            score=three_digits(trial.score),
        )
    return raw_text(
        "progress.trial_option",
        number=trial.number,
        cell=trial.cell,
        state=raw_text(f"progress.state_{trial.state}"),
    )


def _show_trial(study: StudyHandle, trial: TrialView) -> None:
    if trial.state == "failed":
        st.error(
            text("progress.trial_reason", reason=_reason(trial)),
            icon=":material/error:",
        )
    left, right = st.columns([1, 2])
    with left:
        st.dataframe(
            pd.DataFrame(
                {
                    raw_text("progress.trial_params"): list(trial.params),
                    raw_text("progress.params_value"): [
                        three_digits(value) if isinstance(value, float) else str(value)
                        for value in trial.params.values()
                    ],
                }
            ),
            hide_index=True,
        )
    with right:
        points = trial_curve(study, trial.number)
        if points:
            show_chart(
                trial_chart(
                    trial.number,
                    trial.cell,
                    points,
                    score_scale(study),
                    best_epoch=trial.best_epoch,
                ),
                key="progress_trial_curve",
            )
        else:
            st.caption(text("progress.trial_no_curve"))
        if trial.state in ("complete", "pruned"):
            st.caption(_facts(trial))
    st.link_button(
        text("progress.trial_dashboard", number=trial.number),
        dashboard_link(study, trial.number),
        icon=":material/open_in_new:",
        type="tertiary",
    )


def _facts(trial: TrialView) -> str:
    return text(
        "progress.trial_facts",
        epochs=trial.epochs_run,
        seconds=duration(trial.seconds_total),
        compile=duration(trial.seconds_compile),
        weights=plain(count(trial.n_parameters)) if trial.n_parameters else "–",
        best=trial.best_epoch or "–",
    )


def _columns(score_name: str, score_format: str) -> dict[str, Any]:
    """Return how the columns look: three digits that matter, hints."""
    return {
        raw_text("progress.column_best"): st.column_config.TextColumn(
            help=text("progress.column_best_help")
        ),
        raw_text("progress.column_state"): st.column_config.TextColumn(width=100),
        score_name: st.column_config.NumberColumn(format=score_format),
        "learning_rate": st.column_config.NumberColumn(format="%.2e"),
        "dropout": st.column_config.NumberColumn(format="%.2f"),
        "clipnorm": st.column_config.NumberColumn(format="%.2g"),
        raw_text("progress.column_seconds"): st.column_config.NumberColumn(
            format="%.0f"
        ),
    }
