"""A finished study of each kind of task, made without any training.

Trials come from `tests.pages.study_factory`; what the winners say is invented from the
truth, and written through the functions that refits use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from search.analysis.baselines import BASELINES_FILE, StudyBaselines
from search.config import Budget, Cell, Environment, Roles, Task, TaskKind, Training
from search.data.groups.frame import group_frame
from search.data.groups.record import GroupRows
from search.data.source import Source
from search.evaluation.kind_metrics import anomaly_result, class_result
from search.evaluation.metrics import KindMetrics, forecast_metrics
from search.evaluation.panel import make_panel
from search.files import write_json
from search.space.task_spaces import task_space
from search.study.control import wish
from search.study.folders import StudyHandle, winner_folder
from search.study.progress import read_progress
from search.study.results import (
    Comparison,
    SeedResult,
    StudyResults,
    WinnerResult,
    save_results,
)
from search.study.settings import StudySettings
from search.study.studies import create_study
from search.study.trials.listing import TrialView
from search.worker.sample_tables import (
    save_anomalies,
    save_classes,
    save_group_forecasts,
    save_values,
)
from tests.pages.study_factory import add_trials, set_state

KINDS = ("regression", "classification", "labelling", "anomaly", "many_series")
LENGTH, N_GROUPS, N_FOLDS = 40, 20, 3
CLASSES = ("*rest*", "run", "walk <b>")
ERRORS: dict[Cell, float] = {"SimpleRNN": 0.5, "LSTM": 0.35, "GRU": 0.2}

Saved = tuple[KindMetrics, dict[str, KindMetrics]]


@dataclass(frozen=True)
class Kind:
    """A study of one kind before its winners.

    Attributes
    ----------
    frame
        Rows of all groups with their times.
    groups
        Name of the group of each row.
    """

    handle: StudyHandle
    frame: pd.DataFrame
    groups: np.ndarray

    @property
    def n_rows(self) -> int:
        """Rows of all groups."""
        return len(self.frame)


def make_kind(environment: Environment, name: str, *, trials: str = "ccccpc") -> Kind:
    """Return a finished study; `name` is one of `KINDS`."""
    kind = new_kind(environment, name)
    add_trials(kind.handle, trials)
    finish_kind(kind, name)
    return kind


def make_every_kind(environment: Environment) -> dict[str, StudyHandle]:
    """Return a finished study of each kind, by its name."""
    return {name: make_kind(environment, name).handle for name in KINDS}


def new_kind(environment: Environment, name: str) -> Kind:
    """Return a study that should run, without a trial."""
    values, roles, task = _DATA[name]()
    rows = GroupRows(
        codes=np.repeat(np.arange(N_GROUPS), LENGTH),
        names=tuple(f"unit {k:02}" for k in range(N_GROUPS)),
        times=np.tile(
            pd.date_range("2026-03-01", periods=LENGTH, freq="h").to_numpy(), N_GROUPS
        ),
        classes=task.classes,
        class_column=roles.targets[0] if task.classes else None,
    )
    frame = group_frame(values, rows, roles)
    panel = make_panel(frame, roles, kind=task.kind)
    settings = StudySettings(
        name=f"A {name.replace('_', ' ')} study",
        source=Source("machines.csv", time_columns=("time",), frequency="h"),
        roles=roles,
        task=task,
        space=task_space(panel, roles, task),
        budget=Budget(trials=12),
        training=Training(epochs=12, seed=1),
    )
    handle = create_study(environment, settings, values, rows)
    wish(handle, "run")
    return Kind(handle, frame, np.repeat(np.array(rows.names), LENGTH))


def finish_kind(kind: Kind, name: str) -> StudyResults:
    """Write winners, baselines and results."""
    handle = kind.handle
    progress = read_progress(handle)
    winners: dict[Cell, WinnerResult] = {}
    baselines: dict[str, KindMetrics] = {}
    for cell, trial in progress.best.items():
        folder = winner_folder(handle, cell)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "holdout_predictions.csv"
        metrics, baselines = _ANSWERS[name](kind, path, ERRORS[cell], trial.number)
        winners[cell] = _winner(trial, metrics, path)
    folds = {
        base: tuple(1.5 + 0.1 * (k + place) for k in range(N_FOLDS))
        for place, base in enumerate(baselines)
        if name != "anomaly"
    }
    write_json(handle.folder / BASELINES_FILE, StudyBaselines(folds, baselines))
    best = min(winners, key=lambda cell: winners[cell].cv)
    results = StudyResults(
        study={"uuid": handle.uuid, "name": handle.settings.name, "state": "finished"},
        data={"rows": kind.n_rows},
        trials=progress.counts,
        winners=winners,
        baselines=baselines,
        best_cell=best,
        verdict=f"{best} has the lowest score. The difference to LSTM may be chance.",
        comparisons=(Comparison("GRU", "LSTM", -0.05, 0.21, N_GROUPS // 5),),
        seconds=130.0,
    )
    save_results(handle.folder, results)
    set_state(handle, "finished")
    return results


def _winner(trial: TrialView, metrics: KindMetrics, path: Path) -> WinnerResult:
    assert trial.score is not None
    return WinnerResult(
        trial=trial.number,
        params=trial.params,
        cv=trial.score,
        cv_folds=trial.fold_scores,
        epochs=trial.best_epoch or 1,
        holdout=metrics,
        seeds=tuple(SeedResult(seed, metrics, 4.2) for seed in range(3)),
        targets={},
        n_parameters=trial.n_parameters or 1,
        seconds=4.2,
        inference_ms=0.8,
        bundle=None,
        predictions=str(path),
    )


def _inputs() -> pd.DataFrame:
    """Return two sensors of all groups."""
    hours = np.tile(np.arange(LENGTH), N_GROUPS)
    level = np.repeat(np.random.default_rng(0).normal(20, 6, N_GROUPS), LENGTH)
    noise = np.random.default_rng(1).normal(0, 1, N_GROUPS * LENGTH)
    return pd.DataFrame(
        {
            "power [kW]": level + 3 * np.sin(hours / 4) + noise,
            "speed": np.cos(hours / 5) + 0.2 * noise,
        }
    )


def _roles(target: str) -> Roles:
    return Roles((target,), past_features=("power [kW]", "speed"), group="unit")


def _task(kind: TaskKind, **values: object) -> Task:
    given = {"horizon": 1, "holdout": 5, "folds": N_FOLDS, "kind": kind, **values}
    return Task(**given)  # type: ignore[arg-type]


def _regression_data() -> tuple[pd.DataFrame, Roles, Task]:
    values = _inputs()
    means = values["power [kW]"].to_numpy().reshape(N_GROUPS, LENGTH).mean(axis=1)
    values["wear [µm]"] = np.repeat(5 * means, LENGTH)
    return values, _roles("wear [µm]"), _task("regression")


def _classification_data() -> tuple[pd.DataFrame, Roles, Task]:
    values = _inputs()
    values["gait"] = np.repeat(np.arange(N_GROUPS) % 3, LENGTH).astype(np.float64)
    task = _task("classification", classes=CLASSES, score="log_loss")
    return values, _roles("gait"), task


def _labelling_data() -> tuple[pd.DataFrame, Roles, Task]:
    values = _inputs()
    hours = np.tile(np.arange(LENGTH), N_GROUPS)
    values["state"] = ((hours // 7) % 3).astype(np.float64)
    task = _task("labelling", classes=CLASSES, score="error_rate")
    return values, _roles("state"), task


def _anomaly_data() -> tuple[pd.DataFrame, Roles, Task]:
    values = _inputs()
    hours = np.tile(np.arange(LENGTH), N_GROUPS)
    values["fault"] = ((hours >= 32) & (hours < 37)).astype(np.float64)
    roles = Roles(("power [kW]", "speed"), group="unit", label="fault")
    return values, roles, _task("anomaly", normal_rows=28, holdout=4)


def _many_data() -> tuple[pd.DataFrame, Roles, Task]:
    roles = Roles(("power [kW]",), past_features=("speed",), group="unit")
    return _inputs(), roles, _task("forecasting", horizon=3, holdout=6)


def _held_groups(kind: Kind) -> np.ndarray:
    """Return the rows of the last groups."""
    return np.arange(kind.n_rows - 5 * LENGTH, kind.n_rows)


def _value_answers(kind: Kind, path: Path, error: float, seed: int) -> Saved:
    rows = _held_groups(kind)[LENGTH - 1 :: LENGTH]
    actual = kind.frame["wear [µm]"].to_numpy()[rows]
    noise = np.random.default_rng(seed).normal(0, 20 * error, len(rows))
    save_values(
        path,
        kind.frame.index,
        kind.groups[rows],
        rows,
        actual=actual[:, None],
        predicted=(actual + noise)[:, None],
        targets=("wear [µm]",),
    )
    flat = np.full(len(rows), actual.mean() + 9)
    return _values(actual, actual + noise), {"mean": _values(actual, flat)}


def _values(actual: np.ndarray, predicted: np.ndarray) -> KindMetrics:
    return forecast_metrics(
        actual[:, None, None], predicted[:, None, None], naive_scale=np.ones(1)
    )


def _class_answers(kind: Kind, path: Path, error: float, seed: int) -> Saved:
    rows = _held_groups(kind)[LENGTH - 1 :: LENGTH]
    return _called(kind, path, rows, "gait", error=error, seed=seed)


def _label_answers(kind: Kind, path: Path, error: float, seed: int) -> Saved:
    rows = _held_groups(kind)
    return _called(kind, path, rows, "state", error=error, seed=seed)


def _called(
    kind: Kind, path: Path, rows: np.ndarray, target: str, *, error: float, seed: int
) -> Saved:
    actual = kind.frame[target].to_numpy()[rows].astype(np.int64)
    generator = np.random.default_rng(seed)
    likely = np.eye(3)[actual] + 2 * error * generator.random((len(rows), 3))
    likely /= likely.sum(axis=1, keepdims=True)
    save_classes(
        path,
        kind.frame.index,
        kind.groups[rows],
        rows,
        actual=actual,
        probabilities=likely,
        classes=CLASSES,
    )
    most = np.tile([0.5, 0.3, 0.2], (len(rows), 1))
    groups = np.repeat(np.arange(N_GROUPS), LENGTH)[rows]
    where = {"rows": rows, "groups": groups} if target == "state" else {}
    return (
        class_result(actual, likely, classes=CLASSES, **where),
        {"majority": class_result(actual, most, classes=CLASSES, **where)},
    )


def _anomaly_answers(kind: Kind, path: Path, error: float, seed: int) -> Saved:
    hours = np.tile(np.arange(LENGTH), N_GROUPS)
    rows = np.flatnonzero(hours >= 28)
    labels = kind.frame["fault"].to_numpy()[rows]
    generator = np.random.default_rng(seed)
    scores = 1 + 2 * labels + 2 * error * generator.random(len(rows))
    is_called = scores > 1.9
    save_anomalies(
        path,
        kind.frame.index,
        kind.groups[rows],
        rows,
        labels=labels,
        scores=scores,
        threshold=1.9,
        is_called=is_called,
    )
    groups = np.repeat(np.arange(N_GROUPS), LENGTH)[rows]

    def judge(called: np.ndarray) -> KindMetrics:
        return anomaly_result(labels, called, rows=rows, groups=groups)

    baselines = {
        "never": judge(np.zeros(len(rows), dtype=bool)),
        "always": judge(np.ones(len(rows), dtype=bool)),
        "zscore": judge(generator.random(len(rows)) > 0.6),
    }
    return judge(is_called), baselines


def _many_answers(kind: Kind, path: Path, error: float, seed: int) -> Saved:
    ends = np.arange(1, N_GROUPS + 1) * LENGTH
    origins = (ends[:, None] + np.array([-6, -5, -4, -3])).ravel()
    steps = origins[:, None] + np.arange(3)
    actual = kind.frame["power [kW]"].to_numpy()[steps][:, :, None]
    noise = np.random.default_rng(seed).normal(0, 2 * error, actual.shape)
    save_group_forecasts(
        path,
        kind.frame.index,
        kind.groups[origins],
        origins,
        actual=actual,
        predicted=actual + noise,
        targets=("power [kW]",),
    )
    naive = forecast_metrics(actual, actual + 1.7, naive_scale=np.ones(1))
    return (
        forecast_metrics(actual, actual + noise, naive_scale=np.ones(1)),
        {"last_value": naive},
    )


_DATA: dict[str, Callable[[], tuple[pd.DataFrame, Roles, Task]]] = {
    "regression": _regression_data,
    "classification": _classification_data,
    "labelling": _labelling_data,
    "anomaly": _anomaly_data,
    "many_series": _many_data,
}
_ANSWERS: dict[str, Callable[[Kind, Path, float, int], Saved]] = {
    "regression": _value_answers,
    "classification": _class_answers,
    "labelling": _label_answers,
    "anomaly": _anomaly_answers,
    "many_series": _many_answers,
}
