"""The Data page from a table to confirmed sequences or labelled rows."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

import streamlit as st

from pages.components.draft import remember
from pages.components.intake.ask_form import Ask
from pages.components.intake.findings_form import show_findings, with_choices
from pages.components.intake.groups_form import (
    GroupChoice,
    choose_group_columns,
    first_columns,
)
from pages.components.intake.groups_views import show_confirm_groups, show_groups
from pages.components.intake.test_file import choose_test_file, join_test_file
from pages.components.text import plain, text
from search.data.columns import ColumnProfile
from search.data.groups.build import inspect_groups
from search.data.groups.preview import preview_groups
from search.data.groups.suggestion import TaskSuggestion
from search.data.groups.testing import PART
from search.data.table import Table
from search.errors import UserInputError

# Questions whose sequences may come with an official test set.
_TESTED: tuple[Ask, ...] = ("regression", "classification", "labelling")


def prepare_groups(
    ask: Ask,
    table: Table,
    profiles: tuple[ColumnProfile, ...],
    suggested: Sequence[TaskSuggestion],
    *,
    reading: Hashable,
    file_types: tuple[str, ...],
) -> None:
    """Show everything between a table and confirmed groups.

    Parameters
    ----------
    ask
        What is to be predicted.
    table, profiles
        What was read, and what its columns hold.
    suggested
        Tasks that fit the table.
    reading
        Different for each file and way of reading it.
    file_types
        Endings that may be uploaded.
    """
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(text("data.columns"), anchor=False)
        has_test = "test_file" in st.session_state
        first = remember(
            "first_columns",
            (reading, ask),
            lambda: first_columns(ask, table, profiles, suggested),
        )
        choice = choose_group_columns(
            ask, table, profiles, first, has_test_file=has_test
        )
        group = None if choice is None else choice.settings.roles.group
        if ask in _TESTED and (group is not None or has_test):
            choose_test_file(file_types)
    if choice is None:
        return
    try:
        joined = join_test_file(table, group) if ask in _TESTED else None
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return
    settings = choice.settings
    if joined is not None:
        table = joined
        settings = replace(settings, test_column=PART)
    settings = with_choices(settings)
    inputs = (reading, settings, joined is not None)
    report = remember("group_report", inputs, lambda: inspect_groups(table, settings))
    preview = remember(
        "preview", inputs, lambda: preview_groups(table, settings, report)
    )
    with right:
        st.subheader(text("data.preview_title"), anchor=False)
        show_groups(preview, report, normal=choice.normal)
    st.subheader(text("data.findings"), anchor=False)
    show_findings(report.findings)
    choice = GroupChoice(settings, choice.normal)
    show_confirm_groups(ask, table, choice, report)
