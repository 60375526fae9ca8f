"""From trials to a winner that can be downloaded."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.analysis.baselines import make_baselines
from search.analysis.delivered import load_forecaster
from search.analysis.explaining import load_explained
from search.analysis.forecasts import load_forecast
from search.analysis.predictions import load_predictions
from search.bundle.contents import BundleContents
from search.config import (
    Budget,
    Cell,
    Deliver,
    Environment,
    Roles,
    Task,
    Training,
)
from search.data.source import Source
from search.errors import SearchError, TrialFailed
from search.evaluation.baselines.naive import NAIVE_NAMES, naive_forecasts
from search.evaluation.kind_metrics import as_values
from search.evaluation.metrics import forecast_metrics, seasonal_naive_scale
from search.space.defaults import default_space
from search.space.lines import Line, Value
from search.study.folders import StudyHandle
from search.study.results import BundleCheck, WinnerResult, read_record
from search.study.settings import StudySettings
from search.study.studies import create_study, load_panel_series
from search.study.trials.listing import TrialView
from search.worker import winner as winner_module
from search.worker.holdout import holdout_of
from search.worker.winner import make_winner

TASK = Task(horizon=3, holdout=20, folds=2, season=8)
PARAMS: dict[str, Value] = {
    "units": 16,
    "layers": 1,
    "dropout": 0.1,
    "sequence_length": 4,
    "learning_rate": 0.01,
    "clipnorm": 1.0,
    "framing": "last_value",
    "calendar": "cycles",
}


def view(number: int, cell: Cell, score: float, *, best_epoch: int = 2) -> TrialView:
    """Return a complete trial."""
    return TrialView(
        number,
        cell,
        "complete",
        params={"cell": cell, **PARAMS},
        score=score,
        fold_scores=(score, score),
        best_epoch=best_epoch,
    )


def make_study(
    tmp_path: Path, series: pd.DataFrame, roles: Roles, *, deliver: Deliver = "one"
) -> StudyHandle:
    space = default_space(len(series), roles, TASK)
    space = space.with_line(Line("sequence_length", choices=(4,)))
    settings = StudySettings(
        name="winner",
        source=Source("waves.csv", time_columns=("time",), frequency="h"),
        roles=roles,
        task=TASK,
        space=space,
        budget=Budget(trials=6),
        training=Training(refit_seeds=2, seed=5, deliver=deliver),
    )
    environment = Environment(tmp_path, f"sqlite:///{tmp_path / 'optuna.db'}")
    return create_study(environment, settings, series)


@dataclass
class Made:
    """A winner and where it lies."""

    handle: StudyHandle
    folder: Path
    result: WinnerResult
    contents: list[BundleContents]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, series: pd.DataFrame) -> Made:
    """One winner with two targets; the bundle itself is made of nothing."""
    tmp_path = tmp_path_factory.mktemp("studies")
    roles = Roles(("level", "flow"), ("inlet",), calendar=("hour",))
    handle = make_study(tmp_path, series, roles)
    make_baselines(handle, names=NAIVE_NAMES)
    contents: list[BundleContents] = []

    def write_nothing(folder: Path, given: BundleContents) -> Path:
        contents.append(given)
        return folder / "bundle.zip"

    with pytest.MonkeyPatch.context() as patch:
        trials = (view(0, "GRU", 2.0), view(1, "GRU", 1.0, best_epoch=3))
        patch.setattr(winner_module, "await_trials", lambda _handle: trials)
        patch.setattr(winner_module, "export_model", lambda _model, folder: folder)
        patch.setattr(winner_module, "write_bundle", write_nothing)
        patch.setattr(
            winner_module, "check_bundle", lambda _path: BundleCheck(0, 0, True, "fine")
        )
        result = make_winner(handle, "GRU")
    return Made(handle, handle.folder / "winners" / "GRU", result, contents)


def test_make_winner_takes_the_best_trial(made: Made) -> None:
    assert made.result.trial == 1
    assert made.result.cv == 1.0
    assert made.result.cv_folds == (1.0, 1.0)
    assert made.result.epochs == 3
    assert made.result.params["cell"] == "GRU"


def test_make_winner_writes_what_it_returns(made: Made) -> None:
    content = json.loads((made.folder / "winner.json").read_bytes())
    assert read_record(content, WinnerResult) == made.result
    assert content["bundle"] == str(made.folder / "bundle.zip")


def test_make_winner_scores_each_seed_and_delivers_the_first(made: Made) -> None:
    assert [seed.seed for seed in made.result.seeds] == [5, 6]
    assert made.result.holdout == made.result.seeds[0].holdout
    assert made.result.seeds[0].holdout != made.result.seeds[1].holdout
    assert (made.result.delivered, made.result.diverged) == ("one", ())
    assert made.result.n_networks == 1


def test_metrics_can_be_computed_again_from_the_predictions(made: Made) -> None:
    targets = ["level", "flow"]
    loaded = load_predictions(Path(made.result.predictions), targets)
    actual = np.stack([loaded[name].actual for name in targets], axis=-1)
    predicted = np.stack([loaded[name].predicted for name in targets], axis=-1)
    assert actual.shape == (18, 3, 2)
    values = load_panel_series(made.handle)[targets].to_numpy()
    scale = seasonal_naive_scale(values[:100], 8)
    again = forecast_metrics(actual, predicted, naive_scale=scale)
    told = as_values(made.result.holdout)
    assert again.mse == pytest.approx(told.mse, rel=1e-12)
    assert again.mase == pytest.approx(told.mase, rel=1e-12)
    for place, name in enumerate(targets):
        error = predicted[..., place] - actual[..., place]
        mae = float(np.mean(np.abs(error)))
        assert made.result.targets[name].mae == pytest.approx(mae, rel=1e-12)


def test_predictions_stand_beside_the_actual_values(
    made: Made, series: pd.DataFrame
) -> None:
    frame = pd.read_csv(made.result.predictions)
    row = frame[(frame["origin"] == 104) & (frame["step"] == 2)].iloc[0]
    assert row["target"] == "level"
    assert row["actual"] == pytest.approx(series["level"].iloc[105], rel=1e-15)
    assert row["timestamp"] == series.index[105].isoformat()
    assert frame["origin"].min() == 100
    assert frame["origin"].max() == 117


def test_forecast_goes_beyond_the_end(made: Made, series: pd.DataFrame) -> None:
    forecast = load_forecast(made.folder, "flow", None)
    assert forecast is not None
    assert forecast.steps.tolist() == [1, 2, 3]
    assert forecast.times[0] == series.index[-1] + pd.Timedelta(hours=1)
    assert np.isfinite(forecast.predicted).all()


def test_bundle_holds_the_baselines_of_the_same_windows(
    made: Made, series: pd.DataFrame
) -> None:
    contents = made.contents[0]
    values = series[["level", "flow"]].to_numpy()
    origins = np.arange(100, 118)
    last = naive_forecasts(values, origins, horizon=3, season=8)["last_value"]
    actual = values[origins[:, None] + np.arange(3)]
    mse = np.mean((last - actual) ** 2)
    assert as_values(contents.baselines["last_value"]).mse == pytest.approx(mse)
    assert set(contents.baselines) == set(NAIVE_NAMES)
    assert contents.study_uuid == made.handle.uuid
    np.testing.assert_allclose(contents.scaler.center[:2], values[:100].mean(axis=0))


def test_make_winner_without_known_values_makes_no_forecast(
    made: Made,
    tmp_path: Path,
    series: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bundle that cannot be made is said; an old winner does not stay."""
    roles = Roles(("level",), ("inlet",), known_features=("plan",))
    handle = make_study(tmp_path, series, roles)
    trial = view(4, "GRU", 1.0, best_epoch=1)
    trial = replace(trial, params={**trial.params, "calendar": "none"})
    monkeypatch.setattr(winner_module, "await_trials", lambda _handle: (trial,))

    def fail(_model: object, folder: Path) -> None:
        assert not (folder / "winner.json").exists()
        raise SearchError("the disk is full")

    monkeypatch.setattr(winner_module, "export_model", fail)
    folder = handle.folder / "winners" / "GRU"
    folder.mkdir(parents=True)
    (folder / "winner.json").write_text("old")
    (folder / "forecast.csv").write_text("old")
    result = make_winner(handle, "GRU")
    assert not (folder / "forecast.csv").exists()
    assert result.bundle is None
    assert result.check == BundleCheck(None, None, False, "the disk is full")
    assert "target" not in pd.read_csv(result.predictions).columns


def test_make_winner_does_not_offer_a_bundle_that_fails(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = BundleCheck(3.0, 0.5, False, "too far")
    monkeypatch.setattr(winner_module, "export_model", lambda _model, folder: folder)
    monkeypatch.setattr(winner_module, "write_bundle", lambda folder, _given: folder)
    monkeypatch.setattr(winner_module, "check_bundle", lambda _path: check)
    result = winner_module._pack(
        made.handle,
        made.folder,
        made.contents[0].params,
        holdout_of(made.handle, made.contents[0].params),
        _Refitted(made.contents[0]),  # type: ignore[arg-type]
        made.result,
    )
    assert result.bundle is None
    assert result.check == check


class _Refitted:
    """What `_pack` needs of a refit."""

    def __init__(self, contents: BundleContents) -> None:
        self.scaler = contents.scaler
        self.labels = None
        self.model = None


def test_make_winner_needs_a_complete_trial(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = replace(view(0, "LSTM", 1.0), state="pruned")
    monkeypatch.setattr(winner_module, "await_trials", lambda _handle: (pruned,))
    with pytest.raises(TrialFailed, match="No trial of LSTM was completed"):
        make_winner(made.handle, "LSTM")


@pytest.mark.slow
def test_make_winner_makes_a_bundle_that_works(
    tmp_path: Path, series: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: train, export, pack, unpack and run in a clean process."""
    handle = make_study(tmp_path, series, Roles(("level",), calendar=("hour",)))
    monkeypatch.setattr(
        winner_module, "await_trials", lambda _handle: (view(0, "GRU", 1.0),)
    )
    result = make_winner(handle, "GRU")
    assert result.check is not None
    assert result.check.passed, result.check.message
    assert result.bundle is not None
    assert Path(result.bundle).exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "architecture"), [("LSTM", "stacked"), ("GRU", "bidirectional")]
)
def test_an_average_goes_the_whole_way(
    tmp_path: Path,
    series: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    cell: Cell,
    architecture: str,
) -> None:
    """Scores, forecast, files, bundle and explanation are of one and the same mean."""
    roles = Roles(("level",), calendar=("hour",))
    handle = make_study(tmp_path, series, roles, deliver="average")
    trial = view(0, cell, 1.0)
    params = {**trial.params, "architecture": architecture}
    trial = replace(trial, params=params)
    monkeypatch.setattr(winner_module, "await_trials", lambda _handle: (trial,))
    result = make_winner(handle, cell)
    assert (result.delivered, result.n_networks) == ("average", 2)
    assert result.check is not None
    assert result.check.passed, result.check.message
    # The error of a mean is below the mean of the errors, or equal to it.
    assert result.holdout not in [seed.holdout for seed in result.seeds]
    each = [as_values(seed.holdout).mse for seed in result.seeds]
    assert as_values(result.holdout).mse < np.mean(each)
    stored = load_predictions(Path(result.predictions), ["level"])["level"]
    forecaster = load_forecaster(handle, cell, result)
    assert forecaster is not None
    found = forecaster.forecast(load_panel_series(handle), stored.origins)
    np.testing.assert_allclose(found[..., 0], stored.predicted, atol=1e-4)
    explained = load_explained(handle, cell, result)
    assert explained is not None
    assert len(explained.network.members) == 2
    scaled = explained.network.predict(explained.past, explained.known)
    errors = (scaled - explained.targets)[..., 0] * explained.scale[0]
    np.testing.assert_allclose(errors, stored.errors, atol=1e-4)


def test_the_delivered_network_repeats_its_holdout_without_keras(made: Made) -> None:
    """What the pages forecast with is what was trained, scored and delivered."""
    forecaster = load_forecaster(made.handle, "GRU", made.result)
    assert forecaster is not None
    series = load_panel_series(made.handle)
    stored = load_predictions(Path(made.result.predictions), ("level", "flow"))
    origins = stored["level"].origins
    found = forecaster.forecast(series, origins)
    for k, name in enumerate(("level", "flow")):
        assert found[..., k] == pytest.approx(stored[name].predicted, abs=1e-4)
    ahead = forecaster.forecast(series, np.array([len(series)]))[0]
    for k, name in enumerate(("level", "flow")):
        beyond = load_forecast(made.folder, name, None)
        assert beyond is not None
        assert ahead[:, k] == pytest.approx(beyond.predicted, abs=1e-4)
