"""The five steps of the way, with how far the study in the URL has come."""

from typing import Literal

import streamlit as st

from pages.components.state import link_to, study_progress, study_results
from pages.components.status import is_live
from pages.components.text import text
from search.errors import SearchError
from search.study.folders import StudyHandle

Step = Literal["data", "setup", "progress", "compare", "forecast", "explain"]
StepState = Literal["done", "busy", "ready", "problem", "later"]

STEPS: tuple[Step, ...] = (
    *("data", "setup", "progress", "compare"),
    *("forecast", "explain"),
)
_ICONS: dict[StepState, str] = {
    "done": ":material/check_circle:",
    "busy": ":material/autorenew:",
    "ready": ":material/radio_button_unchecked:",
    "problem": ":material/error:",
    "later": ":material/radio_button_unchecked:",
}

_CURRENT = ":material/radio_button_checked:"


def show_steps(current: Step, study: StudyHandle | None) -> None:
    """Show the steps as links that keep the study; the current one is marked."""
    states = step_states(study, has_series="series" in st.session_state)
    with st.container(horizontal=True, key="steps", gap="xsmall"):
        for number, step in enumerate(STEPS, start=1):
            is_here = step == current and states[step] in ("ready", "later")
            link_to(
                step,
                f"{number} {text(f'app.step_{step}')}",
                study=study.uuid if study else None,
                icon=_CURRENT if is_here else _ICONS[states[step]],
            )


def step_states(
    study: StudyHandle | None, *, has_series: bool
) -> dict[Step, StepState]:
    """Return how far each step is.

    Parameters
    ----------
    study
        The study in the URL; None while one is being prepared.
    has_series
        Whether a series has been confirmed on the Data page.
    """
    if study is None:
        return {
            "data": "done" if has_series else "ready",
            "setup": "ready" if has_series else "later",
            "progress": "later",
            "compare": "later",
            "forecast": "later",
            "explain": "later",
        }
    progress = _progress_state(study)
    has_results = _has_results(study)
    after: StepState = "done" if has_results else "later"
    return {
        "data": "done",
        "setup": "done",
        "progress": progress,
        "compare": after,
        "forecast": after,
        "explain": after,
    }


def _progress_state(study: StudyHandle) -> StepState:
    try:
        state = study_progress(study).state
    except SearchError:
        return "problem"
    if state in ("failed", "interrupted"):
        return "problem"
    if is_live(state):
        return "busy"
    return "done" if state in ("finished", "stopped") else "ready"


def _has_results(study: StudyHandle) -> bool:
    try:
        return study_results(study) is not None
    except SearchError:
        return False
