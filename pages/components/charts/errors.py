"""Where the forecasts go wrong: errors by step, over time, and how they spread."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pages.components.charts.record import Chart, Scale
from pages.components.charts.style import model_line, model_name
from pages.components.charts.times import speak_times
from pages.components.numbers import three_digits, with_unit
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import ACTUAL, CELL_COLOURS, MUTED, new_figure
from search.analysis.holdout.predictions import (
    Predictions,
    error_by_step,
    residual_table,
)
from search.config import CELLS
from search.data.thinning import thin

MOST_POINTS = 1500


def step_error_chart(models: Mapping[str, Predictions], scale: Scale) -> Chart:
    """Draw the mean absolute error of each step ahead, for each model."""
    figure = new_figure(x_title=chart_text("charts.step"), y_title=scale.axis)
    numbers: dict[str, object] = {}
    parts = []
    for name, predictions in models.items():
        error = error_by_step(predictions)
        figure.add_scatter(
            x=predictions.steps,
            y=error,
            mode="lines+markers" if len(error) <= 48 else "lines",
            name=chart_text("charts.model", name=model_name(name)),
            hovertemplate=scale.hover,
            **model_line(name),
        )
        numbers.setdefault(raw_text("charts.step"), predictions.steps)
        numbers[model_name(name)] = error
        if name in CELLS:
            parts.append(
                text(
                    "charts.step_error_part",
                    model=model_name(name),
                    first=three_digits(float(error[0])),
                    last=three_digits(float(error[-1])),
                )
            )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(tickformat="d")
    return Chart(
        figure=figure,
        title=text("charts.step_error_title"),
        summary=text(
            "charts.step_error_summary", unit=scale.unit or raw_text("charts.own_unit")
        )
        + (" " + "; ".join(parts) + "."),
        numbers=lambda: pd.DataFrame(numbers),
    )


def residual_chart(
    models: Mapping[str, Predictions], scale: Scale, *, step: int, x_title: str
) -> Chart:
    """Draw the error over time, for one step ahead."""
    figure = new_figure(x_title=x_title, y_title=scale.axis)
    figure.add_hline(y=0, line={"color": ACTUAL, "width": 1})
    for name, predictions in models.items():
        errors, times = predictions.errors[:, step], predictions.times[:, step]
        kept = thin(errors, np.arange(len(errors)), MOST_POINTS)
        figure.add_scatter(
            x=times[kept],
            y=errors[kept],
            mode="lines+markers" if len(errors) <= 60 else "lines",
            name=chart_text("charts.model", name=model_name(name)),
            hovertemplate=scale.hover,
            **model_line(name, width=1.5),
        )
    first = next(iter(models.values()))
    speak_times(figure, first.times[:, step])
    return Chart(
        figure=figure,
        title=text("charts.residual_title"),
        summary=text("charts.residual_summary", step=int(first.steps[step])),
        numbers=lambda: residual_table(models, step),
    )


def spread_chart(models: Mapping[str, Predictions], scale: Scale) -> Chart:
    """Draw how the errors of all steps spread, one histogram a model."""
    figure = new_figure(x_title=scale.axis, y_title=chart_text("charts.share"))
    edges = np.histogram_bin_edges(
        np.concatenate([p.errors.ravel() for p in models.values()]), bins=30
    )
    centres = (edges[:-1] + edges[1:]) / 2
    numbers: dict[str, np.ndarray] = {scale.column: centres}
    parts = []
    for name, predictions in models.items():
        counts, _ = np.histogram(predictions.errors, bins=edges)
        share = 100 * counts / counts.sum()
        numbers[model_name(name)] = share
        look = model_line(name)
        figure.add_scatter(
            x=centres,
            y=share,
            mode="lines",
            line={**look["line"], "shape": "hvh"},
            name=chart_text("charts.model", name=model_name(name)),
            hovertemplate="%{y:.1f} %",
        )
        mean = float(predictions.errors.mean())
        parts.append(
            text(
                "charts.spread_high" if mean > 0 else "charts.spread_low",
                model=model_name(name),
                mean=with_unit(abs(mean), scale.unit),
            )
        )
    figure.add_vline(x=0, line={"color": MUTED, "width": 1})
    figure.update_yaxes(rangemode="tozero")
    return Chart(
        figure=figure,
        title=text("charts.spread_title"),
        summary=text("charts.spread_summary") + " " + "; ".join(parts) + ".",
        numbers=lambda: pd.DataFrame(numbers),
    )


def only_cells(models: Mapping[str, Predictions]) -> dict[str, Predictions]:
    """Return the networks among `models`."""
    return {name: models[name] for name in models if name in CELL_COLOURS}
