"""The table of the answers, and its download."""

import math
from typing import Any

import numpy as np
import streamlit as st

from pages.components.csv_files import csv_bytes
from pages.components.downloads import file_name
from pages.components.numbers import count, three_digits
from pages.components.scoring.data import SampleWinner
from pages.components.text import plain, raw_text, text
from search.analysis.newer.answers import Answers
from search.evaluation.panel import Panel

PREVIEW_ROWS = 200
_UNSURE = 0.6


def show_answers(winner: SampleWinner, answers: Answers, panel: Panel) -> None:
    """Show what was answered: in a sentence, as a table, as a download.

    Parameters
    ----------
    panel
        The rows that were answered.
    """
    st.subheader(text("scoring.answers_heading"), anchor=False)
    st.markdown(answers_sentence(answers))
    table = answers.table()
    shown = table.head(PREVIEW_ROWS)
    numbers = shown["row"] - panel.group_starts[shown["row"]] + 1
    st.dataframe(
        shown.assign(row=numbers),
        hide_index=True,
        key="scoring_table",
        column_config=_columns(winner, answers),
    )
    if len(table) > PREVIEW_ROWS:
        note = text("scoring.answers_note", n=PREVIEW_ROWS, total=count(len(table)))
        st.caption(note)
    st.download_button(
        text("scoring.answers_csv"),
        lambda: csv_bytes(table),
        file_name=file_name(winner.study, winner.cell, "answers.csv"),
        mime="text/csv",
        key="scoring_csv",
        icon=":material/download:",
        on_click="ignore",
    )


def answers_sentence(answers: Answers) -> str:
    """Say in a sentence or two what the answers are."""
    if answers.detector is not None:
        called = answers.is_called
        starts = np.diff(called.astype(int), prepend=0) == 1
        return text(
            "scoring.called",
            n=count(int(called.sum())),
            total=count(len(called)),
            stretches=count(int(starts.sum())),
            reason=answers.detector.reason,
        )
    if answers.task.has_classes:
        places = np.bincount(
            answers.values.argmax(axis=1), minlength=len(answers.task.classes)
        )
        named = [
            raw_text("scoring.count_one", name=name, n=count(int(n)))
            for name, n in zip(answers.task.classes, places, strict=True)
            if n
        ]
        words = text("scoring.counts", counts=", ".join(named))
        n_unsure = int((answers.values.max(axis=1) < _UNSURE).sum())
        if n_unsure:
            words += " " + text(
                "scoring.sure", n=count(n_unsure), total=count(len(answers))
            )
        return words
    values = answers.values[:, 0]
    return text(
        "scoring.values_summary",
        n=count(len(values)),
        low=three_digits(float(values.min())),
        high=three_digits(float(values.max())),
        middle=three_digits(float(np.median(values))),
    )


def _columns(winner: SampleWinner, answers: Answers) -> dict[str, Any]:
    is_whole = answers.task.kind in ("regression", "classification")
    group = winner.study.settings.roles.group
    config: dict[str, Any] = {
        "group": plain(group or raw_text("scoring.group")),
        "row": st.column_config.NumberColumn(
            raw_text("scoring.row" if is_whole else "scoring.row_only"),
            help=text("scoring.row_help"),
        ),
        "timestamp": raw_text("scoring.time"),
        "predicted": raw_text("scoring.predicted"),
        "actual": raw_text("scoring.actual"),
        "label": st.column_config.CheckboxColumn(raw_text("scoring.label")),
        "score": st.column_config.NumberColumn(
            raw_text("scoring.score"), format="%.3f"
        ),
        "threshold": st.column_config.NumberColumn(
            raw_text("scoring.threshold"), format="%.3f"
        ),
        "anomaly": st.column_config.CheckboxColumn(raw_text("scoring.anomaly")),
    }
    if not winner.study.settings.source.time_columns:
        config["timestamp"] = None  # it only counts the rows
    if answers.detector is None and not answers.task.has_classes:
        for place, name in enumerate(answers.targets):
            written = _digits(answers.values[:, place])
            for kind in ("predicted", "actual"):
                column = kind if len(answers.targets) == 1 else f"{kind} {name}"
                title = raw_text(f"scoring.{kind}")
                if len(answers.targets) > 1:
                    title = f"{title}, {plain(name)}"
                config[column] = st.column_config.NumberColumn(title, format=written)
    for name in answers.task.classes:
        config[f"p_{name}"] = st.column_config.ProgressColumn(
            plain(name), min_value=0.0, max_value=1.0, format="percent"
        )
    return config


def _digits(values: np.ndarray) -> str:
    """Return a format for values that tells them apart: a hundredth of their spread."""
    spread = float(values.std())
    places = 2 - math.floor(math.log10(spread)) if spread > 0 else 3
    return f"%.{min(max(places, 0), 9)}f"
