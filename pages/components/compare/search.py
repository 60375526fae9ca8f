"""What the trials say about the hyperparameters, on the Compare page."""

from collections.abc import Sequence

import streamlit as st

from pages.components.charts.parameters import (
    importance_chart,
    parallel_chart,
    slice_chart,
)
from pages.components.charts.record import show_chart
from pages.components.frame import error_boundary
from pages.components.hyperparameters import label
from pages.components.scales import score_scale
from pages.components.state import study_trials
from pages.components.text import text
from search.analysis.importance import FEWEST_TRIALS, parameter_importance
from search.errors import SearchError
from search.study.folders import StudyHandle
from search.study.trials.listing import TrialView


@st.fragment
def show_search(study: StudyHandle) -> None:
    """Show what the trials say about the hyperparameters."""
    with error_boundary():
        _show_search(study)


def _show_search(study: StudyHandle) -> None:
    st.subheader(text("compare.search_heading"), anchor=False)
    try:
        trials = [trial for trial in study_trials(study) if trial.state == "complete"]
    except SearchError as error:
        st.warning(text("compare.no_trials", reason=str(error)))
        return
    lines = [line for line in study.settings.space.lines if not line.is_fixed]
    if not trials or not lines:
        st.caption(text("charts.history_none"))
        return
    scale = score_scale(study)
    with st.spinner(text("compare.search_wait")):
        shares = _importance(str(study.folder), len(trials), study, trials)
    left, right = st.columns(2)
    with left:
        _show_importance(shares, len(trials))
    with right:
        names = list(shares) or [line.name for line in lines]
        name = st.selectbox(
            text("compare.slice_choose"), names, format_func=label, key="slice_line"
        )
        line = next(line for line in lines if line.name == name)
        show_chart(slice_chart(trials, line, scale), key="slice")
    show_chart(parallel_chart(trials, lines, scale), key="parallel")


@st.cache_resource(max_entries=64, show_spinner=False)
def _importance(
    folder: str, n_complete: int, _study: StudyHandle, _trials: Sequence[TrialView]
) -> dict[str, float]:
    return parameter_importance(
        _study.settings.space, [(trial.params, trial.score or 0.0) for trial in _trials]
    )


def _show_importance(shares: dict[str, float], n_trials: int) -> None:
    if shares:
        show_chart(importance_chart(shares, n_trials=n_trials), key="importance")
    else:
        st.caption(text("charts.importance_few", n=FEWEST_TRIALS, have=n_trials))
