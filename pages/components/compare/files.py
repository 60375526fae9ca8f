"""The downloads of the Compare page: of each winner, the report, and all numbers."""

import streamlit as st

from pages.components.downloads import (
    show_results_download,
    show_series_download,
    show_winner_downloads,
)
from pages.components.report.button import show_report_download
from pages.components.text import text
from pages.components.theme import CELL_BADGES
from search.study.folders import StudyHandle
from search.study.results import StudyResults


def show_downloads(study: StudyHandle, results: StudyResults) -> None:
    """Offer the files of each winner, and all numbers."""
    st.subheader(text("compare.downloads_heading"), anchor=False)
    for cell, winner in results.winners.items():
        with st.container(border=True):
            st.badge(cell, color=CELL_BADGES[cell])
            show_winner_downloads(study, cell, winner, key="compare")
    with st.container(horizontal=True):
        show_report_download(study, results)
        show_series_download(study)
        show_results_download(study)
