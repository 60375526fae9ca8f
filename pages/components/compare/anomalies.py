"""When something was unusual, and when the winners noticed it."""

import pandas as pd
import streamlit as st

from pages.components.answers_data import anomaly_answers
from pages.components.charts.record import Chart, show_chart
from pages.components.charts.style import model_name
from pages.components.charts.timeline import anomaly_timeline
from pages.components.compare.choices import choose_group, show_problems, show_table
from pages.components.frame import error_boundary
from pages.components.scales import time_title
from pages.components.text import raw_text, text
from search.evaluation.kind_metrics import AnomalyResult
from search.study.folders import StudyHandle
from search.study.results import StudyResults


@st.fragment
def show_anomalies(study: StudyHandle, results: StudyResults) -> None:
    """Show scores and calls over time, and how many events were found."""
    with error_boundary():
        st.subheader(
            text("answers.timeline_heading"),
            help=text("answers.timeline_help"),
            anchor=False,
        )
        found = anomaly_answers(study, results)
        show_problems(found.problems)
        if found.models:
            names = next(iter(found.models.values())).places.names
            group = choose_group(study, names)
            chart = anomaly_timeline(
                found.models, group=group, x_title=time_title(study)
            )
            show_chart(chart, key="timeline")
        st.subheader(
            text("answers.events_heading"),
            help=text("answers.events_help"),
            anchor=False,
        )
        table = alarm_table(results)
        if len(table):
            show_table(table, key="events")
        else:
            st.info(text("answers.events_none"), icon=":material/info:")


def alarm_table(results: StudyResults) -> pd.DataFrame:
    """Return one line a model: events found, missed rows, false alarms, delay."""
    records = {str(cell): one.holdout for cell, one in results.winners.items()}
    records |= results.baselines
    return pd.DataFrame(
        [
            {
                raw_text("answers.event_model"): model_name(name),
                raw_text("answers.event_actual"): one.n_events,
                raw_text("answers.event_found"): one.n_found,
                raw_text("answers.event_delay"): one.detection_delay,
                raw_text("answers.event_missed"): _percent(one.missing_rate),
                raw_text("answers.event_false_rows"): _percent(one.false_alarm_rate),
            }
            for name, one in records.items()
            if isinstance(one, AnomalyResult) and one.f1 is not None
        ]
    )


def group_charts(study: StudyHandle, results: StudyResults) -> list[Chart]:
    """Return the timeline of the first group, for a report."""
    models = anomaly_answers(study, results).models
    if not models:
        return []
    group = next(iter(models.values())).places.names[0]
    return [anomaly_timeline(models, group=group, x_title=time_title(study))]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
