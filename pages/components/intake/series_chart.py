"""A series with what was found marked on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.text import chart_plain, chart_text
from pages.components.theme import ACTUAL, PROBLEM, new_figure
from search.data.thinning import thin

N_DRAWN = 3_000
MOST_BANDS = 200
MOST_MARKS = 400


@dataclass(frozen=True)
class Marks:
    """Rows to mark in a chart; zero-based positions.

    Attributes
    ----------
    gaps
        Runs of absent rows, half-open.
    duplicates, outliers
        Rows with a repeated time stamp, and unusual values.
    """

    gaps: tuple[tuple[int, int], ...] = ()
    duplicates: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    outliers: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))


def series_figure(column: pd.Series, *, marks: Marks | None = None) -> go.Figure:
    """Draw one column over its index, thinned so that no spike is lost.

    Parameters
    ----------
    column
        Values, NaN where there are none; its name becomes the y axis.
    marks
        What was found.
    """
    marks = marks or Marks()
    figure = new_figure(
        x_title=x_title(column.index), y_title=chart_plain(column.name), height=340
    )
    add_line(figure, column)
    # All at once: plotly checks the shapes that are there each time one is added.
    figure.layout.shapes = [
        _gap_band(column.index, start, stop) for start, stop in _longest(marks.gaps)
    ]
    _add_marks(figure, column, marks.outliers, "outliers", "circle-open")
    _add_marks(figure, column, marks.duplicates, "duplicates", "x-thin-open")
    figure.update_layout(hovermode="closest")
    return figure


def add_line(figure: go.Figure, column: pd.Series, *, opacity: float = 1.0) -> None:
    """Add the line of `column`; a missing value interrupts it."""
    values = column.to_numpy(dtype=float)
    kept = drawn_positions(values)
    figure.add_trace(
        go.Scatter(
            x=column.index[kept],
            y=values[kept],
            mode="lines",
            name=chart_plain(column.name),
            line={"color": ACTUAL, "width": 1.3},
            opacity=opacity,
            hovertemplate="%{x}<br>%{y:.4~g}<extra></extra>",
            showlegend=False,
        )
    )


def drawn_positions(values: np.ndarray) -> np.ndarray:
    """Return the rows to draw: at most `N_DRAWN`, and one inside each gap."""
    finite = np.isfinite(values)
    if finite.all():
        return thin(values, None, N_DRAWN)
    present = np.flatnonzero(finite)
    if len(present) == 0:
        return present
    kept = thin(values, present, N_DRAWN)
    is_gap_start = ~finite & np.concatenate([[False], finite[:-1]])
    return np.union1d(kept, np.flatnonzero(is_gap_start)[:N_DRAWN])


def x_title(index: pd.Index) -> str:
    """Return the name of the x axis: time, or row number."""
    is_time = isinstance(index, pd.DatetimeIndex)
    return chart_text("app.axis_time" if is_time else "app.axis_row")


def _longest(gaps: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return sorted(gaps, key=lambda gap: gap[0] - gap[1])[:MOST_BANDS]


def _gap_band(index: pd.Index, start: int, stop: int) -> dict[str, Any]:
    return {
        "type": "rect",
        "x0": index[max(0, start - 1)],
        "x1": index[min(stop, len(index) - 1)],
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "fillcolor": PROBLEM,
        "opacity": 0.16,
        "line": {"width": 0},
        "layer": "below",
    }


def _add_marks(
    figure: go.Figure, column: pd.Series, rows: np.ndarray, kind: str, symbol: str
) -> None:
    if len(rows) == 0:
        return
    values = column.to_numpy(dtype=float)
    few = thin(values, rows, MOST_MARKS)
    figure.add_trace(
        go.Scatter(
            x=column.index[few],
            y=values[few],
            mode="markers",
            name=chart_text(f"data.mark_{kind}"),
            marker={"symbol": symbol, "color": PROBLEM, "size": 9, "line_width": 1.8},
            hovertemplate="%{x}<br>%{y:.4~g}",
        )
    )
