"""What each column is for where sequences or rows are asked about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from pages.components.draft import start_with, start_with_choices
from pages.components.intake.ask_form import Ask, ask_of, kind_of
from pages.components.intake.column_chooser import ColumnChooser
from pages.components.text import raw_text, text
from search.config import CalendarCycle, Roles
from search.data.columns import ColumnProfile, suggest_time
from search.data.groups.clock import longest_times
from search.data.groups.members import cell_names
from search.data.groups.settings import (
    GroupOrder,
    GroupSettings,
    LabelScope,
    TargetKind,
)
from search.data.groups.suggestion import (
    NORMAL_WORDS,
    TaskSuggestion,
    suggest_group,
)
from search.data.table import Table
from search.evaluation.calendar import fitting_cycles

_ORDERS: tuple[GroupOrder, ...] = ("none", "time", "appearance")
_MOST_NORMALS = 100
# Questions of labels: the answer is a column of its own, and never an input.
_LABELLED: tuple[Ask, ...] = ("regression", "classification", "labelling")
_NEEDS_GROUP: tuple[Ask, ...] = ("many", "classification")


@dataclass(frozen=True)
class FirstColumns:
    """What the form begins with; see `GroupSettings` and `Roles`."""

    group: str | None
    time: tuple[str, ...]
    targets: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    calendar: tuple[CalendarCycle, ...] = ()
    label: str | None = None
    test: str | None = None
    order: GroupOrder = "none"
    label_scope: LabelScope = "auto"


@dataclass(frozen=True)
class GroupChoice:
    """What was chosen.

    Attributes
    ----------
    settings
        How the table becomes groups.
    normal
        The value of the label column that means normal; None where anomalies are not
        looked for, or no column marks them.
    """

    settings: GroupSettings
    normal: str | None = None


def first_columns(
    ask: Ask,
    table: Table,
    profiles: Sequence[ColumnProfile],
    suggested: Sequence[TaskSuggestion],
) -> FirstColumns:
    """Return the columns of the suggestion for `ask`, or what a table of it has."""
    for one in suggested:
        roles, cycles = one.settings.roles, one.settings.roles.calendar
        if ask_of(one.kind, has_groups=roles.group is not None) == ask:
            if ask == "many":
                cycles = fitting_cycles(longest_times(table, one.settings))
            return FirstColumns(
                group=roles.group,
                time=one.settings.time,
                targets=roles.targets,
                past=roles.past_features,
                known=roles.known_features,
                calendar=cycles,
                label=one.settings.label,
                test=one.settings.test_column,
                order=one.settings.order,
                label_scope=one.settings.label_scope,
            )
    group = suggest_group(table)
    time = tuple(name for name in suggest_time(table) if name != group)
    first = FirstColumns(group, suggested[0].settings.time if suggested else time)
    used = {group, *first.time}
    numbers = tuple(
        one.name for one in profiles if one.kind == "number" and one.name not in used
    )
    if ask == "anomaly":
        return replace(first, targets=numbers)
    if ask == "many":
        if not numbers:
            return first
        chosen = GroupSettings(Roles(numbers[-1:], group=group), first.time)
        cycles = fitting_cycles(longest_times(table, chosen))
        return replace(first, targets=numbers[-1:], calendar=cycles)
    return replace(first, past=numbers)


def choose_group_columns(
    ask: Ask,
    table: Table,
    profiles: Sequence[ColumnProfile],
    first: FirstColumns,
    *,
    has_test_file: bool,
) -> GroupChoice | None:
    """Show the form; None while a column is missing that the question needs."""
    form = ColumnChooser(f"data_{ask}", {one.name: one.kind for one in profiles})
    group = form.one("group", first.group, is_needed=ask in _NEEDS_GROUP)
    time = form.many("time", first.time)
    if ask in ("classification", "labelling"):
        label = form.one("class", next(iter(first.targets), None))
        targets = tuple(filter(None, (label,)))
    else:
        role = {"regression": "value", "anomaly": "watched"}.get(ask, "targets")
        targets = form.many(role, first.targets, is_long=ask == "anomaly")
    mark = form.one("mark", first.label) if ask == "anomaly" else None
    normal = None if mark is None else _choose_normal(table, mark)
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    if ask in _LABELLED:
        past = form.many("features", first.past, is_long=True)
    elif ask == "many":
        past = form.many("past", first.past, is_long=True)
        known = form.many("known", first.known, is_long=True)
    calendar: tuple[CalendarCycle, ...] = ()
    if form.has_stamps(time):
        calendar = form.calendar(first.calendar)
    test = None
    order: GroupOrder = "none"
    if group is not None and ask in _LABELLED:
        test = None if has_test_file else form.one("test", first.test)
        order = _choose_order(first)
    if _lacks(ask, group, targets, past):
        return None
    scopes: dict[Ask, LabelScope] = {"classification": "group", "labelling": "row"}
    kinds: dict[Ask, TargetKind] = {
        "regression": "numbers",
        "classification": "classes",
        "labelling": "classes",
    }
    settings = GroupSettings(
        roles=Roles(targets, past, known, calendar, group=group),
        time=time,
        target_kind=kinds.get(ask, "series"),
        label=mark,
        label_scope=scopes.get(ask, first.label_scope),
        order=order,
        test_column=test,
    )
    return GroupChoice(settings, normal)


def _choose_normal(table: Table, mark: str) -> str | None:
    names = cell_names(table, mark).dropna().unique()[: _MOST_NORMALS + 1]
    values = tuple(sorted(map(str, names)))
    if not values or len(values) > _MOST_NORMALS:
        return None
    key = "data_anomaly_normal"
    usual = [value for value in values if value.casefold() in NORMAL_WORDS]
    start_with_choices(key, values, (usual or values)[0])
    return str(
        st.selectbox(
            text("data.normal"),
            values,
            key=key,
            help=text("data.normal_help"),
            persist_state="session",
        )
    )


def _choose_order(first: FirstColumns) -> GroupOrder:
    start_with("data_order", first.order)
    return st.selectbox(
        text("data.order"),
        _ORDERS,
        format_func=lambda order: raw_text(f"data.order_{order}"),
        key="data_order",
        help=text("data.order_help"),
        persist_state="session",
    )


def _lacks(
    ask: Ask, group: str | None, targets: tuple[str, ...], past: tuple[str, ...]
) -> bool:
    """Say which column is missing; return whether one is."""
    if group is None and ask in _NEEDS_GROUP:
        st.info(text("data.no_group"), icon=":material/splitscreen:")
    elif not targets:
        st.info(text(f"data.no_target_{kind_of(ask)}"), icon=":material/target:")
    elif ask in _LABELLED and not past:
        st.info(text("data.no_features"), icon=":material/input:")
    else:
        return False
    return True
