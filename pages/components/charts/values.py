"""Estimated numbers against actual ones, and where the errors are."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pages.components.charts.record import Chart, Scale
from pages.components.charts.style import model_line, model_name
from pages.components.numbers import three_digits, with_unit
from pages.components.text import chart_plain, chart_text, raw_text, text
from pages.components.theme import MUTED, new_figure
from search.analysis.holdout.answers import ValueAnswers

MOST_POINTS = 1200
MOST_GROUPS = 15
N_LEVELS = 5

ErrorsByGroup = Mapping[str, Mapping[str, float]]


def value_chart(models: Mapping[str, ValueAnswers], scale: Scale) -> Chart:
    """Draw what each model estimated over what was, with the line where both agree."""
    figure = new_figure(
        x_title=chart_text("answers.actual_axis", axis=scale.axis),
        y_title=chart_text("answers.predicted_axis", axis=scale.axis),
        height=420,
    )
    first = next(iter(models.values()))
    ends = [float(first.actual.min()), float(first.actual.max())]
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        line={"color": MUTED, "dash": "dot", "width": 2},
        name=chart_text("answers.agree"),
        hoverinfo="skip",
    )
    for name, one in models.items():
        kept = _spread_out(one.actual)
        figure.add_scatter(
            x=one.actual[kept],
            y=one.predicted[kept],
            mode="markers",
            marker={**model_line(name)["marker"], "size": 7, "opacity": 0.65},
            name=chart_text("charts.model", name=model_name(name)),
            text=[chart_plain(group) for group in one.places.groups[kept]],
            hovertemplate=chart_text("answers.value_hover"),
        )
    figure.update_layout(hovermode="closest")
    parts = [
        text(
            "answers.value_part",
            model=model_name(name),
            error=with_unit(float(np.abs(one.errors).mean()), scale.unit),
        )
        for name, one in models.items()
    ]
    return Chart(
        figure=figure,
        title=text("answers.value_title"),
        summary=text("answers.value_summary") + " " + "; ".join(parts) + ".",
        numbers=lambda: value_numbers(models),
    )


def level_chart(models: Mapping[str, ValueAnswers], scale: Scale) -> Chart:
    """Draw the mean error where the actual value is low, middling or high."""
    first = next(iter(models.values()))
    levels = _levels(first.actual)
    figure = new_figure(
        x_title=chart_text("answers.level_axis", axis=scale.axis),
        y_title=chart_text("answers.mean_error_axis", axis=scale.axis),
    )
    words = [
        f"{three_digits(first.actual[level].min())} – "
        f"{three_digits(first.actual[level].max())}"
        for level in levels
    ]
    numbers: dict[str, object] = {
        raw_text("answers.level"): words,
        raw_text("answers.count"): [len(level) for level in levels],
    }
    for name, one in models.items():
        means = [float(one.errors[level].mean()) for level in levels]
        numbers[model_name(name)] = means
        figure.add_scatter(
            x=words,
            y=means,
            mode="lines+markers",
            name=chart_text("charts.model", name=model_name(name)),
            hovertemplate=scale.hover,
            **model_line(name),
        )
    figure.add_hline(y=0, line={"color": MUTED, "width": 1})
    figure.update_xaxes(type="category")
    return Chart(
        figure=figure,
        title=text("answers.level_title"),
        summary=text("answers.level_summary", n=len(levels)),
        numbers=lambda: pd.DataFrame(numbers),
    )


def group_error_chart(
    errors: ErrorsByGroup, scale: Scale, *, are_series: bool = False
) -> Chart:
    """Draw the groups with the largest errors, one mark a model.

    Parameters
    ----------
    errors
        Mean absolute error by model, then by group.
    scale
        Name and unit of the values.
    are_series
        Whether the groups are series that are forecast.
    """
    table = group_errors(errors)
    names = list(errors)
    shown = table.head(MOST_GROUPS).iloc[::-1]
    labels = [chart_plain(_short(group)) for group in shown.index]
    figure = new_figure(
        x_title=chart_text("answers.group_error_axis", axis=scale.axis),
        y_title="",
        height=150 + 26 * len(shown),
    )
    unit = "" if scale.unit is None else chart_text("charts.unit", unit=scale.unit)
    for name in names:
        figure.add_scatter(
            x=shown[name],
            y=list(range(len(shown))),
            mode="markers",
            marker={**model_line(name)["marker"], "size": 10},
            name=chart_text("charts.model", name=model_name(name)),
            text=labels,
            hovertemplate="%{text}: %{x:,.4~r}" + unit,
        )
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(shown))), ticktext=labels
    )
    figure.update_layout(hovermode="closest")
    worst = str(table.index[0])
    return Chart(
        figure=figure,
        title=text("answers.series_title" if are_series else "answers.group_title"),
        summary=text(
            "answers.group_summary",
            n=len(table),
            shown=len(shown),
            worst=worst,
            error=with_unit(float(table.iloc[0][names].mean()), scale.unit),
        ),
        numbers=lambda: table.rename(columns=model_name).reset_index(
            names=raw_text("answers.group")
        ),
    )


def group_errors(errors: ErrorsByGroup) -> pd.DataFrame:
    """Return one line a group, the largest mean error first; one column a model."""
    table = pd.DataFrame({name: dict(found) for name, found in errors.items()})
    order = table.mean(axis=1).sort_values(ascending=False, kind="stable").index
    return table.loc[order]


def errors_by_group(answers: ValueAnswers) -> dict[str, float]:
    """Return the mean absolute error of each group."""
    sizes = pd.Series(np.abs(answers.errors))
    means = sizes.groupby(answers.places.groups, sort=False).mean()
    return {str(group): float(value) for group, value in means.items()}


def value_numbers(models: Mapping[str, ValueAnswers]) -> pd.DataFrame:
    """Return one line a sample: group, row, actual value and each estimate."""
    first = next(iter(models.values()))
    return pd.DataFrame(
        {
            raw_text("answers.group"): first.places.groups,
            raw_text("charts.row"): first.places.rows,
            raw_text("charts.actual"): first.actual,
            **{model_name(name): one.predicted for name, one in models.items()},
        }
    )


def _spread_out(actual: np.ndarray) -> np.ndarray:
    """Return which points to draw; of many, those at equal steps of the value."""
    if len(actual) <= MOST_POINTS:
        return np.arange(len(actual))
    order = np.argsort(actual, kind="stable")
    kept: np.ndarray = order[
        np.linspace(0, len(actual) - 1, MOST_POINTS).astype(np.int64)
    ]
    return kept


def _levels(actual: np.ndarray) -> list[np.ndarray]:
    """Return the samples of each fifth of the values, lowest first."""
    order = np.argsort(actual, kind="stable")
    return [part for part in np.array_split(order, N_LEVELS) if len(part)]


def _short(name: str, longest: int = 24) -> str:
    flat = " ".join(name.split())
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"
