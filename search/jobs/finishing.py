"""Put the results of a study together: winners, baselines, verdict."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from search.analysis.baselines import (
    StudyBaselines,
    load_baseline_forecasts,
    load_baselines,
)
from search.analysis.predictions import load_predictions
from search.analysis.verdict import Contestant, give_verdict, origin_losses
from search.config import CELLS, Cell
from search.data.columns import unit_of
from search.evaluation.baselines.suite import BASELINE_NAMES
from search.evaluation.metrics import target_weights
from search.evaluation.splits import SplitPlan
from search.evaluation.windows import gather_targets
from search.jobs.finishing_samples import describe_samples, plain_verdict
from search.jobs.refitting import read_winner
from search.study.control import State
from search.study.folders import StudyHandle
from search.study.progress import read_progress
from search.study.results import StudyResults, WinnerResult, save_results
from search.study.settings import StudySettings
from search.study.studies import load_panel_series


def finish_study(
    handle: StudyHandle,
    *,
    state: State,
    refitted: tuple[Cell, ...],
    skipped: Mapping[Cell, str],
    seconds: float,
    without_baselines: str = "",
) -> StudyResults:
    """Write `results.json` and return what it holds.

    The best cell is the one with the lowest cross-validation score. The holdout never
    selects: it only judges.

    Parameters
    ----------
    state
        State that the study ends in.
    refitted
        Cells whose winner is there.
    skipped
        For the other cells, why there is no winner.
    seconds
        Wall time of search and refit.
    without_baselines
        Why there are no baselines at all; empty where there are.
    """
    settings = handle.settings
    series = load_panel_series(handle)
    if settings.task.kind != "forecasting" or settings.roles.group is not None:
        return _finish_samples(
            handle, series, state, refitted, skipped, seconds, without_baselines
        )
    plan = settings.plan(len(series))
    targets = series[list(settings.roles.targets)].to_numpy(dtype=np.float64)
    winners = _read_winners(handle, refitted)
    ranked = sorted(winners, key=lambda cell: winners[cell].cv)
    weights = target_weights(targets[: plan.holdout_start])
    baselines = load_baselines(handle) or StudyBaselines(
        {}, {}, dict.fromkeys(BASELINE_NAMES, without_baselines)
    )
    actual, score = _holdout_targets(targets, plan), settings.task.score
    verdict = give_verdict(
        {
            cell: Contestant(cell, _winner_losses(winners[cell], settings, weights))
            for cell in ranked
        },
        {
            name: Contestant(
                name, origin_losses(actual, predicted, weights, score=score)
            )
            for name, predicted in load_baseline_forecasts(handle).items()
        },
        horizon=settings.task.horizon,
        score=score,
    )
    results = StudyResults(
        study={"uuid": handle.uuid, "name": settings.name, "state": state},
        data=_describe_data(handle, series, plan),
        trials=read_progress(handle).counts,
        winners=winners,
        baselines=baselines.holdout,
        absent_baselines=baselines.absent,
        best_cell=ranked[0] if ranked else None,
        verdict=verdict.sentence,
        comparisons=verdict.comparisons,
        seconds=seconds,
        skipped_cells={str(cell): reason for cell, reason in skipped.items()},
    )
    save_results(handle.folder, results)
    return results


def _finish_samples(
    handle: StudyHandle,
    series: pd.DataFrame,
    state: State,
    refitted: tuple[Cell, ...],
    skipped: Mapping[Cell, str],
    seconds: float,
    without_baselines: str,
) -> StudyResults:
    """Write the results of a study of any other task."""
    winners = _read_winners(handle, refitted)
    ranked = sorted(winners, key=lambda cell: winners[cell].cv)
    found = load_baselines(handle)
    results = StudyResults(
        study={"uuid": handle.uuid, "name": handle.settings.name, "state": state},
        data=describe_samples(handle, series),
        trials=read_progress(handle).counts,
        winners=winners,
        baselines=found.holdout if found else {},
        absent_baselines=found.absent
        if found
        else dict.fromkeys(BASELINE_NAMES, without_baselines),
        best_cell=ranked[0] if ranked else None,
        verdict=plain_verdict(winners, ranked),
        comparisons=(),
        seconds=seconds,
        skipped_cells={str(cell): reason for cell, reason in skipped.items()},
    )
    save_results(handle.folder, results)
    return results


def _read_winners(
    handle: StudyHandle, cells: tuple[Cell, ...]
) -> dict[Cell, WinnerResult]:
    found = {cell: read_winner(handle, cell) for cell in CELLS if cell in cells}
    return {cell: winner for cell, winner in found.items() if winner is not None}


def _holdout_targets(targets: np.ndarray, plan: SplitPlan) -> np.ndarray:
    return gather_targets(targets, _holdout_origins(plan), horizon=plan.horizon)


def _holdout_origins(plan: SplitPlan) -> np.ndarray:
    return np.arange(plan.holdout_start, plan.holdout_stop)


def _winner_losses(
    winner: WinnerResult, settings: StudySettings, weights: np.ndarray
) -> np.ndarray:
    """Return the losses of the delivered model from its stored predictions."""
    names = settings.roles.targets
    predictions = load_predictions(Path(winner.predictions), names)
    actual = np.stack([predictions[name].actual for name in names], axis=-1)
    predicted = np.stack([predictions[name].predicted for name in names], axis=-1)
    return origin_losses(actual, predicted, weights, score=settings.task.score)


def _describe_data(
    handle: StudyHandle, series: pd.DataFrame, plan: SplitPlan
) -> dict[str, int | str | None]:
    source, roles = handle.settings.source, handle.settings.roles
    return {
        "file": source.file_name,
        "rows": len(series),
        "columns": len(series.columns),
        "targets": ", ".join(roles.targets),
        "unit": unit_of(roles.targets[0]),
        "frequency": source.frequency,
        "first": str(series.index[0]),
        "last": str(series.index[-1]),
        "holdout_start": plan.holdout_start,
        "holdout_rows": len(series) - plan.holdout_start,
        "sha256": handle.data_sha256,
    }
