"""An error that nobody expected: a sentence for the person, the trace for the log."""

import logging
import secrets

import streamlit as st

from pages.components.text import text

logger = logging.getLogger(__name__)


def show_unexpected(error: Exception) -> None:
    """Show one sentence with a reference, and log `error` under that reference."""
    reference = secrets.token_hex(3).upper()
    logger.error("Page error, reference %s", reference, exc_info=error)
    st.error(text("app.unexpected", reference=reference), icon=":material/report:")


def answer_script_error(error: Exception) -> bool:
    """Show an error that came from outside the frame of a page, such as a callback.

    Returns
    -------
    bool
        True, so that Streamlit does not show it in its own way.
    """
    show_unexpected(error)
    return True
