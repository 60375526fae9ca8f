"""What was found in the series, each beside the choice that settles it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from pages.components.status import BadgeColour
from pages.components.text import has_text, plain, raw_text, text
from search.data.findings import REFUSE, Finding
from search.data.groups.settings import GROUP_CHOICES, GroupSettings
from search.data.settings import CHOICES, SeriesSettings

_LOOKS: dict[str, tuple[BadgeColour, str]] = {
    "error": ("red", ":material/error:"),
    "choice": ("orange", ":material/help:"),
    "settled": ("green", ":material/check_circle:"),
    "notice": ("gray", ":material/info:"),
}
_MOST_LISTED = 6
# Settings that the form of the columns has.
_ELSEWHERE = ("day_first", "order")
_CHOICES: dict[type, dict[str, tuple[str, ...]]] = {
    SeriesSettings: CHOICES,
    GroupSettings: GROUP_CHOICES,
}
_Settings = TypeVar("_Settings", SeriesSettings, GroupSettings)


def with_choices(settings: _Settings) -> _Settings:
    """Return `settings` with what was chosen for the findings so far."""
    choices = _CHOICES[type(settings)]
    chosen: dict[str, Any] = {}
    for name, allowed in choices.items():
        value = st.session_state.get(f"data_fix_{name}")
        if value in allowed:
            chosen[name] = value
    return replace(settings, **chosen)


def show_findings(findings: tuple[Finding, ...]) -> None:
    """Show what was found: first what stands in the way, last what is only said."""
    if not findings:
        st.success(text("data.nothing_found"), icon=":material/check_circle:")
        return
    n_open = sum(finding.is_blocking for finding in findings)
    st.caption(text("data.found_open" if n_open else "data.found_settled", n=n_open))
    for finding in findings:
        if finding.severity == "error":
            with _card(f"error_{finding.code}_{finding.column}"):
                _show_list([finding], "error")
    for setting in dict.fromkeys(f.setting for f in findings if f.setting):
        _show_setting(setting, [f for f in findings if f.setting == setting])
    notices = [f for f in findings if f.severity == "notice"]
    if notices:
        with _card("notices"):
            _show_list(notices, "notice")
    with st.expander(text("data.as_table"), icon=":material/table:"):
        st.dataframe(
            pd.DataFrame([_row(finding) for finding in findings]),
            hide_index=True,
            key="data_findings",
            alt=text("data.findings"),
        )


def state_of(finding: Finding) -> str:
    """Return `error`, `choice` (open), `settled` or `notice`."""
    if finding.severity == "choice" and not finding.is_blocking:
        return "settled"
    return finding.severity


def _card(name: str) -> Any:
    return st.container(border=True, key=f"finding_{name}")


def _show_setting(setting: str, findings: Sequence[Finding]) -> None:
    with _card(setting):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _show_list(findings, state_of(findings[0]), title=_label(setting))
        with right:
            if setting in _ELSEWHERE:
                st.markdown(text(f"data.choose_{setting}"))
            else:
                _show_choice(setting, findings)


def _show_list(findings: Sequence[Finding], state: str, *, title: str = "") -> None:
    colour, icon = _LOOKS[state]
    badge = f":{colour}-badge[{icon} {text(f'data.state_{state}')}]"
    st.markdown(f"**{title}** {badge}" if title else badge)
    lines = [
        f"- {plain(finding.message)} {plain(finding.repair)}" for finding in findings
    ]
    st.markdown("\n".join(lines[:_MOST_LISTED]))
    if len(lines) > _MOST_LISTED:
        st.caption(text("data.more_below", n=len(lines) - _MOST_LISTED))


def _show_choice(setting: str, findings: Sequence[Finding]) -> None:
    key = f"data_fix_{setting}"
    offered = dict.fromkeys(c for finding in findings for c in finding.choices)
    options = [choice for choice in offered if choice != REFUSE]
    if st.session_state.get(key) not in options:
        st.session_state[key] = None
    chosen = st.selectbox(
        text("data.what_to_do"),
        options,
        index=None,
        format_func=lambda choice: _choice_word(setting, choice),
        key=key,
        placeholder=raw_text("data.choose_what"),
        persist_state="session",
    )
    note = f"data.note_{setting}_{chosen}"
    if chosen and has_text(note):
        st.caption(text(note))


def _label(setting: str) -> str:
    key = f"data.fix_{setting}"
    return text(key) if has_text(key) else plain(setting)


def _choice_word(setting: str, choice: str) -> str:
    key = f"data.fix_{setting}_{choice}"
    return raw_text(key) if has_text(key) else choice.replace("_", " ")


def _row(finding: Finding) -> dict[str, str]:
    more = finding.count - len(finding.rows)
    rows = ", ".join(map(str, finding.rows))
    if rows and more > 0:
        rows = raw_text("data.rows_more", rows=rows, n=more)
    return {
        raw_text("data.finding_state"): raw_text(f"data.state_{state_of(finding)}"),
        raw_text("data.finding_column"): finding.column or "",
        raw_text("data.finding_rows"): rows,
        raw_text("data.finding_message"): f"{finding.message} {finding.repair}".strip(),
    }
