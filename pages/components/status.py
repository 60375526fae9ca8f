"""The state of a study as a word with a colour and an icon."""

from typing import Literal, NamedTuple

import streamlit as st

from pages.components.text import text

BadgeColour = Literal["red", "orange", "blue", "green", "gray", "violet"]
LIVE_STATES = frozenset({"waiting", "searching", "pausing", "refitting"})


class _Look(NamedTuple):
    colour: BadgeColour
    icon: str


_LOOKS: dict[str, _Look] = {
    "waiting": _Look("gray", ":material/hourglass_empty:"),
    "searching": _Look("blue", ":material/autorenew:"),
    "pausing": _Look("orange", ":material/hourglass_top:"),
    "paused": _Look("orange", ":material/pause_circle:"),
    "refitting": _Look("blue", ":material/model_training:"),
    "finished": _Look("green", ":material/check_circle:"),
    "stopped": _Look("gray", ":material/stop_circle:"),
    "failed": _Look("red", ":material/error:"),
    "interrupted": _Look("red", ":material/warning:"),
}


def state_word(state: str) -> str:
    """Return the word for `state`."""
    return text(f"app.state_{state}")


def state_badge(state: str) -> None:
    """Show the word for `state` with its colour and icon."""
    look = _LOOKS[state]
    st.badge(state_word(state), icon=look.icon, color=look.colour)


def is_live(state: str) -> bool:
    """Return whether something is at work, so that the page must keep looking."""
    return state in LIVE_STATES
