"""How the search went: the score of every trial, and the best so far."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart, Scale
from pages.components.numbers import with_unit
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import (
    BASELINE_COLOURS,
    BASELINE_DASHES,
    CELL_COLOURS,
    CELL_DASHES,
    CELL_SYMBOLS,
    new_figure,
)
from search.config import CELLS, Cell
from search.study.score_ranges import needs_log_axis, running_best
from search.study.trials import TrialView

FEWEST_SHOWN = 5


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
    scored = [
        trial
        for trial in trials
        if trial.score is not None and trial.state in ("complete", "pruned")
    ]
    figure = new_figure(x_title=chart_text("charts.trial"), y_title=scale.axis)
    for cell in CELLS:
        own = [trial for trial in scored if trial.cell == cell]
        if own:
            _add_cell(figure, cell, own, scale)
    if baseline is not None and scored:
        _add_baseline(figure, *baseline)
    if needs_log_axis([trial.score for trial in scored if trial.score is not None]):
        figure.update_yaxes(type="log")
    figure.update_layout(hovermode="closest", uirevision="history")
    last = max([FEWEST_SHOWN, *(trial.number for trial in scored)])
    figure.update_xaxes(tickformat="d", range=[-0.5, last + 0.5])
    if not scored:
        figure.update_yaxes(showticklabels=False, range=[0, 1])
    return Chart(
        figure=figure,
        title=text("charts.history_title"),
        summary=_summary(scored, scale, baseline),
        numbers=history_numbers(scored, scale),
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


def _add_cell(
    figure: go.Figure, cell: Cell, trials: Sequence[TrialView], scale: Scale
) -> None:
    for state, symbol in (
        ("complete", CELL_SYMBOLS[cell]),
        ("pruned", f"{CELL_SYMBOLS[cell]}-open"),
    ):
        shown = [trial for trial in trials if trial.state == state]
        figure.add_scatter(
            x=[trial.number for trial in shown],
            y=[trial.score for trial in shown],
            mode="markers",
            name=cell,
            legendgroup=cell,
            showlegend=False,
            marker={"color": CELL_COLOURS[cell], "symbol": symbol, "size": 8},
            opacity=0.9 if state == "complete" else 0.6,
            hovertemplate=chart_text(f"charts.history_hover_{state}", cell=cell)
            + f" {scale.hover}<extra></extra>",
        )
    best = running_best(trials)
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


def _add_baseline(figure: go.Figure, name: str, score: float) -> None:
    figure.add_hline(
        y=score,
        line={
            "color": BASELINE_COLOURS[name],
            "dash": BASELINE_DASHES[name],
            "width": 1.5,
        },
        annotation={
            "text": chart_text(f"charts.{name}"),
            "font": {"color": BASELINE_COLOURS[name]},
        },
        annotation_position="top left",
    )


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
        score=with_unit(best.score, scale.unit),
    )
    if baseline is None:
        return sentence
    name, score = baseline
    return f"{sentence} " + text(
        "charts.history_baseline",
        baseline=raw_text(f"charts.{name}"),
        score=with_unit(score, scale.unit),
    )
