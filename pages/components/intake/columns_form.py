"""What each column is for: time, targets, features, calendar."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from pages.components.draft import DraftFile, start_with, start_with_choices
from pages.components.text import has_text, raw_text, text
from search.config import CalendarCycle, Roles
from search.data.columns import ColumnProfile
from search.data.samples import SAMPLES
from search.data.series import SeriesSettings, suggest_settings, time_index
from search.data.table import Table
from search.evaluation.calendar import CYCLES, fitting_cycles

_FREQUENCIES = ("", "min", "5min", "10min", "15min", "30min", "h", "D", "B", "W", "MS",
                "QS", "YS")  # fmt: skip
_DAY_ORDERS: dict[str, bool | None] = {"auto": None, "day": True, "month": False}


def suggested_settings(file: DraftFile, table: Table) -> SeriesSettings:
    """Return the settings to begin with: those of the sample, or what was found."""
    if file.sample not in SAMPLES:
        settings = suggest_settings(table)
        cycles = fitting_cycles(time_index(table, settings))
        roles = replace(settings.roles, calendar=cycles)
        return replace(settings, roles=roles)
    sample = SAMPLES[file.sample]
    return SeriesSettings(time=sample.time, roles=sample.roles)


def choose_columns(
    profiles: tuple[ColumnProfile, ...], first: SeriesSettings
) -> SeriesSettings | None:
    """Show the form and return the settings; None while no target is chosen.

    Parameters
    ----------
    profiles
        What the columns of the table hold.
    first
        Settings that the form starts with.
    """
    names = tuple(profile.name for profile in profiles)
    kinds = {profile.name: profile.kind for profile in profiles}
    time = choose_many("time", names, kinds, list(first.time))
    values = tuple(name for name in names if name not in time)
    targets = choose_many("targets", values, kinds, list(first.roles.targets))
    left = tuple(name for name in values if name not in targets)
    past = choose_many("past", left, kinds, list(first.roles.past_features), many=True)
    left = tuple(name for name in left if name not in past)
    known = choose_many(
        "known", left, kinds, list(first.roles.known_features), many=True
    )
    calendar = _choose_calendar(first) if time else ()
    if time:
        first = _choose_step(first)
    if not targets:
        st.info(text("data.no_target"), icon=":material/target:")
        return None
    roles = Roles(targets, past, known, calendar)
    return replace(first, time=time, roles=roles)


def choose_many(
    role: str,
    options: tuple[str, ...],
    kinds: Mapping[str, str],
    first: list[str],
    *,
    key: str | None = None,
    many: bool = False,
) -> tuple[str, ...]:
    """Ask for any number of columns.

    Parameters
    ----------
    role
        What they are for; names the texts.
    options
        Columns to choose from.
    kinds
        Kind of each column; the unusual ones are said.
    first
        Columns to begin with.
    key
        Key of the widget; by default that of the role.
    many
        Whether all that are left can be taken at once.
    """
    key = key or f"data_{role}"
    usual = ("number", "time") if role == "time" else ("number",)
    start_with_choices(key, options, [name for name in first if name in options])
    chosen = st.multiselect(
        text(f"data.{role}"),
        options,
        format_func=lambda name: (
            name
            if kinds[name] in usual
            else f"{name} · {raw_text(f'data.kind_{kinds[name]}')}"
        ),
        key=key,
        help=text(f"data.{role}_help"),
        placeholder=_placeholder(role),
        persist_state="session",
    )
    if many and len(set(options) - set(chosen)) > 1:
        st.button(
            text("data.use_all"),
            key=f"{key}_all",
            icon=":material/select_all:",
            type="tertiary",
            on_click=_set,
            args=(key, list(options)),
        )
    return tuple(chosen)


def _placeholder(role: str) -> str:
    key = f"data.{role}_placeholder"
    return text(key if has_text(key) else "data.targets_placeholder")


def _set(key: str, value: object) -> None:
    st.session_state[key] = value


def _choose_calendar(first: SeriesSettings) -> tuple[CalendarCycle, ...]:
    start_with("data_calendar", list(first.roles.calendar))
    chosen = st.pills(
        text("data.calendar"),
        CYCLES,
        selection_mode="multi",
        format_func=lambda cycle: text(f"data.cycle_{cycle}"),
        key="data_calendar",
        wrap=True,
        help=text("data.calendar_help"),
        persist_state="session",
    )
    return tuple(chosen)


def _choose_step(first: SeriesSettings) -> SeriesSettings:
    with st.container(horizontal=True):
        start_with("data_frequency", "")
        st.selectbox(
            text("data.frequency"),
            _FREQUENCIES,
            format_func=frequency_word,
            key="data_frequency",
            help=text("data.frequency_help"),
            persist_state="session",
            width=190,
        )
        start_with("data_day_order", "auto")
        st.selectbox(
            text("data.day_order"),
            list(_DAY_ORDERS),
            format_func=lambda order: raw_text(f"data.day_order_{order}"),
            key="data_day_order",
            help=text("data.day_order_help"),
            persist_state="session",
            width=190,
        )
    return replace(
        first,
        frequency=st.session_state["data_frequency"] or None,
        day_first=_DAY_ORDERS[st.session_state["data_day_order"]],
    )


def frequency_word(alias: str | None) -> str:
    """Return a step between rows in words; the alias itself if it is a rare one."""
    key = f"data.frequency_{alias or 'auto'}"
    return raw_text(key) if has_text(key) else str(alias)
