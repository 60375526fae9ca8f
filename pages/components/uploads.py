"""Uploaded files: how much may be held, and what Streamlit holds of them.

Streamlit keeps each uploaded file in memory until its session is closed, and has a
limit for one file only. A session whose browser went away is closed two minutes later
at the earliest, and then only when another one comes or goes.

This is the only place that knows how Streamlit keeps files and sessions; what it uses
of that is private, and tests/pages/test_uploads.py fails when it changes.
"""

import gc
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from search.errors import ConfigError

if TYPE_CHECKING:
    from streamlit.runtime.memory_uploaded_file_manager import (
        MemoryUploadedFileManager,
    )

SESSION_MB = "STUDIES_UPLOAD_SESSION_MB"
TOTAL_MB = "STUDIES_UPLOAD_TOTAL_MB"
MEGABYTE = 1024 * 1024
# What a file counts for at least, because an empty one needs memory too.
_LEAST_BYTES = 64 * 1024


@dataclass(frozen=True)
class UploadLimits:
    """How much may be uploaded, in bytes.

    Attributes
    ----------
    file
        One file; `server.maxUploadSize`.
    session
        All files that one session holds: two of the largest, the one that is used and
        the next one (`STUDIES_UPLOAD_SESSION_MB`).
    total
        The files of all sessions together, so that memory is left for the tables that
        are made of them (`STUDIES_UPLOAD_TOTAL_MB`).
    """

    file: int = 200 * MEGABYTE
    session: int = 400 * MEGABYTE
    total: int = 1000 * MEGABYTE

    def __post_init__(self) -> None:
        if self.session < self.file:
            raise ConfigError(
                f"The uploads of a session may have {megabytes(self.session)}, less "
                f"than one file, {megabytes(self.file)}. Change {SESSION_MB} or "
                "server.maxUploadSize."
            )
        if self.total < self.session:
            raise ConfigError(
                f"All uploads together may have {megabytes(self.total)}, less than "
                f"those of one session, {megabytes(self.session)}. Change {TOTAL_MB} "
                f"or {SESSION_MB}."
            )

    @classmethod
    def from_process(cls) -> "UploadLimits":
        """Read the settings of the server and of the environment.

        Raises
        ------
        ConfigError
            If one is not a whole number, or smaller than what lies inside it.
        """
        file = int(st.get_option("server.maxUploadSize")) * MEGABYTE
        session = _from_environment(SESSION_MB, max(cls.session, 2 * file))
        total = _from_environment(TOTAL_MB, max(cls.total, session))
        return cls(file, session, total)


def megabytes(n_bytes: int) -> str:
    """Return a size such as ``200 MB``."""
    return f"{n_bytes / MEGABYTE:,.0f} MB"


def kept_bytes() -> Mapping[str, int]:
    """Return the bytes of the uploads that are held, for each session that has some."""
    if not Runtime.exists():
        return {}
    kept = list(_files().file_storage.items())
    return {
        session: sum(max(len(file.data), _LEAST_BYTES) for file in list(files.values()))
        for session, files in kept
    }


def let_go(file_id: str) -> None:
    """Drop an upload of the session whose page runs; unknown ones are no error."""
    context = get_script_run_ctx()
    if context is not None:
        files = cast("MemoryUploadedFileManager", context.uploaded_file_mgr)
        files.remove_file(context.session_id, file_id)


def close_ended_sessions() -> int:
    """Close each session whose browser left for good; return how many.

    Streamlit does that when another session comes or goes, and leaves the files and
    tables to the garbage collector. Called on the thread of the server's event loop,
    as Streamlit does.
    """
    if not Runtime.exists():
        return 0
    manager = Runtime.instance()._session_mgr
    with manager._storage_lock:  # type: ignore[attr-defined]
        ended = manager._session_storage._cache.expire()  # type: ignore[attr-defined]
    for _, info in ended:
        info.session.shutdown()
    n_ended = len(ended)
    if n_ended:
        # Sessions refer to themselves, and a table may be large.
        del ended, info
        gc.collect()
    return n_ended


def _files() -> "MemoryUploadedFileManager":
    return cast("MemoryUploadedFileManager", Runtime.instance().uploaded_file_mgr)


def _from_environment(name: str, usual: int) -> int:
    text = os.environ.get(name)
    if not text:
        return usual
    if not text.isdecimal() or not int(text):
        raise ConfigError(f"{name} must be a whole number of MB above 0, got {text!r}.")
    return int(text) * MEGABYTE
