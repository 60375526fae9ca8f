"""What can be done with a study in the list."""

import msgspec
import streamlit as st

from pages.components.setup.prefill import duplicate_settings
from pages.components.state import dashboard_link, go_to, is_archived, study_results
from pages.components.studies.list import state_of
from pages.components.text import plain, text
from search.errors import SearchError, UserInputError
from search.jobs.launch import start_study
from search.study.folders import StudyHandle, load_document
from search.study.studies import (
    archive_study,
    delete_study,
    rename_study,
    unarchive_study,
)

_RESUMABLE = frozenset({"paused", "interrupted", "failed", "stopped"})


def show_menu(study: StudyHandle) -> None:
    """Show the actions on `study` behind one button."""
    uuid = study.uuid
    with (
        st.popover(text("studies.menu"), key=f"menu_{uuid}"),
        st.container(gap="xsmall", key=f"actions_{uuid}"),
    ):
        _show_rename(study)
        if state_of(study) in _RESUMABLE and _pressed(study, "resume", "play_arrow"):
            start_study(study)
            _done("resumed", study)
        if _pressed(study, "duplicate", "content_copy"):
            duplicate_settings(study)
            go_to("setup")
        st.download_button(
            text("studies.export"),
            lambda: export_json(study),
            file_name=f"study-{uuid[:8]}.json",
            mime="application/json",
            key=f"export_{uuid}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
        _show_dashboard_link(study)
        _show_archive(study)
        if _pressed(study, "delete", "delete"):
            confirm_delete(study)


@st.dialog(text("studies.delete_title"))
def confirm_delete(study: StudyHandle) -> None:
    """Ask before a study is deleted."""
    st.markdown(text("studies.delete_body", name=study.settings.name))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(text("studies.cancel"), key="delete_cancel"):
            st.rerun()
        clicked = st.button(
            text("studies.delete_confirm"), key="delete_confirm", type="primary"
        )
    if clicked:
        try:
            delete_study(study)
        except SearchError as error:
            st.error(plain(error), icon=":material/error:")
        else:
            _done("deleted", study)


def export_json(study: StudyHandle) -> bytes:
    """Return settings and results of a study as one JSON document."""
    document = {
        "study": msgspec.to_builtins(load_document(study.folder)),
        "results": msgspec.to_builtins(study_results(study)),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _show_rename(study: StudyHandle) -> None:
    with st.form(f"rename_{study.uuid}", border=False):
        name = st.text_input(
            text("studies.new_name"),
            value=study.settings.name,
            max_chars=80,
            key=f"name_{study.uuid}",
        )
        if st.form_submit_button(text("studies.save_name"), key=f"save_{study.uuid}"):
            try:
                renamed = rename_study(study, name)
            except UserInputError as error:
                st.error(plain(error), icon=":material/error:")
            else:
                _done("renamed", renamed)


def _show_archive(study: StudyHandle) -> None:
    if is_archived(study):
        if _pressed(study, "unarchive", "unarchive"):
            unarchive_study(study)
            _done("unarchived", study)
    elif _pressed(study, "archive", "archive"):
        archive_study(study)
        _done("archived", study)


def _show_dashboard_link(study: StudyHandle) -> None:
    try:
        path = dashboard_link(study)
    except SearchError:
        return
    st.link_button(
        text("studies.dashboard"), path, icon=":material/open_in_new:", type="tertiary"
    )


def _pressed(study: StudyHandle, action: str, icon: str) -> bool:
    return st.button(
        text(f"studies.{action}"),
        key=f"{action}_{study.uuid}",
        icon=f":material/{icon}:",
        type="tertiary",
    )


def _done(what: str, study: StudyHandle) -> None:
    """Say what was done and show the list anew."""
    st.toast(text(f"studies.{what}", name=study.settings.name))
    st.rerun()
