"""What each column is for: time, targets, features, calendar."""

from dataclasses import replace

import streamlit as st

from pages.components.draft import DraftFile, start_with
from pages.components.intake.column_chooser import ColumnChooser
from pages.components.text import has_text, raw_text, text
from search.config import Roles
from search.data.columns import ColumnProfile
from search.data.samples import SAMPLES
from search.data.series import SeriesSettings, suggest_settings, time_index
from search.data.table import Table
from search.evaluation.calendar import fitting_cycles

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
    form = ColumnChooser("data", {one.name: one.kind for one in profiles})
    time = form.many("time", first.time)
    targets = form.many("targets", first.roles.targets)
    past = form.many("past", first.roles.past_features, is_long=True)
    known = form.many("known", first.roles.known_features, is_long=True)
    calendar = form.calendar(first.roles.calendar) if time else ()
    if time:
        first = _choose_step(first)
    if not targets:
        st.info(text("data.no_target"), icon=":material/target:")
        return None
    roles = Roles(targets, past, known, calendar)
    return replace(first, time=time, roles=roles)


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
