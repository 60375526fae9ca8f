"""Answers that the file has itself, held against what the holdout promised."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.charts.confusion import confusion_chart
from pages.components.charts.record import show_chart
from pages.components.numbers import count, three_digits
from pages.components.text import raw_text, text
from search.analysis.newer.judged import LEVEL, Judged, loss_change
from search.config import Cell, Task

_PERCENT = ("accuracy", "precision", "recall", "false_alarm_rate", "missing_rate")
_COUNTS = ("events", "events_found", "events_called", "events_wrong")


def show_promise(
    task: Task, found: Judged | None, holdout: Judged | None, *, cell: Cell
) -> None:
    """Say whether the answers are as good as on the holdout.

    Parameters
    ----------
    task
        What was asked for.
    found
        Answers that are known; None where the file says nothing.
    holdout
        Those of the holdout; None where there are none.
    cell
        The winner that answered.
    """
    st.subheader(
        text("scoring.promise_heading"), help=text("scoring.promise_help"), anchor=False
    )
    if found is None:
        figures = "–" if holdout is None else _figures_words(task, holdout)
        st.markdown(text("scoring.no_truth", figures=figures))
        return
    st.markdown(_verdict(task, found, holdout))
    promised = {} if holdout is None else holdout.figures
    table = pd.DataFrame(
        [
            {
                raw_text("scoring.figure"): _figure_name(task, name),
                raw_text("scoring.on_file"): _shown(name, value),
                raw_text("scoring.on_holdout"): _shown(name, promised.get(name)),
            }
            for name, value in found.figures.items()
        ]
    )
    st.dataframe(table, hide_index=True, key="scoring_figures", width="content")
    if task.has_classes:
        counts = found.confusion.tolist()
        chart = confusion_chart(counts, task.classes, name=cell)
        words = text(
            "scoring.confusion_summary",
            right=count(int(np.trace(found.confusion))),
            total=count(len(found)),
        )
        chart = replace(chart, summary=words)
        show_chart(chart, key="confusion")


def _verdict(task: Task, found: Judged, holdout: Judged | None) -> str:
    what = raw_text(f"scoring.what_{_what(task)}")
    if holdout is None:
        after = _loss(task, float(found.losses.mean()))
        return text("scoring.alone", what=what, after=after)
    change = loss_change(holdout, found)
    is_groups = len(set(found.groups.tolist())) >= change.n_units
    values = {
        "what": what,
        "after": _loss(task, change.after),
        "before": _loss(task, change.before),
        "n": count(change.n_units),
        "units": raw_text(f"scoring.units_{'group' if is_groups else 'rows'}"),
    }
    if change.p_value is None:
        return text("scoring.too_few", **values)
    key = "kept"
    if change.p_value < LEVEL:
        key = "worse" if change.after > change.before else "better"
    return text(f"scoring.{key}", p=three_digits(change.p_value), **values)


def _what(task: Task) -> str:
    if task.has_classes:
        return "errors"
    return "calls" if task.kind == "anomaly" else "values"


def _loss(task: Task, value: float) -> str:
    return three_digits(value) if _what(task) == "values" else f"{100 * value:.1f} %"


def _figure_name(task: Task, name: str) -> str:
    is_anomaly = task.kind == "anomaly" and name == "f1"
    return raw_text(
        "scoring.figure_f1_anomaly" if is_anomaly else f"scoring.figure_{name}"
    )


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name in _COUNTS:
        return count(int(value))
    return f"{100 * value:.1f} %" if name in _PERCENT else three_digits(value)


def _figures_words(task: Task, judged: Judged) -> str:
    return ", ".join(
        f"{_figure_name(task, name)} {_shown(name, value)}"
        for name, value in judged.figures.items()
        if name not in _COUNTS
    )
