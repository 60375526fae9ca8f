"""How the search went: the score of every trial, and the best so far."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart, Scale
from pages.components.charts.thinned import (
    best_of_cells,
    drawn_note,
    thinned_trials,
)
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import (
    BACKGROUND,
    BASELINE_COLOURS,
    BASELINE_DASHES,
    CELL_COLOURS,
    CELL_DASHES,
    CELL_SYMBOLS,
    log_axis,
    new_figure,
)
from search.analysis.trials.score_ranges import needs_log_axis
from search.config import Cell
from search.study.trials.listing import TrialView

FEWEST_SHOWN = 5
MOST_DRAWN = 1_000
# Above that many, points are small, so that the lines of the best stay visible.
MANY_DRAWN = 300


def history_chart(
    trials: Sequence[TrialView],
    scale: Scale,
    *,
    baseline: tuple[str, float] | None = None,
) -> Chart:
    """Draw the score of each trial, the best so far of each cell, and a baseline.

    Parameters
    ----------
    trials
        All trials; those that run, wait or failed are left out.
    scale
        Name and unit of the score.
    baseline
        Name and mean fold score of the best forecast that needs no training.
    """
    scored = [trial for trial in trials if trial.score is not None and trial.is_done]
    best = best_of_cells(scored)
    drawn = thinned_trials(scored, MOST_DRAWN, best)
    figure = new_figure(
        x_title=chart_text("charts.trial"), y_title=scale.axis, y_format=scale.ticks
    )
    for cell, steps in best.items():
        points = [trial for trial in drawn if trial.cell == cell]
        size = 8 if len(drawn) <= MANY_DRAWN else 5
        _add_points(figure, cell, points, scale, size=size)
        _add_best(figure, cell, steps)
    is_log = needs_log_axis([trial.score for trial in scored])
    if is_log:
        figure.update_yaxes(**log_axis(scale.ticks))
    if baseline is not None and scored and not (is_log and baseline[1] <= 0):
        _add_baseline(figure, *baseline, is_log=is_log)
    figure.update_layout(hovermode="closest", uirevision="history")
    last = max([FEWEST_SHOWN, *(trial.number for trial in scored)])
    figure.update_xaxes(tickformat="d", range=[-0.5, last + 0.5])
    if not scored:
        figure.update_yaxes(showticklabels=False, range=[0, 1])
    return Chart(
        figure=figure,
        title=text("charts.history_title"),
        summary=" ".join(
            [_summary(scored, scale, baseline), *drawn_note(drawn, scored)]
        ),
        numbers=lambda: history_numbers(scored, scale),
    )


def history_numbers(trials: Sequence[TrialView], scale: Scale) -> pd.DataFrame:
    """Return number, cell, state and score of each trial."""
    return pd.DataFrame(
        [
            (trial.number, trial.cell, trial.state, trial.score)
            for trial in sorted(trials, key=lambda trial: trial.number)
        ],
        columns=[
            raw_text("charts.trial"),
            raw_text("charts.cell"),
            raw_text("charts.state"),
            scale.column,
        ],
    )


def _add_points(
    figure: go.Figure,
    cell: Cell,
    trials: Sequence[TrialView],
    scale: Scale,
    *,
    size: int,
) -> None:
    for state, symbol in (
        ("complete", CELL_SYMBOLS[cell]),
        ("pruned", f"{CELL_SYMBOLS[cell]}-open"),
    ):
        shown = [trial for trial in trials if trial.state == state]
        figure.add_scatter(
            x=np.array([trial.number for trial in shown]),
            y=np.array([trial.score for trial in shown], dtype=np.float64),
            mode="markers",
            name=cell,
            legendgroup=cell,
            showlegend=False,
            marker={"color": CELL_COLOURS[cell], "symbol": symbol, "size": size},
            opacity=0.9 if state == "complete" else 0.6,
            hovertemplate=chart_text(f"charts.history_hover_{state}", cell=cell)
            + f" {scale.hover}<extra></extra>",
        )


def _add_best(figure: go.Figure, cell: Cell, best: Sequence[tuple[int, float]]) -> None:
    figure.add_scatter(
        x=[number for number, _ in best],
        y=[score for _, score in best],
        mode="lines" if len(best) > 1 else "markers",
        line={
            "color": CELL_COLOURS[cell],
            "dash": CELL_DASHES[cell],
            "shape": "hv",
            "width": 2,
        },
        marker={"color": CELL_COLOURS[cell], "symbol": CELL_SYMBOLS[cell], "size": 8},
        name=chart_text("charts.best_so_far", cell=cell),
        legendgroup=cell,
        hoverinfo="skip",
    )


def _add_baseline(figure: go.Figure, name: str, score: float, *, is_log: bool) -> None:
    """Draw a line across the chart; `add_hline` takes as long as all of the rest."""
    colour, dash = BASELINE_COLOURS[name], BASELINE_DASHES[name]
    across = {"xref": "x domain", "yref": "y"}
    line = {
        **across,
        "type": "line",
        "x0": 0,
        "x1": 1,
        "y0": score,
        "y1": score,
        "line": {"color": colour, "dash": dash, "width": 1.5},
    }
    label = {
        **across,
        "text": chart_text(f"charts.{name}"),
        "font": {"color": colour},
        "bgcolor": BACKGROUND,
        "showarrow": False,
        "x": 0,
        "xanchor": "left",
        # On a logarithmic axis plotly wants the exponent of a text, not of a line.
        "y": math.log10(score) if is_log else score,
        "yanchor": "bottom",
    }
    figure.update_layout(shapes=[line], annotations=[label])


def _summary(
    trials: Sequence[TrialView], scale: Scale, baseline: tuple[str, float] | None
) -> str:
    complete = [
        trial
        for trial in trials
        if trial.state == "complete" and trial.score is not None
    ]
    if not complete:
        return text("charts.history_none")
    best = min(complete, key=lambda trial: (trial.score is None, trial.score))
    sentence = text(
        "charts.history_summary",
        n=len(trials),
        cell=best.cell,
        number=best.number,
        name=scale.name,
        score=scale.written(best.score),
    )
    if baseline is None:
        return sentence
    name, score = baseline
    return f"{sentence} " + text(
        "charts.history_baseline",
        baseline=raw_text(f"charts.{name}"),
        score=scale.written(score),
    )
