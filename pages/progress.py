"""Progress: watch a search, steer it, and see what it has found so far."""

import streamlit as st

from pages.components.charts.record import show_chart
from pages.components.frame import live, next_step, page_frame
from pages.components.live_figure import show_live_chart
from pages.components.progress.charts import folds_of, history_of
from pages.components.progress.forms import (
    is_trying_again,
    show_budget_form,
    show_try_form,
)
from pages.components.progress.running import show_running
from pages.components.progress.status import show_best, show_controls, show_status
from pages.components.progress.steering import (
    show_history,
    show_narrow_form,
    show_queue,
    show_steered,
)
from pages.components.progress.trials import show_problems, show_trials
from pages.components.state import (
    forget_progress,
    go_to,
    require_study,
    study_progress,
    study_results,
)
from pages.components.status import is_live
from pages.components.text import text
from search.jobs.launch import start_study
from search.study.control import State, is_supervised, read_control
from search.study.folders import StudyHandle
from search.study.progress import Progress

SEARCHING: tuple[State, ...] = ("waiting", "searching", "pausing")
RESTING: tuple[State, ...] = ("paused", "interrupted", "failed")


def show_page() -> None:
    """Show the study of the URL."""
    page_frame(text("progress.title"), "progress")
    study = require_study()
    shown = study_progress(study)

    def render() -> None:
        progress = study_progress(study)
        if progress.state != shown.state:
            st.rerun()
        show_live_part(study, progress)

    live(render, running=may_change(study, shown), key="progress_live")
    show_steering(study, shown)
    with next_step():
        show_next(study, shown)


def show_steering(study: StudyHandle, progress: Progress) -> None:
    """Show what a person can change about the search, and what was changed."""
    st.subheader(
        text("progress.steer_heading"), help=text("progress.steer_help"), anchor=False
    )
    with st.expander(
        text("progress.try_heading"),
        icon=":material/add_task:",
        expanded=is_trying_again(study),
    ):
        show_try_form(study, progress)
    with st.expander(text("progress.narrow_heading"), icon=":material/filter_alt:"):
        show_narrow_form(study)
    with st.expander(text("progress.more_heading"), icon=":material/more_time:"):
        show_budget_form(study)
    if read_control(study).history:
        with st.expander(text("progress.history_heading"), icon=":material/history:"):
            show_history(study)


def may_change(study: StudyHandle, progress: Progress) -> bool:
    """Return whether the state may change without a button being pressed.

    The server starts an interrupted study again, and a supervisor that has just
    started has not yet replaced the state of the last one.
    """
    is_working = is_live(progress.state) or progress.state == "interrupted"
    return is_working or is_supervised(study)


def show_live_part(study: StudyHandle, progress: Progress) -> None:
    """Show everything that changes while the search runs."""
    show_status(study, progress)
    show_controls(study, progress)
    show_steered(study, progress)
    show_best(study, progress)
    draw = show_live_chart if is_live(progress.state) else show_chart
    if progress.state in SEARCHING:
        show_running(study, progress)
    left, right = st.columns([3, 2])
    with left:
        draw(history_of(study, progress), key="history")
    with right:
        draw(folds_of(study, progress), key="folds")
    show_trials(study, progress)
    show_queue(study, progress)
    show_problems(progress)


def show_next(study: StudyHandle, progress: Progress) -> None:
    """Show the primary button: go on searching, or compare."""
    if progress.state in RESTING:
        if st.button(
            text("progress.resume"),
            key="progress_resume",
            type="primary",
            icon=":material/play_arrow:",
        ):
            start_study(study)
            forget_progress()
            st.toast(text("progress.told_resume"))
            st.rerun()
        return
    has_results = study_results(study) is not None
    if st.button(
        text("progress.compare"),
        key="progress_next",
        type="primary",
        icon=":material/arrow_forward:",
        disabled=not has_results,
        help=None if has_results else text("progress.compare_later"),
    ):
        go_to("compare", study=study.uuid)


show_page()
