"""The button that makes the report when it is pressed."""

import streamlit as st

from pages.components.downloads import study_file_name
from pages.components.report.contents import report_html
from pages.components.text import text
from search.study.folders import StudyHandle
from search.study.results import StudyResults


def show_report_download(study: StudyHandle, results: StudyResults) -> None:
    """Offer the report of a study."""
    st.download_button(
        text("report.button"),
        lambda: report_html(study, results).encode(),
        file_name=study_file_name(study, "report.html"),
        mime="text/html",
        key="report",
        icon=":material/description:",
        help=text("report.button_help"),
        on_click="ignore",
    )
