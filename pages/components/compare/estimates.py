"""How close the numbers are that the winners estimate, and where they are not."""

import streamlit as st

from pages.components.answers_data import value_answers
from pages.components.charts.record import Chart, show_chart
from pages.components.charts.values import (
    errors_by_group,
    group_error_chart,
    level_chart,
    value_chart,
)
from pages.components.choosing import choose_target
from pages.components.compare.choices import show_problems
from pages.components.frame import error_boundary
from pages.components.scales import target_scale
from pages.components.text import text
from search.analysis.holdout.answers import ValueAnswers
from search.study.folders import StudyHandle
from search.study.results import StudyResults


@st.fragment
def show_estimates(study: StudyHandle, results: StudyResults) -> None:
    """Show estimates against actual values, and errors by level and group."""
    with error_boundary():
        st.subheader(
            text("answers.values_heading"),
            help=text("answers.values_help"),
            anchor=False,
        )
        found = value_answers(study, results)
        show_problems(found.problems)
        if not found.models:
            return
        target = choose_target(study, key="compare_target")
        models = {name: by_target[target] for name, by_target in found.models.items()}
        agreement, *others = estimate_charts(models, target)
        show_chart(agreement, key="agreement")
        for column, chart, key in zip(
            st.columns(2), others, ("levels", "group_errors"), strict=False
        ):
            with column:
                show_chart(chart, key=key)


def estimate_charts(models: dict[str, ValueAnswers], target: str) -> list[Chart]:
    """Return the charts of one target; that by group only where there are several."""
    scale = target_scale(target)
    charts = [value_chart(models, scale), level_chart(models, scale)]
    if len(next(iter(models.values())).places.names) > 1:
        errors = {name: errors_by_group(one) for name, one in models.items()}
        charts.append(group_error_chart(errors, scale))
    return charts
