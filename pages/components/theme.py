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
    # As many colours as there are; the dashes tell them apart.
    "ets": "#000006",
    "theta": "#000007",
    "ridge": "#000005",
    "mean": "#000005",
    "ridge_features": "#000006",
    "majority": "#000005",
    "nearest": "#000006",
    "logistic": "#000007",
    "never": "#000005",
    "always": "#000006",
    "zscore": "#000007",
    "pca": "#000008",
}
BASELINE_DASHES: dict[str, str] = {
    "last_value": "dot",
    "seasonal_naive": "dash",
    "drift": "dashdot",
    "ets": "longdash",
    "theta": "longdashdot",
    "ridge": "solid",
    "mean": "dot",
    "ridge_features": "solid",
    "majority": "dot",
    "nearest": "dash",
    "logistic": "dashdot",
    "never": "dot",
    "always": "dash",
    "zscore": "dashdot",
    "pca": "longdash",
}
MUTED = "#000008"
PROBLEM = "#000009"
ACCENT = "#000010"
BACKGROUND = "#000038"

# Classes: none of the colours of cells and problems, legible in both themes.
_CLASS_COLOURS = (
    *("#b98a1d", "#3f9fb5", "#c9609a", "#7d9440"),
    *("#a8705a", "#5f7fce", "#5b9c8a", "#a07cba"),
)
_CLASS_DASHES = ("solid", "dash", "dot", "dashdot")


def new_figure(
    *, x_title: str, y_title: str, height: int = 360, y_format: str | None = None
) -> go.Figure:
    """Return an empty figure with named axes, the legend above, and unified hover.

    `y_format` writes the numbers of the y axis, such as ``.0%``.
    """
    # One dictionary: each `update_…` of a figure takes as long as all of this.
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
            "hovermode": "x unified",
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "bargap": 0.2,
            "separators": ".,",
            "xaxis": _axis(x_title),
            "yaxis": {
                **_axis(y_title),
                "zeroline": False,
                **({} if y_format is None else {"tickformat": y_format}),
            },
        }
    )


def log_axis(number_format: str | None = None) -> dict[str, Any]:
    """Return what makes an axis logarithmic, with every number written in full.

    Without a format plotly writes those between two powers of ten as a digit alone.
    """
    return {"type": "log", "tickformat": number_format or ",.2~r"}


def readable_axes(figure: go.Figure) -> go.Figure:
    """Give titles and numbers of all axes a colour with enough contrast."""
    font = {"color": MUTED}
    figure.update_xaxes(title_font=font, tickfont=font, automargin=True)
    figure.update_yaxes(title_font=font, tickfont=font, automargin=True)
    return figure


def _axis(title: str) -> dict[str, Any]:
    font = {"color": MUTED}
    return {
        "title": {"text": title, "font": font},
        "tickfont": font,
        "automargin": True,
    }


def shade_holdout(figure: go.Figure, x0: Any, x1: Any) -> None:
    """Draw the band of the holdout."""
    figure.add_shape(
        type="rect",
        x0=x0,
        x1=x1,
        y0=0,
        y1=1,
        xref="x",
        yref="paper",
        fillcolor=ACTUAL,
        opacity=0.18,
        line_width=0,
        layer="below",
    )


def class_colour(place: int) -> str:
    """Return the colour of the class at `place`; after eight they come again."""
    return _CLASS_COLOURS[place % len(_CLASS_COLOURS)]


def class_dash(place: int) -> str:
    """Return the line of a class, another one where its colour comes again."""
    return _CLASS_DASHES[place // len(_CLASS_COLOURS) % len(_CLASS_DASHES)]
