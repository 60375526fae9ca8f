"""The leak audit of a study: its data before Start, its winner afterwards."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from search.data.source import Source
from search.errors import StudyCorrupted
from search.evaluation.leaks.features import audit_features
from search.evaluation.leaks.filling import audit_first_values
from search.evaluation.leaks.groups import audit_groups
from search.evaluation.leaks.plan import audit_plan, audit_scaler
from search.evaluation.leaks.rows import audit_rows
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import make_panel
from search.evaluation.samples import SamplePlan
from search.evaluation.scaling import Scaler, fit_scaler
from search.space.lines import TrialParams
from search.study.settings import StudySettings

PREPROCESSING, METRICS = "preprocessing.json", "metrics.json"
LOOKS_AHEAD = {"backward_fill": "the next value", "interpolate": "a line to it"}


def audit_data(series: pd.DataFrame, settings: StudySettings) -> tuple[Suspicion, ...]:
    """Look for leaks in a series and in the folds that are planned for it.

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
    roles, task = settings.roles, settings.task
    panel = make_panel(series, roles, kind=task.kind)
    plan = settings.plan_of(panel)
    if isinstance(plan, SamplePlan):
        filled = _audit_filling(settings.source)
        return (*audit_groups(panel, plan, task), *filled)
    before = series.iloc[: plan.holdout_start]
    return (
        *audit_plan(plan),
        *audit_features(before, roles, horizon=task.horizon, season=task.season),
        *audit_rows(series, roles, plan),
        *_audit_borders(settings.source),
        *_audit_filling(settings.source),
        *audit_first_values(before, roles),
        *_audit_future(series, settings, stop=plan.holdout_start),
    )


def audit_winner(
    series: pd.DataFrame,
    settings: StudySettings,
    params: TrialParams,
    bundle: Path,
    *,
    trial: int,
) -> tuple[Suspicion, ...]:
    """Check that a delivered model was scaled without the holdout.

    Nothing is said of the bundle of another trial, which stands there for a while when
    a resumed study has found a better one, nor of studies whose holdout is not the end
    of one series: there the folds decide what a scaler sees, see `audit_data`.

    Parameters
    ----------
    params, trial
        Configuration and number of the winning trial.
    bundle
        Zip of the winner.

    Raises
    ------
    StudyCorrupted
        If the zip is damaged.
    """
    if settings.task.kind != "forecasting" or settings.roles.group is not None:
        return ()
    delivered = _read_bundle(bundle)
    stop = settings.plan(len(series)).holdout_start
    panel = make_panel(series, settings.roles, calendar=params.calendar == "cycles")
    is_older = delivered.trial != trial
    if is_older or len(delivered.scaler.center) != len(panel.channels):
        return ()
    expected = fit_scaler(panel, params.scaler, stop=stop)
    return audit_scaler(delivered.scaler, expected, stop=stop)


@dataclass(frozen=True)
class _Delivered:
    trial: int
    scaler: Scaler


def _read_bundle(bundle: Path) -> _Delivered:
    try:
        with zipfile.ZipFile(bundle) as archive:
            scaling = json.loads(archive.read(PREPROCESSING))
            trial = json.loads(archive.read(METRICS))["trial"]
        scaler = Scaler(np.asarray(scaling["center"]), np.asarray(scaling["scale"]))
        return _Delivered(trial, scaler)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise StudyCorrupted(
            f"The bundle {bundle.name} is damaged: {error}."
        ) from error


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
    series: pd.DataFrame, settings: StudySettings, *, stop: int
) -> tuple[Suspicion, ...]:
    """Check that no input of a row changes when the rows after it are cut off."""
    whole = make_panel(series, settings.roles)
    cut = make_panel(series.iloc[:stop], settings.roles)
    changed = ~np.isclose(whole.values[:stop], cut.values).all(axis=0)
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
