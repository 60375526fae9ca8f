"""The pictures of answers: one sequence while it runs, rows and values, scores."""

import numpy as np
import streamlit as st

from pages.components.charts.answers import (
    class_development_summary,
    class_rows_chart,
    development_chart,
    labels_summary,
    score_chart,
    values_chart,
)
from pages.components.charts.record import show_chart
from pages.components.draft import remember
from pages.components.scales import target_scale, time_title
from pages.components.scoring.data import SampleWinner
from pages.components.text import plain, raw_text, text
from search.analysis.newer.answers import Answers, develop_answer
from search.evaluation.panel import Panel

MOST_SHOWN = 1_500


def show_picture(
    winner: SampleWinner, answers: Answers, target: str, *, key: str
) -> None:
    """Draw the answers of the task: of whole sequences, or row by row."""
    number = _number(answers, target)
    task = answers.task
    is_whole = task.kind in ("regression", "classification")
    if is_whole and task.samples == "whole":
        if not task.has_classes:
            _show_sequences(answers, number)
        return
    places = choose_places(winner, answers, key=key)
    places = places[-MOST_SHOWN:]
    x_title = time_title(winner.study)
    known = None if answers.known is None else answers.known[places, number]
    times, values = answers.times[places], answers.values[places]
    if answers.detector is not None:
        threshold = answers.detector.threshold
        chart = score_chart(
            values[:, 0], times, threshold, x_title=x_title, known=known
        )
    elif task.has_classes:
        chart = class_rows_chart(
            values,
            times,
            task.classes,
            x_title=x_title,
            title=text("scoring.rows_title_labelling"),
            summary=labels_summary(values, task.classes),
            known=known,
        )
    else:
        chart = values_chart(
            values[:, number],
            times,
            target_scale(target),
            x_title=x_title,
            title=text("scoring.rows_title_values"),
            known=known,
            is_line=True,
        )
    show_chart(chart, key=f"{key}_rows")


def choose_places(winner: SampleWinner, answers: Answers, *, key: str) -> np.ndarray:
    """Return the answers of the group that is chosen; all of them without groups."""
    names = list(dict.fromkeys(answers.groups.tolist()))
    if len(names) < 2:
        return np.arange(len(answers))
    name = st.selectbox(_group_label(winner), names, key=f"{key}_group", width=400)
    return answers.of_group(name)


@st.fragment
def show_development(
    winner: SampleWinner,
    answers: Answers,
    target: str,
    *,
    panel: Panel,
    token: str,
    key: str,
) -> None:
    """Show what the network would have said while a sequence was running.

    Parameters
    ----------
    panel
        The rows that were answered.
    token
        What tells them from other rows.
    """
    task = answers.task
    if task.kind not in ("regression", "classification") or task.samples != "whole":
        return
    st.subheader(
        text("scoring.develop_heading"), help=text("scoring.develop_help"), anchor=False
    )
    number = _number(answers, target)
    names = answers.groups.tolist()
    name = st.selectbox(_group_label(winner), names, key=f"{key}_sequence", width=400)
    place = names.index(name)
    group = panel.group_names.index(name)
    model = winner.delivered.model
    values = remember(
        f"development_{key}",
        (*winner.name, token, name),
        lambda: develop_answer(model, panel, group),
    )
    seen = np.arange(model.rows_before, model.rows_before + len(values))
    known = None if answers.known is None else float(answers.known[place, number])
    if known is not None and not np.isfinite(known):
        known = None
    if task.has_classes:
        chart = class_rows_chart(
            values,
            seen,
            task.classes,
            x_title=raw_text("scoring.rows_seen"),
            title=text("scoring.develop_title"),
            summary=class_development_summary(values, task.classes, int(seen[0])),
        )
    else:
        chart = development_chart(
            values[:, number],
            seen,
            target_scale(target),
            known=known,
            spread=float(answers.values[:, number].std()),
        )
    show_chart(chart, key=f"{key}_development")


def _group_label(winner: SampleWinner) -> str:
    """Return the name of the column that tells the groups apart."""
    return plain(winner.study.settings.roles.group)


def _number(answers: Answers, target: str) -> int:
    """Return the column of a target; that of classes and scores is the first."""
    is_value = answers.detector is None and not answers.task.has_classes
    return answers.targets.index(target) if is_value else 0


def _show_sequences(answers: Answers, number: int) -> None:
    known = None if answers.known is None else answers.known[:MOST_SHOWN, number]
    chart = values_chart(
        answers.values[:MOST_SHOWN, number],
        answers.groups[:MOST_SHOWN],
        target_scale(answers.targets[number]),
        x_title=raw_text("scoring.group"),
        title=text("scoring.values_title"),
        known=known,
    )
    show_chart(chart, key="sequence_values")
