"""Forms of the Progress page: one trial of one's own, and more budget."""

from typing import Any

import streamlit as st

from pages.components.state import forget_progress, study_progress
from pages.components.steering_words import budget_words
from pages.components.text import plain, raw_text, text
from search.config import Budget
from search.errors import UserInputError
from search.jobs.launch import start_study
from search.study.control import is_supervised, read_control, set_budget
from search.study.folders import StudyHandle
from search.study.progress import Progress
from search.study.space import LIMITS, Line, Value
from search.study.starting import textbook_configurations
from search.study.steering import enqueue

_FROM_MIDDLE = -1


def show_try_form(study: StudyHandle, progress: Progress) -> None:
    """Let the user set the hyperparameters of one trial and queue it."""
    st.markdown(text("progress.try_body"))
    space = study.settings.space
    starts = _starts(progress)
    starts[_FROM_MIDDLE] = textbook_configurations(space)[0]
    if st.session_state.get("try_start") not in starts:
        st.session_state.pop("try_start", None)
    start = st.selectbox(
        text("progress.try_start_from"),
        list(starts),
        format_func=lambda number: _start_name(number, progress),
        key="try_start",
    )
    with st.form("try_form", border=False):
        params: dict[str, Value] = {}
        columns = st.columns(3)
        searched = [line for line in space.lines if not line.is_fixed]
        for place, line in enumerate(searched):
            with columns[place % 3]:
                params[line.name] = _line_input(
                    line, starts[start].get(line.name), start
                )
        submitted = st.form_submit_button(text("progress.try_submit"), key="try_submit")
    if not submitted:
        return
    try:
        space.check_configuration(params)
        enqueue(study, params)
        forget_progress()
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return
    progress = study_progress(study)
    is_running = progress.state in ("waiting", "searching")
    if progress.state in ("finished", "stopped"):
        st.toast(text("progress.try_resting"))
        st.rerun()  # The queue says how to go on.
    st.success(text("progress.try_done" if is_running else "progress.try_resting"))


def show_budget_form(study: StudyHandle, progress: Progress) -> None:
    """Let the user set trials and minutes; an ended search goes on."""
    budget = read_control(study).budget
    st.markdown(text("progress.more_body"))
    with st.form("more_form", border=False):
        left, right = st.columns(2)
        trials = left.number_input(
            text("progress.more_trials"),
            min_value=0,
            value=budget.trials or 0,
            step=10,
            help=text("progress.more_no_limit"),
            key="more_trials",
        )
        minutes = right.number_input(
            text("progress.more_minutes"),
            min_value=0,
            value=round((budget.seconds or 0) / 60),
            step=5,
            help=text("progress.more_no_limit"),
            key="more_minutes",
        )
        stop_early = st.checkbox(
            text("setup.stop_early"),
            value=budget.stop_early,
            help=text("setup.stop_early_help"),
            key="more_stop_early",
        )
        submitted = st.form_submit_button(
            text("progress.more_submit"), key="more_submit"
        )
    if not submitted:
        return
    try:
        wanted = Budget(trials or None, 60 * minutes if minutes else None, stop_early)
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return
    set_budget(study, wanted)
    forget_progress()
    if _goes_on(study, progress, wanted):
        start_study(study)
        st.toast(text("progress.more_and_run", budget=budget_words(wanted)))
        st.rerun()
    st.success(text("progress.more_done", budget=budget_words(wanted)))


def _goes_on(study: StudyHandle, progress: Progress, budget: Budget) -> bool:
    """Return whether a search that has ended has room again under `budget`."""
    if progress.state not in ("finished", "stopped") or is_supervised(study):
        return False
    has_trials = budget.trials is None or budget.trials > progress.n_done
    has_seconds = budget.seconds is None or budget.seconds > progress.seconds_used
    return has_trials and has_seconds


def try_again(number: int) -> None:
    """Fill the form with the configuration of a trial when the page is shown next."""
    st.session_state["try_wanted"] = number


def is_trying_again() -> bool:
    """Return whether the form was filled with a trial that somebody chose."""
    return "try_wanted" in st.session_state or "try_cloned" in st.session_state


def _starts(progress: Progress) -> dict[int, dict[str, Value]]:
    """Return what the form can start from: the best trials, the very best first."""
    best = sorted(progress.best.values(), key=lambda trial: trial.score or 0.0)
    starts = {trial.number: trial.params for trial in best}
    wanted = st.session_state.pop("try_wanted", None)
    if wanted is not None:
        st.session_state["try_start"] = st.session_state["try_cloned"] = wanted
    cloned = st.session_state.get("try_cloned")
    for trial in progress.trials:
        if trial.number == cloned:
            starts[trial.number] = trial.params
    return starts


def _start_name(number: int, progress: Progress) -> str:
    if number == _FROM_MIDDLE:
        return raw_text("progress.try_from_default")
    trial = next(trial for trial in progress.trials if trial.number == number)
    is_best = any(best.number == number for best in progress.best.values())
    state = "column_best" if is_best else f"state_{trial.state}"
    return raw_text(
        "progress.trial_option",
        number=number,
        cell=trial.cell,
        state=raw_text(f"progress.{state}"),
    )


def _line_input(line: Line, value: Value | None, start: int) -> Value:
    """Return what the user sets for one hyperparameter, inside its line."""
    key = f"try_{start}_{line.name}"
    if LIMITS[line.name].kind == "choice" or line.choices:
        options: list[Any] = list(line.choices)
        index = options.index(value) if value in options else 0
        return st.selectbox(line.name, options, index=index, format_func=str, key=key)
    low, high = line.values
    if line.kind == "int":
        return st.number_input(
            line.name,
            min_value=int(low),
            max_value=int(high),
            value=int(value if value is not None else low),
            step=line.step,
            key=key,
        )
    return st.number_input(
        line.name,
        min_value=float(low),
        max_value=float(high),
        value=float(value if value is not None else low),
        step=None if line.log else (float(high) - float(low)) / 20,
        format="%.2e" if line.log else "%.3f",
        key=key,
    )
