"""The forecast beyond the end of the data, after the last part of the series."""

import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart, Scale
from pages.components.charts.times import speak_times, time_words
from pages.components.numbers import with_unit
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import ACTUAL, CELL_COLOURS, MUTED, new_figure
from search.analysis.newer.forecasts import Forecast
from search.config import Cell


def forecast_chart(
    forecast: Forecast, past: pd.Series, scale: Scale, *, cell: Cell, x_title: str
) -> Chart:
    """Draw the last part of the series, the forecast, and the band of errors.

    Parameters
    ----------
    forecast
        Forecast of one target, with the errors seen on the holdout.
    past
        The last part of the target's values, indexed by time.
    scale
        Name and unit of the target.
    cell
        The winner that made the forecast.
    x_title
        Name of the time axis.
    """
    figure = new_figure(x_title=x_title, y_title=scale.axis, height=420)
    if forecast.low is not None and forecast.high is not None:
        _add_band(figure, forecast, CELL_COLOURS[cell])
    figure.add_scatter(
        x=past.index,
        y=past.to_numpy(),
        mode="lines",
        line={"color": ACTUAL, "width": 2},
        name=chart_text("charts.actual"),
        hovertemplate=scale.hover,
    )
    figure.add_scatter(
        x=forecast.times,
        y=forecast.predicted,
        mode="lines+markers" if len(forecast.times) <= 48 else "lines",
        line={"color": CELL_COLOURS[cell], "width": 2.5},
        marker={"color": CELL_COLOURS[cell], "size": 6},
        name=chart_text("charts.forecast", cell=cell),
        hovertemplate=scale.hover,
    )
    speak_times(figure, forecast.times)
    figure.add_vline(x=past.index[-1], line={"color": MUTED, "dash": "dot"})
    return Chart(
        figure=figure,
        title=text("charts.forecast_title"),
        summary=_summary(forecast, scale),
        numbers=lambda: forecast_numbers(forecast, scale),
    )


def forecast_numbers(forecast: Forecast, scale: Scale) -> pd.DataFrame:
    """Return step, time, forecast and the ends of the band."""
    columns = {
        raw_text("charts.step"): forecast.steps,
        raw_text("charts.time"): forecast.times,
        scale.column: forecast.predicted,
    }
    if forecast.low is not None and forecast.high is not None:
        columns[raw_text("charts.band_low")] = forecast.low
        columns[raw_text("charts.band_high")] = forecast.high
    return pd.DataFrame(columns)


def _add_band(figure: go.Figure, forecast: Forecast, colour: str) -> None:
    assert forecast.low is not None and forecast.high is not None
    figure.add_scatter(
        x=[*forecast.times, *forecast.times[::-1]],
        y=[*forecast.high, *forecast.low[::-1]],
        fill="toself",
        fillcolor=colour,
        opacity=0.2,
        line={"width": 0, "color": colour},
        mode="lines",
        name=chart_text("charts.band"),
        hoverinfo="skip",
    )


def _summary(forecast: Forecast, scale: Scale) -> str:
    first, last = forecast.predicted[0], forecast.predicted[-1]
    words = time_words(forecast.times)
    return text(
        "charts.forecast_summary",
        n=len(forecast.times),
        first=with_unit(float(first), scale.unit),
        last=with_unit(float(last), scale.unit),
        start=words[0],
        end=words[-1],
    )
