"""From the best trial of a cell to a model that was scored and can be downloaded."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

from search.analysis.baselines import load_baselines
from search.analysis.delivered import WEIGHTS_FILE, save_weights
from search.bundle.build import BUNDLE_FILE, write_bundle
from search.bundle.check import check_bundle
from search.bundle.contents import BundleContents
from search.config import Cell
from search.disk import is_full
from search.errors import SearchError, TrialFailed
from search.evaluation.detector import Detector
from search.evaluation.metrics import KindMetrics
from search.evaluation.panel import Panel, make_panel
from search.files import sha256, write_json
from search.space.lines import TrialParams
from search.study.folders import StudyHandle, winner_folder
from search.study.results import BundleCheck, SeedResult, WinnerResult
from search.study.trials.listing import TrialView, await_trials
from search.study.trials.selection import best_trials
from search.worker.anomaly_holdout import AnomalyHoldout
from search.worker.callbacks import no_callbacks, tensorboard_logs
from search.worker.export import export_model
from search.worker.holdout import Holdout, holdout_of
from search.worker.kept_seeds import KeptSeeds
from search.worker.refit import Refit, refit_winner
from search.worker.sample_holdout import SampleHoldout
from search.worker.tables import future_panel, save_forecast

WINNER_FILE = "winner.json"
PREDICTIONS_FILE = "holdout_predictions.csv"
FORECAST_FILE = "forecast.csv"
DETECTOR_FILE = "detector.json"
TENSORBOARD_FOLDER = "tensorboard"

AnyHoldout = Holdout | SampleHoldout | AnomalyHoldout

logger = logging.getLogger(__name__)


def make_winner(
    handle: StudyHandle, cell: Cell, *, only_kept: bool = False
) -> WinnerResult:
    """Train the best configuration of `cell` again, score it and pack it.

    It is trained on everything before the holdout, from as many seeds as the study
    asks for, and each of these networks is scored on the holdout. The delivered one
    is that of the first seed that did not diverge, or the average of all that did
    not, as the study asks, whatever the scores are. Everything is written to the folder
    of the winner, ``winner.json`` last.

    Parameters
    ----------
    only_kept
        Whether to make it from the seeds that a former process trained before it was
        ended.

    Raises
    ------
    TrialFailed
        If the cell has no complete trial, or the training of every seed diverges.
    StudyCorrupted
        If the series of the study cannot be used.
    """
    best = best_trials(await_trials(handle)).get(cell)
    if best is None:
        raise TrialFailed(f"No trial of {cell} was completed, so it has no winner.")
    params = handle.settings.space.complete(best.params)
    folder = winner_folder(handle, cell)
    folder.mkdir(parents=True, exist_ok=True)
    # What follows replaces the files that an older `winner.json` speaks of.
    (folder / WINNER_FILE).unlink(missing_ok=True)
    logger.info("Study %s: refit of trial %d (%s).", handle.uuid, best.number, cell)
    holdout = holdout_of(handle, params)
    origin = (handle.uuid, handle.data_sha256, best.number, best.best_epoch)
    kept = KeptSeeds(folder, origin=origin)
    logs = folder / TENSORBOARD_FOLDER
    refit = _refit(holdout, params, best, logs=logs, kept=kept, only_kept=only_kept)
    _save_tables(folder, holdout, refit)
    networks = [run.weights for run in refit.delivered]
    save_weights(folder, networks, trial=best.number)
    result = _score(best, holdout, refit, predictions=folder / PREDICTIONS_FILE)
    result = _pack(handle, folder, params, holdout, refit, result)
    result = replace(result, sha256=_digests(folder))
    write_json(folder / WINNER_FILE, result)
    if not any(one.kind == "memory" for one in result.diverged):
        kept.clear()
    return result


def _refit(
    holdout: AnyHoldout,
    params: TrialParams,
    best: TrialView,
    *,
    logs: Path,
    kept: KeptSeeds,
    only_kept: bool,
) -> Refit:
    settings = holdout.settings
    training = settings.training
    shutil.rmtree(logs, ignore_errors=True)  # of an older winner
    has_calendar = params.calendar == "cycles"
    panel = make_panel(
        holdout.series,
        settings.roles,
        calendar=has_calendar,
        kind=settings.task.kind,
    )
    return refit_winner(
        panel,
        holdout.plan,
        params,
        epochs=best.best_epoch or 1,
        task=settings.task,
        seeds=[training.seed + number for number in range(training.refit_seeds)],
        deliver=training.deliver,
        future=_future(holdout, has_calendar),
        kept=kept,
        only_kept=only_kept,
        rate_drops=best.rate_drops,
        callbacks=tensorboard_logs(logs) if training.tensorboard else no_callbacks,
    )


def _future(holdout: AnyHoldout, has_calendar: bool) -> Panel | None:
    """Return the rows after the end of the one series that is forecast."""
    if not isinstance(holdout, Holdout):
        return None
    return future_panel(
        holdout.series,
        holdout.settings.roles,
        holdout.future_index,
        calendar=has_calendar,
    )


def _save_tables(folder: Path, holdout: AnyHoldout, refit: Refit) -> None:
    holdout.save(folder / PREDICTIONS_FILE, refit.predictions)
    for name in (FORECAST_FILE, DETECTOR_FILE):
        (folder / name).unlink(missing_ok=True)
    detector = _detector_of(holdout, refit)
    if detector is not None:
        write_json(folder / DETECTOR_FILE, detector)
    if isinstance(holdout, Holdout) and refit.forecast is not None:
        save_forecast(
            folder / FORECAST_FILE,
            holdout.future_index,
            predicted=refit.forecast,
            targets=holdout.settings.roles.targets,
        )


def _detector_of(holdout: AnyHoldout, refit: Refit) -> Detector | None:
    """Return what makes anomalies of errors; None where these are not looked for."""
    if not isinstance(holdout, AnomalyHoldout):
        return None
    return holdout.detector(refit.predictions)


def _score(
    best: TrialView, holdout: AnyHoldout, refit: Refit, *, predictions: Path
) -> WinnerResult:
    seeds = tuple(
        SeedResult(run.seed, holdout.metrics(run.predictions), run.seconds)
        for run in refit.runs
    )
    assert best.score is not None
    return WinnerResult(
        trial=best.number,
        params=best.params,
        cv=best.score,
        cv_folds=best.fold_scores,
        epochs=best.best_epoch or 1,
        holdout=holdout.metrics(refit.predictions),
        seeds=seeds,
        targets=holdout.target_metrics(refit.predictions),
        n_parameters=refit.n_parameters,
        seconds=refit.seconds,
        inference_ms=refit.inference_ms,
        bundle=None,
        predictions=str(predictions),
        diverged=refit.diverged,
        delivered=refit.deliver,
    )


def _pack(
    handle: StudyHandle,
    folder: Path,
    params: TrialParams,
    holdout: AnyHoldout,
    refit: Refit,
    result: WinnerResult,
) -> WinnerResult:
    """Make the bundle and prove it; a bundle that fails is not offered."""
    try:
        contents = BundleContents(
            settings=handle.settings,
            params=params,
            series=holdout.series,
            scaler=refit.scaler,
            model=export_model(refit.model, folder),
            predictions=Path(result.predictions),
            result=result,
            baselines=_baselines(handle),
            study_uuid=handle.uuid,
            created=handle.created,
            data_sha256=handle.data_sha256,
            labels=refit.labels,
            detector=_detector_of(holdout, refit),
        )
        bundle = write_bundle(folder, contents)
    except SearchError as error:
        if is_full(error):
            # Everything is made again when there is room.
            raise
        logger.exception("Study %s: no bundle of %s.", handle.uuid, params.cell)
        return replace(result, check=BundleCheck(None, None, False, str(error)))
    check = check_bundle(bundle)
    return replace(result, bundle=str(bundle) if check.passed else None, check=check)


def _digests(folder: Path) -> dict[str, str]:
    """Return what tells the files that were checked from any others."""
    names = (PREDICTIONS_FILE, WEIGHTS_FILE, BUNDLE_FILE, DETECTOR_FILE)
    return {name: sha256(folder / name) for name in names if (folder / name).is_file()}


def _baselines(handle: StudyHandle) -> dict[str, KindMetrics]:
    """Return the metrics of the baselines for the model card; maybe none."""
    found = load_baselines(handle)
    return found.holdout if found is not None else {}
