"""What every page has around it: name, steps, title, errors in words, next step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.account import show_account
from pages.components.errors import show_unexpected
from pages.components.state import (
    PageName,
    all_studies,
    current_study,
    environment,
    link_to,
    study_labels,
    unknown_study_message,
)
from pages.components.steps import Step, show_steps
from pages.components.text import plain, text
from search import disk
from search.errors import SearchError, UserInputError
from search.study.copies import copy_sentence

_STEPS_OF_A_STUDY = ("progress", "compare", "forecast", "explain")


def page_frame(title: str, step: Step | None = None) -> None:
    """Draw what stands above every page; the first call of each page.

    Parameters
    ----------
    title
        Heading of the page; markdown.
    step
        The step of the way that this page is; None for pages beside the way.
    """
    study = current_study()
    _header()
    if step is not None:
        show_steps(step, study)
    with st.container(
        horizontal=True, vertical_alignment="center", key="page_title", gap="medium"
    ):
        st.title(title, anchor=False, width="stretch")
        if step in _STEPS_OF_A_STUDY:
            _study_picker(study.uuid if study else None)
    problem = unknown_study_message()
    if problem:
        st.warning(problem, icon=":material/link_off:")
    copied = copy_sentence(study) if study is not None else ""
    if copied:
        st.info(plain(copied), icon=":material/content_copy:")
    scarce = disk.warning(environment().studies_dir)
    if scarce:
        st.warning(plain(scarce), icon=":material/hard_drive:")


def has_room(what: str) -> bool:
    """Return whether there is space for `what`, such as "an upload"; else say so."""
    try:
        disk.check_room(environment().studies_dir, what)
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return False
    return True


def next_step() -> DeltaGenerator:
    """Return the bar at the bottom of the window for the primary button of the page.

    Called last on a page; what comes first in it stands on the left.
    """
    return st.container(
        key="next_step",
        horizontal=True,
        horizontal_alignment="right",
        vertical_alignment="center",
    )


def live(render: Callable[[], None], *, running: bool, key: str) -> None:
    """Show `render`, again every two seconds while `running`.

    A timer ends with the browser tab; nothing depends on it.
    """

    def guarded() -> None:
        with error_boundary():
            render()

    if running:
        st.fragment(guarded, run_every="2s", key=key)()
    else:
        guarded()


def empty_state(
    title: str, body: str, *, label: str, page: PageName, study: str | None = None
) -> None:
    """Say that there is nothing here yet, and lead to where it comes from."""
    with st.container(border=True, key=f"empty_{page}"):
        st.markdown(f"##### {title}")
        st.markdown(body)
        link_to(page, label, study=study, icon=":material/arrow_forward:")


@contextmanager
def error_boundary() -> Iterator[None]:
    """Turn an error into words on the page; what is unexpected goes to the log.

    The only place of the pages that catches every exception: a person sees a
    sentence and a reference number, the log has the traceback under that number.
    """
    try:
        yield
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
    except SearchError as error:
        st.error(plain(error), icon=":material/error:")
        link_to("studies", text("app.to_studies"), icon=":material/list:")
    except Exception as error:
        show_unexpected(error)


def _header() -> None:
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key="header",
    ):
        link_to("home", f"**{text('app.name')}**", icon=":material/ssid_chart:")
        with st.container(
            horizontal=True,
            vertical_alignment="center",
            width="content",
            key="header_links",
        ):
            link_to("studies", text("app.studies"), icon=":material/list:")
            link_to("data", text("app.start_new"), icon=":material/add:")
            show_account()


def _study_picker(current: str | None) -> None:
    studies = all_studies(archived=True)
    if not studies:
        return
    labels = study_labels(studies)
    st.session_state["study_picker"] = current
    st.selectbox(
        text("app.study"),
        list(labels),
        format_func=lambda uuid: labels.get(uuid, uuid),
        key="study_picker",
        placeholder=text("app.choose_study"),
        label_visibility="collapsed",
        on_change=_open_picked,
        width=300,
    )


def _open_picked() -> None:
    picked = st.session_state.get("study_picker")
    if picked:
        st.query_params["study"] = picked
