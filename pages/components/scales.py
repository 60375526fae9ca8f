"""How the numbers of a study are called: the score, the targets, the time axis."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pages.components.charts.record import Scale
from pages.components.text import raw_text
from search.config import Score
from search.data.columns import unit_of
from search.study.folders import StudyHandle

SCORE_NAMES: dict[Score, str] = {
    "rmse": "RMSE",
    "mae": "MAE",
    "log_loss": "log loss",
    "error_rate": "error rate",
    "f1_error": "1 − F1",
}


class Unit(NamedTuple):
    """A column name without its unit, and the unit."""

    name: str
    unit: str | None


def score_scale(study: StudyHandle) -> Scale:
    """Return name and unit of what the search minimises.

    With several targets each error is divided by the spread of its target. Scores of
    classes have no unit.
    """
    task, targets = study.settings.task, study.settings.roles.targets
    name = SCORE_NAMES[task.score]
    if task.has_classes:
        return Scale(name, is_share=task.score == "error_rate", is_error=False)
    if len(targets) > 1:
        return Scale(name, raw_text("charts.score_several"))
    return Scale(name, unit_of(targets[0]))


def holdout_scale(study: StudyHandle) -> Scale:
    """Return name and unit of the same error on the holdout.

    With several targets it is the mean of their errors, each in its own unit. Where
    anomalies are looked for it is F1, and more is better.
    """
    task, targets = study.settings.task, study.settings.roles.targets
    if task.has_classes:
        return score_scale(study)
    if task.kind == "anomaly":
        return Scale(raw_text("compare.column_f1"), is_error=False)
    unit = unit_of(targets[0]) if len(targets) == 1 else None
    return Scale(SCORE_NAMES[task.score], unit)


def target_scale(target: str) -> Scale:
    """Return name and unit of a target column."""
    column = split_unit(target)
    return Scale(column.name, column.unit)


def error_scale(target: str, *, mean: bool) -> Scale:
    """Return name and unit of errors of a target column."""
    key = "charts.mean_error" if mean else "charts.error"
    return Scale(raw_text(key), unit_of(target))


def time_title(study: StudyHandle) -> str:
    """Return the name of the time axis."""
    source = study.settings.source
    if not source.time_columns:
        return raw_text("charts.row")
    if len(source.time_columns) == 1:
        return source.time_columns[0]
    return raw_text("charts.time")


def digits_format(values: Sequence[float | None]) -> str:
    """Return a format for a column of numbers; the smallest has three digits.

    Examples
    --------
    >>> digits_format([0.0123, 4.5]), digits_format([512.0]), digits_format([])
    ('%.4f', '%.0f', '%.3f')
    """
    sizes = [abs(value) for value in values if value]
    if not sizes:
        return "%.3f"
    places = 2 - math.floor(math.log10(min(sizes)))
    return f"%.{max(0, places)}f"


def split_unit(column: str) -> Unit:
    """Return the name of a column and its unit.

    Examples
    --------
    >>> split_unit("temperature [°C]"), split_unit("Passengers").unit
    (Unit(name='temperature', unit='°C'), None)
    """
    unit = unit_of(column)
    if unit is None:
        return Unit(column, None)
    bare = column[: column.rindex(unit)].rstrip(" ([{")
    return Unit(bare or column, unit)
