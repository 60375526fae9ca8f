"""What the hyperparameters did: importance, combinations, one at a time."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart, Scale
from pages.components.charts.thinned import drawn_note, thinned_trials
from pages.components.hyperparameters import label, short_value, value_word
from pages.components.numbers import three_digits
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import (
    ACCENT,
    CELL_COLOURS,
    CELL_SYMBOLS,
    log_axis,
    new_figure,
)
from search.analysis.trials.importance import EVALUATOR
from search.analysis.trials.score_ranges import needs_log_axis
from search.config import CELLS
from search.space.lines import Line
from search.study.trials.listing import TrialView

MOST_TICKS = 8
MOST_DRAWN = 1_000
# Lines across the chart hide each other sooner than points do.
MOST_LINES = 250
# Above that many, points are small.
MANY_DRAWN = 300


def importance_chart(shares: Mapping[str, float], *, n_trials: int) -> Chart:
    """Draw the share of each hyperparameter as a bar, the largest on top."""
    names = list(shares)
    figure = new_figure(
        x_title=chart_text("charts.importance_x", evaluator=EVALUATOR),
        y_title="",
        height=120 + 28 * len(names),
    )
    figure.add_bar(
        x=[100 * shares[name] for name in names],
        y=[label(name) for name in names],
        orientation="h",
        marker={"color": ACCENT},
        text=[f"{100 * shares[name]:.0f} %" for name in names],
        textposition="auto",
        hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        showlegend=False,
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(hovermode="closest")
    return Chart(
        figure=figure,
        title=text("charts.importance_title"),
        summary=text(
            "charts.importance_summary",
            first=label(names[0]),
            share=f"{100 * shares[names[0]]:.0f}",
            n=n_trials,
            evaluator=EVALUATOR,
        ),
        numbers=lambda: pd.DataFrame(
            {
                raw_text("charts.hyperparameter"): [label(name) for name in names],
                raw_text("charts.share"): [100 * shares[name] for name in names],
            }
        ),
    )


def slice_chart(trials: Sequence[TrialView], line: Line, scale: Scale) -> Chart:
    """Draw the score of every complete trial against one hyperparameter."""
    figure = new_figure(
        x_title=chart_text("charts.model", name=label(line.name)),
        y_title=scale.axis,
        y_format=scale.ticks,
    )
    shown = _complete(trials)
    by_value = sorted(
        shown, key=lambda trial: _axis_value(trial.params[line.name], line)
    )
    drawn = thinned_trials(by_value, MOST_DRAWN)
    for cell in CELLS:
        own = [trial for trial in drawn if trial.cell == cell]
        if own:
            figure.add_scatter(
                x=[_axis_value(trial.params[line.name], line) for trial in own],
                y=[trial.score for trial in own],
                mode="markers",
                marker={
                    "color": CELL_COLOURS[cell],
                    "symbol": CELL_SYMBOLS[cell],
                    "size": 9 if len(drawn) <= MANY_DRAWN else 6,
                },
                opacity=0.85,
                name=cell,
                customdata=[trial.number for trial in own],
                hovertemplate=chart_text("charts.slice_hover", cell=cell)
                + f" {scale.hover}<extra></extra>",
            )
    if line.log:
        figure.update_xaxes(**log_axis())
    elif line.choices:
        values = [_axis_value(value, line) for value in line.values]
        figure.update_xaxes(type="category", categoryarray=values)
    if needs_log_axis([trial.score for trial in shown]):
        figure.update_yaxes(**log_axis(scale.ticks))
    figure.update_layout(hovermode="closest")
    return Chart(
        figure=figure,
        title=text("charts.slice_title", name=label(line.name)),
        summary=" ".join(
            [_slice_summary(shown, line, scale), *drawn_note(drawn, shown)]
        ),
        numbers=lambda: trial_numbers(shown, [line.name], scale),
    )


def parallel_chart(
    trials: Sequence[TrialView], lines: Sequence[Line], scale: Scale
) -> Chart:
    """Draw every complete trial as a line through its values, in its cell's colour."""
    shown = _complete(trials)
    drawn = thinned_trials(shown, MOST_LINES)
    dimensions = [_dimension(line, drawn) for line in lines]
    dimensions.append(
        {
            "label": scale.axis,
            "values": np.array([trial.score for trial in drawn], dtype=np.float64),
            "tickformat": scale.ticks or ",.3~r",
        }
    )
    cells = np.array([CELLS.index(trial.cell) for trial in drawn])
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            labelangle=-20,
            line={
                "color": cells,
                "cmin": -0.5,
                "cmax": len(CELLS) - 0.5,
                "colorscale": _cell_steps(),
            },
        )
    )
    figure.update_layout(height=420, margin={"l": 70, "r": 50, "t": 80, "b": 30})
    return Chart(
        figure=figure,
        title=text("charts.parallel_title"),
        summary=" ".join(
            [text("charts.parallel_summary", n=len(shown)), *drawn_note(drawn, shown)]
        ),
        numbers=lambda: trial_numbers(shown, [line.name for line in lines], scale),
    )


def trial_numbers(
    trials: Sequence[TrialView], names: Sequence[str], scale: Scale
) -> pd.DataFrame:
    """Return number, cell, the named parameters and the score of each trial."""
    return pd.DataFrame(
        [
            {
                raw_text("charts.trial"): trial.number,
                raw_text("charts.cell"): trial.cell,
                **{label(name): trial.params[name] for name in names if name != "cell"},
                scale.column: trial.score,
            }
            for trial in trials
        ]
    )


def _complete(trials: Sequence[TrialView]) -> list[TrialView]:
    return [
        trial
        for trial in trials
        if trial.state == "complete" and trial.score is not None
    ]


def _axis_value(value: Any, line: Line) -> Any:
    """Return a value for the axis; choices are categories, also numbers."""
    return value_word(line.name, value) if line.choices else value


def _dimension(line: Line, trials: Sequence[TrialView]) -> dict[str, Any]:
    values = [trial.params[line.name] for trial in trials]
    if line.log:
        return _log_dimension(line, values)
    if not line.choices:
        low, high = line.values
        axis: dict[str, Any] = {
            "label": label(line.name),
            "values": np.array(values, dtype=np.float64),
            "range": [low, high],
        }
        if line.kind == "int" and int(high) - int(low) < MOST_TICKS:
            axis["tickvals"] = list(range(int(low), int(high) + 1))
        return axis
    positions = {choice: place for place, choice in enumerate(line.choices)}
    return {
        "label": label(line.name),
        "values": np.array([positions[value] for value in values]),
        "range": [0, max(1, len(positions) - 1)],
        "tickvals": list(positions.values()),
        "ticktext": [value_word(line.name, choice) for choice in line.choices],
    }


def _log_dimension(line: Line, values: Sequence[Any]) -> dict[str, Any]:
    low, high = (math.log10(float(end)) for end in line.values)
    ticks = [low, *range(math.ceil(low + 0.2), math.ceil(high - 0.2)), high]
    return {
        "label": label(line.name),
        "values": np.log10(np.array(values, dtype=np.float64)),
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [three_digits(10**tick) for tick in ticks],
    }


def _cell_steps() -> list[list[Any]]:
    """Return a colour scale of one flat step a cell."""
    n_cells = len(CELLS)
    return [
        [edge / n_cells, CELL_COLOURS[cell]]
        for place, cell in enumerate(CELLS)
        for edge in (place, place + 1)
    ]


def _slice_summary(trials: Sequence[TrialView], line: Line, scale: Scale) -> str:
    if not trials:
        return text("charts.history_none")
    best = min(trials, key=lambda trial: (trial.score is None, trial.score))
    value = best.params[line.name]
    return text(
        "charts.slice_summary",
        name=label(line.name),
        value=short_value(line.name, value),
        score=scale.written(best.score),
        scale=scale.name,
        cell=best.cell,
    )
