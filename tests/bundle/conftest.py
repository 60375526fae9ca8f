"""Small bundles around untrained networks, and what they must predict."""

import importlib.util
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from search.bundle.build import write_bundle
from search.bundle.contents import BundleContents, ExportedModel
from search.config import Roles, Task
from search.data.source import Source
from search.evaluation.framing import frame_series
from search.evaluation.metrics import Metrics
from search.evaluation.panel import Panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.windows import gather_windows
from search.space.defaults import default_space
from search.space.lines import TrialParams
from search.study.results import SeedResult, WinnerResult
from search.study.settings import StudySettings

HORIZON, HOLDOUT, SEASON, LENGTH, N_ROWS = 3, 12, 4, 5, 60
METRICS = Metrics(mse=4.0, rmse=2.0, mae=1.5, mase=0.8, smape=12.0, r2=0.5)

Shape = tuple[int, int, int, int]  # length, channels, known channels, targets


@dataclass(frozen=True)
class Made:
    """A bundle, unpacked, and the numbers behind it."""

    zip_path: Path
    folder: Path
    contents: BundleContents
    predictor: "Predictor"

    def script(self) -> ModuleType:
        """Import the ``predict.py`` of the bundle from where it was unpacked."""
        path = self.folder / "predict.py"
        spec = importlib.util.spec_from_file_location("bundled_predict", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def reference(self, panel: Panel, origins: np.ndarray) -> np.ndarray:
        """Forecast with the definitions of this package and Keras in memory."""
        contents, params = self.contents, self.contents.params
        return forecast(contents, self.predictor, panel, origins, params.framing)


Predictor = Callable[[list[np.ndarray]], np.ndarray]


def forecast(contents, predictor, panel, origins, framing):
    framed = frame_series(
        panel, contents.scaler, framing, horizon=HORIZON, season=SEASON
    )
    windows = gather_windows(
        framed, origins, sequence_length=LENGTH, n_known=panel.n_known
    )
    known = [windows.known] if panel.n_known else []
    scaled = predictor([windows.past, *known]) + windows.base
    n_targets = panel.n_targets
    scaler = contents.scaler
    return scaled * scaler.scale[:n_targets] + scaler.center[:n_targets]


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory):
    """Return exported networks of a shape, each made once."""
    made: dict[Shape, tuple[ExportedModel, Predictor]] = {}

    def make(shape: Shape) -> tuple[ExportedModel, Predictor]:
        if shape not in made:
            folder = tmp_path_factory.mktemp("network")
            made[shape] = _network(shape, folder)
        return made[shape]

    return make


def _network(shape: Shape, folder: Path) -> tuple[ExportedModel, Predictor]:
    import keras  # noqa: TID251

    from search.worker.export import export_model

    length, n_channels, n_known, n_targets = shape
    keras.utils.set_random_seed(7)
    past = keras.Input((length, n_channels), name="past")
    inputs, state = [past], keras.layers.SimpleRNN(4)(past)
    if n_known:
        known = keras.Input((HORIZON, n_known), name="known")
        inputs.append(known)
        flat = keras.layers.Flatten()(known)
        state = keras.layers.Concatenate()([state, flat])
    output = keras.layers.Dense(HORIZON * n_targets)(state)
    model = keras.Model(inputs, keras.layers.Reshape((HORIZON, n_targets))(output))

    def predictor(arrays: list[np.ndarray]) -> np.ndarray:
        return np.asarray(model(arrays, training=False))

    return export_model(model, folder), predictor


@pytest.fixture
def make_bundle(tmp_path: Path, network):
    """Return a function that makes a bundle of a series and its roles."""

    def make(
        series: pd.DataFrame, roles: Roles, source: Source, **changes: object
    ) -> Made:
        task = Task(horizon=HORIZON, holdout=HOLDOUT, folds=2, season=SEASON)
        space = default_space(N_ROWS, roles, task)
        params = TrialParams(
            "GRU", 4, 1, 0.0, LENGTH, 0.01, 1.0, framing="none", calendar="cycles"
        )
        params = replace(params, **changes)
        settings = StudySettings("pump 1", source, roles, task, space)
        return _bundle(tmp_path, network, settings, params, series)

    return make


def _bundle(folder, network, settings, params, series) -> Made:
    calendar = params.calendar != "none"
    roles = settings.roles
    n_known = len(roles.known_features) + 2 * len(roles.calendar) * calendar
    n_channels = len(roles.columns) + 2 * len(roles.calendar) * calendar
    exported, predictor = network((LENGTH, n_channels, n_known, len(roles.targets)))
    contents = BundleContents(
        settings=settings,
        params=params,
        series=series,
        scaler=None,  # type: ignore[arg-type]
        model=exported,
        predictions=folder / "holdout_predictions.csv",
        result=winner_result(params),
        baselines={"last_value": replace(METRICS, mae=3.0)},
        study_uuid="0" * 32,
        created="2024-01-01T00:00:00+00:00",
    )
    panel = contents.panel()
    start = panel.n_rows - HOLDOUT
    contents = replace(contents, scaler=fit_scaler(panel, "standard", stop=start))
    origins = np.arange(start, panel.n_rows - HORIZON + 1)
    predicted = forecast(contents, predictor, panel, origins, params.framing)
    write_predictions(contents, panel, origins, predicted)
    zip_path = write_bundle(folder, contents)
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(zip_path) as archive:
        archive.extractall(unpacked)
    return Made(zip_path, unpacked, contents, predictor)


def write_predictions(contents, panel, origins, predicted) -> None:
    """Write the long table that the engine writes, row by row."""
    index, targets = contents.series.index, contents.settings.roles.targets
    rows = [
        {
            "origin": origin,
            "step": step + 1,
            "timestamp": index[origin + step],
            "actual": panel.targets[origin + step, k],
            "predicted": predicted[i, step, k],
            "target": target,
        }
        for i, origin in enumerate(origins)
        for step in range(HORIZON)
        for k, target in enumerate(targets)
    ]
    table = pd.DataFrame(rows)
    if len(targets) == 1:
        table = table.drop(columns="target")
    table.to_csv(contents.predictions, index=False)


def winner_result(params: TrialParams) -> WinnerResult:
    seeds = tuple(
        SeedResult(seed, replace(METRICS, mae=mae), 1.0)
        for seed, mae in enumerate((1.5, 1.6, 1.4))
    )
    return WinnerResult(
        trial=7,
        params={"cell": params.cell},
        cv=1.75,
        cv_folds=(1.5, 2.0),
        epochs=9,
        holdout=METRICS,
        seeds=seeds,
        targets={"a": METRICS},
        n_parameters=123,
        seconds=1.0,
        inference_ms=0.1,
        bundle=None,
        predictions="/somewhere/private/holdout_predictions.csv",
    )


@pytest.fixture
def hourly() -> pd.DataFrame:
    """Return 60 hours of three columns without a pattern."""
    generator = np.random.default_rng(3)
    index = pd.date_range("2024-02-28 17:00", periods=N_ROWS, freq="h")
    values = generator.normal([50.0, -3.0, 0.0], [10.0, 0.5, 1.0], size=(N_ROWS, 3))
    return pd.DataFrame(values, index=index, columns=["a", "b", "c"])


@pytest.fixture
def source() -> Source:
    return Source("plant.csv", {}, ("time",), "h")
