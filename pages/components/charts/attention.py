"""Which steps of a window a network attends to, as a picture."""

import numpy as np
import pandas as pd

from pages.components.charts.record import Chart
from pages.components.numbers import three_digits
from pages.components.text import chart_text, raw_text, text
from pages.components.theme import ACCENT, MUTED, new_figure
from search.explain.attention import WeightRange


def attention_chart(weights: np.ndarray, usual: WeightRange) -> Chart:
    """Draw the attention of one window, and that of all windows of the holdout.

    Parameters
    ----------
    weights
        Weight of each step of the chosen window, of shape (n_steps,).
    usual
        The weights over all windows.
    """
    n_steps = len(weights)
    rows, shown = np.arange(-n_steps, 0), 100 * weights
    mean, low, high = 100 * usual.mean, 100 * usual.low, 100 * usual.high
    figure = new_figure(
        x_title=chart_text("explain.rows_before"),
        y_title=chart_text("explain.attention"),
    )
    figure.add_scatter(
        x=np.concatenate([rows, rows[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=MUTED,
        opacity=0.2,
        line={"width": 0, "color": MUTED},
        mode="lines",
        name=chart_text("explain.attention_band"),
        hoverinfo="skip",
    )
    mode = "lines+markers" if n_steps <= 60 else "lines"
    for name, values, line in (
        ("explain.attention_mean", mean, {"color": MUTED, "width": 2, "dash": "dash"}),
        ("explain.attention_chosen", shown, {"color": ACCENT, "width": 2}),
    ):
        figure.add_scatter(
            x=rows,
            y=values,
            mode=mode,
            line=line,
            name=chart_text(name),
            hovertemplate="%{y:.3~r} %",
        )
    figure.update_yaxes(rangemode="tozero")
    first, usual_first = int(weights.argmax()), int(usual.mean.argmax())
    return Chart(
        figure=figure,
        title=text("explain.attention_title"),
        summary=text(
            "explain.attention_summary",
            row=f"−{n_steps - first}",
            share=three_digits(float(shown[first])),
            usual_row=f"−{n_steps - usual_first}",
            usual_share=three_digits(float(mean[usual_first])),
            even=three_digits(100 / n_steps),
        ),
        numbers=lambda: pd.DataFrame(
            {
                raw_text("explain.row"): rows,
                raw_text("explain.attention_chosen"): shown,
                raw_text("explain.attention_mean"): mean,
                raw_text("charts.band_low"): low,
                raw_text("charts.band_high"): high,
            }
        ),
    )
