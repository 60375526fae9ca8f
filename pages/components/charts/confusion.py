"""Which classes are mistaken for which: counts and shares of each actual class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pages.components.charts.record import Chart
from pages.components.charts.style import model_name
from pages.components.text import chart_plain, chart_text, raw_text, text
from pages.components.theme import (
    ACTUAL,
    BACKGROUND,
    BASELINE_COLOURS,
    CELL_COLOURS,
    MUTED,
    new_figure,
)

MOST_WRITTEN = 12
LONGEST_NAME = 18
_ROW_HEIGHT, _LEAST_HEIGHT, _MOST_HEIGHT = 52, 260, 640
_STRENGTH = 0.55  # stronger colours would hide the numbers in one of both themes


def confusion_chart(
    counts: Sequence[Sequence[int]], classes: Sequence[str], *, name: str
) -> Chart:
    """Draw a matrix with a row for each actual class, a column for each called one.

    Parameters
    ----------
    counts
        Samples, of shape (n_classes, n_classes).
    classes
        Names of the classes in their order.
    name
        Cell or baseline that called them.
    """
    table = np.asarray(counts, dtype=np.int64)
    sizes = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, sizes, out=np.zeros(table.shape), where=sizes > 0)
    names = [chart_plain(_short(one)) for one in classes]
    places = list(range(len(classes)))
    figure = new_figure(
        x_title=chart_text("answers.called"),
        y_title=chart_text("answers.actual"),
        height=min(_MOST_HEIGHT, max(_LEAST_HEIGHT, 110 + _ROW_HEIGHT * len(places))),
    )
    colour = _colour(name)
    written = _written(table, shares) if len(places) <= MOST_WRITTEN else None
    figure.add_heatmap(
        z=shares,
        x=places,
        y=places,
        zmin=0,
        zmax=1,
        colorscale=[[0, BACKGROUND], [1, colour]],
        opacity=_STRENGTH,
        showscale=False,
        xgap=2,
        ygap=2,
        text=_spoken(table, shares, classes),
        hovertemplate="%{text}<extra></extra>",
    )
    if written is not None:
        figure.add_scatter(
            x=[column for _ in places for column in places],
            y=[row for row in places for _ in places],
            mode="text",
            text=written,
            textfont={"color": ACTUAL, "size": 13},
            hoverinfo="skip",
            showlegend=False,
        )
    ticks = {"tickmode": "array", "tickvals": places, "ticktext": names}
    ends = [-0.5, len(places) - 0.5]
    figure.update_xaxes(**ticks, range=ends, showgrid=False)
    figure.update_yaxes(**ticks, range=ends[::-1], showgrid=False)
    for row in places:
        # The diagonal is framed, so that colour is not all that says what is right.
        figure.add_shape(
            type="rect",
            x0=row - 0.48,
            x1=row + 0.48,
            y0=row - 0.48,
            y1=row + 0.48,
            line={"color": MUTED, "width": 2},
        )
    figure.update_layout(hovermode="closest")
    return Chart(
        figure=figure,
        title=text("answers.confusion_title", model=model_name(name)),
        summary=_summary(table, classes),
        numbers=lambda: confusion_numbers(table, classes),
    )


def confusion_numbers(
    counts: Sequence[Sequence[int]] | np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """Return one line for each pair of classes: count, and share of the actual one."""
    table = np.asarray(counts, dtype=np.int64)
    return pd.DataFrame(
        [
            {
                raw_text("answers.actual"): classes[row],
                raw_text("answers.called"): classes[column],
                raw_text("answers.count"): int(table[row, column]),
                raw_text("answers.row_share"): 100
                * float(table[row, column] / max(1, table[row].sum())),
            }
            for row in range(len(classes))
            for column in range(len(classes))
        ]
    )


def _colour(name: str) -> str:
    for known, colour in CELL_COLOURS.items():
        if known == name:
            return colour
    return BASELINE_COLOURS.get(name, MUTED)


def _short(name: str) -> str:
    flat = " ".join(name.split())
    return flat if len(flat) <= LONGEST_NAME else f"{flat[: LONGEST_NAME - 1]}…"


def _written(table: np.ndarray, shares: np.ndarray) -> list[str]:
    return [
        f"{count}<br>{100 * share:.0f} %" if count else "0"
        for count, share in zip(table.ravel(), shares.ravel(), strict=True)
    ]


def _spoken(
    table: np.ndarray, shares: np.ndarray, classes: Sequence[str]
) -> list[list[str]]:
    return [
        [
            chart_text(
                "answers.confusion_hover",
                count=int(table[row, column]),
                share=100 * float(shares[row, column]),
                actual=classes[row],
                called=classes[column],
            )
            for column in range(len(classes))
        ]
        for row in range(len(classes))
    ]


def _summary(table: np.ndarray, classes: Sequence[str]) -> str:
    n_samples, n_right = int(table.sum()), int(np.trace(table))
    said = text("answers.confusion_summary", right=n_right, n=n_samples)
    wrong = table - np.diag(np.diag(table))
    if not wrong.any():
        return said
    row, column = map(int, np.unravel_index(int(wrong.argmax()), wrong.shape))
    return f"{said} " + text(
        "answers.confusion_worst",
        n=int(wrong[row, column]),
        actual=classes[row],
        called=classes[column],
    )
