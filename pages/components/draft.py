"""The half-filled form of a new study: the only thing that lives in the session.

A browser refresh loses it; the pages then say what to do. Widgets keep their values
under keys that start with ``data_`` or ``setup_``.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from pages.components.text import raw_text
from pages.components.uploads import let_go
from search.config import TaskKind
from search.data.findings import legible
from search.data.group_samples import make_group_sample
from search.data.groups.frame import group_frame
from search.data.groups.record import BuiltGroups
from search.data.samples import SAMPLES, make_sample
from search.data.series import BuiltSeries
from search.evaluation.panel import Panel, make_panel
from search.space.lines import Value

_FORMS = ("data_", "setup_", "memo_")
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class DraftFile:
    """The file that a new study starts from.

    Attributes
    ----------
    name
        Name of the file; a label.
    content
        All its bytes.
    token
        Different for each file that was chosen.
    sample
        Key in `search.data.samples.SAMPLES` or `GROUP_SAMPLES` if it is a built-in
        one.
    """

    name: str
    content: bytes
    token: str
    sample: str | None = None


@dataclass(frozen=True)
class DraftSeries:
    """A series that was confirmed on the Data page.

    Attributes
    ----------
    built
        The series.
    season, season_candidates
        Rows in one season, and other seasons to offer.
    horizon
        Suggested steps to predict.
    token
        Different for each confirmation.
    first
        Configurations to try first, best first.
    name
        Suggested name of the study; None takes that of the file.
    was_narrowed
        Whether the study that the settings come from was narrowed while it ran.
    """

    built: BuiltSeries
    season: int
    season_candidates: tuple[int, ...]
    horizon: int
    token: str
    first: tuple[dict[str, Value], ...] = ()
    name: str | None = None
    was_narrowed: bool = False

    @property
    def frame(self) -> pd.DataFrame:
        """One row a time stamp, as the study keeps it."""
        return self.built.values

    @cached_property
    def panel(self) -> Panel:
        """The numbers that a network may see."""
        return make_panel(self.built.values, self.built.roles)


@dataclass(frozen=True)
class DraftGroups:
    """Groups of rows, or rows with labels, that were confirmed on the Data page.

    Attributes
    ----------
    built
        The rows and their groups.
    kind
        What is asked for.
    token, first, name, was_narrowed
        As in `DraftSeries`.
    """

    built: BuiltGroups
    kind: TaskKind
    token: str
    first: tuple[dict[str, Value], ...] = ()
    name: str | None = None
    was_narrowed: bool = False

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All rows with the name of their group; see `group_frame`."""
        built = self.built
        return group_frame(built.values, built.groups, built.roles)

    @cached_property
    def panel(self) -> Panel:
        """The numbers that a network may see, and the answers."""
        return make_panel(self.frame, self.built.roles, kind=self.kind)


Draft = DraftSeries | DraftGroups


def draft_file() -> DraftFile | None:
    """Return the chosen file; None before one is chosen or after a refresh."""
    return st.session_state.get("file")


def draft_test() -> DraftFile | None:
    """Return the file of the official test set; None without one."""
    return st.session_state.get("test_file")


def draft_series() -> Draft | None:
    """Return what was confirmed on the Data page; None before or after a refresh."""
    return st.session_state.get("series")


def take_file(name: str, content: bytes, token: str) -> None:
    """Start a new draft from an uploaded file; of its name a legible label is kept."""
    discard_draft()
    label = legible(name.strip()) or raw_text("data.no_name")
    st.session_state["file"] = DraftFile(label, content, token)


def take_test(name: str, content: bytes, token: str) -> None:
    """Keep an uploaded file as the official test set of the draft."""
    label = legible(name.strip()) or raw_text("data.no_name")
    st.session_state["test_file"] = DraftFile(label, content, token)


def discard_test() -> None:
    """Forget the file of the official test set."""
    test = draft_test()
    if test is not None:
        let_go(test.token)
    _forget("test_file")


def take_sample(name: str) -> None:
    """Start a new draft from the built-in sample `name`."""
    discard_draft()
    content = make_sample(name) if name in SAMPLES else make_group_sample(name)
    st.session_state["file"] = DraftFile(f"{name}.csv", content, name, name)


def keep_series(series: Draft) -> None:
    """Keep what was confirmed for the Search page, whose form starts anew."""
    _forget("setup_")
    st.session_state["series"] = series


def discard_draft() -> None:
    """Forget the file, the series and everything that was filled in."""
    file = draft_file()
    if file is not None and file.sample is None:
        let_go(file.token)
    discard_test()
    _forget(*_FORMS, "file", "series")


def remember(name: str, inputs: Hashable, make: Callable[[], _Value]) -> _Value:
    """Return ``make()``, kept in this session until `inputs` change."""
    key = f"memo_{name}"
    known: tuple[Hashable, Any] | None = st.session_state.get(key)
    if known is None or known[0] != inputs:
        known = (inputs, make())
        st.session_state[key] = known
    value: _Value = known[1]
    return value


def start_with(key: str, value: object) -> None:
    """Give the widget `key` its first value, unless it has one."""
    if key not in st.session_state:
        st.session_state[key] = value


def start_with_choices(key: str, options: tuple[str, ...], first: object) -> None:
    """Like `start_with`, and let go of values that are no longer among `options`."""
    value = st.session_state.get(key)
    if isinstance(value, list):
        kept: object = [item for item in value if item in options]
        if kept == value:
            return
        st.session_state[key] = kept or first
    elif value is None or value not in options:
        st.session_state[key] = first


def follow(key: str, suggestion: object) -> None:
    """Give the widget `key` the value `suggestion` for as long as nobody changed it.

    What a person typed stays when the suggestion moves.
    """
    seen = f"{key}_suggested"
    is_untouched = key in st.session_state and (
        st.session_state[key] == st.session_state.get(seen)
    )
    if key not in st.session_state or is_untouched:
        st.session_state[key] = suggestion
    st.session_state[seen] = suggestion


def _forget(*prefixes: str) -> None:
    for key in [key for key in st.session_state if str(key).startswith(prefixes)]:
        del st.session_state[key]
