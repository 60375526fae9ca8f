"""Forms of the Progress page: one trial of one's own, and more budget."""

import math
from typing import Any

import streamlit as st

from pages.components.hyperparameters import label, value_word
from pages.components.progress.steering_words import budget_words
from pages.components.state import forget_progress, study_progress
from pages.components.text import plain, raw_text, text
from search.config import Budget
from search.errors import UserInputError
from search.jobs.launch import start_study
from search.space.lines import LIMITS, Line, Value
from search.space.starting import textbook_configurations
from search.study.control import read_control, set_budget
from search.study.folders import StudyHandle
from search.study.progress import Progress
from search.study.steering import enqueue, has_room
from search.study.trials.listing import TrialView

_FROM_TEXTBOOK = -1


def show_try_form(study: StudyHandle, progress: Progress) -> None:
    """Let the user set the hyperparameters of one trial and queue it."""
    st.markdown(text("progress.try_body"))
    space = study.settings.space
    starts = _starts(study, progress)
    # A key is all that makes a widget: one of a study must not be that of another.
    key = f"try_start_{study.uuid[:8]}"
    if st.session_state.get(key) not in starts:
        st.session_state.pop(key, None)
    start = st.selectbox(
        text("progress.try_start_from"),
        list(starts),
        format_func=lambda number: _start_name(number, progress),
        key=key,
    )
    with st.form("try_form", border=False):
        params: dict[str, Value] = {}
        columns = st.columns(3)
        searched = [line for line in space.lines if not line.is_fixed]
        for place, line in enumerate(searched):
            with columns[place % 3]:
                params[line.name] = _line_input(
                    line,
                    starts[start].get(line.name),
                    key=f"try_{study.uuid[:8]}_{start}_{line.name}",
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
    is_running = study_progress(study).state in ("waiting", "searching")
    st.toast(text("progress.try_done" if is_running else "progress.try_resting"))
    st.rerun()  # The queue lists it, and says how to go on.


def show_budget_form(study: StudyHandle) -> None:
    """Let the user set trials and minutes; an ended search goes on."""
    control = read_control(study)
    budget = control.budget
    # New fields after each change, so that they start from what holds then.
    n_changes = sum(change.kind == "budget" for change in control.history)
    version = f"{study.uuid[:8]}_{n_changes}"
    st.markdown(text("progress.more_body"))
    with st.form("more_form", border=False):
        left, right = st.columns(2)
        trials = left.number_input(
            text("progress.more_trials"),
            min_value=0,
            value=budget.trials or 0,
            step=10,
            help=text("progress.more_no_limit"),
            key=f"more_trials_{version}",
        )
        minutes = right.number_input(
            text("progress.more_minutes"),
            min_value=0.0,
            value=(budget.seconds or 0) / 60,
            step=5.0,
            format="%g",
            help=text("progress.more_no_limit"),
            key=f"more_minutes_{version}",
        )
        stop_early = st.checkbox(
            text("setup.stop_early"),
            value=budget.stop_early,
            help=text("setup.stop_early_help"),
            key=f"more_stop_early_{version}",
        )
        submitted = st.form_submit_button(
            text("progress.more_submit"), key="more_submit"
        )
    if not submitted:
        return
    try:
        wanted = Budget(trials or None, _seconds(minutes, budget), stop_early)
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return
    set_budget(study, wanted)
    forget_progress()
    goes_on = _goes_on(study_progress(study), wanted)
    if wanted == budget and not goes_on:
        st.info(text("progress.more_same", budget=budget_words(budget)))
        return
    if goes_on:
        start_study(study)
    key = "progress.more_and_run" if goes_on else "progress.more_done"
    st.toast(text(key, budget=budget_words(wanted)))
    st.rerun()


def _seconds(minutes: float, former: Budget) -> float | None:
    """Return the limit in seconds; where it was left as it was, to the last digit."""
    if not minutes:
        return None
    seconds = 60.0 * minutes
    # The field shows six digits.
    is_kept = math.isclose(seconds, former.seconds or 0.0, rel_tol=1e-5)
    return former.seconds if is_kept else seconds


def _goes_on(progress: Progress, budget: Budget) -> bool:
    """Return whether a search that is over has room again under `budget`.

    While the winners are trained it goes on after them.
    """
    if progress.state not in ("finished", "stopped", "refitting"):
        return False
    return has_room(budget, n_done=progress.n_done, seconds_used=progress.seconds_used)


def try_again(study: StudyHandle, trial: TrialView) -> None:
    """Fill the form with the configuration of a trial when the page is shown next."""
    st.session_state[_wanted_key(study)] = trial.number


def is_trying_again(study: StudyHandle) -> bool:
    """Return whether the form was filled with a trial that somebody chose."""
    keys = (_wanted_key(study), _cloned_key(study))
    return any(key in st.session_state for key in keys)


def _wanted_key(study: StudyHandle) -> str:
    return f"try_wanted_{study.uuid[:8]}"


def _cloned_key(study: StudyHandle) -> str:
    return f"try_cloned_{study.uuid[:8]}"


def _starts(study: StudyHandle, progress: Progress) -> dict[int, dict[str, Value]]:
    """Return what the form can start from: the best trials, the very best first."""
    best = sorted(progress.best.values(), key=lambda trial: trial.score or 0.0)
    starts = {trial.number: trial.params for trial in best}
    textbook = textbook_configurations(study.settings.space)[0]
    wanted = st.session_state.pop(_wanted_key(study), None)
    if wanted is not None:
        st.session_state[f"try_start_{study.uuid[:8]}"] = wanted
        st.session_state[_cloned_key(study)] = wanted
    cloned = st.session_state.get(_cloned_key(study))
    for trial in progress.trials:
        if trial.number == cloned:
            # One that waits may leave values to the search.
            starts[trial.number] = {**textbook, **trial.params}
    starts[_FROM_TEXTBOOK] = textbook
    return starts


def _start_name(number: int, progress: Progress) -> str:
    if number == _FROM_TEXTBOOK:
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


def _line_input(line: Line, value: Value | None, *, key: str) -> Value:
    """Return what the user sets for one hyperparameter, inside its line."""
    if LIMITS[line.name].kind == "choice" or line.choices:
        options: list[Any] = list(line.choices)
        index = options.index(value) if value in options else 0
        return st.selectbox(
            label(line.name),
            options,
            index=index,
            format_func=lambda value: value_word(line.name, value),
            key=key,
        )
    low, high = line.values
    if line.kind == "int":
        return st.number_input(
            label(line.name),
            min_value=int(low),
            max_value=int(high),
            value=int(value if value is not None else low),
            step=line.step,
            key=key,
        )
    return st.number_input(
        label(line.name),
        min_value=float(low),
        max_value=float(high),
        value=float(value if value is not None else low),
        step=None if line.log else (float(high) - float(low)) / 20,
        format="%.2e" if line.log else "%.3f",
        key=key,
    )
