"""Fill the forms of a new study with the settings of an old one."""

import secrets
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.draft import (
    Draft,
    DraftGroups,
    DraftSeries,
    discard_draft,
    keep_series,
)
from search.config import MAX_EPOCHS, MAX_REFITS, MAX_SEED
from search.data.groups.record import BuiltGroups, GroupRows
from search.data.seasons import season_candidates
from search.data.series import BuiltSeries
from search.data.snapshot import load_snapshot
from search.space.lines import LIMITS, Line, Value
from search.study.control import read_control
from search.study.folders import StudyHandle
from search.study.settings import StudySettings
from search.study.studies import load_panel_series


def duplicate_settings(
    study: StudyHandle,
    settings: StudySettings | None = None,
    *,
    series: pd.DataFrame | None = None,
    first: tuple[dict[str, Value], ...] = (),
    name: str | None = None,
) -> None:
    """Start a draft with the series and all settings of `study`.

    The space is that of its settings, whatever was narrowed while it ran; the Search
    page says so.

    Parameters
    ----------
    settings
        Settings to take instead of those of the study.
    series
        Series to take instead of that of the study.
    first
        Configurations to try first.
    name
        Suggested name; None takes that of the file.

    Raises
    ------
    StudyCorrupted
        If the series, or what was changed about the study, cannot be read.
    """
    settings = settings or study.settings
    groups = load_snapshot(study.folder, study.data_sha256).groups
    draft: Draft
    if groups is not None:
        draft = _groups_draft(study, settings, groups)
    else:
        values = load_panel_series(study) if series is None else series
        draft = DraftSeries(
            built=BuiltSeries(values, settings.roles, settings.source),
            season=settings.task.season,
            season_candidates=season_candidates(settings.source.frequency, len(values)),
            horizon=settings.task.horizon,
            token=secrets.token_hex(8),
        )
    discard_draft()
    keep_series(
        replace(
            draft,
            first=first,
            name=name,
            was_narrowed=bool(read_control(study).narrowed),
        )
    )
    for name, value in form_values(settings).items():
        st.session_state[f"setup_{name}"] = value


def _groups_draft(
    study: StudyHandle, settings: StudySettings, groups: GroupRows
) -> DraftGroups:
    task = settings.task
    values = load_snapshot(study.folder, study.data_sha256).values
    built = BuiltGroups(
        values=values,
        groups=groups,
        roles=settings.roles,
        label_scope=None,
        file_rows=np.full(len(values), -1, dtype=np.int64),
        test_groups=task.test_groups,
        source=settings.source,
        findings=(),
    )
    return DraftGroups(built, task.kind, token=secrets.token_hex(8))


def form_values(settings: StudySettings) -> dict[str, object]:
    """Return the value of each widget of the Search page, without ``setup_``."""
    task, budget, training = settings.task, settings.budget, settings.training
    values: dict[str, object] = {
        "preset": "custom",
        "horizon": task.horizon,
        "holdout": task.holdout or None,
        "folds": task.folds,
        "season": task.season,
        "score": task.score,
        "samples": task.samples,
        "stride": task.stride,
        "class_weights": task.class_weights,
        "group_order": task.group_order,
        "use_test": bool(task.test_groups),
        "detector": task.detector,
        "normal_rows": task.normal_rows,
        "valid_size": task.valid_size,
        "trials": budget.trials,
        "minutes": None if budget.seconds is None else budget.seconds / 60,
        "stop_early": budget.stop_early,
        "workers": settings.workers,
        # Studies of older versions may have more than the form takes.
        "epochs": min(training.epochs, MAX_EPOCHS),
        "patience": min(training.patience, MAX_EPOCHS),
        "refit_seeds": min(training.refit_seeds, MAX_REFITS),
        "deliver": training.deliver,
        "tensorboard": training.tensorboard,
        "seed": min(training.seed, MAX_SEED),
        "pruner": training.pruner,
        "balance": training.balance,
    }
    for line in settings.space.lines:
        values |= _line_values(line)
    return values


def _line_values(line: Line) -> dict[str, object]:
    name = line.name
    if LIMITS[name].kind == "choice":
        return {f"line_{name}": list(line.choices)}
    if line.is_fixed:
        return {f"mode_{name}": "fixed", f"fixed_{name}": line.values[0]}
    if line.choices:
        typed = ", ".join(f"{value:g}" for value in line.choices)
        return {f"mode_{name}": "values", f"values_{name}": typed}
    low, high = line.values
    values = {f"mode_{name}": "range", f"low_{name}": low, f"high_{name}": high}
    if LIMITS[name].kind == "int":
        return {**values, f"step_{name}": line.step}
    return {**values, f"log_{name}": line.log}
