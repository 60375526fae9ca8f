"""Which classes the winners tell apart: matrices, curves, mistakes, time."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from pages.components.answers_data import class_answers
from pages.components.charts.confusion import confusion_chart
from pages.components.charts.record import Chart, show_chart
from pages.components.charts.roc import roc_chart
from pages.components.charts.style import model_name
from pages.components.charts.timeline import label_timeline
from pages.components.charts.times import time_words
from pages.components.compare.choices import (
    choose_group,
    choose_one,
    show_problems,
    show_table,
)
from pages.components.compare.table import written
from pages.components.frame import error_boundary
from pages.components.scales import time_title
from pages.components.text import raw_text, text
from search.analysis.comparison.numbers import best_baseline
from search.analysis.holdout.answers import ClassAnswers
from search.analysis.holdout.class_answers import roc_curve, wrong_calls
from search.evaluation.kind_metrics import ClassResult
from search.study.folders import StudyHandle
from search.study.results import StudyResults

MOST_MISTAKES = 12


@st.fragment
def show_classes(study: StudyHandle, results: StudyResults) -> None:
    """Show which classes are mixed up, how sure the mistakes are, and when they are."""
    with error_boundary():
        _show_matrices(study, results)
        found = class_answers(study, results)
        show_problems(found.problems)
        if found.models:
            _show_curves(study, found.models)
            if study.settings.task.kind == "labelling":
                _show_timeline(study, results, found.models)
            _show_mistakes(study, found.models)


def class_records(study: StudyHandle, results: StudyResults) -> dict[str, ClassResult]:
    """Return the metrics of the winners, then those of the best baseline."""
    records = {str(cell): one.holdout for cell, one in results.winners.items()}
    best = best_baseline(results.baselines, study.settings.task.score)
    if best is not None:
        records[best] = results.baselines[best]
    return {name: one for name, one in records.items() if isinstance(one, ClassResult)}


def matrix_charts(study: StudyHandle, results: StudyResults) -> dict[str, Chart]:
    """Return the chart of each confusion matrix."""
    classes = study.settings.task.classes
    return {
        name: confusion_chart(record.confusion, classes, name=name)
        for name, record in class_records(study, results).items()
    }


def per_class_table(records: Mapping[str, ClassResult]) -> pd.DataFrame:
    """Return one line for each class and model."""
    names = next(iter(records.values())).per_class if records else {}
    return pd.DataFrame(
        [
            {
                raw_text("answers.per_class_class"): name,
                raw_text("answers.per_class_model"): model_name(model),
                raw_text("answers.per_class_samples"): score.n_samples,
                raw_text("answers.per_class_precision"): 100 * score.precision,
                raw_text("answers.per_class_recall"): 100 * score.recall,
                raw_text("answers.per_class_f1"): score.f1,
                raw_text("answers.per_class_auc"): score.auc,
            }
            for name in names
            for model, record in records.items()
            for score in [record.per_class[name]]
        ]
    )


def event_table(records: Mapping[str, ClassResult]) -> pd.DataFrame:
    """Return one line a model: events, those found, alarms, and the delay."""
    return pd.DataFrame(
        [
            {
                raw_text("answers.event_model"): model_name(name),
                raw_text("answers.event_actual"): events.n_actual,
                raw_text("answers.event_found"): round(
                    (events.recall or 0) * events.n_actual
                ),
                raw_text("answers.event_alarms"): events.n_called,
                raw_text("answers.event_false"): round(
                    (1 - (events.precision or 0)) * events.n_called
                ),
                raw_text("answers.event_f1"): events.f1,
                raw_text("answers.event_delay"): events.delay,
            }
            for name, record in records.items()
            if (events := record.events) is not None
        ]
    )


def mistake_table(
    models: Mapping[str, ClassAnswers],
    classes: Sequence[str],
    *,
    most: int | None = None,
) -> pd.DataFrame:
    """Return the wrong calls of each model, the surest first."""
    lines = [
        {
            raw_text("answers.wrong_model"): model_name(name),
            raw_text("answers.wrong_group"): one.places.groups[call.place],
            raw_text("answers.wrong_row"): int(one.places.rows[call.place]),
            raw_text("answers.wrong_time"): time_words([one.places.times[call.place]])[
                0
            ],
            raw_text("answers.wrong_actual"): classes[call.actual],
            raw_text("answers.wrong_called"): classes[call.called],
            raw_text("answers.wrong_probability"): 100 * call.probability,
            raw_text("answers.wrong_right"): 100 * call.right_probability,
        }
        for name, one in models.items()
        for call in wrong_calls(one, most=most)
    ]
    table = pd.DataFrame(lines)
    if not lines:
        return table
    surest = raw_text("answers.wrong_probability")
    return table.sort_values(surest, ascending=False, kind="stable").head(most)


def roc_of_class(
    models: Mapping[str, ClassAnswers], classes: Sequence[str], place: int
) -> Chart:
    """Return the ROC curves of all models for one class."""
    curves = {
        name: curve
        for name, one in models.items()
        if (curve := roc_curve(one, place)) is not None
    }
    return roc_chart(curves, class_name=classes[place])


def _show_matrices(study: StudyHandle, results: StudyResults) -> None:
    st.subheader(
        text("answers.classes_heading"),
        help=text("answers.classes_help"),
        anchor=False,
    )
    charts = list(matrix_charts(study, results).items())
    # Two in a row stay readable; narrow screens put them below each other anyway.
    for pair in (charts[k : k + 2] for k in range(0, len(charts), 2)):
        for column, (name, chart) in zip(st.columns(2), pair, strict=False):
            with column:
                show_chart(chart, key=f"confusion_{name}")
    records = class_records(study, results)
    st.markdown(f"##### {text('answers.per_class_heading')}")
    show_table(per_class_table(records), key="per_class")


def _show_curves(study: StudyHandle, models: dict[str, ClassAnswers]) -> None:
    classes = study.settings.task.classes
    places = list(range(len(classes)))
    # Of two classes each curve is the mirror of the other.
    place = (
        places[-1]
        if len(classes) == 2
        else choose_one(
            places,
            text("answers.choose_class"),
            key="compare_class",
            words=lambda place: classes[place],
        )
    )
    show_chart(roc_of_class(models, classes, place), key="roc")


def _show_timeline(
    study: StudyHandle, results: StudyResults, models: dict[str, ClassAnswers]
) -> None:
    st.subheader(
        text("answers.timeline_heading"),
        help=text("answers.timeline_help"),
        anchor=False,
    )
    group = choose_group(study, next(iter(models.values())).places.names)
    chart = label_timeline(
        models, study.settings.task.classes, group=group, x_title=time_title(study)
    )
    show_chart(chart, key="timeline")
    table = event_table(class_records(study, results))
    if len(table):
        st.markdown(
            f"##### {text('answers.events_heading')}", help=text("answers.events_help")
        )
        show_table(table, key="events")


def _show_mistakes(study: StudyHandle, models: dict[str, ClassAnswers]) -> None:
    st.subheader(
        text("answers.wrong_heading"), help=text("answers.wrong_body"), anchor=False
    )
    classes = study.settings.task.classes
    shown = mistake_table(models, classes, most=MOST_MISTAKES)
    if not len(shown):
        st.markdown(text("answers.wrong_none"))
        return
    st.caption(text("answers.wrong_body"))
    show_table(
        without_places(shown, study),
        key="mistakes",
        numbers=lambda: mistake_table(models, classes),
    )


def without_places(table: pd.DataFrame, study: StudyHandle) -> pd.DataFrame:
    """Return the mistakes without the columns that say nothing to a person.

    A row is a number over all sequences; of a whole sequence its time says nothing.
    """
    settings = study.settings
    hidden = ["row"]
    if settings.task.kind == "classification" and settings.task.samples == "whole":
        hidden.append("time")
    if settings.roles.group is None:
        hidden.append("group")
    titles = [raw_text(f"answers.wrong_{name}") for name in hidden]
    return table.drop(columns=titles, errors="ignore")


def report_tables(study: StudyHandle, results: StudyResults) -> list[pd.DataFrame]:
    """Return the tables for a report: class by class, events, surest mistakes."""
    records = class_records(study, results)
    classes = study.settings.task.classes
    models = class_answers(study, results).models
    tables = [
        per_class_table(records),
        event_table(records),
        without_places(mistake_table(models, classes, most=MOST_MISTAKES), study),
    ]
    return [written(table) for table in tables if len(table)]
