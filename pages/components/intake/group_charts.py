"""Sequences as they are, coloured by class, and how long and how many they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.intake.series_chart import series_figure
from pages.components.text import chart_plain, chart_text
from pages.components.theme import (
    MUTED,
    class_colour,
    class_dash,
    new_figure,
)
from search.data.thinning import thin

_MOST_POINTS = 600
_MOST_BANDS = 300
_SMALL = 260


@dataclass(frozen=True)
class Drawn:
    """One sequence in a chart.

    Attributes
    ----------
    name
        Name of the sequence.
    values
        One column of it, of shape (n_rows,).
    place
        Place of its class; None without classes.
    """

    name: str
    values: np.ndarray
    place: int | None = None


def sequences_figure(
    drawn: Sequence[Drawn], *, column: str, classes: Sequence[str] = ()
) -> go.Figure:
    """Draw one column of some sequences over the rows since each began.

    The colour is that of the class; without classes, another one for each sequence.
    """
    figure = new_figure(
        x_title=chart_text("data.axis_row_of_sequence"), y_title=chart_plain(column)
    )
    named: set[str] = set()
    for number, one in enumerate(drawn):
        kept = thin(one.values, None, _MOST_POINTS)
        of_class = None if one.place is None else chart_plain(classes[one.place])
        place = number if one.place is None else one.place
        name = chart_plain(one.name)
        label = of_class or name
        figure.add_scatter(
            x=kept,
            y=one.values[kept],
            mode="lines",
            name=label,
            legendgroup=label,
            showlegend=label not in named,
            line={
                "width": 1.4,
                "color": class_colour(place),
                "dash": class_dash(place),
            },
            opacity=0.85,
            hovertemplate=(
                f"{name}{'' if of_class is None else f', {of_class}'}<br>"
                + chart_text("data.hover_row", row="%{x}", value="%{y:.4~g}")
                + "<extra></extra>"
            ),
        )
        named.add(label)
    figure.update_layout(hovermode="closest")
    return figure


def lengths_figure(lengths: Sequence[int]) -> go.Figure:
    """Draw how many sequences have how many rows."""
    figure = new_figure(
        x_title=chart_text("data.axis_length"),
        y_title=chart_text("data.axis_sequences"),
        height=_SMALL,
    )
    figure.add_histogram(
        x=list(lengths),
        marker_color=MUTED,
        nbinsx=30,
        hovertemplate=chart_text("data.hover_lengths", rows="%{x}", n="%{y}")
        + "<extra></extra>",
    )
    figure.update_layout(hovermode="closest", showlegend=False)
    return figure


def classes_figure(
    classes: Sequence[str], counts: Sequence[int], *, of_groups: bool
) -> go.Figure:
    """Draw how many sequences, or rows, each class has."""
    what = "data.axis_sequences" if of_groups else "data.axis_rows"
    figure = new_figure(
        x_title=chart_text(what), y_title="", height=90 + 30 * max(2, len(classes))
    )
    figure.add_bar(
        x=list(counts),
        y=[chart_plain(name) for name in classes],
        orientation="h",
        marker_color=[class_colour(place) for place in range(len(classes))],
        text=list(counts),
        textposition="auto",
        hovertemplate="%{y}: %{x}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(hovermode="closest", showlegend=False)
    return figure


def labelled_figure(
    column: pd.Series,
    places: np.ndarray,
    classes: Sequence[str],
    *,
    colours: Sequence[str] = (),
) -> go.Figure:
    """Draw one column with the class of each row as a band behind it.

    Parameters
    ----------
    column
        Values, in the order of the rows.
    places
        Place of the class of each row; below 0 where no band is drawn.
    classes, colours
        Names of the classes, and their colours where they are not the usual ones.
    """
    colours = colours or [class_colour(place) for place in range(len(classes))]
    figure = series_figure(column)
    edges = np.flatnonzero(np.diff(places, prepend=places[:1] - 1))
    stops = np.append(edges[1:], len(places))
    runs = [
        (int(start), int(stop), int(places[start]))
        for start, stop in zip(edges, stops, strict=True)
        if places[start] >= 0
    ]
    longest = sorted(runs, key=lambda run: run[0] - run[1])[:_MOST_BANDS]
    figure.layout.shapes = [
        {
            "type": "rect",
            "x0": column.index[start],
            "x1": column.index[min(stop, len(column) - 1)],
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "fillcolor": colours[place],
            "opacity": 0.28,
            "line": {"width": 0},
            "layer": "below",
        }
        for start, stop, place in longest
    ]
    for place in sorted({run[2] for run in runs}):
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={"symbol": "square", "size": 12, "color": colours[place],
                    "opacity": 0.5},
            name=chart_plain(classes[place]),
        )  # fmt: skip
    return figure
