"""The trials on the Progress page: those that run, the table, one of them closely."""

import heapq
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components.charts.curves import trial_chart
from pages.components.charts.record import Scale, show_chart
from pages.components.hyperparameters import label, short_value
from pages.components.numbers import count, duration
from pages.components.progress.diagnosis import show_trial_diagnosis
from pages.components.progress.forms import try_again
from pages.components.progress.table import show_table
from pages.components.scales import score_scale
from pages.components.state import dashboard_link
from pages.components.study_data import trial_curve
from pages.components.text import plain, raw_text, text
from search.config import Cell
from search.study.folders import StudyHandle
from search.study.progress import Progress
from search.study.trials.listing import TrialView

N_SLOWEST = 5
MOST_FAILURES = 100
ENDED = ("complete", "pruned", "failed")


def show_trials(study: StudyHandle, progress: Progress) -> None:
    """Show the table of trials, and the one that is chosen in it."""
    st.subheader(
        text("progress.trials_heading"), help=text("progress.trials_help"), anchor=False
    )
    trials = progress.trials
    if not trials:
        st.caption(text("progress.trials_none"))
        return
    shown = show_table(study, progress)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _choose_trial(trials, shown, progress.best, score_scale(study))
    if chosen is not None:
        with st.container(border=True):
            _show_trial(study, chosen)


def show_problems(progress: Progress) -> None:
    """Show the failed trials with their reason, and the slowest ones."""
    if progress.failures:
        heading = text("progress.failed_heading", n=len(progress.failures))
        with st.expander(heading, icon=":material/error:", key="progress_failed"):
            st.caption(text("progress.failed_help"))
            latest = progress.failures[:MOST_FAILURES]
            st.dataframe(failure_table(latest), hide_index=True)
            if len(latest) < len(progress.failures):
                st.caption(text("progress.failed_more", n=len(latest)))
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
        trial for trial in trials if trial.is_done and trial.seconds_total is not None
    ]
    return heapq.nlargest(
        N_SLOWEST, ended, key=lambda trial: trial.seconds_total or 0.0
    )


def _reason(trial: TrialView) -> str:
    reason = trial.error or raw_text("progress.failed_unknown")
    return (
        f"{reason} ({raw_text('progress.failed_retried')})"
        if (trial.is_retried)
        else reason
    )


def _choose_trial(
    trials: Sequence[TrialView],
    shown: Sequence[TrialView],
    best: dict[Cell, TrialView],
    scale: Scale,
) -> TrialView | None:
    """Offer the trials of the table and the best ones; return the chosen one."""
    number = st.session_state.get("progress_trial")
    chosen = next((trial for trial in trials if trial.number == number), None)
    offered = {trial.number: trial for trial in (*shown, *best.values())}
    if chosen is not None:
        offered[chosen.number] = chosen
    st.selectbox(
        text("progress.look_at"),
        sorted(offered),
        index=None,
        format_func=lambda number: _option(offered[number], scale),
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
    return chosen


def _look_at(number: int) -> None:
    st.session_state["progress_trial"] = number


def _option(trial: TrialView, scale: Scale) -> str:
    if trial.state == "complete":
        return raw_text(
            "progress.trial_option_score",
            number=trial.number,
            cell=trial.cell,
            score=scale.bare(trial.score),
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
                    raw_text("progress.trial_params"): list(map(label, trial.params)),
                    raw_text("progress.params_value"): [
                        short_value(name, value) for name, value in trial.params.items()
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
        if trial.is_done:
            st.caption(trial_facts(trial))
    if trial.state in ENDED:
        show_trial_diagnosis(study, trial, points)
    with st.container(horizontal=True):
        if st.button(
            text("progress.try_again"),
            key="progress_try_again",
            icon=":material/content_copy:",
            help=text("progress.try_again_help"),
        ):
            try_again(study, trial)
            st.rerun()
        st.link_button(
            text("progress.trial_dashboard", number=trial.number),
            dashboard_link(study, trial.number),
            icon=":material/open_in_new:",
            type="tertiary",
        )


def trial_facts(trial: TrialView) -> str:
    """Return what is known of the training of an ended trial, in sentences."""
    facts = text(
        "progress.trial_facts",
        epochs=trial.epochs_run,
        seconds=duration(trial.seconds_total),
        compile=duration(trial.seconds_compile),
        weights=plain(count(trial.n_parameters)) if trial.n_parameters else "–",
        best=trial.best_epoch or "–",
    )
    if not trial.rate_drops:
        return facts
    epochs = ", ".join(map(str, trial.rate_drops))
    return f"{facts} {text('progress.trial_rate_drops', epochs=epochs)}"
