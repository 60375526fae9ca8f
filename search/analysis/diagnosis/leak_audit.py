"""The leak audit of a study before it starts: its data and its folds."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from search.config import Roles, Task
from search.data.source import Source
from search.evaluation.leaks.audit import Audit, Check, gather
from search.evaluation.leaks.features import audit_features
from search.evaluation.leaks.filling import audit_first_values
from search.evaluation.leaks.groups import audit_groups
from search.evaluation.leaks.labels import audit_labels
from search.evaluation.leaks.many import audit_each
from search.evaluation.leaks.plan import audit_plan
from search.evaluation.leaks.repeats import audit_repeats
from search.evaluation.leaks.rows import audit_rows
from search.evaluation.leaks.sample_folds import audit_samples
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import SamplePlan
from search.evaluation.splits import SplitPlan
from search.evaluation.stretches import normal_rows
from search.study.settings import StudySettings

LOOKS_AHEAD = {"backward_fill": "the next value", "interpolate": "a line to it"}

Part = tuple[Check, Sequence[Suspicion] | None]


def audit_data(series: pd.DataFrame, settings: StudySettings) -> Audit:
    """Look for leaks in the rows and in the folds that are planned for them.

    Parameters
    ----------
    series
        The confirmed series, one row a time stamp; with groups the rows of all.
    settings
        The study, started or not.

    Raises
    ------
    ConfigError
        If the series is too short for the settings.
    """
    panel = make_panel(series, settings.roles, kind=settings.task.kind)
    plan = settings.plan_of(panel)
    if isinstance(plan, SamplePlan):
        return gather(_sample_parts(series, panel, plan, settings))
    return gather(_series_parts(series, plan, settings))


def _series_parts(
    series: pd.DataFrame, plan: SplitPlan, settings: StudySettings
) -> Iterator[Part]:
    """Yield the checks of one series that is forecast."""
    roles, task = settings.roles, settings.task
    before = series.iloc[: plan.holdout_start]
    yield "folds", audit_plan(plan)
    if roles.known_features or roles.past_features:
        yield (
            "inputs",
            audit_features(before, roles, horizon=task.horizon, season=task.season),
        )
    yield "repeats", audit_rows(series, roles, plan)
    yield "borders", _audit_borders(settings.source)
    yield "filling", _audit_filling(settings.source)
    yield "first_values", audit_first_values(before, roles)
    is_before = np.arange(len(series)) < plan.holdout_start
    yield "future", _audit_future(series, settings, rows=is_before)


def _sample_parts(
    series: pd.DataFrame, panel: Panel, plan: SamplePlan, settings: StudySettings
) -> Iterator[Part]:
    """Yield the checks of many series, sequences, labelled rows or anomalies."""
    roles, task = settings.roles, settings.task
    is_by_past = task.kind in ("forecasting", "anomaly")
    keeps_groups = not is_by_past and bool(panel.group_names)
    before = plan.final.rows
    yield "folds", audit_samples(panel, plan)
    copies: tuple[Suspicion, ...] = ()
    if keeps_groups:
        copies = audit_groups(panel, plan)
        yield "groups", copies
    if task.kind == "forecasting" and (roles.known_features or roles.past_features):
        yield (
            "inputs",
            audit_each(
                series, panel, before, lambda one: _audit_inputs(one, roles, task)
            ),
        )
    if task.kind != "forecasting" and not (task.kind == "anomaly" and not roles.label):
        yield "labels", audit_labels(panel, task)
    if task.kind == "anomaly" and roles.label:
        yield "normal", _audit_normal(panel, task)
    if not copies:
        yield "repeats", audit_repeats(panel, plan, keeps_groups=keeps_groups)
    if not _sees_whole(task):
        inputs = _inputs(roles, task)
        # Nothing after a whole sequence is known too early: it ends with its answer.
        yield "filling", _audit_filling(settings.source)
        yield (
            "first_values",
            audit_each(
                series,
                panel,
                before,
                lambda one: audit_first_values(one, inputs),
            ),
        )
    yield "future", _audit_future(series, settings, rows=before)


def _sees_whole(task: Task) -> bool:
    return task.kind in ("regression", "classification") and task.samples == "whole"


def _inputs(roles: Roles, task: Task) -> Roles:
    """Return the roles with the columns that are inputs alone."""
    if task.kind in ("forecasting", "anomaly"):
        return roles
    return Roles(targets=(*roles.past_features, *roles.known_features))


def _audit_inputs(
    series: pd.DataFrame, roles: Roles, task: Task
) -> tuple[Suspicion, ...] | None:
    return audit_features(series, roles, horizon=task.horizon, season=task.season)


def _audit_normal(panel: Panel, task: Task) -> tuple[Suspicion, ...]:
    """Look for rows marked as anomalous among those that are learned as normal."""
    assert panel.labels is not None
    place = np.arange(panel.n_rows) - panel.group_starts
    is_normal = place < normal_rows(panel, task)[panel.groups]
    n_marked = int((panel.labels[is_normal, 0] != 0).sum())
    if not n_marked:
        return ()
    return (
        Suspicion(
            "not_normal",
            f"{n_marked:,} of the {int(is_normal.sum()):,} rows that are learned as "
            "normal are marked as anomalous, so anomalies like these will not be "
            "called. Take fewer normal rows.",
        ),
    )


def _audit_filling(source: Source) -> tuple[Suspicion, ...]:
    """Name each column that was filled from later rows.

    Older studies do not say which columns these were, if any.
    """
    rule = str(source.reading.get("missing", ""))
    if rule not in LOOKS_AHEAD:
        return ()
    how = (
        f"filled by {rule.replace('_', ' ')}, which takes {LOOKS_AHEAD[rule]}: at the "
        "end of a window that is the future. Use forward fill on the Data page, unless "
        "the gaps are rare."
    )
    if source.filled_ahead is None:
        if not source.repairs:
            return ()
        return (Suspicion("filled_from_future", f"Missing values were {how}"),)
    return tuple(
        Suspicion(
            "filled_from_future",
            f"{count:,} missing {'value' if count == 1 else 'values'} of {name!r} "
            f"{'was' if count == 1 else 'were'} {how}",
            name,
        )
        for name, count in source.filled_ahead.items()
    )


def _audit_borders(source: Source) -> tuple[Suspicion, ...]:
    if not source.several_series:
        return ()
    return (Suspicion("group_border", source.several_series),)


def _audit_future(
    series: pd.DataFrame, settings: StudySettings, *, rows: np.ndarray
) -> tuple[Suspicion, ...]:
    """Check that no input of `rows` changes when all others are cut off."""
    kind = settings.task.kind
    whole = make_panel(series, settings.roles, kind=kind)
    cut = make_panel(series[rows], settings.roles, kind=kind)
    changed = ~np.isclose(whole.values[rows], cut.values).all(axis=0)
    return tuple(
        Suspicion(
            "changes_with_future",
            f"The input {name!r} of rows before the holdout changes when the holdout "
            "is cut off, so it is computed from it.",
            name,
        )
        for name, is_changed in zip(whole.channels, changed, strict=True)
        if is_changed
    )
