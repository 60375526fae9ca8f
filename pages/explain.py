"""Explain: what a winner looks at, and what its gates do over one window."""

import streamlit as st

from pages.components.choosing import choose_target
from pages.components.explain_parts import (
    show_importance,
    show_window,
    winner_explained,
)
from pages.components.explain_samples import show_samples
from pages.components.forecast.parts import choose_winner
from pages.components.frame import empty_state, page_frame
from pages.components.scoring.data import is_one_forecast, sample_winner
from pages.components.state import require_study, study_progress, study_results
from pages.components.status import is_live, state_word
from pages.components.text import text


def show_page() -> None:
    """Explain a winner of the study of the URL."""
    page_frame(text("explain.title"), "explain")
    study = require_study()
    results = study_results(study)
    if results is None or not results.winners:
        state = study_progress(study).state
        is_coming = is_live(state) or state in ("paused", "interrupted")
        empty_state(
            text("forecast.none_title"),
            text("explain.none_running", state=state_word(state))
            if is_coming
            else text("forecast.none_ended"),
            label=text("forecast.none_link"),
            page="progress",
            study=study.uuid,
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cell = choose_winner(results, key="explain_winner")
        target = choose_target(study, key="explain_target")
    winner = results.winners[cell]
    if not is_one_forecast(study):
        found = sample_winner(study, cell, winner)
        if found is None:
            st.info(text("explain.cannot", cell=cell), icon=":material/info:")
        else:
            show_samples(found, target)
        return
    explained = winner_explained(str(study.folder), cell, winner.trial, study, results)
    if explained is None:
        st.info(text("explain.cannot", cell=cell), icon=":material/info:")
        return
    n_networks = len(explained.network.members)
    if n_networks > 1:
        st.markdown(text("explain.average", n=n_networks))
    show_importance(study, cell, winner.trial, explained)
    show_window(study, results, cell, explained, target)


show_page()
