"""Refused uploads, told on the page that sent them.

Streamlit's own part for uploads shows the number of the status and not the words of
the answer. So the guard in front of it notes them here, and the page shows them below.
"""

import time
from collections import OrderedDict
from threading import Lock

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.text import plain

MOST_KEPT = 200
KEPT_SECONDS = 300.0


class Refusals:
    """Why the last upload of each session was refused, for some minutes.

    Sessions are what a client names, so the oldest are forgotten beyond `MOST_KEPT`.
    """

    def __init__(self) -> None:
        self._words: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._lock = Lock()

    def note(self, session: str, words: str) -> None:
        """Keep why an upload of `session` was refused."""
        with self._lock:
            self._words.pop(session, None)
            self._words[session] = (words, time.monotonic())
            while len(self._words) > MOST_KEPT:
                self._words.popitem(last=False)

    def forget(self, session: str) -> None:
        """Forget it, because the session uploads anew."""
        with self._lock:
            self._words.pop(session, None)

    def of(self, session: str) -> str:
        """Return why the last upload of `session` was refused; maybe nothing."""
        with self._lock:
            words, noted = self._words.get(session, ("", 0.0))
        return words if time.monotonic() - noted < KEPT_SECONDS else ""


refusals = Refusals()


def show_refusal() -> None:
    """Say why the last upload of this page was refused; to be called repeatedly."""
    context = get_script_run_ctx()
    words = refusals.of(context.session_id) if context is not None else ""
    if words:
        st.error(plain(words), icon=":material/upload_file:")
