"""The leak audit of what is delivered: its scalers, and the rows it was judged on."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from search.analysis.diagnosis.leak_audit import Part
from search.errors import StudyCorrupted
from search.evaluation.leaks.audit import Audit, gather
from search.evaluation.leaks.plan import audit_scaler
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import SamplePlan
from search.evaluation.scaling import (
    GroupScaler,
    Scaler,
    fit_label_scaler,
    fit_scaler,
    fit_task_scaler,
)
from search.space.lines import TrialParams
from search.study.settings import StudySettings

PREPROCESSING, METRICS = "preprocessing.json", "metrics.json"
JUDGED = "holdout_predictions.csv"
NOT_HELD_OUT, OTHERS = "the rows that are not held out", "others"


def audit_winner(
    series: pd.DataFrame,
    settings: StudySettings,
    params: TrialParams,
    bundle: Path,
    *,
    trial: int,
) -> Audit:
    """Check that a delivered model was scaled and judged without a look ahead.

    Nothing is looked at in the bundle of another trial, which stands there for a while
    when a resumed study has found a better one.

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
    delivered = _read_bundle(bundle)
    if delivered.trial != trial:
        return Audit()
    has_calendar, kind = params.calendar == "cycles", settings.task.kind
    panel = make_panel(series, settings.roles, calendar=has_calendar, kind=kind)
    plan = settings.plan_of(panel)
    if isinstance(plan, SamplePlan):
        return gather(_sample_parts(delivered, panel, plan, settings, params))
    if len(delivered.scaler.center) != len(panel.channels):
        return Audit()
    expected = fit_scaler(panel, params.scaler, stop=plan.holdout_start)
    where = f"the rows before row {plan.holdout_start}"
    return gather([("scalers", audit_scaler(delivered.scaler, expected, where=where))])


@dataclass(frozen=True)
class _Delivered:
    """What a bundle says; `judged` is None where it has no predictions."""

    trial: int
    scaler: Scaler
    document: dict[str, Any] = field(default_factory=dict)
    judged: pd.DataFrame | None = None


def _read_bundle(bundle: Path) -> _Delivered:
    try:
        with zipfile.ZipFile(bundle) as archive:
            document = json.loads(archive.read(PREPROCESSING))
            trial = json.loads(archive.read(METRICS))["trial"]
            judged = None
            if JUDGED in archive.namelist():
                with archive.open(JUDGED) as file:
                    judged = pd.read_csv(file)
        scaler = Scaler(np.asarray(document["center"]), np.asarray(document["scale"]))
        return _Delivered(trial, scaler, document, judged)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise StudyCorrupted(
            f"The bundle {bundle.name} is damaged: {error}."
        ) from error


def _sample_parts(
    delivered: _Delivered,
    panel: Panel,
    plan: SamplePlan,
    settings: StudySettings,
    params: TrialParams,
) -> Iterator[Part]:
    task, rows = settings.task, plan.final.rows
    expected = fit_task_scaler(panel, params.scaler, task, rows=rows)
    labels = fit_label_scaler(panel, params.scaler, task, rows=rows)
    found = [
        *_audit_scalers(delivered, expected, panel),
        *_audit_labels(delivered, labels),
    ]
    yield "scalers", found
    judged = _judged_rows(delivered.judged, panel)
    yield (
        "judged",
        None
        if judged is None
        else [
            *_audit_judged(judged, panel, plan, settings),
            *_audit_windows(judged, delivered.document, panel, plan, settings),
        ],
    )


def _audit_scalers(
    delivered: _Delivered, expected: Scaler | GroupScaler, panel: Panel
) -> tuple[Suspicion, ...]:
    if isinstance(expected, Scaler):
        return audit_scaler(
            delivered.scaler, expected, where=NOT_HELD_OUT, others=OTHERS
        )
    given = delivered.document.get("group_scalers", {})
    for place, name in enumerate(panel.group_names):
        one = given.get(name, {"center": [], "scale": []})
        scaler = Scaler(np.asarray(one["center"]), np.asarray(one["scale"]))
        where = f"the rows of {name!r} before the holdout"
        found = audit_scaler(scaler, expected.of_group(place), where=where)
        if found:
            return found
    return ()


def _audit_labels(
    delivered: _Delivered, expected: Scaler | None
) -> tuple[Suspicion, ...]:
    if expected is None:
        return ()
    document = delivered.document
    given = Scaler(
        np.asarray(document.get("label_center", [])),
        np.asarray(document.get("label_scale", [])),
    )
    where = f"the answers in {NOT_HELD_OUT}"
    return audit_scaler(given, expected, where=where, others=OTHERS)


def _judged_rows(stored: pd.DataFrame | None, panel: Panel) -> np.ndarray | None:
    """Return the rows that were judged, ascending; None where nothing tells."""
    if stored is None:
        return None
    if {"origin", "step"} <= set(stored):
        rows = (stored["origin"] + stored["step"] - 1).to_numpy(dtype=np.int64)
    elif "row" in stored:
        rows = stored["row"].to_numpy(dtype=np.int64)
    else:
        return None
    is_inside = len(rows) and rows.min() >= 0 and rows.max() < panel.n_rows
    return np.unique(rows) if is_inside else None


def _audit_judged(
    judged: np.ndarray, panel: Panel, plan: SamplePlan, settings: StudySettings
) -> list[Suspicion]:
    """Compare the rows that were judged with those that the refit learned from."""
    task = settings.task
    training = plan.final.training
    if task.kind not in ("forecasting", "anomaly") and panel.group_names:
        both = np.intersect1d(panel.groups[judged], panel.groups[training - 1])
        if not len(both):
            return []
        names = ", ".join(repr(panel.group_names[place]) for place in both[:3])
        return [
            Suspicion(
                "group_on_both_sides",
                f"The delivered model is judged on {len(both)} groups that it learned "
                f"from ({names}).",
            )
        ]
    n_both = len(np.intersect1d(judged, plan.samples.target_rows(training)))
    if not n_both:
        return []
    return [
        Suspicion(
            "judged_rows",
            f"The delivered model is judged on {len(judged):,} rows, and learned from "
            f"{n_both:,} of them.",
        )
    ]


def _audit_windows(
    judged: np.ndarray,
    document: dict[str, Any],
    panel: Panel,
    plan: SamplePlan,
    settings: StudySettings,
) -> list[Suspicion]:
    """Check that no window of the delivered model reaches into another series."""
    samples = plan.samples
    if not panel.group_names:
        return []
    if document.get("group") != settings.roles.group:
        return [
            Suspicion(
                "group_border",
                "The delivered model does not know the column "
                f"{settings.roles.group!r}, so its windows cross from one series into "
                "the next.",
            )
        ]
    if samples.is_padded:
        n_short = len(judged) if document.get("padding") is None else 0
    else:
        # The window of a step ahead begins with that of the first one.
        stops = judged + (0 if samples.target_offset == 0 else 1)
        history = stops - panel.group_starts[judged]
        n_short = int((history < int(document.get("sequence_length", 0))).sum())
    if not n_short:
        return []
    return [
        Suspicion(
            "group_border",
            f"{n_short:,} of {len(judged):,} windows of the delivered model begin "
            "before the first row of their own series.",
        )
    ]
