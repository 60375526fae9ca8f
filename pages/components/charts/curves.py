"""How a network learned: its score after each epoch, on every fold and their mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart, Scale
from pages.components.numbers import with_unit
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import (
    CELL_COLOURS,
    CELL_DASHES,
    CELL_SYMBOLS,
    new_figure,
)
from search.analysis.score_ranges import needs_log_axis
from search.config import Cell
from search.study.curves import EpochPoint


@dataclass(frozen=True)
class WinnerCurve:
    """The learning curve of a winning trial.

    Attributes
    ----------
    trial
        Number of the trial.
    best_epoch
        Epoch of the lowest mean score, counted from 1.
    points
        One entry an epoch.
    """

    trial: int
    best_epoch: int
    points: tuple[EpochPoint, ...]


def running_chart(
    number: int,
    cell: Cell,
    points: Sequence[EpochPoint],
    scale: Scale,
    *,
    epochs: int,
) -> Chart:
    """Draw every fold of a running trial as a thin line and their mean as a thick one.

    Parameters
    ----------
    number, cell
        The trial.
    points
        Its epochs so far.
    scale
        Name and unit of the score.
    epochs
        Largest number of epochs; the axis ends there, so that it stays put.
    """
    figure = new_figure(
        x_title=chart_text("charts.epoch"), y_title=scale.axis, height=280
    )
    _add_curve(figure, cell, points, scale, with_legend=True)
    figure.update_xaxes(range=[0.5, epochs + 0.5], tickformat="d")
    figure.update_layout(uirevision=f"trial-{number}")
    if needs_log_axis([point.score for point in points]):
        figure.update_yaxes(type="log")
    summary = text("charts.running_none")
    if not points:
        figure.update_yaxes(showticklabels=False)
    else:
        summary = text(
            "charts.running_summary",
            epoch=points[-1].epoch,
            epochs=epochs,
            name=scale.name,
            score=with_unit(points[-1].score, scale.unit),
        )
    return Chart(
        figure=figure,
        title=text("charts.running_title", number=number, cell=cell),
        summary=summary,
        numbers=lambda: curve_numbers({f"{cell} {number}": points}),
    )


def idle_chart(scale: Scale, *, epochs: int) -> Chart:
    """Draw the empty axes of a worker that is about to take its next trial."""
    figure = new_figure(
        x_title=chart_text("charts.epoch"), y_title=scale.axis, height=280
    )
    figure.update_xaxes(range=[0.5, epochs + 0.5], tickformat="d")
    return Chart(
        figure=figure,
        title=text("charts.idle_title"),
        summary=text("charts.idle_summary"),
        numbers=lambda: curve_numbers({}),
    )


def trial_chart(
    number: int,
    cell: Cell,
    points: Sequence[EpochPoint],
    scale: Scale,
    *,
    best_epoch: int | None,
) -> Chart:
    """Draw the learning curve of one trial that has ended or still runs."""
    figure = new_figure(
        x_title=chart_text("charts.epoch"), y_title=scale.axis, height=300
    )
    _add_curve(figure, cell, points, scale, with_legend=True)
    figure.update_xaxes(tickformat="d")
    figure.update_layout(uirevision=f"trial-{number}")
    if needs_log_axis([point.score for point in points]):
        figure.update_yaxes(type="log")
    return Chart(
        figure=figure,
        title=text("charts.trial_curve_title", number=number, cell=cell),
        summary=text("charts.trial_curve_summary", best=best_epoch or "–"),
        numbers=lambda: curve_numbers({f"{cell} {number}": points}),
    )


def winner_curves_chart(curves: Mapping[Cell, WinnerCurve], scale: Scale) -> Chart:
    """Draw how the winning trials learned; the best epoch is marked.

    The refit trains for the best epoch of the mean curve.
    """
    figure = new_figure(x_title=chart_text("charts.epoch"), y_title=scale.axis)
    for cell, curve in curves.items():
        _add_curve(figure, cell, curve.points, scale, with_legend=False)
        best = [point for point in curve.points if point.epoch == curve.best_epoch]
        figure.add_scatter(
            x=[point.epoch for point in best],
            y=[point.score for point in best],
            mode="markers",
            marker={
                "color": CELL_COLOURS[cell],
                "symbol": CELL_SYMBOLS[cell],
                "size": 12,
            },
            showlegend=False,
            hoverinfo="skip",
        )
    figure.update_xaxes(tickformat="d", rangemode="nonnegative")
    scores = [point.score for curve in curves.values() for point in curve.points]
    if needs_log_axis(scores):
        figure.update_yaxes(type="log")
    return Chart(
        figure=figure,
        title=text("charts.winner_curves_title"),
        summary=text(
            "charts.winner_curves_summary",
            epochs=", ".join(f"{cell} {c.best_epoch}" for cell, c in curves.items()),
        ),
        numbers=lambda: curve_numbers(
            {f"{cell} {c.trial}": c.points for cell, c in curves.items()}
        ),
    )


def curve_numbers(curves: Mapping[str, Sequence[EpochPoint]]) -> pd.DataFrame:
    """Return one row an epoch: the trial, each fold's score, their mean, seconds."""
    rows = []
    for name, points in curves.items():
        for point in points:
            folds = {
                raw_text("charts.fold_n", n=k + 1): score
                for k, score in enumerate(point.valid)
            }
            rows.append(
                {
                    raw_text("charts.trial"): name,
                    raw_text("charts.epoch"): point.epoch,
                    raw_text("charts.mean"): point.score,
                    **folds,
                    raw_text("charts.seconds"): point.seconds,
                }
            )
    return pd.DataFrame(rows)


def _add_curve(
    figure: go.Figure,
    cell: Cell,
    points: Sequence[EpochPoint],
    scale: Scale,
    *,
    with_legend: bool,
) -> None:
    epochs = [point.epoch for point in points]
    n_folds = max((len(point.valid) for point in points), default=0)
    for fold in range(n_folds):
        figure.add_scatter(
            x=epochs,
            y=[point.valid[fold] for point in points],
            mode="lines",
            line={"color": CELL_COLOURS[cell], "width": 1},
            opacity=0.4,
            name=chart_text("charts.each_fold"),
            showlegend=with_legend and fold == 0,
            hovertemplate=chart_text("charts.curve_fold_hover", cell=cell, n=fold + 1)
            + f" {scale.hover}<extra></extra>",
        )
    figure.add_scatter(
        x=epochs,
        y=[point.score for point in points],
        mode="lines+markers" if len(points) < 3 else "lines",
        line={"color": CELL_COLOURS[cell], "width": 3, "dash": CELL_DASHES[cell]},
        name=chart_text("charts.fold_mean") if with_legend else cell,
        hovertemplate=chart_text("charts.curve_mean_hover", cell=cell)
        + f" {scale.hover}<extra></extra>",
    )
