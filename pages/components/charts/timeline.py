"""What was there and what was called, row by row, one lane for each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.record import Chart
from pages.components.charts.style import model_line, model_name
from pages.components.charts.times import speak_times, time_words
from pages.components.text import chart_plain, chart_text, raw_text, text
from pages.components.theme import ACTUAL, MUTED, new_figure
from search.analysis.holdout.answers import AnomalyAnswers, ClassAnswers
from search.analysis.holdout.runs import Run, label_runs
from search.data.thinning import thin

MOST_POINTS = 1500
MOST_RUNS = 600
MOST_CLASSES = 15
_LANE = 9  # thickness in pixels


def label_timeline(
    models: Mapping[str, ClassAnswers],
    classes: Sequence[str],
    *,
    group: str,
    x_title: str,
) -> Chart:
    """Draw the actual classes of one group and those that each model called.

    Each class has a row of the chart, in it the actual class on top and the models
    below, so that colour is not needed to read it.

    Parameters
    ----------
    models
        Answers on the same rows by the name of a cell.
    classes
        Names of the classes in their order.
    group
        Whose rows; empty for a single series.
    x_title
        Name of the time axis.
    """
    first = next(iter(models.values()))
    inside = first.places.inside(group)
    times, rows = first.places.times[inside], first.places.rows[inside]
    lanes = {"": first.actual[inside]} | {
        name: one.called[one.places.inside(group)] for name, one in models.items()
    }
    occurring = sorted({int(label) for lane in lanes.values() for label in lane})
    shown = occurring[:MOST_CLASSES]
    figure = new_figure(
        x_title=x_title,
        y_title="",
        height=120 + max(2, len(shown)) * (26 + 12 * len(lanes)),
    )
    gap = 0.8 / len(lanes)
    for lane, (name, labels) in enumerate(lanes.items()):
        runs = [run for run in label_runs(labels, rows) if run.label in shown]
        level = {label: k + 0.4 - gap * (lane + 0.5) for k, label in enumerate(shown)}
        _add_lane(figure, runs, times, name=name, level=level)
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(shown))),
        ticktext=[chart_plain(classes[label]) for label in shown],
        range=[-0.5, len(shown) - 0.5],
        showgrid=False,
    )
    for edge in range(1, len(shown)):
        figure.add_hline(y=edge - 0.5, line={"color": MUTED, "width": 1, "dash": "dot"})
    figure.update_layout(hovermode="closest")
    speak_times(figure, times)
    return Chart(
        figure=figure,
        title=text("answers.timeline_title"),
        summary=_label_summary(models, group=group),
        numbers=lambda: label_numbers(models, classes, group=group),
    )


def anomaly_timeline(
    models: Mapping[str, AnomalyAnswers], *, group: str, x_title: str
) -> Chart:
    """Draw the scores of one group over their threshold, and which rows are called.

    Parameters
    ----------
    models
        Answers by the name of a cell or a baseline.
    group
        Whose rows; empty for a single series.
    x_title
        Name of the time axis.
    """
    first = next(iter(models.values()))
    inside = first.places.inside(group)
    times, rows = first.places.times[inside], first.places.rows[inside]
    labels = np.nan_to_num(first.labels[inside]).astype(np.int64)
    figure = new_figure(
        x_title=x_title,
        y_title=chart_text("answers.score_axis"),
        height=320 + 24 * (len(models) + 1),
    )
    lanes = {"": labels}
    for name, one in models.items():
        own = one.places.inside(group)
        ratio = one.scores[own] / np.where(
            one.thresholds[own] > 0, one.thresholds[own], 1.0
        )
        kept = thin(ratio, None, MOST_POINTS)
        figure.add_scatter(
            x=one.places.times[own][kept],
            y=ratio[kept],
            mode="lines",
            name=chart_text("charts.model", name=model_name(name)),
            legendgroup=name,
            hovertemplate="%{y:.2f}",
            line={**model_line(name)["line"], "width": 1.5},
        )
        lanes[name] = one.is_called[own].astype(np.int64)
    figure.add_hline(
        y=1,
        line={"color": MUTED, "dash": "dash", "width": 2},
        annotation={
            "text": chart_text("answers.threshold"),
            "font": {"color": MUTED},
            "yanchor": "bottom",
        },
        annotation_position="top left",
    )
    names = {"": chart_text("answers.lane_actual")} | {
        name: chart_text("answers.lane_called", model=model_name(name))
        for name in models
    }
    for lane, (name, called) in enumerate(lanes.items()):
        runs = [run for run in label_runs(called, rows) if run.label == 1]
        level = {1: float(len(lanes) - 1 - lane)}
        _add_lane(figure, runs, times, name=name, level=level, axis="y2")
    share = 0.09 * len(lanes)
    figure.update_layout(
        yaxis={"domain": [min(0.5, share) + 0.06, 1], "rangemode": "tozero"},
        yaxis2={
            "domain": [0, min(0.5, share)],
            "tickmode": "array",
            "tickvals": list(range(len(lanes))),
            "ticktext": [names[name] for name in reversed(list(lanes))],
            "tickfont": {"color": MUTED},
            "range": [-0.6, len(lanes) - 0.4],
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
        },
        xaxis={"anchor": "y2"},
        hovermode="closest",
    )
    speak_times(figure, times)
    return Chart(
        figure=figure,
        title=text("answers.anomaly_title"),
        summary=_anomaly_summary(models, group=group),
        numbers=lambda: anomaly_numbers(models, group=group),
    )


def label_numbers(
    models: Mapping[str, ClassAnswers], classes: Sequence[str], *, group: str
) -> pd.DataFrame:
    """Return one line a row: the actual class, and the one that each model called."""
    first = next(iter(models.values()))
    inside = first.places.inside(group)
    words = np.asarray(classes, dtype=object)
    return pd.DataFrame(
        {
            raw_text("charts.row"): first.places.rows[inside],
            raw_text("charts.time"): first.places.times[inside],
            raw_text("charts.actual"): words[first.actual[inside]],
            **{
                model_name(name): words[one.called[one.places.inside(group)]]
                for name, one in models.items()
            },
        }
    )


def anomaly_numbers(
    models: Mapping[str, AnomalyAnswers], *, group: str
) -> pd.DataFrame:
    """Return one line a row: its label, and score, threshold and call of each model."""
    first = next(iter(models.values()))
    inside = first.places.inside(group)
    columns: dict[str, Any] = {
        raw_text("charts.row"): first.places.rows[inside],
        raw_text("charts.time"): first.places.times[inside],
        raw_text("answers.label"): first.labels[inside],
    }
    for name, one in models.items():
        own, word = one.places.inside(group), model_name(name)
        columns[raw_text("answers.column_score", model=word)] = one.scores[own]
        columns[raw_text("answers.column_threshold", model=word)] = one.thresholds[own]
        columns[raw_text("answers.column_anomaly", model=word)] = one.is_called[
            own
        ].astype(np.int64)
    return pd.DataFrame(columns)


def _add_lane(
    figure: go.Figure,
    runs: Sequence[Run],
    times: np.ndarray,
    *,
    name: str,
    level: Mapping[int, float],
    axis: str = "y",
) -> None:
    """Draw `runs` as bars at the level of their label; the name '' is what was there.

    Where there are too many, the longest are drawn.
    """
    drawn = sorted(
        sorted(runs, key=lambda run: run.start - run.stop)[:MOST_RUNS],
        key=lambda run: run.start,
    )
    x: list[Any] = []
    y: list[float | None] = []
    said: list[str] = []
    for run in drawn:
        begin, end = times[run.start], times[run.stop - 1]
        words = " – ".join(dict.fromkeys(time_words([begin, end])))
        x += [begin, end, None]
        y += [level[run.label], level[run.label], None]
        said += [words, words, ""]
    line = model_line(name)["line"] if name else {"color": ACTUAL}
    word = (
        chart_text("charts.model", name=model_name(name))
        if name
        else chart_text("charts.actual")
    )
    figure.add_scatter(
        x=x,
        y=y,
        yaxis=axis,
        # A run of one row has no length, so its mark says that it is there.
        mode="lines+markers",
        line={"color": line["color"], "width": _LANE},
        marker={"color": line["color"], "size": _LANE, "symbol": "square"},
        name=word,
        legendgroup=name,
        showlegend=axis == "y",
        text=said,
        hovertemplate=f"{word}: %{{text}}<extra></extra>",
    )


def _label_summary(models: Mapping[str, ClassAnswers], *, group: str) -> str:
    parts = []
    for name, one in models.items():
        inside = one.places.inside(group)
        right = float((one.called[inside] == one.actual[inside]).mean())
        parts.append(
            text("answers.right_part", model=model_name(name), share=100 * right)
        )
    return text("answers.timeline_summary") + " " + "; ".join(parts) + "."


def _anomaly_summary(models: Mapping[str, AnomalyAnswers], *, group: str) -> str:
    parts = []
    for name, one in models.items():
        inside = one.places.inside(group)
        calls = one.is_called[inside].astype(np.int64)
        runs = label_runs(calls, one.places.rows[inside])
        parts.append(
            text(
                "answers.alarm_part",
                model=model_name(name),
                n=sum(run.label == 1 for run in runs),
            )
        )
    return text("answers.anomaly_summary") + " " + "; ".join(parts) + "."
