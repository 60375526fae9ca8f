"""The upload of a further file for a study: the place for it, and why it is refused."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from pages.components.frame import has_room, live
from pages.components.intake.views import FILE_TYPES, TABLE_TYPES
from pages.components.refusals import show_refusal
from pages.components.text import plain
from search.data.findings import legible
from search.errors import UserInputError
from search.study.folders import StudyHandle

T = TypeVar("T")
Read = Callable[[StudyHandle, str, str, Callable[[], bytes]], T | UserInputError]


def choose_upload(
    study: StudyHandle, label: str, *, key: str, read: Read[T]
) -> T | None:
    """Offer an upload and return what was read; None without a file that can be used.

    Files that hold many sequences are offered where the study has groups.

    Parameters
    ----------
    label, key
        Of the field; `key` belongs to this study.
    read
        Called with the study, the name, the token and the content of the file; returns
        the file, or why it cannot be used.
    """
    if not has_room("an upload"):
        return None
    types = TABLE_TYPES if study.settings.roles.group is None else FILE_TYPES
    uploaded = st.file_uploader(label, type=list(types), key=key)
    live(show_refusal, running=True, key="refusal")
    if uploaded is None:
        return None
    found = read(study, legible(uploaded.name), uploaded.file_id, uploaded.getvalue)
    if isinstance(found, UserInputError):
        st.error(plain(found), icon=":material/error:")
        return None
    return found
