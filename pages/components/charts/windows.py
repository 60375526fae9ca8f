"""Forecasts of several models on the same windows, against what happened."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart, Scale
from pages.components.charts.style import model_line, model_name
from pages.components.charts.times import speak_times, time_words
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import ACTUAL, new_figure, shade_holdout
from search.analysis.holdout.predictions import Predictions
from search.data.thinning import thin

MOST_POINTS = 1500


def step_chart(
    models: Mapping[str, Predictions],
    scale: Scale,
    *,
    step: int,
    x_title: str,
) -> Chart:
    """Draw the forecast that each model made `step` steps ahead, for every target row.

    Parameters
    ----------
    models
        Forecasts by the name of a cell or a baseline, on the same windows.
    scale
        Name and unit of the target.
    step
        Position of the step, from 0.
    x_title
        Name of the time axis.
    """
    first = next(iter(models.values()))
    times, actual = first.times[:, step], first.actual[:, step]
    figure = new_figure(x_title=x_title, y_title=scale.axis, height=400)
    _add_actual(figure, times, actual, scale)
    numbers = {raw_text("charts.time"): times, raw_text("charts.actual"): actual}
    for name, predictions in models.items():
        values = predictions.predicted[:, step]
        _add_forecast(figure, name, times, values, scale)
        numbers[model_name(name)] = values
    speak_times(figure, times)
    figure.update_layout(uirevision=f"step-{step}")
    return Chart(
        figure=figure,
        title=text("charts.windows_title"),
        summary=text(
            "charts.step_summary",
            step=int(first.steps[step]),
            n=len(times),
            models=", ".join(model_name(name) for name in models),
        ),
        numbers=lambda: pd.DataFrame(numbers),
    )


def origin_chart(
    models: Mapping[str, Predictions],
    scale: Scale,
    *,
    origin: int,
    past: pd.Series,
    x_title: str,
) -> Chart:
    """Draw all steps of the forecasts that started at one origin.

    Parameters
    ----------
    models, scale, x_title
        As in `step_chart`.
    origin
        Position among the origins, from 0.
    past
        Values before the origin; only these were known to the forecast.
    """
    first = next(iter(models.values()))
    times, actual = first.times[origin], first.actual[origin]
    figure = new_figure(x_title=x_title, y_title=scale.axis, height=400)
    shade_holdout(figure, times[0], times[-1])
    _add_actual(
        figure,
        np.concatenate([past.index.to_numpy(), times]),
        np.concatenate([past.to_numpy(), actual]),
        scale,
    )
    numbers = {
        raw_text("charts.step"): first.steps,
        raw_text("charts.time"): times,
        raw_text("charts.actual"): actual,
    }
    for name, predictions in models.items():
        _add_forecast(figure, name, times, predictions.predicted[origin], scale)
        numbers[model_name(name)] = predictions.predicted[origin]
    speak_times(figure, times)
    figure.update_layout(uirevision=f"origin-{origin}")
    return Chart(
        figure=figure,
        title=text("charts.windows_title"),
        summary=text(
            "charts.origin_summary",
            start=time_words(times)[0],
            steps=first.horizon,
            models=", ".join(model_name(name) for name in models),
        ),
        numbers=lambda: pd.DataFrame(numbers),
    )


def _add_actual(
    figure: go.Figure, times: np.ndarray, values: np.ndarray, scale: Scale
) -> None:
    kept = thin(values, np.arange(len(values)), MOST_POINTS)
    figure.add_scatter(
        x=times[kept],
        y=values[kept],
        mode="lines",
        line={"color": ACTUAL, "width": 2},
        name=chart_text("charts.actual"),
        hovertemplate=scale.hover,
    )


def _add_forecast(
    figure: go.Figure, name: str, times: np.ndarray, values: np.ndarray, scale: Scale
) -> None:
    kept = thin(values, np.arange(len(values)), MOST_POINTS)
    look = model_line(name, width=1.75)
    figure.add_scatter(
        x=times[kept],
        y=values[kept],
        mode="lines" if len(values) > 1 else "markers",
        name=chart_text("charts.model", name=model_name(name)),
        hovertemplate=scale.hover,
        **look,
    )
