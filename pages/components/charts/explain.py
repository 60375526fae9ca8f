"""What a network uses and what its gates do, as pictures."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart, Scale
from pages.components.numbers import three_digits, with_unit
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import ACCENT, BACKGROUND, CELL_COLOURS, MUTED, new_figure
from search.explain.importance import Importance

_BOTH_SIDES = [
    [0.0, CELL_COLOURS["LSTM"]],
    [0.5, BACKGROUND],
    [1.0, CELL_COLOURS["SimpleRNN"]],
]
_ONE_SIDE = [[0.0, BACKGROUND], [1.0, ACCENT]]


def importance_chart(
    found: Importance,
    *,
    title: str,
    axis: str,
    summary: str,
    growth: str = "explain.growth",
    is_percent: bool = True,
    are_rows: bool = False,
) -> Chart:
    """Draw how much worse the answers become without each input.

    Parameters
    ----------
    title, axis
        Question above the chart, and name of the inputs.
    summary
        Key of the sentence below it, with `name` and `growth`.
    growth
        Key of the name of what grows.
    is_percent
        Whether the growth is shown in percent.
    are_rows
        Whether the inputs are rows, such as ``7`` or ``6–9``.
    """
    factor, unit = (100, " %") if is_percent else (1, "")
    figure = new_figure(
        x_title=axis,
        y_title=chart_text(growth),
        height=320,
    )
    figure.add_bar(
        x=list(found.names),
        y=factor * found.means,
        error_y={
            "type": "data",
            "array": factor * found.spreads,
            "color": MUTED,
        },
        marker={"color": ACCENT},
        hovertemplate=f"%{{x}}: %{{y:.{1 if is_percent else 3}f}}{unit}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(type="category")
    figure.update_layout(hovermode="closest")
    first = int(found.means.argmax())
    return Chart(
        figure=figure,
        title=title,
        summary=text(
            summary,
            name=_rows_named(found.names[first]) if are_rows else found.names[first],
            growth=f"{100 * found.means[first]:.0f}"
            if is_percent
            else three_digits(float(found.means[first])),
        ),
        numbers=lambda: pd.DataFrame(
            {
                raw_text("explain.input"): found.names,
                raw_text(growth): factor * found.means,
                raw_text("explain.spread"): factor * found.spreads,
            }
        ),
    )


def _rows_named(name: str) -> str:
    is_one = name.strip().isdigit()
    return raw_text("explain.one_row" if is_one else "explain.some_rows", name=name)


def attribution_chart(
    values: np.ndarray,
    channels: tuple[str, ...],
    scale: Scale,
    *,
    title: str | None = None,
    summary: str = "explain.attribution_summary",
) -> Chart:
    """Draw what each value of a window adds to a forecast value.

    Parameters
    ----------
    values
        In units of the target, of shape (n_steps, n_channels).
    channels
        Names of the channels.
    scale
        Name and unit of the target.
    title
        Question above the chart; by default that for a forecast.
    summary
        Key of the sentence below it.
    """
    most = float(np.abs(values).max()) or 1.0
    rows: list[object] = list(range(-len(values), 0))
    figure = heat_map(
        values.T,
        x=rows,
        y=list(channels),
        low=-most,
        high=most,
        colours=_BOTH_SIDES,
        height=140 + 36 * len(channels),
        says=chart_text("explain.added", axis=scale.axis),
    )
    row, column = np.unravel_index(np.abs(values).argmax(), values.shape)
    return Chart(
        figure=figure,
        title=title or text("explain.attribution_title"),
        summary=text(
            summary,
            channel=channels[column],
            rows=len(values) - int(row),
            value=with_unit(float(values[row, column]), scale.unit),
            total=with_unit(float(values.sum()), scale.unit),
        ),
        numbers=lambda: pd.DataFrame(values, columns=list(channels)).assign(
            **{raw_text("explain.row"): rows}
        ),
    )


def gate_chart(name: str, values: np.ndarray) -> Chart:
    """Draw one gate, or the state, of each unit over a window.

    Parameters
    ----------
    name
        Name in `search.explain.cells`, or ``state``.
    values
        Shape (n_steps, units).
    """
    key = name.replace(" ", "_")
    is_share = name in ("input", "forget", "output", "update", "reset")
    most = float(np.abs(values).max()) or 1.0
    rows: list[object] = list(range(-len(values), 0))
    figure = heat_map(
        values.T,
        x=rows,
        y=[str(unit + 1) for unit in range(values.shape[1])],
        low=0.0 if is_share else -most,
        high=1.0 if is_share else most,
        colours=_ONE_SIDE if is_share else _BOTH_SIDES,
        height=300,
    )
    figure.update_yaxes(title_text=chart_text("explain.unit"), showticklabels=False)
    return Chart(
        figure=figure,
        title=text(f"explain.gate_{key}"),
        summary=text(
            f"explain.gate_{key}_body",
            mean=three_digits(float(values.mean())),
            first=three_digits(float(values[0].mean())),
            last=three_digits(float(values[-1].mean())),
        ),
        numbers=lambda: pd.DataFrame(
            values, columns=[f"{n + 1}" for n in range(values.shape[1])]
        ).assign(**{raw_text("explain.row"): rows}),
    )


def heat_map(
    values: np.ndarray,
    *,
    x: list[object],
    y: list[str],
    low: float,
    high: float,
    colours: list[list[object]],
    height: int,
    says: str = "",
) -> go.Figure:
    """Draw `values` of shape (len(y), len(x)) as colours between `low` and `high`.

    Parameters
    ----------
    says
        Title of the scale of colours.
    """
    figure = new_figure(
        x_title=chart_text("explain.rows_before"), y_title="", height=height
    )
    figure.add_heatmap(
        z=values,
        x=x,
        y=y,
        zmin=low,
        zmax=high,
        colorscale=colours,
        colorbar={"thickness": 12, "title": {"text": says, "side": "right"}},
        hovertemplate="%{y}, %{x}: %{z:.3g}<extra></extra>",
    )
    figure.update_layout(hovermode="closest")
    return figure
