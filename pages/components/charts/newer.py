"""Forecasts for newer rows against what came, and their error by step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pages.components.charts.record import Chart, Scale
from pages.components.charts.style import model_line, model_name
from pages.components.charts.times import speak_times
from pages.components.numbers import with_unit
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import ACTUAL, CELL_COLOURS, new_figure
from search.analysis.holdout.predictions import ErrorBand, Predictions, error_by_step
from search.config import Cell
from search.data.thinning import thin
from search.evaluation.metrics import Metrics

MOST_POINTS = 1500


@dataclass(frozen=True)
class StepErrors:
    """Errors by step.

    Attributes
    ----------
    newer, holdout, naive
        Forecasts of a winner for newer rows and for the holdout (None if they are
        gone), and of the best baseline for the newer rows.
    naive_name
        Name of that baseline.
    metrics
        All metrics of each step of `newer`.
    """

    newer: Predictions
    holdout: Predictions | None
    naive: Predictions
    naive_name: str
    metrics: Sequence[Metrics]


def came_chart(
    shown: Predictions,
    band: ErrorBand | None,
    scale: Scale,
    *,
    cell: Cell,
    step: int,
    x_title: str,
) -> Chart:
    """Draw what was forecast `step` + 1 steps ahead, what came, and the band."""
    times, actual = shown.times[:, step], shown.actual[:, step]
    predicted = shown.predicted[:, step]
    kept = np.union1d(
        thin(actual, None, MOST_POINTS // 2), thin(predicted, None, MOST_POINTS // 2)
    )
    figure = new_figure(x_title=x_title, y_title=scale.axis, height=400)
    colour = CELL_COLOURS[cell]
    numbers = {
        raw_text("charts.time"): times,
        raw_text("newer.column_actual"): actual,
        raw_text("newer.column_forecast"): predicted,
    }
    if band is not None:
        low = predicted - band.half_width[step]
        high = predicted + band.half_width[step]
        numbers[raw_text("charts.band_low")] = low
        numbers[raw_text("charts.band_high")] = high
        figure.add_scatter(
            x=np.concatenate([times[kept], times[kept][::-1]]),
            y=np.concatenate([high[kept], low[kept][::-1]]),
            fill="toself",
            fillcolor=colour,
            opacity=0.2,
            line={"width": 0, "color": colour},
            mode="lines",
            name=chart_text("charts.band"),
            hoverinfo="skip",
        )
    mode = "lines+markers" if len(kept) <= 60 else "lines"
    figure.add_scatter(
        x=times[kept],
        y=actual[kept],
        mode=mode,
        line={"color": ACTUAL, "width": 2},
        name=chart_text("charts.actual"),
        hovertemplate=scale.hover,
    )
    figure.add_scatter(
        x=times[kept],
        y=predicted[kept],
        mode=mode,
        name=chart_text("charts.forecast", cell=cell),
        hovertemplate=scale.hover,
        **model_line(cell),
    )
    speak_times(figure, times)
    error = float(np.abs(predicted - actual).mean())
    return Chart(
        figure=figure,
        title=text("newer.came_title", step=step + 1),
        summary=_came_summary(actual, predicted, band, step, scale, error),
        numbers=lambda: pd.DataFrame(numbers),
    )


def newer_step_chart(errors: StepErrors, scale: Scale, *, cell: Cell) -> Chart:
    """Draw the mean absolute error of each step: newer rows, holdout, baseline."""
    figure = new_figure(x_title=chart_text("charts.step"), y_title=scale.axis)
    steps = errors.newer.steps
    mode = "lines+markers" if len(steps) <= 48 else "lines"
    lines = [
        (chart_text("newer.line_newer", cell=cell), errors.newer, model_line(cell)),
        (
            chart_text("newer.line_naive", model=model_name(errors.naive_name)),
            errors.naive,
            model_line(errors.naive_name),
        ),
    ]
    if errors.holdout is not None:
        look = {
            "line": {"color": CELL_COLOURS[cell], "dash": "longdash", "width": 1.5},
            "marker": {"color": CELL_COLOURS[cell], "symbol": "square-open", "size": 7},
        }
        lines.insert(
            1, (chart_text("newer.line_holdout", cell=cell), errors.holdout, look)
        )
    for name, predictions, look in lines:
        figure.add_scatter(
            x=steps,
            y=error_by_step(predictions),
            mode=mode,
            name=name,
            hovertemplate=scale.hover,
            **look,
        )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(tickformat="d")
    first, last = errors.metrics[0].mae, errors.metrics[-1].mae
    return Chart(
        figure=figure,
        title=text("newer.step_title"),
        summary=text(
            "newer.step_summary",
            cell=cell,
            first=with_unit(first, scale.unit),
            last=with_unit(last, scale.unit),
        ),
        numbers=lambda: _step_numbers(errors),
    )


def _step_numbers(errors: StepErrors) -> pd.DataFrame:
    table = pd.DataFrame(
        [
            {name: getattr(one, name) for name in Metrics.__dataclass_fields__}
            for one in errors.metrics
        ]
    )
    table.insert(0, raw_text("charts.step"), errors.newer.steps)
    if errors.holdout is not None:
        table[raw_text("newer.column_holdout")] = error_by_step(errors.holdout)
    table[raw_text("newer.column_naive")] = error_by_step(errors.naive)
    return table


def _came_summary(
    actual: np.ndarray,
    predicted: np.ndarray,
    band: ErrorBand | None,
    step: int,
    scale: Scale,
    error: float,
) -> str:
    said = text(
        "newer.came_summary",
        n=len(actual),
        step=step + 1,
        error=with_unit(error, scale.unit),
    )
    if band is None:
        return said
    inside = np.abs(predicted - actual) <= band.half_width[step]
    return f"{said} " + text("newer.came_inside", share=round(100 * inside.mean()))
