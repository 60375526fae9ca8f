"""What the result pages read of a study beside its progress, each thing once."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.charts.curves import WinnerCurve
from search.analysis.baselines import (
    BASELINES_FILE,
    load_baseline_forecasts,
    load_baselines,
)
from search.analysis.forecasts import (
    FORECAST_FILE,
    Forecast,
    last_part,
    load_forecast,
)
from search.analysis.predictions import (
    Predictions,
    baseline_predictions,
    load_predictions,
)
from search.analysis.score_ranges import lowest_mean
from search.config import Cell
from search.errors import SearchError
from search.study.folders import StudyHandle, winner_folder
from search.study.results import StudyResults
from search.study.studies import load_panel_series
from search.study.trials.curves import EpochPoint, curve_path, read_curve


@dataclass(frozen=True)
class HoldoutForecasts:
    """The holdout forecasts of all models, on the same windows.

    Attributes
    ----------
    models
        For each target, forecasts by the name of a cell or a baseline.
    problems
        Why the forecasts of a winner are missing, by cell.
    """

    models: dict[str, dict[str, Predictions]]
    problems: dict[str, str]


@st.cache_resource(max_entries=4, show_spinner=False)
def study_series(folder: str, _study: StudyHandle) -> pd.DataFrame:
    """Return the series of the study; it never changes."""
    return load_panel_series(_study)


def fold_baselines(study: StudyHandle) -> dict[str, tuple[float, ...]]:
    """Return the fold scores of the baselines; empty while they are not computed."""
    path = study.folder / BASELINES_FILE
    return _fold_baselines(str(study.folder), changed_at(path), study)


def best_fold_baseline(study: StudyHandle) -> tuple[str, float] | None:
    """Return name and mean fold score of the best forecast without training."""
    return lowest_mean(fold_baselines(study))


def series_before(study: StudyHandle, target: str, origin: int) -> pd.Series:
    """Return the values of a target that a forecast from `origin` could know best."""
    frame = study_series(str(study.folder), study)
    task, group = study.settings.task, study.settings.roles.group
    values = frame[target].iloc[:origin]
    if group is not None:
        names = frame[group].to_numpy()[:origin]
        values = values[names == names[-1]]
    return last_part(values, horizon=task.horizon, season=task.season)


def holdout_forecasts(study: StudyHandle, results: StudyResults) -> HoldoutForecasts:
    """Return the holdout forecasts of the winners and of the baselines."""
    paths = tuple(
        (cell, winner.predictions, changed_at(Path(winner.predictions)))
        for cell, winner in results.winners.items()
    )
    stamp = changed_at(study.folder / BASELINES_FILE)
    return _holdout(str(study.folder), paths, stamp, study)


def winner_holdout(
    study: StudyHandle, results: StudyResults, cell: Cell
) -> dict[str, Predictions]:
    """Return the holdout forecasts of one winner by target; empty if missing."""
    models = holdout_forecasts(study, results).models
    return {
        target: forecasts[cell]
        for target, forecasts in models.items()
        if cell in forecasts
    }


def winner_forecast(
    study: StudyHandle, cell: Cell, target: str, holdout: Predictions | None
) -> Forecast | None:
    """Return the forecast of one winner beyond the data; None if there is none."""
    return load_forecast(winner_folder(study, cell), target, holdout)


def forecast_file(study: StudyHandle, cell: Cell) -> Path:
    """Return where the forecast of a winner lies; it may not exist."""
    return winner_folder(study, cell) / FORECAST_FILE


def trial_curve(study: StudyHandle, number: int) -> tuple[EpochPoint, ...]:
    """Return the learning curve of a trial, read when it has grown; maybe empty."""
    try:
        status = curve_path(study.folder, number).stat()
    except FileNotFoundError:
        return ()
    stamp = (status.st_mtime_ns, status.st_size)
    return _curve(str(study.folder), number, stamp)


def winner_curves(study: StudyHandle, results: StudyResults) -> dict[Cell, WinnerCurve]:
    """Return the learning curves of the winning trials that still have one."""
    curves = {
        cell: WinnerCurve(
            trial=winner.trial,
            best_epoch=winner.epochs,
            points=trial_curve(study, winner.trial),
        )
        for cell, winner in results.winners.items()
    }
    return {cell: curve for cell, curve in curves.items() if curve.points}


def changed_at(path: Path) -> int:
    """Return when a file was written last, in nanoseconds; 0 where there is none."""
    return path.stat().st_mtime_ns if path.exists() else 0


@st.cache_resource(max_entries=64, show_spinner=False)
def _fold_baselines(
    folder: str, stamp: int, _study: StudyHandle
) -> dict[str, tuple[float, ...]]:
    try:
        found = load_baselines(_study)
    except SearchError:
        return {}
    return {} if found is None else found.fold_scores


@st.cache_resource(max_entries=128, show_spinner=False)
def _curve(folder: str, number: int, stamp: tuple[int, int]) -> tuple[EpochPoint, ...]:
    return read_curve(Path(folder), number)


@st.cache_resource(max_entries=8, show_spinner=False)
def _holdout(
    folder: str,
    paths: tuple[tuple[str, str, int], ...],
    baselines: int,
    _study: StudyHandle,
) -> HoldoutForecasts:
    targets = _study.settings.roles.targets
    cells: dict[str, dict[str, Predictions]] = {}
    problems: dict[str, str] = {}
    for cell, path, _ in paths:
        try:
            cells[cell] = load_predictions(Path(path), targets)
        except SearchError as error:
            problems[cell] = str(error)
    if not cells:
        return HoldoutForecasts({}, problems)
    like = next(iter(cells.values()))
    try:
        cells |= baseline_predictions(load_baseline_forecasts(_study), like)
    except SearchError as error:
        problems["baselines"] = str(error)
    models = {
        target: {name: by_target[target] for name, by_target in cells.items()}
        for target in targets
    }
    return HoldoutForecasts(models, problems)
