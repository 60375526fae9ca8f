"""The baselines of one series for each of many, on the networks' samples."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from search.config import Task
from search.evaluation.baselines.suite import (
    BASELINE_NAMES,
    FITTED_NAMES,
    Forecasts,
    forecast_from,
)
from search.evaluation.panel import Panel

MOST_FITTED = 100
_TOO_MANY = f"is fitted to each series by itself, and there are more than {MOST_FITTED}"


def forecast_each(
    panel: Panel,
    stops: np.ndarray,
    task: Task,
    *,
    sequence_length: int,
    names: Collection[str],
) -> tuple[Forecasts, dict[str, str]]:
    """Forecast from each stop with the baselines, each series by itself.

    Parameters
    ----------
    panel
        The rows of all series.
    stops
        Ascending; those of a series follow each other. What is fitted learns from the
        rows of its series before its first stop.
    task, sequence_length, names
        As in `search.evaluation.baselines.suite.forecast_baselines`.

    Returns
    -------
    tuple
        Forecasts in the order of `stops`, of those baselines that every series can
        have; and why the others are absent.
    """
    groups = panel.groups[stops - 1]
    places = np.unique(groups)
    absent: dict[str, str] = {}
    if len(places) > MOST_FITTED:
        absent = {name: _TOO_MANY for name in FITTED_NAMES if name in names}
        names = [name for name in names if name not in absent]
    parts: dict[str, list[np.ndarray]] = {name: [] for name in BASELINE_NAMES}
    reasons: dict[str, list[str]] = {}
    for group in places:
        first = panel.first_rows[group]
        found, lacking = forecast_from(
            _of_group(panel, int(group)),
            stops[groups == group] - first,
            task,
            sequence_length,
            names,
        )
        for name, predicted in found.items():
            parts[name].append(predicted)
        for name, reason in lacking.items():
            reasons.setdefault(name, []).append(reason)
    for name, told in reasons.items():
        if name in names:
            absent[name] = _in_words(told, len(places))
    # Stops ascend, and the rows of the groups lie one after the other.
    forecasts = {
        name: np.concatenate(one)
        for name, one in parts.items()
        if one and len(one) == len(places)
    }
    return forecasts, absent


def _in_words(told: list[str], n_series: int) -> str:
    """Return why a baseline is absent, and in how many of the series."""
    if n_series == 1:
        return told[0]
    return f"{told[0]} (in {len(told)} of {n_series} series)"


def _of_group(panel: Panel, group: int) -> Panel:
    """Return the rows of one series as a panel of their own."""
    first = panel.first_rows[group]
    inside = slice(first, first + int(panel.group_sizes[group]))
    return replace(
        panel, values=panel.values[inside], first_rows=(0,), group_names=(), labels=None
    )
