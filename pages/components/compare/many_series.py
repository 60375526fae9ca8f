"""Forecasts of many series: one at a time, and which of them are the hardest."""

import numpy as np
import streamlit as st

from pages.components.answers_data import GroupForecasts, group_forecasts
from pages.components.charts.record import Chart, show_chart
from pages.components.charts.values import group_error_chart
from pages.components.choosing import choose_target
from pages.components.compare.choices import choose_group, show_problems
from pages.components.compare.sections import show_forecasts
from pages.components.frame import error_boundary
from pages.components.scales import target_scale
from pages.components.text import text
from search.study.folders import StudyHandle
from search.study.results import StudyResults


@st.fragment
def show_many_series(study: StudyHandle, results: StudyResults) -> None:
    """Show the errors of each series, and forecasts of the one that is chosen."""
    with error_boundary():
        st.subheader(
            text("compare.windows_heading"),
            help=text("compare.windows_help", horizon=study.settings.task.horizon),
            anchor=False,
        )
        found = group_forecasts(study, results)
        show_problems(found.problems)
        if not found.models:
            return
        target = choose_target(study, key="compare_target")
        show_chart(series_errors(found.models, target), key="group_errors")
        group = choose_group(study, list(next(iter(found.models.values()))))
        models = {
            name: by_group[group][target] for name, by_group in found.models.items()
        }
        show_forecasts(study, models, target)


def series_errors(models: dict[str, GroupForecasts], target: str) -> Chart:
    """Return the chart of the mean absolute error of each series."""
    errors = {
        name: {
            group: float(np.abs(by_target[target].errors).mean())
            for group, by_target in by_group.items()
        }
        for name, by_group in models.items()
    }
    return group_error_chart(errors, target_scale(target), are_series=True)
