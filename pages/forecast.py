"""Forecast: what a winner says of what comes, and everything to take with you."""

import streamlit as st

from pages.components.choosing import choose_target
from pages.components.downloads import bundle_path, file_button, file_name
from pages.components.forecast.newer_parts import show_newer_data
from pages.components.forecast.parts import (
    choose_winner,
    show_forecast,
    show_take_away,
    show_usage,
)
from pages.components.frame import empty_state, next_step, page_frame
from pages.components.scoring.data import is_one_forecast
from pages.components.scoring.page import show_scoring
from pages.components.state import (
    current_study,
    require_study,
    study_progress,
    study_results,
)
from pages.components.status import is_live, state_word
from pages.components.text import text
from search.study.folders import StudyHandle


def show_page() -> None:
    """Show what a winner of the study of the URL says of new data."""
    opened = current_study()
    kind = "forecasting" if opened is None else opened.settings.task.kind
    page_frame(text(f"scoring.title_{kind}"), "forecast")
    study = require_study()
    results = study_results(study)
    if results is None or not results.winners:
        show_nothing_yet(study)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cell = choose_winner(results, key="forecast_winner")
        target = choose_target(study, key="forecast_target")
    winner = results.winners[cell]
    if is_one_forecast(study):
        show_forecast(study, results, cell, target)
        show_newer_data(study, results, cell, target)
    else:
        show_scoring(study, cell, winner, target)
    show_take_away(study, cell, winner)
    show_usage(study, winner)
    path = bundle_path(winner)
    with next_step():
        if path is None:
            st.button(
                text("forecast.next_none"),
                key="forecast_next",
                type="primary",
                disabled=True,
            )
        else:
            file_button(
                text("forecast.next", cell=cell),
                path,
                file_name=file_name(study, cell, "bundle.zip"),
                key="forecast_next",
                primary=True,
            )


def show_nothing_yet(study: StudyHandle) -> None:
    """Say why there is no model, and where to go."""
    state = study_progress(study).state
    body = (
        text("forecast.none_running", state=state_word(state))
        if is_live(state) or state in ("paused", "interrupted")
        else text("forecast.none_ended")
    )
    empty_state(
        text("forecast.none_title"),
        body,
        label=text("forecast.none_link"),
        page="progress",
        study=study.uuid,
    )


show_page()
