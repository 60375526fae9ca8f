"""How a network learned: its score after each epoch, on every fold and their mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart, Scale
from pages.components.numbers import three_digits
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import (
    CELL_COLOURS,
    CELL_DASHES,
    CELL_SYMBOLS,
    log_axis,
    new_figure,
)
from search.analysis.trials.score_ranges import needs_log_axis
from search.config import Cell
from search.study.trials.curves import EpochPoint


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
        x_title=chart_text("charts.epoch"),
        y_title=scale.axis,
        y_format=scale.ticks,
        height=280,
    )
    _add_curve(figure, cell, points, scale, with_legend=True)
    figure.update_xaxes(range=[0.5, epochs + 0.5], tickformat="d")
    figure.update_layout(uirevision=f"trial-{number}")
    if needs_log_axis([point.score for point in points]):
        figure.update_yaxes(**log_axis(scale.ticks))
    summary = text("charts.running_none")
    if not points:
        figure.update_yaxes(showticklabels=False)
    else:
        summary = text(
            "charts.running_summary",
            epoch=points[-1].epoch,
            epochs=epochs,
            name=scale.name,
            score=scale.written(points[-1].score),
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
        x_title=chart_text("charts.epoch"),
        y_title=scale.axis,
        y_format=scale.ticks,
        height=280,
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
        x_title=chart_text("charts.epoch"),
        y_title=scale.axis,
        y_format=scale.ticks,
        height=300,
    )
    _add_curve(figure, cell, points, scale, with_legend=True)
    figure.update_xaxes(tickformat="d")
    figure.update_layout(uirevision=f"trial-{number}")
    if needs_log_axis([point.score for point in points]):
        figure.update_yaxes(**log_axis(scale.ticks))
    return Chart(
        figure=figure,
        title=text("charts.trial_curve_title", number=number, cell=cell),
        summary=text("charts.trial_curve_summary", best=best_epoch or "–"),
        numbers=lambda: curve_numbers({f"{cell} {number}": points}),
    )


def losses_chart(curves: Mapping[Cell, Sequence[EpochPoint]]) -> Chart:
    """Draw the training loss of trials, one a cell: every fold, and their mean."""
    scale = Scale(raw_text("charts.losses_axis"))
    figure = new_figure(
        x_title=chart_text("charts.epoch"), y_title=scale.axis, y_format=scale.ticks
    )
    for cell, points in curves.items():
        lines = _Lines(
            epochs=[point.epoch for point in points],
            folds=[point.train for point in points],
            mean=[point.loss for point in points],
        )
        _add_lines(figure, cell, lines, scale, with_legend=len(curves) == 1)
    figure.update_xaxes(tickformat="d", rangemode="nonnegative")
    if needs_log_axis(point.loss for points in curves.values() for point in points):
        figure.update_yaxes(**log_axis(scale.ticks))
    last = {cell: points[-1] for cell, points in curves.items() if points}
    return Chart(
        figure=figure,
        title=text("charts.losses_title"),
        summary=text(
            "charts.losses_summary",
            last=", ".join(f"{c} {three_digits(p.loss)}" for c, p in last.items()),
        ),
        numbers=lambda: loss_numbers(curves),
    )


def winner_curves_chart(curves: Mapping[Cell, WinnerCurve], scale: Scale) -> Chart:
    """Draw how the winning trials learned; the best epoch is marked.

    The refit trains for the best epoch of the mean curve.
    """
    figure = new_figure(
        x_title=chart_text("charts.epoch"), y_title=scale.axis, y_format=scale.ticks
    )
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
        figure.update_yaxes(**log_axis(scale.ticks))
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
                    raw_text("charts.fold_mean"): point.score,
                    **folds,
                    raw_text("charts.seconds"): point.seconds,
                }
            )
    return pd.DataFrame(rows)


def loss_numbers(curves: Mapping[Cell, Sequence[EpochPoint]]) -> pd.DataFrame:
    """Return one row an epoch: the cell, each fold's training loss, their mean."""
    return pd.DataFrame(
        {
            raw_text("compare.column_model"): cell,
            raw_text("charts.epoch"): point.epoch,
            raw_text("charts.fold_mean"): point.loss,
            **{
                raw_text("charts.fold_n", n=k + 1): loss
                for k, loss in enumerate(point.train)
            },
        }
        for cell, points in curves.items()
        for point in points
    )


@dataclass(frozen=True)
class _Lines:
    """What is drawn of one trial: values of the folds in each epoch, and their mean."""

    epochs: list[int]
    folds: list[tuple[float | None, ...]]
    mean: list[float | None]


def _add_curve(
    figure: go.Figure,
    cell: Cell,
    points: Sequence[EpochPoint],
    scale: Scale,
    *,
    with_legend: bool,
) -> None:
    lines = _Lines(
        epochs=[point.epoch for point in points],
        folds=[point.valid for point in points],
        mean=[point.score for point in points],
    )
    _add_lines(figure, cell, lines, scale, with_legend=with_legend)


def _add_lines(
    figure: go.Figure, cell: Cell, lines: _Lines, scale: Scale, *, with_legend: bool
) -> None:
    n_folds = max(map(len, lines.folds), default=0)
    for fold in range(n_folds):
        figure.add_scatter(
            x=lines.epochs,
            y=[values[fold] for values in lines.folds],
            mode="lines",
            line={"color": CELL_COLOURS[cell], "width": 1},
            opacity=0.4,
            name=chart_text("charts.each_fold"),
            showlegend=with_legend and fold == 0,
            hovertemplate=chart_text("charts.curve_fold_hover", cell=cell, n=fold + 1)
            + f" {scale.hover}<extra></extra>",
        )
    figure.add_scatter(
        x=lines.epochs,
        y=lines.mean,
        mode="lines+markers" if len(lines.epochs) < 3 else "lines",
        line={"color": CELL_COLOURS[cell], "width": 3, "dash": CELL_DASHES[cell]},
        name=chart_text("charts.fold_mean") if with_legend else cell,
        hovertemplate=chart_text("charts.curve_mean_hover", cell=cell)
        + f" {scale.hover}<extra></extra>",
    )
