"""How well a class is told from all others, whatever the threshold."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pages.components.charts.record import Chart
from pages.components.charts.style import model_line, model_name
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import MUTED, new_figure
from search.analysis.holdout.class_answers import RocCurve

MOST_POINTS = 400


def roc_chart(curves: Mapping[str, RocCurve], *, class_name: str) -> Chart:
    """Draw the ROC curve of each model for one class.

    Parameters
    ----------
    curves
        By the name of a cell or a baseline; may be empty.
    class_name
        The class that is told from all others.
    """
    figure = new_figure(
        x_title=chart_text("answers.roc_x"), y_title=chart_text("answers.roc_y")
    )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": MUTED, "dash": "dot", "width": 1},
        name=chart_text("answers.roc_chance"),
        hoverinfo="skip",
    )
    for name, curve in curves.items():
        kept = _kept(curve)
        figure.add_scatter(
            x=curve.false_alarms[kept],
            y=curve.found[kept],
            mode="lines",
            line={**model_line(name)["line"], "shape": "linear"},
            name=chart_text(
                "answers.roc_name", model=model_name(name), area=f"{curve.area:.3f}"
            ),
            hovertemplate=chart_text("answers.roc_hover"),
        )
    figure.update_xaxes(range=[-0.01, 1.01], tickformat=".0%")
    figure.update_yaxes(range=[-0.01, 1.02], tickformat=".0%")
    figure.update_layout(hovermode="closest")
    return Chart(
        figure=figure,
        title=text("answers.roc_title", name=class_name),
        summary=_summary(curves, class_name),
        numbers=lambda: roc_numbers(curves),
    )


def roc_numbers(curves: Mapping[str, RocCurve]) -> pd.DataFrame:
    """Return one line a point of each curve."""
    columns = [
        raw_text("answers.column_model"),
        raw_text("answers.roc_x"),
        raw_text("answers.roc_y"),
    ]
    lines = [
        (model_name(name), x, y)
        for name, curve in curves.items()
        for x, y in zip(curve.false_alarms, curve.found, strict=True)
    ]
    return pd.DataFrame(lines, columns=columns)


def _kept(curve: RocCurve) -> np.ndarray:
    n_points = len(curve.found)
    if n_points <= MOST_POINTS:
        return np.arange(n_points)
    return np.unique(np.linspace(0, n_points - 1, MOST_POINTS).astype(np.int64))


def _summary(curves: Mapping[str, RocCurve], class_name: str) -> str:
    if not curves:
        return text("answers.roc_none", name=class_name)
    areas = ", ".join(
        f"{model_name(name)} {curve.area:.3f}" for name, curve in curves.items()
    )
    return text("answers.roc_summary", areas=areas)
