"""An error in words for the person; the trace of an unexpected one for the log."""

import logging
import secrets

import streamlit as st

from pages.components.state import environment
from pages.components.text import plain, text
from search import disk
from search.errors import SearchError
from search.study.storage.places import refusal

logger = logging.getLogger(__name__)


def show_unexpected(error: Exception) -> None:
    """Say what a full disk or a closed place means; else log `error` by a reference."""
    if disk.is_full(error):
        sentence = disk.full_sentence(environment().studies_dir)
        st.error(plain(sentence), icon=":material/hard_drive:")
        return
    if isinstance(error, PermissionError):
        st.error(plain(refusal(error)), icon=":material/lock:")
        return
    reference = secrets.token_hex(3).upper()
    logger.error("Page error, reference %s", reference, exc_info=error)
    st.error(text("app.unexpected", reference=reference), icon=":material/report:")


def answer_script_error(error: Exception) -> bool:
    """Show an error that came from outside the frame of a page, such as a callback.

    Errors of ours say what to do in their own words, there as on a page.

    Returns
    -------
    bool
        True, so that Streamlit does not show it in its own way.
    """
    if isinstance(error, SearchError):
        st.error(plain(error), icon=":material/error:")
    else:
        show_unexpected(error)
    return True
