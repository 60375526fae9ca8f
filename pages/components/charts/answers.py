"""Answers for samples as pictures: classes, values and scores, row by row."""

from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.charts.explain import heat_map
from pages.components.charts.record import Chart, Scale
from pages.components.numbers import count, three_digits, with_unit
from pages.components.text import chart_plain, chart_text, raw_text, text
from pages.components.theme import (
    ACCENT,
    ACTUAL,
    BACKGROUND,
    MUTED,
    PROBLEM,
    new_figure,
)

_SHARES = [[0.0, BACKGROUND], [1.0, ACCENT]]
# A value has settled where it stays within this share of the spread of all answers.
_NEAR = 0.1


def class_rows_chart(
    probabilities: np.ndarray,
    times: np.ndarray,
    classes: tuple[str, ...],
    *,
    x_title: str,
    title: str,
    summary: str,
    known: np.ndarray | None = None,
) -> Chart:
    """Draw the probability of each class over rows, and the most probable one.

    Parameters
    ----------
    probabilities
        Shape (n_rows, n_classes).
    times
        When each row was, or how many have been seen.
    known
        Place of the class of each row, NaN for none; None where nothing is known.
    """
    names = [chart_plain(name) for name in classes]
    figure = heat_map(
        100 * probabilities.T,
        x=list(times),
        y=names,
        low=0.0,
        high=100.0,
        colours=_SHARES,
        height=170 + 34 * len(classes),
        says=chart_text("explain.probability"),
    )
    _add_marks(figure, times, probabilities.argmax(axis=1), names, is_known=False)
    if known is not None and np.isfinite(known).any():
        is_there = np.isfinite(known)
        _add_marks(
            figure,
            times[is_there],
            known[is_there].astype(np.int64),
            names,
            is_known=True,
        )
    figure.update_xaxes(title=x_title, range=_whole_width(times))
    figure.update_yaxes(type="category")
    figure.update_layout(
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    )
    return Chart(
        figure=figure,
        title=title,
        summary=summary,
        numbers=lambda: pd.DataFrame(probabilities, columns=list(classes)).assign(
            **{x_title: times}
        ),
    )


def labels_summary(probabilities: np.ndarray, classes: tuple[str, ...]) -> str:
    """Say which labels rows have."""
    called = probabilities.argmax(axis=1)
    counts = np.bincount(called, minlength=len(classes))
    return text(
        "scoring.rows_summary",
        n=count(len(called)),
        runs=count(1 + int((np.diff(called) != 0).sum())),
        name=classes[int(counts.argmax())],
        share=f"{100 * counts.max() / len(called):.0f}",
    )


def class_development_summary(
    probabilities: np.ndarray, classes: tuple[str, ...], first: int
) -> str:
    """Say from which row on the last answer stays; `first` rows are seen at first."""
    called = probabilities.argmax(axis=1)
    other = np.flatnonzero(called != called[-1])
    settled = first + (int(other[-1]) + 1 if len(other) else 0)
    return text(
        "scoring.develop_class_summary",
        total=count(first + len(called) - 1),
        name=classes[int(called[-1])],
        share=f"{100 * probabilities[-1].max():.0f}",
        settled=count(settled),
    )


def development_chart(
    values: np.ndarray,
    seen: np.ndarray,
    scale: Scale,
    *,
    known: float | None,
    spread: float,
) -> Chart:
    """Draw the value that was said after each row of a sequence.

    Parameters
    ----------
    values
        Shape (n_answers,).
    seen
        How many rows had been seen.
    known
        What the file says; None if nothing.
    spread
        Standard deviation of all answers, to tell when this one has settled.
    """
    figure = new_figure(
        x_title=chart_text("scoring.rows_seen"), y_title=scale.axis, height=360
    )
    _add_line(figure, seen, values, raw_text("scoring.develop_value"), ACCENT, scale)
    ends = [seen[0], seen[-1]]
    last = float(values[-1])
    name = raw_text("scoring.develop_final")
    _add_line(figure, ends, [last, last], name, MUTED, scale, dash="dot")
    if known is not None:
        name = raw_text("scoring.develop_actual")
        _add_line(figure, ends, [known, known], name, ACTUAL, scale, dash="dash")
    near = _NEAR * spread or abs(last) * _NEAR
    far = np.flatnonzero(np.abs(values - last) > near)
    settled = int(seen[int(far[-1]) + 1] if len(far) else seen[0])
    middle = len(values) // 2
    return Chart(
        figure=figure,
        title=text("scoring.develop_title"),
        summary=text(
            "scoring.develop_value_summary",
            half=count(int(seen[middle])),
            middle=with_unit(float(values[middle]), scale.unit),
            total=count(int(seen[-1])),
            last=with_unit(last, scale.unit),
            settled=count(settled),
            near=with_unit(near, scale.unit),
        ),
        numbers=lambda: pd.DataFrame(
            {raw_text("scoring.rows_seen"): seen, scale.column: values}
        ),
    )


def values_chart(
    values: np.ndarray,
    where: np.ndarray,
    scale: Scale,
    *,
    x_title: str,
    title: str,
    known: np.ndarray | None = None,
    is_line: bool = False,
) -> Chart:
    """Draw the value of each sample, and what the file says of it."""
    figure = new_figure(x_title=x_title, y_title=scale.axis, height=380)
    mode = "lines" if is_line else "markers"
    if known is not None:
        figure.add_scatter(
            x=where,
            y=known,
            mode=mode,
            line={"color": ACTUAL, "width": 1.5},
            marker={"color": ACTUAL, "symbol": "circle-open", "size": 9},
            name=chart_text("scoring.actual"),
            hovertemplate=scale.hover,
        )
    figure.add_scatter(
        x=where,
        y=values,
        mode=mode,
        line={"color": ACCENT, "width": 2},
        marker={"color": ACCENT, "size": 8},
        name=chart_text("scoring.predicted"),
        hovertemplate=scale.hover,
    )
    if not is_line:
        figure.update_xaxes(type="category")
    return Chart(
        figure=figure,
        title=title,
        summary=text(
            "scoring.values_summary",
            n=count(len(values)),
            low=with_unit(float(values.min()), scale.unit),
            high=with_unit(float(values.max()), scale.unit),
            middle=with_unit(float(np.median(values)), scale.unit),
        ),
        numbers=lambda: pd.DataFrame({x_title: where, scale.column: values}),
    )


def score_chart(
    scores: np.ndarray,
    times: np.ndarray,
    threshold: float,
    *,
    x_title: str,
    known: np.ndarray | None,
    chosen: int | None = None,
) -> Chart:
    """Draw the scores of rows, the threshold, and the rows above it.

    Parameters
    ----------
    known
        1 where the file calls a row anomalous, NaN where it says nothing; None if it
        says nothing at all.
    chosen
        A row to point at.
    """
    figure = new_figure(
        x_title=x_title, y_title=chart_text("scoring.score"), height=360
    )
    if known is not None:
        for start, stop in _stretches(known == 1):
            figure.add_vrect(
                x0=times[start],
                x1=times[stop - 1],
                fillcolor=PROBLEM,
                opacity=0.16,
                line_width=0,
                layer="below",
            )
        figure.add_scatter(
            x=times[:1],
            y=[None],
            mode="markers",
            marker={"color": PROBLEM, "symbol": "square", "size": 10, "opacity": 0.3},
            name=chart_text("scoring.marked"),
        )
    scale = Scale(raw_text("scoring.score"))
    _add_line(figure, times, scores, scale.name, ACTUAL, scale, width=1.5)
    is_above = scores > threshold
    figure.add_scatter(
        x=times[is_above],
        y=scores[is_above],
        mode="markers",
        marker={"color": PROBLEM, "symbol": "triangle-up", "size": 6},
        name=chart_text("scoring.above"),
        hoverinfo="skip",
    )
    ends = [times[0], times[-1]]
    name = raw_text("scoring.threshold")
    _add_line(figure, ends, [threshold] * 2, name, MUTED, scale, dash="dash")
    if chosen is not None:
        figure.add_vline(x=times[chosen], line={"color": ACCENT, "width": 2})
    most = int(scores.argmax())
    return Chart(
        figure=figure,
        title=text("scoring.score_title"),
        summary=text(
            "scoring.score_summary",
            n=count(int(is_above.sum())),
            total=count(len(scores)),
            threshold=three_digits(threshold),
            most=three_digits(float(scores[most])),
            where=moment(times[most]),
        ),
        numbers=lambda: pd.DataFrame({x_title: times, scale.name: scores}),
    )


def share_chart(
    shares: np.ndarray, channels: tuple[str, ...], *, where: str, smoothing: int
) -> Chart:
    """Draw what each channel adds to the score of one row, the largest on top."""
    order = np.argsort(shares)
    names = [channels[place] for place in order]
    figure = new_figure(
        x_title=chart_text("scoring.score"), y_title="", height=120 + 30 * len(names)
    )
    figure.add_bar(
        x=shares[order],
        y=[chart_plain(name) for name in names],
        orientation="h",
        marker={"color": ACCENT},
        hovertemplate="%{y}: %{x:.3~r}<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(hovermode="closest")
    total = float(shares.sum())
    return Chart(
        figure=figure,
        title=text("scoring.shares_title"),
        summary=text(
            "scoring.shares_summary",
            where=where,
            score=three_digits(total),
            channel=names[-1],
            share=f"{100 * shares.max() / (total or 1):.0f}",
            rows=smoothing,
        ),
        numbers=lambda: pd.DataFrame(
            {
                raw_text("scoring.channel"): channels,
                raw_text("scoring.shares_axis"): shares,
            }
        ),
    )


def moment(time: object) -> str:
    """Return a time stamp or a row number as a word."""
    if isinstance(time, np.datetime64):
        return str(time)[:16].replace("T", " ")
    if isinstance(time, float | np.floating) and not float(time).is_integer():
        return three_digits(float(time))
    return str(int(time)) if isinstance(time, int | float | np.number) else str(time)


def _whole_width(times: np.ndarray) -> list[object] | None:
    """Return the ends of an axis that rows of equal width fill; None for plotly's."""
    if len(times) < 2 or times.dtype.kind not in "Miuf":
        return None
    half = (times[-1] - times[0]) / (len(times) - 1) / 2
    ends = (times[0] - half, times[-1] + half)
    return [str(end) if times.dtype.kind == "M" else float(end) for end in ends]


def _add_marks(
    figure: go.Figure,
    times: np.ndarray,
    places: np.ndarray,
    names: list[str],
    *,
    is_known: bool,
) -> None:
    key = "scoring.actual" if is_known else "scoring.most_probable"
    figure.add_scatter(
        x=list(times),
        y=[names[place] for place in places],
        mode="markers",
        marker={
            "color": ACTUAL,
            "symbol": "circle-open" if is_known else "circle",
            "size": 9 if is_known else 4,
        },
        name=chart_text(key),
        showlegend=True,
        hoverinfo="skip",
    )


def _add_line(
    figure: go.Figure,
    x: object,
    y: object,
    name: str,
    colour: str,
    scale: Scale,
    *,
    dash: str = "solid",
    width: float = 2,
) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": colour, "width": width, "dash": dash},
        name=chart_plain(name),
        hovertemplate=scale.hover,
    )


def _stretches(is_marked: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_marked, [0]])))
    return [(int(a), int(b)) for a, b in list(pairwise(edges))[::2]]
