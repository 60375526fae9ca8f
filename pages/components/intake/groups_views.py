"""The parts of the Data page for sequences and labelled rows: preview and confirm."""

import secrets

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.draft import DraftGroups, keep_series, start_with_choices
from pages.components.figure import show_figure
from pages.components.frame import next_step
from pages.components.intake.ask_form import Ask, kind_of
from pages.components.intake.group_charts import (
    Drawn,
    classes_figure,
    labelled_figure,
    lengths_figure,
    sequences_figure,
)
from pages.components.intake.groups_form import GroupChoice
from pages.components.numbers import count
from pages.components.state import go_to
from pages.components.text import plain, raw_text, text
from pages.components.theme import PROBLEM
from search.config import Roles, Task
from search.data.groups.anomalies import mark_anomalies
from search.data.groups.build import build_groups
from search.data.groups.preview import NORMAL, Preview, preview_frame
from search.data.groups.record import GroupReport
from search.data.table import Table
from search.errors import UserInputError

_MOST_DRAWN = 12
_FIRST_DRAWN = 4


def show_groups(
    preview: Preview, report: GroupReport, *, normal: str | None = None
) -> None:
    """Draw sequences, and how many and how long they are.

    Parameters
    ----------
    preview, report
        The rows, and what was found about them.
    normal
        The value that means normal, where a column marks what is not.
    """
    if not preview.columns or not len(preview.frame):
        st.info(text("data.nothing_to_draw"), icon=":material/show_chart:")
        return
    if len(preview.names) == 1:
        if normal is None:
            _show_rows(preview)
            _show_classes(preview, report)
        else:
            _show_marked(preview, normal)
        return
    names = ["sequences", "lengths"]
    if report.classes:
        names.insert(1, "classes")
    tabs = st.tabs([text(f"data.tab_{name}") for name in names])
    for name, tab in zip(names, tabs, strict=True):
        with tab:
            if name == "sequences":
                _show_sequences(preview, of_groups=report.label_scope == "group")
            elif name == "classes":
                _show_classes(preview, report)
            else:
                _show_lengths(report)


def show_study_groups(values: pd.DataFrame, roles: Roles, task: Task) -> None:
    """Draw the stored sequences or labelled rows of a study.

    Parameters
    ----------
    values
        Rows with the name of their group; see `search.data.groups.frame`.
    roles, task
        Columns, and what is asked.
    """
    st.markdown(f"##### {text('data.preview_title')}")
    preview = preview_frame(values, roles, task)
    if len(preview.names) > 1:
        _show_sequences(preview, of_groups=task.kind == "classification")
    elif NORMAL in preview.classes and task.kind == "anomaly":
        _show_marked(preview, NORMAL)
    else:
        _show_rows(preview)


def show_confirm_groups(
    ask: Ask, table: Table, choice: GroupChoice, report: GroupReport
) -> None:
    """Offer to go on, or say what is left to settle."""
    n_groups = len(report.names)
    with next_step():
        if not report.is_ready:
            n_open = sum(finding.is_blocking for finding in report.findings)
            st.markdown(text("data.not_ready_groups", n=n_open), width="stretch")
        elif choice.settings.roles.group is None:
            st.markdown(text("data.ready", n=count(report.n_rows)), width="stretch")
        else:
            key = "data.ready_series" if ask == "many" else "data.ready_groups"
            n, rows = count(n_groups), count(report.n_rows)
            st.markdown(text(key, n=n, rows=rows), width="stretch")
        clicked = st.button(
            text("data.confirm_groups"),
            key="data_next",
            type="primary",
            icon=":material/arrow_forward:",
            disabled=not report.is_ready,
        )
    if clicked:
        _confirm(ask, table, choice)


def _confirm(ask: Ask, table: Table, choice: GroupChoice) -> None:
    try:
        built = build_groups(table, choice.settings)
        label = choice.settings.label
        if label is not None:
            built = mark_anomalies(built, label, normal=choice.normal)
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return
    keep_series(DraftGroups(built, kind_of(ask), token=secrets.token_hex(8)))
    go_to("setup")


def _show_sequences(preview: Preview, *, of_groups: bool) -> None:
    """Draw one column of some sequences, coloured by class where each has one."""
    column = _choose_column(preview)
    offered = tuple(preview.names)
    start_with_choices("data_drawn_groups", offered, list(preview.first(_FIRST_DRAWN)))
    chosen = st.multiselect(
        text("data.drawn_groups"),
        offered,
        key="data_drawn_groups",
        max_selections=_MOST_DRAWN,
        placeholder=text("data.drawn_groups_placeholder"),
    )
    drawn = [
        Drawn(
            name,
            preview.values(name, column),
            preview.place_of(name) if of_groups else None,
        )
        for name in chosen
    ]
    show_figure(
        sequences_figure(drawn, column=column, classes=preview.classes),
        key="sequences",
        title="",
        summary=text("data.sequences_summary", n=len(drawn), name=column,
                     total=count(len(preview.names))),
        numbers=lambda: pd.DataFrame(
            {one.name: pd.Series(one.values) for one in drawn}
        ),
    )  # fmt: skip


def _show_rows(preview: Preview) -> None:
    column = _choose_column(preview)
    series = pd.Series(
        preview.values(preview.names[0], column), preview.index, name=column
    )
    key = "data.rows_summary" if preview.classes else "data.series_summary"
    show_figure(
        labelled_figure(series, preview.row_places, preview.classes),
        key="sequences",
        title="",
        summary=text(key, n=count(len(series)), name=column),
        numbers=lambda: preview.frame,
    )


def _show_marked(preview: Preview, normal: str) -> None:
    """Draw one column with what is marked as unusual."""
    column = _choose_column(preview)
    series = pd.Series(
        preview.values(preview.names[0], column), preview.index, name=column
    )
    is_odd = preview.row_places >= 0
    if normal in preview.classes:
        is_odd &= preview.row_places != preview.classes.index(normal)
    show_figure(
        labelled_figure(
            series,
            np.where(is_odd, 0, -1),
            [raw_text("data.unusual")],
            colours=[PROBLEM],
        ),
        key="sequences",
        title="",
        summary=text("data.marked_summary", n=count(len(series)), name=column,
                     odd=count(int(is_odd.sum()))),
        numbers=lambda: preview.frame,
    )  # fmt: skip


def _show_classes(preview: Preview, report: GroupReport) -> None:
    if not report.classes:
        return
    of_groups = report.label_scope == "group"
    pairs = zip(report.classes, report.class_counts, strict=False)
    what = raw_text("data.axis_sequences" if of_groups else "data.axis_rows")
    show_figure(
        classes_figure(report.classes, report.class_counts, of_groups=of_groups),
        key="classes",
        title="" if len(preview.names) > 1 else text("data.tab_classes"),
        summary=text(
            "data.classes_summary",
            what=what,
            counts=", ".join(f"{name} {count(n)}" for name, n in pairs),
        ),
        numbers=lambda: pd.DataFrame(
            {"class": list(report.classes), what: list(report.class_counts)}
        ),
    )


def _show_lengths(report: GroupReport) -> None:
    lengths = np.asarray(report.lengths)
    is_equal = lengths.min() == lengths.max()
    show_figure(
        lengths_figure(report.lengths),
        key="lengths",
        title="",
        summary=text(
            "data.lengths_equal" if is_equal else "data.lengths_summary",
            n=count(len(lengths)),
            low=count(int(lengths.min())),
            high=count(int(lengths.max())),
            middle=count(int(np.median(lengths))),
        ),
        numbers=lambda: pd.DataFrame(
            {"sequence": report.names, raw_text("data.axis_length"): lengths}
        ),
    )


def _choose_column(preview: Preview) -> str:
    columns = tuple(preview.columns)
    if len(columns) == 1:
        return columns[0]
    start_with_choices("data_drawn", columns, columns[0])
    return str(st.selectbox(text("data.drawn"), columns, key="data_drawn", width=320))
