"""The score on every fold, to tell a good model from a lucky one."""

from collections.abc import Mapping, Sequence

import pandas as pd

from pages.components.charts.record import Chart, Scale
from pages.components.charts.style import model_line, model_name
from pages.components.numbers import three_digits
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import new_figure
from search.analysis.score_ranges import comparable


def fold_chart(
    scores: Mapping[str, Sequence[float]],
    scale: Scale,
    *,
    periods: Sequence[str] = (),
) -> Chart:
    """Draw the score of each model on each fold.

    Parameters
    ----------
    scores
        Fold scores by the name of a cell or a baseline; models without are left out.
    scale
        Name and unit of the score.
    periods
        When each fold was validated, for the axis.
    """
    shown = {name: folds for name, folds in scores.items() if folds}
    n_folds = max((len(folds) for folds in shown.values()), default=0)
    labels = [_fold_label(k, periods) for k in range(n_folds)]
    figure = new_figure(x_title=chart_text("charts.folds_x"), y_title=scale.axis)
    near = comparable(shown)
    for name, folds in shown.items():
        figure.add_scatter(
            x=labels[: len(folds)],
            y=list(folds),
            mode="lines+markers",
            name=chart_text("charts.model", name=model_name(name)),
            hovertemplate=scale.hover,
            visible=True if name in near else "legendonly",
            **model_line(name),
        )
    figure.update_yaxes(rangemode="tozero")
    if not shown:
        figure.update_xaxes(showticklabels=False)
        figure.update_yaxes(showticklabels=False)
    figure.update_layout(uirevision="folds")
    return Chart(
        figure=figure,
        title=text("charts.folds_title"),
        summary=_summary(shown, scale),
        numbers=lambda: pd.DataFrame(
            {
                raw_text("charts.fold"): range(1, n_folds + 1),
                **{
                    f"{model_name(name)} {scale.column}": pd.Series(folds)
                    for name, folds in shown.items()
                },
            }
        ),
    )


def _fold_label(position: int, periods: Sequence[str]) -> str:
    label = chart_text("charts.fold_n", n=position + 1)
    if position < len(periods):
        return f"{label}<br>{chart_text('charts.period', period=periods[position])}"
    return label


def _summary(scores: Mapping[str, Sequence[float]], scale: Scale) -> str:
    if not scores:
        return text("charts.folds_none")
    parts = [
        text(
            "charts.folds_part",
            model=model_name(name),
            low=three_digits(min(folds)),
            high=three_digits(max(folds)),
        )
        for name, folds in scores.items()
    ]
    return text(
        "charts.folds_summary",
        name=scale.name,
        unit=scale.unit or raw_text("charts.own_unit"),
    ) + (" " + "; ".join(parts) + ".")
