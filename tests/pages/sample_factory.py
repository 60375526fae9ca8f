"""Finished studies of sequences, labels, anomalies and many series, without training.

The networks have random weights; what they say of the holdout is what is stored.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from search.analysis.delivered import save_weights, structure_of
from search.analysis.explaining_samples import DETECTOR_FILE, holdout_answers
from search.analysis.new_answers import Answers
from search.analysis.sample_models import load_sample_model
from search.config import Budget, Environment, Roles, Task, TaskKind, Training
from search.data.groups.record import GroupRows
from search.data.source import Source
from search.evaluation.detector import Detector
from search.evaluation.kind_metrics import AnomalyResult, class_result
from search.evaluation.metrics import KindMetrics, Metrics
from search.evaluation.panel import make_panel
from search.space.lines import Architecture, Line
from search.space.task_spaces import task_space
from search.study.control import StateRecord, write_state
from search.study.folders import StudyHandle, winner_folder
from search.study.progress import read_progress
from search.study.results import StudyResults, WinnerResult, save_results
from search.study.settings import StudySettings
from search.study.studies import create_study, load_panel_series
from tests.explain.networks import weight_shapes

CLASSES = ("bad", "good")
READING: dict[str, str | bool | None] = {
    "format": "csv",
    "delimiter": ",",
    "decimal": ".",
}
N_GROUPS, UNITS, LENGTH = 24, 4, 10
VALUES = Metrics(1.0, 1.0, 0.8, None, 12.0, 0.5)


def sequences(n_groups: int = N_GROUPS, *, seed: int = 0) -> pd.DataFrame:
    """Sequences of 6 to 12 rows with a class, a value, and a mark for each row."""
    generator = np.random.default_rng(seed)
    parts = []
    for number in range(n_groups):
        n_rows = 6 + number % 7
        place = number % 2
        wave = np.sin(np.arange(n_rows) * (0.5 + place)) + generator.normal(
            0, 0.1, n_rows
        )
        parts.append(
            pd.DataFrame(
                {
                    "batch": f"B{number:02}",
                    "wave [V]": wave.round(3),
                    "heat [°C]": (20 + generator.normal(0, 1, n_rows)).round(2),
                    "what": CLASSES[place],
                    "purity [%]": round(90 + 3 * place + generator.normal(0, 0.5), 2),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def series(n_groups: int = 3, n_rows: int = 120, *, seed: int = 0) -> pd.DataFrame:
    """Daily series of several shops; after row 80 a few rows are marked."""
    generator = np.random.default_rng(seed)
    days = pd.date_range("2026-01-01", periods=n_rows, freq="D")
    parts = []
    for number in range(n_groups):
        level = 10.0 * (number + 1)
        sales = level + level / 5 * np.sin(np.arange(n_rows) * 2 * np.pi / 7)
        sales += generator.normal(0, level / 20, n_rows)
        fault = np.zeros(n_rows, dtype=int)
        if n_rows > 80:
            fault[90:100] = 1
            sales[90:100] += level
        parts.append(
            pd.DataFrame(
                {
                    "shop": f"S{number}",
                    "day": days,
                    "sales [units]": sales.round(2),
                    "staff": (3 + generator.normal(0, 0.3, n_rows)).round(2),
                    "fault": fault,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def sample_study(
    environment: Environment,
    kind: TaskKind,
    *,
    architecture: Architecture = "stacked",
    name: str = "Samples",
) -> StudyHandle:
    """Return a finished study of `kind` with one winner."""
    table = sequences() if kind in ("regression", "classification") else series()
    roles, task = _task(kind)
    groups = _groups(table, roles, kind)
    values = table[[*roles.columns, *([roles.label] if roles.label else [])]].copy()
    if task.has_classes:
        codes = {one: float(place) for place, one in enumerate(task.classes)}
        values[roles.targets[0]] = _words(table, roles.targets[0]).map(codes)
    values = values.astype(np.float64)
    frame = values.copy()
    if roles.group is not None:
        frame[roles.group] = table[roles.group]
    panel = make_panel(frame, roles, kind=kind)
    space = task_space(panel, roles, task)
    space = space.with_line(Line("architecture", choices=(architecture,)))
    space = space.with_line(Line("sequence_length", choices=(LENGTH,)))
    is_timed = "day" in table.columns
    settings = StudySettings(
        name=f"{name} {kind}",
        source=Source(
            "old.csv",
            reading=READING,
            time_columns=("day",) if is_timed else (),
            frequency="D" if is_timed else None,
        ),
        roles=roles,
        task=task,
        space=space,
        budget=Budget(trials=1),
        training=Training(epochs=2, seed=1),
    )
    study = create_study(environment, settings, values, groups)
    _finish(study)
    return study


def _task(kind: TaskKind) -> tuple[Roles, Task]:
    inputs = ("wave [V]", "heat [°C]")
    if kind == "classification":
        roles = Roles(("what",), inputs, group="batch")
        return roles, Task(1, 6, 2, kind=kind, classes=CLASSES, score="log_loss")
    if kind == "regression":
        return Roles(("purity [%]",), inputs, group="batch"), Task(1, 6, 2, kind=kind)
    if kind == "labelling":
        roles = Roles(("fault",), ("sales [units]", "staff"), group="shop")
        return roles, Task(1, 1, 2, kind=kind, classes=("0", "1"), score="f1_error")
    targets = ("sales [units]",)
    if kind == "anomaly":
        roles = Roles((*targets, "staff"), group="shop", label="fault")
        return roles, Task(1, 10, 2, kind=kind, normal_rows=80)
    return Roles(targets, ("staff",), group="shop"), Task(5, 20, 2, kind=kind)


def _groups(table: pd.DataFrame, roles: Roles, kind: TaskKind) -> GroupRows:
    codes, names = pd.factorize(table[roles.group])
    classes: tuple[str, ...] = ()
    if kind in ("classification", "labelling"):
        classes = _task(kind)[1].classes
    elif kind == "anomaly":
        classes = ("0", "1")
    return GroupRows(
        codes=codes.astype(np.int64),
        names=tuple(map(str, names)),
        times=table["day"].to_numpy().astype("datetime64[us]")
        if "day" in table.columns
        else None,
        classes=classes,
        class_column=(roles.label or roles.targets[0]) if classes else None,
    )


def _words(table: pd.DataFrame, column: str) -> pd.Series:
    return table[column].astype("str")


def _finish(study: StudyHandle) -> None:
    """Write a winner with random weights, and what it says of the holdout."""
    settings = study.settings
    lines = {"cell": "GRU", "units": UNITS, "layers": 1, "scaler": "standard"}
    params = {
        line.name: lines.get(line.name, line.values[0]) for line in settings.space.lines
    }
    params["framing"] = "none"
    complete = settings.space.complete(params)
    panel = make_panel(
        load_panel_series(study),
        settings.roles,
        calendar=complete.calendar == "cycles",
        kind=settings.task.kind,
    )
    shapes = weight_shapes(
        structure_of(complete, settings),
        units=complete.units,
        n_channels=panel.n_channels,
        n_known=panel.n_known,
        dense_units=complete.dense_units,
    )
    generator = np.random.default_rng(7)
    folder = winner_folder(study, "GRU")
    folder.mkdir(parents=True, exist_ok=True)
    weights = [0.5 * generator.normal(size=shape) for shape in shapes]
    save_weights(folder, [weights], trial=0)
    detector = None
    if settings.task.kind == "anomaly":
        detector = Detector(
            "forecaster",
            settings.roles.targets,
            (1.0, 0.8),
            5,
            0.99,
            1.3,
            30,
            True,
            "A row is called anomalous above a score of 1.3.",
        )
        words = {name: getattr(detector, name) for name in detector.__annotations__}
        (folder / DETECTOR_FILE).write_text(json.dumps(words))
    path = folder / "holdout_predictions.csv"
    winner = WinnerResult(
        trial=0,
        params=params,
        cv=0.5,
        cv_folds=(0.4, 0.6),
        epochs=2,
        holdout=VALUES,
        seeds=(),
        targets={},
        n_parameters=sum(int(np.prod(shape)) for shape in shapes),
        seconds=1.0,
        inference_ms=0.5,
        bundle=None,
        predictions=str(path),
    )
    delivered = load_sample_model(study, "GRU", winner)
    assert delivered is not None
    if settings.task.kind == "forecasting":
        _write_forecasts(path, delivered.panel.group_names)
        metrics: KindMetrics = VALUES
    else:
        answers = holdout_answers(delivered, detector)
        metrics = _metrics(answers)
        table = answers.table()
        if "actual" not in table and "label" not in table:
            table["label"] = ""
        table.to_csv(path, index=False)
    results = StudyResults(
        study={"uuid": study.uuid, "name": settings.name, "state": "finished"},
        data={"rows": panel.n_rows},
        trials=read_progress(study).counts,
        winners={"GRU": replace(winner, holdout=metrics)},
        baselines={},
        best_cell="GRU",
        verdict="Only one network was found.",
        comparisons=(),
        seconds=10.0,
    )
    save_results(study.folder, results)
    write_state(study, StateRecord(state="finished", seconds_used=10.0, workers=()))


def _metrics(answers: Answers) -> KindMetrics:
    if answers.detector is not None:
        return AnomalyResult(f1=0.5)
    if answers.task.has_classes:
        assert answers.known is not None
        return class_result(
            answers.known[:, 0].astype(np.int64),
            answers.values,
            classes=answers.task.classes,
        )
    return VALUES


def _write_forecasts(path: Path, names: tuple[str, ...]) -> None:
    rows = []
    for place, name in enumerate(names):
        for origin in range(100, 116):
            for step in range(1, 6):
                rows.append(
                    {
                        "group": name,
                        "origin": place * 120 + origin,
                        "step": step,
                        "timestamp": origin + step,
                        "actual": 10.0 * (place + 1),
                        "predicted": 10.0 * (place + 1) + step,
                    }
                )
    pd.DataFrame(rows).to_csv(path, index=False)
