"""Studies: find, open, rename, resume, duplicate, archive, delete, export."""

import streamlit as st

from pages.components.frame import empty_state, next_step, page_frame
from pages.components.state import all_studies, environment, go_to, is_archived
from pages.components.studies.list import show_list
from pages.components.studies.menu import show_menu
from pages.components.text import plain, text
from search.study.folders import StudyHandle
from search.study.studies import unreadable_studies

page_frame(text("studies.title"))


def choose(studies: tuple[StudyHandle, ...]) -> tuple[StudyHandle, ...]:
    """Show the search field and return the studies that match."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input(
            text("studies.search"),
            key="studies_search",
            placeholder=text("studies.search_placeholder"),
            width=320,
        )
        archived = st.toggle(text("studies.show_archived"), key="studies_archived")
        st.link_button(
            text("studies.dashboard_all"),
            "/dashboard",
            icon=":material/open_in_new:",
            type="tertiary",
        )
    return tuple(
        study
        for study in studies
        if (archived or not is_archived(study)) and matches(study, wanted)
    )


def matches(study: StudyHandle, wanted: str) -> bool:
    """Return whether name or targets contain the words of `wanted`."""
    shown = " ".join([study.settings.name, *study.settings.roles.targets]).casefold()
    return all(word in shown for word in wanted.casefold().split())


def show_unreadable() -> None:
    """Say which folders cannot be opened, and why."""
    reasons = unreadable_studies(environment())
    if reasons:
        with st.expander(text("studies.unreadable"), icon=":material/warning:"):
            st.markdown(text("studies.unreadable_body"))
            for folder, reason in reasons.items():
                st.markdown(f"- **{plain(folder)}**: {plain(reason)}")


everything = all_studies(archived=True)
if not everything:
    empty_state(
        text("studies.empty_title"),
        text("studies.empty_body"),
        label=text("home.start"),
        page="data",
    )
else:
    shown = choose(everything)
    if shown:
        show_list(shown, place="studies", menu=show_menu)
    else:
        st.info(text("studies.none_match"), icon=":material/search_off:")
show_unreadable()
with next_step():
    if st.button(
        text("home.start"), key="studies_next", type="primary", icon=":material/add:"
    ):
        go_to("data")
