"""Data: choose a file, say what its columns are, settle what was found, confirm."""

import streamlit as st

from pages.components.draft import DraftFile, draft_file, remember
from pages.components.frame import page_frame
from pages.components.intake.ask_form import choose_ask, suggested_tasks
from pages.components.intake.columns_form import choose_columns, suggested_settings
from pages.components.intake.findings_form import show_findings, with_choices
from pages.components.intake.groups_page import prepare_groups
from pages.components.intake.reading_form import read_draft
from pages.components.intake.views import (
    FILE_TYPES,
    show_confirm,
    show_file_choice,
    show_file_line,
    show_series,
    show_study_data,
)
from pages.components.state import current_study
from pages.components.text import plain, text
from search.data.columns import ColumnProfile, profile_columns
from search.data.series import inspect_series
from search.data.table import Table
from search.errors import UserInputError

page_frame(text("data.title"), "data")


def prepare(file: DraftFile) -> None:
    """Show everything between a file and confirmed data."""
    show_file_line(file)
    table = read_draft(file)
    if table is None:
        return
    reading = (file.token, table.options)
    profiles = remember("profiles", reading, lambda: profile_columns(table))
    suggested = remember("suggested", reading, lambda: suggested_tasks(file, table))
    ask = choose_ask(suggested)
    if ask == "forecasting":
        prepare_series(file, table, profiles)
    else:
        prepare_groups(
            ask, table, profiles, suggested, reading=reading, file_types=FILE_TYPES
        )


def prepare_series(
    file: DraftFile, table: Table, profiles: tuple[ColumnProfile, ...]
) -> None:
    """Show everything between a table and one series to forecast."""
    reading = (file.token, table.options)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(text("data.columns"), anchor=False)
        try:
            first = remember("first", reading, lambda: suggested_settings(file, table))
        except UserInputError as error:
            st.error(plain(error), icon=":material/error:")
            return
        settings = choose_columns(profiles, first)
    if settings is None:
        return
    settings = with_choices(settings)
    report = remember(
        "report", (reading, settings), lambda: inspect_series(table, settings)
    )
    with right:
        show_series(report, settings)
    st.subheader(text("data.findings"), anchor=False)
    show_findings(report.findings)
    show_confirm(file, table, settings, report)


study = current_study()
file = draft_file()
if study is not None:
    show_study_data(study)
elif file is None:
    show_file_choice()
else:
    prepare(file)
