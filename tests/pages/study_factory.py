"""Studies in every state for tests of pages, made without any training.

Trials, curves and results are written through the functions that workers use; only
the numbers are invented: a score follows from its configuration.
"""

import json
import math
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import optuna
import pandas as pd

from search.analysis.baselines import load_baselines, make_baselines
from search.analysis.delivered import save_weights, structure_of
from search.config import Budget, Cell, Deliver, Environment, Roles, Task, Training
from search.data.source import Source
from search.evaluation.baselines.naive import NAIVE_NAMES
from search.evaluation.metrics import (
    Metrics,
    forecast_metrics,
    seasonal_naive_scale,
)
from search.evaluation.panel import Panel, make_panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.windows import gather_targets
from search.locks import FileLock, try_lock
from search.space.defaults import default_space
from search.space.lines import Architecture, Line, TrialParams
from search.study.control import State, StateRecord, wish, write_state
from search.study.folders import SUPERVISOR_LOCK, StudyHandle, winner_folder
from search.study.optuna_study import open_study
from search.study.progress import read_progress
from search.study.results import (
    BundleCheck,
    Comparison,
    DivergedSeed,
    SeedResult,
    StudyResults,
    WinnerResult,
    save_results,
)
from search.study.settings import StudySettings
from search.study.storage.batching import batching_storage
from search.study.storage.opening import prepare_storage
from search.study.studies import create_study, load_panel_series
from search.study.trials.claims import (
    Claim,
    Owner,
    TrialRecord,
    claim_trial,
    current_owner,
    fail_trial,
    finish_trial,
    owner_of,
)
from search.study.trials.curves import CurveWriter, EpochPoint
from search.study.trials.listing import TrialView
from tests.explain.networks import weight_shapes

TARGET = "temperature [°C]"
N_ROWS, N_FOLDS, HORIZON, HOLDOUT, SEASON = 400, 3, 6, 48, 24
REASON = "Out of memory while training."

optuna.logging.set_verbosity(optuna.logging.WARNING)


def make_environment(folder: Path) -> Environment:
    """Return an environment with an empty storage in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = Environment(folder, f"sqlite:///{folder / 'optuna.db'}")
    prepare_storage(environment.storage_url)
    return environment


def make_series(n_rows: int = N_ROWS) -> pd.DataFrame:
    """Return an hourly series with a daily season and a feature."""
    hours = np.arange(n_rows)
    noise = np.random.default_rng(0).normal(0, 0.6, n_rows)
    warm = 20 + 6 * np.sin(2 * np.pi * hours / SEASON) + noise
    return pd.DataFrame(
        {TARGET: warm, "load [kW]": 3 + np.cos(hours / 9)},
        index=pd.date_range("2026-03-01", periods=n_rows, freq="h", name="time"),
    )


def make_settings(
    name: str,
    *,
    n_trials: int = 12,
    roles: Roles | None = None,
    architecture: Architecture = "stacked",
) -> StudySettings:
    """Return settings that fit `make_series`."""
    roles = roles or Roles(targets=(TARGET,), past_features=("load [kW]",))
    task = Task(HORIZON, HOLDOUT, N_FOLDS, SEASON)
    space = default_space(N_ROWS, roles, task)
    return StudySettings(
        name=name,
        source=Source("warm.csv", time_columns=("time",), frequency="h"),
        roles=roles,
        task=task,
        space=space.with_line(Line("architecture", choices=(architecture,))),
        budget=Budget(trials=n_trials),
        training=Training(epochs=12, seed=1),
    )


def new_study(environment: Environment, settings: StudySettings) -> StudyHandle:
    """Return a study that should run, without a trial."""
    handle = create_study(environment, settings, make_series())
    make_baselines(handle, names=NAIVE_NAMES)
    wish(handle, "run")
    return handle


def set_state(handle: StudyHandle, state: State, message: str = "") -> None:
    """Write a state as the supervisor would; alive states need its lock."""
    write_state(
        handle,
        StateRecord(state=state, message=message, seconds_used=95.0, workers=(1, 2)),
    )


def hold_supervisor(handle: StudyHandle) -> FileLock:
    """Return the lock of a living supervisor; the study searches until it is closed."""
    lock = try_lock(handle.folder / SUPERVISOR_LOCK)
    assert lock is not None
    set_state(handle, "searching")
    return lock


def add_trials(handle: StudyHandle, endings: str) -> None:
    """Add one trial for each letter: c complete, p pruned, f failed."""
    study, owner = open_study(handle), current_owner()
    for ending in endings:
        claim = claim_trial(handle, study, owner)
        trial, params = _claimed(claim)
        if ending == "f":
            fail_trial(handle, study, trial.number, REASON, owner=owner, kind="memory")
            continue
        n_epochs = 4 if ending == "p" else 12
        train(handle, trial, params, n_epochs)
        record = TrialRecord(
            outcome="pruned" if ending == "p" else "complete",
            score=score_at(params, n_epochs),
            fold_scores=fold_scores(params, n_epochs),
            best_epoch=n_epochs,
            epochs_run=n_epochs,
            n_parameters=40 * params.units,
            seconds_compile=2.5,
            seconds_train=0.4 * n_epochs,
        )
        finish_trial(handle, study, trial.number, record, owner=owner)


def add_running(
    handle: StudyHandle, n_epochs: int, *, owner: Owner | None = None
) -> int:
    """Add a trial that has trained for some epochs; return its number."""
    study = open_study(handle)
    claim = claim_trial(handle, study, owner or owner_of(os.getppid()))
    trial, params = _claimed(claim)
    train(handle, trial, params, n_epochs)
    # Reports that were made within two seconds would wait.
    reports = {epoch: score_at(params, epoch) for epoch in range(1, n_epochs + 1)}
    batching_storage(study).add_reports(trial._trial_id, reports)
    return trial.number


def train(
    handle: StudyHandle, trial: optuna.Trial, params: TrialParams, n_epochs: int
) -> None:
    """Write the curve of a trial."""
    curve = CurveWriter(handle.folder, trial.number)
    for epoch in range(1, n_epochs + 1):
        curve.write_epoch(epoch_point(params, epoch))
        trial.report(score_at(params, epoch), epoch)


def epoch_point(params: TrialParams, epoch: int) -> EpochPoint:
    """Return one invented epoch."""
    return EpochPoint(
        epoch=epoch,
        train=tuple(1.0 / (epoch + k) for k in range(1, N_FOLDS + 1)),
        valid=fold_scores(params, epoch),
        score=score_at(params, epoch),
        seconds=0.3,
    )


def fold_scores(params: TrialParams, epoch: int) -> tuple[float, ...]:
    """Return an invented score for each fold, falling with the epochs."""
    cell = {"SimpleRNN": 0.9, "LSTM": 0.75, "GRU": 0.7}[params.cell]
    level = cell + 0.1 * abs(math.log10(params.learning_rate / 3e-3)) + params.dropout
    return tuple(
        (level + 2.5 * math.exp(-epoch / 3)) * (1 + 0.15 * k) for k in range(N_FOLDS)
    )


def score_at(params: TrialParams, epoch: int) -> float:
    """Return the invented mean score after an epoch."""
    return float(np.mean(fold_scores(params, epoch)))


def finish(
    handle: StudyHandle,
    *,
    state: State = "finished",
    skipped: dict[str, str] | None = None,
    with_forecast: bool = True,
    with_bundle: bool = True,
    deliver: Deliver = "one",
    diverged: tuple[int, ...] = (),
) -> StudyResults:
    """Write winners and results from the trials, as the refit would.

    The seeds named by `diverged`, of 0 to 2, have no scores.
    """
    best = read_progress(handle).best
    winners = {
        cell: _write_winner(
            handle,
            trial,
            with_forecast=with_forecast,
            with_bundle=with_bundle,
            deliver=deliver,
            diverged=diverged,
        )
        for cell, trial in best.items()
        if cell not in (skipped or {})
    }
    progress = read_progress(handle)
    baselines = load_baselines(handle)
    assert baselines is not None
    results = StudyResults(
        study={"uuid": handle.uuid, "name": handle.settings.name, "state": state},
        data={"rows": N_ROWS},
        trials=progress.counts,
        winners=winners,
        baselines=baselines.holdout,
        best_cell=_best_cell(winners),
        verdict="GRU has the lowest score, but the difference to LSTM may be chance.",
        comparisons=(Comparison("GRU", "LSTM", -0.05, 0.21, HOLDOUT - HORIZON + 1),),
        seconds=130.0,
        skipped_cells=skipped or {},
    )
    save_results(handle.folder, results)
    if state == "stopped":
        wish(handle, "stop")
    set_state(handle, state)
    return results


def make_all(environment: Environment) -> dict[str, StudyHandle]:
    """Return one study of each kind, by the name of its state."""
    kinds = {}
    kinds["waiting"] = new_study(environment, make_settings("Waiting"))
    kinds["searching"] = new_study(environment, make_settings("Searching"))
    add_trials(kinds["searching"], "cccpfc")
    add_running(kinds["searching"], 5)
    kinds["finished"] = new_study(environment, make_settings("Finished"))
    add_trials(kinds["finished"], "cccpccccccpc")
    finish(kinds["finished"])
    kinds["failed"] = new_study(environment, make_settings("Failed"))
    add_trials(kinds["failed"], "f")
    set_state(kinds["failed"], "failed", "Five workers in a row ended at once.")
    kinds["stopped"] = new_study(environment, make_settings("Stopped"))
    add_trials(kinds["stopped"], "cc")
    finish(
        kinds["stopped"],
        state="stopped",
        skipped={"GRU": "it has no complete trial."},
        with_forecast=False,
        with_bundle=False,
    )
    kinds["interrupted"] = new_study(environment, make_settings("Interrupted"))
    set_state(kinds["interrupted"], "searching")
    kinds["paused"] = new_study(environment, make_settings("Paused"))
    add_trials(kinds["paused"], "c")
    wish(kinds["paused"], "pause")
    set_state(kinds["paused"], "paused")
    return kinds


def _best_cell(winners: dict[Cell, WinnerResult]) -> Cell | None:
    ranked = sorted(winners.items(), key=lambda pair: pair[1].cv)
    return ranked[0][0] if ranked else None


def _claimed(claim: Claim) -> tuple[optuna.Trial, TrialParams]:
    assert claim.trial is not None, claim.reason
    assert claim.params is not None
    return claim.trial, claim.params


def _write_winner(
    handle: StudyHandle,
    trial: TrialView,
    *,
    with_forecast: bool,
    with_bundle: bool,
    deliver: Deliver,
    diverged: tuple[int, ...],
) -> WinnerResult:
    folder = winner_folder(handle, trial.cell)
    folder.mkdir(parents=True, exist_ok=True)
    series = load_panel_series(handle)
    targets = list(handle.settings.roles.targets)
    actual = _holdout_actual(handle)
    noise = np.random.default_rng(trial.number).normal(0, 0.7, actual.shape)
    predicted = actual + noise * (1 + 0.1 * np.arange(HORIZON))[None, :, None]
    holdout = _metrics(handle, predicted)
    _write_predictions(handle, folder, predicted)
    if with_forecast:
        _write_forecast(series, targets, folder)
    bundle = folder / "bundle.zip"
    if with_bundle:
        with zipfile.ZipFile(bundle, "w") as file:
            file.writestr("predict.py", "")
            file.writestr("preprocessing.json", _preprocessing(handle, trial))
            file.writestr("metrics.json", json.dumps({"trial": trial.number}))
    scored = [seed for seed in range(3) if seed not in diverged]
    assert trial.score is not None
    winner = WinnerResult(
        trial=trial.number,
        params=trial.params,
        cv=trial.score,
        cv_folds=trial.fold_scores,
        epochs=trial.best_epoch or 1,
        holdout=holdout,
        seeds=tuple(
            SeedResult(seed, replace(holdout, rmse=holdout.rmse * factor), 4.2)
            for seed, factor in zip(scored, (1.0, 1.04, 0.98), strict=False)
        ),
        targets={target: holdout for target in targets},
        n_parameters=trial.n_parameters or 1,
        seconds=4.2,
        inference_ms=0.8,
        bundle=str(bundle) if with_bundle else None,
        predictions=str(folder / "holdout_predictions.csv"),
        check=BundleCheck(2e-7, 4e-8, True, "The bundle forecasts as reported.")
        if with_bundle
        else BundleCheck(None, None, False, "The disk is full."),
        diverged=tuple(
            DivergedSeed(seed, "Loss is not a number at epoch 2 of the refit.")
            for seed in diverged
        ),
        delivered=deliver,
    )
    weights = [_random_weights(handle, trial, k) for k in range(winner.n_networks)]
    save_weights(folder, weights, trial=trial.number)
    return winner


def _panel(handle: StudyHandle, trial: TrialView) -> Panel:
    params = handle.settings.space.complete(trial.params)
    has_calendar = params.calendar == "cycles"
    return make_panel(
        load_panel_series(handle), handle.settings.roles, calendar=has_calendar
    )


def _preprocessing(handle: StudyHandle, trial: TrialView) -> bytes:
    params = handle.settings.space.complete(trial.params)
    scaler = fit_scaler(_panel(handle, trial), params.scaler, stop=N_ROWS - HOLDOUT)
    return msgspec.json.encode(
        {"center": scaler.center.tolist(), "scale": scaler.scale.tolist()}
    )


def _random_weights(
    handle: StudyHandle, trial: TrialView, number: int
) -> list[np.ndarray]:
    """Return weights of the shapes that the network of the trial would have."""
    params, panel = handle.settings.space.complete(trial.params), _panel(handle, trial)
    generator = np.random.default_rng([trial.number, number])
    structure = structure_of(params, handle.settings)
    shapes = weight_shapes(
        structure,
        units=params.units,
        n_channels=panel.n_channels,
        n_known=panel.n_known,
        dense_units=params.dense_units,
    )
    weights = [0.2 * generator.normal(size=shape) for shape in shapes[:-1]]
    return [*weights, np.zeros(shapes[-1])]


def _holdout_actual(handle: StudyHandle) -> np.ndarray:
    series = load_panel_series(handle)
    values = series[list(handle.settings.roles.targets)].to_numpy()
    actual: np.ndarray = gather_targets(values, _origins(), horizon=HORIZON)
    return actual


def _origins() -> np.ndarray:
    return np.arange(N_ROWS - HOLDOUT, N_ROWS - HORIZON + 1)


def _metrics(handle: StudyHandle, predicted: np.ndarray) -> Metrics:
    series = load_panel_series(handle)
    values = series[list(handle.settings.roles.targets)].to_numpy()
    scale = seasonal_naive_scale(values[: N_ROWS - HOLDOUT], SEASON)
    return forecast_metrics(_holdout_actual(handle), predicted, naive_scale=scale)


def _write_predictions(
    handle: StudyHandle, folder: Path, predicted: np.ndarray
) -> None:
    actual, origins = _holdout_actual(handle), _origins()
    index = load_panel_series(handle).index
    targets = handle.settings.roles.targets
    rows = [
        {
            "origin": origin,
            "step": step + 1,
            "timestamp": index[origin + step],
            "target": target,
            "actual": actual[place, step, k],
            "predicted": predicted[place, step, k],
        }
        for place, origin in enumerate(origins)
        for step in range(HORIZON)
        for k, target in enumerate(targets)
    ]
    frame = pd.DataFrame(rows)
    if len(targets) == 1:
        frame = frame.drop(columns="target")
    frame.to_csv(folder / "holdout_predictions.csv", index=False)


def _write_forecast(series: pd.DataFrame, targets: list[str], folder: Path) -> None:
    step = series.index[1] - series.index[0]
    rows = [
        {
            "step": k,
            "timestamp": series.index[-1] + k * step,
            "target": target,
            "predicted": float(series[target].iloc[-SEASON + k - 1]),
        }
        for k in range(1, HORIZON + 1)
        for target in targets
    ]
    pd.DataFrame(rows).to_csv(folder / "forecast.csv", index=False)
