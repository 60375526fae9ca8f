"""Newer rows in tables and charts: errors beside the promise, inputs then and now."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components.charts.newer import StepErrors, came_chart, newer_step_chart
from pages.components.charts.record import show_chart
from pages.components.charts.style import model_name
from pages.components.forecast.newer_data import learned_rows
from pages.components.numbers import three_digits
from pages.components.scales import (
    error_scale,
    holdout_scale,
    target_scale,
    time_title,
)
from pages.components.seed_views import holdout_line
from pages.components.study_data import holdout_forecasts
from pages.components.text import plain, raw_text, text
from search.analysis.holdout.predictions import ErrorBand, Predictions, error_band
from search.analysis.newer.score import (
    NewerScore,
    band_coverage,
    drifted,
    step_metrics,
)
from search.config import Cell
from search.evaluation.change import Drift
from search.evaluation.kind_metrics import as_values
from search.evaluation.metrics import Metrics, forecast_metrics
from search.study.folders import StudyHandle
from search.study.results import StudyResults

_METRICS = {
    "mae": "MAE",
    "rmse": "RMSE",
    "mse": "MSE",
    "mase": "MASE",
    "smape": "sMAPE [%]",
    "r2": "R²",
}


def show_score(
    study: StudyHandle,
    results: StudyResults,
    cell: Cell,
    target: str,
    score: NewerScore,
    holdout: Predictions | None,
) -> None:
    """Show the metrics side by side, forecasts against what came, error by step."""
    band = None if holdout is None else error_band(holdout)
    _show_table(study, results, cell, target, score, band)
    shown, scale = score.forecasts[target], target_scale(target)
    step = 1
    if shown.horizon > 1:
        step = st.select_slider(
            text("newer.step"),
            [int(one) for one in shown.steps],
            key="newer_step",
            help=text("newer.step_help"),
            width=420,
        )
    show_chart(
        came_chart(
            shown, band, scale, cell=cell, step=step - 1, x_title=time_title(study)
        ),
        key="newer_came",
    )
    learned = learned_rows(study).of(target)
    errors = StepErrors(
        newer=shown,
        holdout=holdout,
        naive=score.naive[target],
        naive_name=score.naive_name,
        metrics=step_metrics(shown, float(learned.naive_scale[0])),
    )
    if shown.horizon > 1:
        scale = error_scale(target, mean=True)
        show_chart(newer_step_chart(errors, scale, cell=cell), key="newer_steps")


def show_inputs(changes: Sequence[Drift]) -> None:
    """Show how each column compares with what the network learned from."""
    flagged = {one.column for one in drifted(changes)}
    st.dataframe(
        pd.DataFrame([_input_row(one, one.column in flagged) for one in changes]),
        hide_index=True,
        key="newer_inputs",
        alt=text("newer.tab_inputs"),
    )
    st.caption(text("newer.inputs_note"))


def _show_table(
    study: StudyHandle,
    results: StudyResults,
    cell: Cell,
    target: str,
    score: NewerScore,
    band: ErrorBand | None,
) -> None:
    winner = results.winners[cell]
    naive = model_name(score.naive_name)
    promised = winner.targets.get(target, as_values(winner.holdout))
    rows = [
        _row(raw_text("newer.row_newer", cell=cell), score.metrics[target]),
        _row(raw_text("newer.row_holdout", cell=cell), promised),
        _row(raw_text("newer.row_naive", model=naive), score.naive_metrics[target]),
    ]
    before = holdout_forecasts(study, results).models.get(target, {})
    if score.naive_name in before:
        metrics = _metrics_of(study, target, before[score.naive_name])
        rows.append(_row(raw_text("newer.row_naive_holdout", model=naive), metrics))
    inside = raw_text("newer.column_inside")
    table = pd.DataFrame(rows)
    if band is not None:
        held = float(band_coverage(score.forecasts[target], band).mean())
        share = raw_text("newer.percent", share=round(100 * held))
        table[inside] = [share, *["–"] * (len(rows) - 1)]
    st.dataframe(
        table,
        hide_index=True,
        key="newer_table",
        alt=text("newer.tab_score"),
        column_config={
            name: st.column_config.TextColumn(alignment="right")
            for name in table.columns[1:]
        },
    )
    if len(study.settings.roles.targets) == 1 and len(winner.seeds) > 1:
        line = holdout_line(winner, study.settings.task.score, holdout_scale(study))
        st.caption(plain(line))


def _row(name: str, metrics: Metrics) -> dict[str, str]:
    values = {
        label: three_digits(getattr(metrics, field))
        for field, label in _METRICS.items()
    }
    return {raw_text("newer.column_what"): name, **values}


def _metrics_of(study: StudyHandle, target: str, shown: Predictions) -> Metrics:
    scale = learned_rows(study).of(target).naive_scale
    return forecast_metrics(
        shown.actual[..., None], shown.predicted[..., None], naive_scale=scale
    )


def _input_row(one: Drift, is_flagged: bool) -> dict[str, str]:
    verdict = "verdict_changed" if is_flagged else "verdict_same"
    if one.p_value is None:
        verdict = "verdict_few"
    return {
        raw_text("newer.column_column"): one.column,
        raw_text("newer.column_verdict"): raw_text(f"newer.{verdict}"),
        raw_text("newer.column_outside"): raw_text(
            "newer.percent", share=f"{100 * one.outside:.2g}"
        ),
        raw_text("newer.column_range"): raw_text(
            "setup.range_words", low=three_digits(one.low), high=three_digits(one.high)
        ),
        raw_text("newer.column_seen"): raw_text(f"newer.seen_{one.seen}"),
        raw_text("newer.column_before"): three_digits(one.before),
        raw_text("newer.column_after"): three_digits(one.after),
        raw_text("newer.column_distance"): three_digits(one.distance),
        raw_text("newer.column_chance"): three_digits(one.p_value),
    }
