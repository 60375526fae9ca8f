"""Colours with one meaning everywhere, and figures that follow the chosen theme.

Streamlit's front end replaces the placeholders ``#000001`` … ``#000010`` in a figure
by `chartCategoricalColors` of the theme on screen (``.streamlit/config.toml``), so a
figure fits light and dark without being drawn again. Only whole hex strings are
replaced: transparency is given by `opacity`.
"""

from typing import Any, Literal

import plotly.graph_objects as go

from search.config import Cell

CELL_COLOURS: dict[Cell, str] = {
    "SimpleRNN": "#000001",
    "LSTM": "#000002",
    "GRU": "#000003",
}
CELL_DASHES: dict[Cell, str] = {"SimpleRNN": "dash", "LSTM": "solid", "GRU": "dot"}
CELL_SYMBOLS: dict[Cell, str] = {
    "SimpleRNN": "diamond",
    "LSTM": "circle",
    "GRU": "triangle-up",
}
CELL_BADGES: dict[Cell, Literal["orange", "blue", "green"]] = {
    "SimpleRNN": "orange",
    "LSTM": "blue",
    "GRU": "green",
}
ACTUAL = "#000004"
BASELINE_COLOURS: dict[str, str] = {
    "last_value": "#000005",
    "seasonal_naive": "#000006",
    "drift": "#000007",
}
BASELINE_DASHES: dict[str, str] = {
    "last_value": "dot",
    "seasonal_naive": "dash",
    "drift": "dashdot",
}
MUTED = "#000008"
PROBLEM = "#000009"
ACCENT = "#000010"
BACKGROUND = "#000038"


def new_figure(*, x_title: str, y_title: str, height: int = 360) -> go.Figure:
    """Return an empty figure with named axes, the legend above, and unified hover."""
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        bargap=0.2,
        separators=". ",
    )
    figure.update_xaxes(title_text=x_title)
    figure.update_yaxes(title_text=y_title, zeroline=False)
    return readable_axes(figure)


def readable_axes(figure: go.Figure) -> go.Figure:
    """Give titles and numbers of all axes a colour with enough contrast."""
    font = {"color": MUTED}
    figure.update_xaxes(title_font=font, tickfont=font, automargin=True)
    figure.update_yaxes(title_font=font, tickfont=font, automargin=True)
    return figure


def shade_train(figure: go.Figure, x0: Any, x1: Any, **place: Any) -> None:
    """Draw the band of training rows."""
    _band(figure, x0, x1, MUTED, 0.10, place)


def shade_validation(figure: go.Figure, x0: Any, x1: Any, **place: Any) -> None:
    """Draw the band of validation rows."""
    _band(figure, x0, x1, ACCENT, 0.22, place)


def shade_holdout(figure: go.Figure, x0: Any, x1: Any, **place: Any) -> None:
    """Draw the band of the holdout, the darkest one."""
    _band(figure, x0, x1, ACTUAL, 0.18, place)


def hatch_gap(
    figure: go.Figure, x0: Any, x1: Any, *, y0: float = 0.0, y1: float = 1.0
) -> None:
    """Draw the gap between training and validation as a hatched bar.

    A shape cannot be hatched in plotly, so this is a filled trace; `y0` and `y1` are
    in units of the y axis.
    """
    figure.add_trace(
        go.Scatter(
            x=[x0, x1, x1, x0, x0],
            y=[y0, y0, y1, y1, y0],
            fill="toself",
            mode="lines",
            line={"width": 0.5, "color": MUTED},
            fillpattern={"shape": "/", "size": 5, "fgcolor": MUTED, "solidity": 0.3},
            fillcolor=BACKGROUND,
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _band(
    figure: go.Figure,
    x0: Any,
    x1: Any,
    colour: str,
    opacity: float,
    place: dict[str, Any],
) -> None:
    figure.add_shape(
        type="rect",
        x0=x0,
        x1=x1,
        y0=place.get("y0", 0),
        y1=place.get("y1", 1),
        xref="x",
        yref="y" if "y0" in place else "paper",
        fillcolor=colour,
        opacity=opacity,
        line_width=0,
        layer="below",
    )
