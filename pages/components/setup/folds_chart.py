"""The folds and the holdout, drawn over the series they are cut from."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.components.intake.series_chart import drawn_positions, x_title
from pages.components.text import chart_plain, chart_text, raw_text
from pages.components.theme import ACCENT, ACTUAL, BACKGROUND, MUTED, readable_axes
from search.evaluation.splits import SplitPlan

_LANE_PIXELS = 30
_SERIES_PIXELS = 190


def folds_figure(column: pd.Series, plan: SplitPlan) -> go.Figure:
    """Draw the series above one lane for each fold.

    In a lane: training, then the gap (hatched), then validation (lighter); the
    holdout is shaded over everything.

    Parameters
    ----------
    column
        The first target.
    plan
        Folds of this very series.
    """
    n_folds = len(plan.folds)
    lanes = _LANE_PIXELS * n_folds + 20
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.04,
        row_heights=[_SERIES_PIXELS, lanes],
    )
    edges = _Edges(column.index)
    _add_series(figure, column)
    for number, fold in enumerate(plan.folds, start=1):
        lane = n_folds - number
        end = min(fold.valid_stop + plan.horizon - 1, plan.holdout_start)
        n_train = fold.n_train(plan.first_origin)
        gap = plan.horizon - 1
        for part in (
            _Part("train", 0, fold.train_stop, number, n_train),
            _Part("gap", fold.train_stop, fold.valid_start, number, gap),
            _Part("valid", fold.valid_start, end, number, fold.n_valid),
        ):
            if part.stop > part.start:
                _add_part(figure, edges, part, lane)
    _shade_holdout(figure, edges, plan)
    _lay_out(figure, column, n_folds, lanes)
    return figure


def fold_table(plan: SplitPlan, index: pd.Index) -> pd.DataFrame:
    """Return one row a fold: windows, and from where to where it validates."""
    rows = []
    for number, fold in enumerate(plan.folds, start=1):
        last = min(fold.valid_stop + plan.horizon - 1, plan.holdout_start) - 1
        rows.append(
            {
                raw_text("setup.fold"): number,
                raw_text("setup.train_windows"): fold.n_train(plan.first_origin),
                raw_text("setup.valid_windows"): fold.n_valid,
                raw_text("setup.valid_from"): place(index, fold.valid_start),
                raw_text("setup.valid_to"): place(index, last),
            }
        )
    return pd.DataFrame(rows)


def place(index: pd.Index, position: int) -> str:
    """Return the time stamp of a row, or its number."""
    label = index[position]
    if isinstance(label, pd.Timestamp):
        is_day = label == label.normalize()
        return label.strftime("%d %b %Y" if is_day else "%d %b %Y %H:%M")
    return f"{label:,}"


@dataclass(frozen=True)
class _Part:
    """Rows ``[start, stop)`` of fold `number`, with `n` windows."""

    kind: Literal["train", "gap", "valid"]
    start: int
    stop: int
    number: int
    n: int


class _Edges:
    """Where a row begins on the x axis; the row after the last one included."""

    def __init__(self, index: pd.Index) -> None:
        self._index = index

    def __getitem__(self, position: int) -> object:
        if position < len(self._index):
            return self._index[position]
        return self._index[-1] + (self._index[-1] - self._index[-2])


def _add_series(figure: go.Figure, column: pd.Series) -> None:
    values = column.to_numpy(dtype=float)
    kept = drawn_positions(values)
    figure.add_trace(
        go.Scatter(
            x=column.index[kept],
            y=values[kept],
            mode="lines",
            line={"color": ACTUAL, "width": 1.2},
            hovertemplate="%{x}<br>%{y:.4~g}<extra></extra>",
            showlegend=False,
        ),
        row=1,
        col=1,
    )


def _add_part(figure: go.Figure, edges: _Edges, part: _Part, lane: int) -> None:
    kind, number = part.kind, part.number
    low, high = lane + 0.14, lane + 0.86
    colour = {"train": MUTED, "gap": BACKGROUND, "valid": ACCENT}[kind]
    x0, x1 = edges[part.start], edges[part.stop]
    trace = go.Scatter(
        x=[x0, x1, x1, x0, x0],
        y=[low, low, high, high, low],
        fill="toself",
        mode="lines",
        line={"width": 0 if kind != "gap" else 1, "color": MUTED},
        fillcolor=colour,
        name=chart_text(f"setup.part_{kind}"),
        legendgroup=kind,
        showlegend=number == 1,
        hoveron="fills",
        text=chart_text(f"setup.hover_{kind}", fold=number, n=part.n),
        hoverinfo="text",
        opacity={"train": 0.55, "gap": 1.0, "valid": 0.6}[kind],
    )
    if kind == "gap":
        trace.update(
            fillpattern={
                "shape": "/",
                "size": 5,
                "solidity": 0.4,
                "fgcolor": MUTED,
                "bgcolor": BACKGROUND,
            }
        )
    figure.add_trace(trace, row=2, col=1)


def _shade_holdout(figure: go.Figure, edges: _Edges, plan: SplitPlan) -> None:
    figure.add_shape(
        type="rect",
        x0=edges[plan.holdout_start],
        x1=edges[plan.n_rows],
        y0=0,
        y1=1,
        xref="x",
        yref="paper",
        fillcolor=ACTUAL,
        opacity=0.16,
        line_width=0,
        layer="below",
    )
    figure.add_trace(
        go.Scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={"symbol": "square", "size": 12, "color": ACTUAL, "opacity": 0.3},
            name=chart_text("setup.part_holdout"),
        ),
        row=2,
        col=1,
    )


def _lay_out(figure: go.Figure, column: pd.Series, n_folds: int, lanes: int) -> None:
    names = [chart_text("setup.lane", fold=n) for n in range(n_folds, 0, -1)]
    figure.update_layout(
        height=_SERIES_PIXELS + lanes + 90,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    figure.update_yaxes(
        title_text=chart_plain(column.name), zeroline=False, automargin=True,
        row=1, col=1,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(np.arange(n_folds) + 0.5),
        ticktext=names,
        range=[0, n_folds],
        showgrid=False,
        zeroline=False,
        automargin=True,
        row=2,
        col=1,
    )
    figure.update_xaxes(title_text=x_title(column.index), row=2, col=1)
    readable_axes(figure)
