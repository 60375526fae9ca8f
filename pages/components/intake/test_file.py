"""An official test set from a second file: its sequences are held out."""

import streamlit as st

from pages.components.draft import (
    discard_test,
    draft_test,
    remember,
    take_test,
)
from pages.components.frame import has_room
from pages.components.text import text
from search.data.groups.testing import with_test_table
from search.data.table import Table, read_table
from search.errors import UserInputError


def choose_test_file(file_types: tuple[str, ...]) -> None:
    """Offer a second upload, or say which file holds the test set."""
    test = draft_test()
    if test is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(text("data.test_file", name=test.name), width="stretch")
            st.button(
                text("data.no_test_file"),
                key="no_test_file",
                icon=":material/close:",
                type="tertiary",
                on_click=discard_test,
            )
        return
    with st.expander(text("data.add_test"), icon=":material/library_add:"):
        if not has_room("an upload"):
            return
        uploaded = st.file_uploader(
            text("data.test_upload"),
            type=list(file_types),
            key="test_upload",
            help=text("data.test_upload_help"),
        )
        if uploaded is not None:
            take_test(uploaded.name, uploaded.getvalue(), uploaded.file_id)
            st.rerun()


def join_test_file(table: Table, group: str | None) -> Table | None:
    """Return the table with the test set behind it; None without one.

    Raises
    ------
    UserInputError
        If the file cannot be read in the same way, or lacks a column.
    """
    test = draft_test()
    if test is None:
        return None
    if group is None:
        raise UserInputError(text("data.test_needs_group"))
    inputs = (table.name, table.options, len(table.frame), test.token, group)

    def join() -> Table:
        other = read_table(test.content, name=test.name, options=table.options)
        return with_test_table(table, other, group=group)

    return remember("with_test", inputs, join)
