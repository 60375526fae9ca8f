"""The columns of a table, each of which can be chosen once, and calendar cycles."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.components.draft import start_with, start_with_choices
from pages.components.text import has_text, raw_text, text
from search.config import CalendarCycle
from search.evaluation.calendar import CYCLES


class ColumnChooser:
    """Asks for columns, one role after the other.

    What was chosen for a role cannot be chosen for a later one.

    Parameters
    ----------
    key
        Beginning of the keys of all widgets.
    kinds
        Kind of each column; the unusual ones are said.
    """

    def __init__(self, key: str, kinds: Mapping[str, str]) -> None:
        self._key = key
        self._kinds = kinds
        self._left = tuple(kinds)

    def many(
        self, role: str, first: Sequence[str], *, is_long: bool = False
    ) -> tuple[str, ...]:
        """Ask for any number of the columns that are left.

        Parameters
        ----------
        role
            What they are for; names the texts.
        first
            Columns to begin with.
        is_long
            Whether all that are left can be taken at once.
        """
        key, options = f"{self._key}_{role}", self._left
        usual = ("number", "time") if role == "time" else ("number",)
        start_with_choices(key, options, [name for name in first if name in options])
        chosen = st.multiselect(
            text(f"data.{role}"),
            options,
            format_func=lambda name: self._label(name, usual),
            key=key,
            help=text(f"data.{role}_help"),
            placeholder=_placeholder(role),
            persist_state="session",
        )
        if is_long and len(set(options) - set(chosen)) > 1:
            st.button(
                text("data.use_all"),
                key=f"{key}_all",
                icon=":material/select_all:",
                type="tertiary",
                on_click=_set,
                args=(key, list(options)),
            )
        self._left = tuple(name for name in options if name not in chosen)
        return tuple(chosen)

    def one(
        self, role: str, first: str | None, *, is_needed: bool = False
    ) -> str | None:
        """Ask for one of the columns that are left, or none."""
        key = f"{self._key}_{role}"
        start_with(key, first)
        if st.session_state[key] not in self._left:
            st.session_state[key] = None
        need = "needed" if is_needed else "none"
        chosen = st.selectbox(
            text(f"data.{role}"),
            self._left,
            index=None,
            key=key,
            help=text(f"data.{role}_help"),
            placeholder=raw_text(f"data.column_{need}"),
            persist_state="session",
        )
        self._left = tuple(name for name in self._left if name != chosen)
        return None if chosen is None else str(chosen)

    def has_stamps(self, time: Sequence[str]) -> bool:
        """Whether a column of `time` holds time stamps, rather than counts steps."""
        return any(self._kinds[name] == "time" for name in time)

    def calendar(self, first: Sequence[CalendarCycle]) -> tuple[CalendarCycle, ...]:
        """Ask for cycles that are derived from the time stamps."""
        key = f"{self._key}_calendar"
        start_with(key, list(first))
        chosen = st.pills(
            text("data.calendar"),
            CYCLES,
            selection_mode="multi",
            format_func=lambda cycle: text(f"data.cycle_{cycle}"),
            key=key,
            wrap=True,
            help=text("data.calendar_help"),
            persist_state="session",
        )
        return tuple(chosen)

    def _label(self, name: str, usual: Sequence[str]) -> str:
        kind = self._kinds[name]
        return name if kind in usual else f"{name} · {raw_text(f'data.kind_{kind}')}"


def _placeholder(role: str) -> str:
    key = f"data.{role}_placeholder"
    return text(key if has_text(key) else "data.targets_placeholder")


def _set(key: str, value: object) -> None:
    st.session_state[key] = value
