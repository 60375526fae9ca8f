"""The score on every fold, to tell a good model from a lucky one."""

from collections.abc import Mapping, Sequence

import pandas as pd

from pages.components.charts.record import Chart, Scale
from pages.components.charts.style import model_line, model_name
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import log_axis, new_figure
from search.analysis.trials.score_ranges import comparable, needs_log_axis
from search.config import CELLS


def fold_chart(
    scores: Mapping[str, Sequence[float]],
    scale: Scale,
    *,
    periods: Sequence[str] = (),
    in_order: bool = True,
) -> Chart:
    """Draw the score of each model on each fold.

    Baselines that are far worse than the best model are left to the legend.

    Parameters
    ----------
    scores
        Fold scores by the name of a cell or a baseline; models without are left out.
    scale
        Name and unit of the score.
    periods
        When each fold was validated, for the axis.
    in_order
        Whether the folds follow each other in time.
    """
    shown = {name: folds for name, folds in scores.items() if folds}
    n_folds = max((len(folds) for folds in shown.values()), default=0)
    labels = [_fold_label(k, periods) for k in range(n_folds)]
    figure = new_figure(
        x_title=chart_text("charts.folds_x" if in_order else "charts.fold"),
        y_title=scale.axis,
        y_format=scale.ticks,
    )
    near = comparable(shown) | set(CELLS)
    is_log = needs_log_axis(score for name in near for score in shown.get(name, ()))
    if is_log:
        # There is room for all of them; what is 0 somewhere cannot be drawn.
        near |= {name for name, folds in shown.items() if min(folds) > 0}
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
    figure.update_yaxes(**log_axis(scale.ticks) if is_log else {"rangemode": "tozero"})
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
            low=scale.bare(min(folds)),
            high=scale.bare(max(folds)),
        )
        for name, folds in scores.items()
    ]
    unit = scale.unit or raw_text("charts.own_unit")
    key = "charts.folds_summary" if scale.is_error else "charts.folds_summary_bare"
    return text(key, name=scale.name, unit=unit) + (" " + "; ".join(parts) + ".")
