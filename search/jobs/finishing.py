"""Put the results of a study together: winners, baselines, verdict."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from search.analysis.comparison.baselines import (
    StudyBaselines,
    load_baseline_forecasts,
    load_baselines,
)
from search.analysis.comparison.contest import judge_samples
from search.analysis.comparison.sample_baselines import baseline_names
from search.analysis.comparison.verdict import Contestant, give_verdict, origin_losses
from search.analysis.holdout.predictions import load_predictions
from search.config import CELLS, Cell
from search.data.columns import unit_of
from search.evaluation.metrics import target_weights
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import SamplePlan
from search.evaluation.splits import SplitPlan
from search.evaluation.windows import gather_targets
from search.jobs.refitting import read_winner
from search.study.control import State
from search.study.folders import StudyHandle
from search.study.progress import read_progress
from search.study.results import StudyResults, Verdict, WinnerResult, save_results
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
    panel = make_panel(series, settings.roles, kind=settings.task.kind)
    plan = settings.plan_of(panel)
    winners = _read_winners(handle, refitted)
    ranked = sorted(winners, key=lambda cell: winners[cell].cv)
    baselines = load_baselines(handle) or StudyBaselines(
        {}, {}, dict.fromkeys(baseline_names(settings.task), without_baselines)
    )
    outputs = load_baseline_forecasts(handle)
    if isinstance(plan, SplitPlan):
        best_first = {cell: winners[cell] for cell in ranked}
        verdict = _judge_forecasts(settings, panel.targets, plan, best_first, outputs)
        held: dict[str, int | str] = {
            "holdout_start": plan.holdout_start,
            "holdout_rows": len(series) - plan.holdout_start,
        }
    else:
        files = {str(cell): Path(winners[cell].predictions) for cell in ranked}
        verdict = judge_samples(settings, panel, plan, winners=files, outputs=outputs)
        held = _describe_holdout(series, panel, plan)
    results = StudyResults(
        study={"uuid": handle.uuid, "name": settings.name, "state": state},
        data=_describe_data(handle, series, held),
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


def _read_winners(
    handle: StudyHandle, cells: tuple[Cell, ...]
) -> dict[Cell, WinnerResult]:
    found = {cell: read_winner(handle, cell) for cell in CELLS if cell in cells}
    return {cell: winner for cell, winner in found.items() if winner is not None}


def _judge_forecasts(
    settings: StudySettings,
    targets: np.ndarray,
    plan: SplitPlan,
    winners: Mapping[Cell, WinnerResult],
    outputs: Mapping[str, np.ndarray],
) -> Verdict:
    """Compare the forecasts of one series; the best winner comes first."""
    score = settings.task.score
    weights = target_weights(targets[: plan.holdout_start])
    origins = np.arange(plan.holdout_start, plan.holdout_stop)
    actual = gather_targets(targets, origins, horizon=plan.horizon)
    return give_verdict(
        {
            cell: Contestant(cell, _winner_losses(winner, settings, weights))
            for cell, winner in winners.items()
        },
        {
            name: Contestant(
                name, origin_losses(actual, predicted, weights, score=score)
            )
            for name, predicted in outputs.items()
        },
        horizon=settings.task.horizon,
        score=score,
    )


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
    handle: StudyHandle, series: pd.DataFrame, held: Mapping[str, int | str]
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
        **held,
        "sha256": handle.data_sha256,
    }


def _describe_holdout(
    series: pd.DataFrame, panel: Panel, plan: SamplePlan
) -> dict[str, int | str]:
    """Count what is held out; it is not the end of the rows in every task."""
    stops = plan.final.validation
    return {
        "first": str(series.index.min()),
        "last": str(series.index.max()),
        "groups": panel.n_groups if panel.group_names else 0,
        "holdout_samples": len(stops),
        "holdout_groups": len(np.unique(panel.groups[stops - 1])),
        "holdout_rows": len(np.unique(plan.samples.target_rows(stops))),
    }
