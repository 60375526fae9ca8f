"""A small bundle of each task around an untrained network, each made once."""

import importlib
import io
import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from search.bundle.build import write_bundle
from search.bundle.contents import BundleContents
from search.config import Roles, Task
from search.data.source import Source
from search.evaluation.framing import FramingName
from search.evaluation.panel import Panel, make_panel
from search.space.defaults import usual_space
from search.space.lines import TrialParams
from search.study.results import SeedResult, WinnerResult
from search.study.settings import StudySettings

LENGTH = 5
CLASSES = ("closed", "open")
STEPS = {"format": "csv", "missing": "refuse"}
PLANT = Source("plant.csv", STEPS)


@dataclass(frozen=True)
class Case:
    """The settings of a bundle and its rows."""

    task: Task
    roles: Roles
    series: pd.DataFrame
    source: Source = PLANT
    framing: FramingName = "none"


@dataclass(frozen=True)
class Made:
    """A bundle, unpacked, and the numbers behind it."""

    zip_path: Path
    folder: Path
    contents: BundleContents
    panel: Panel

    @property
    def stored(self) -> pd.DataFrame:
        """The stored predictions."""
        return pd.read_csv(
            self.folder / "holdout_predictions.csv", dtype={"group": str}
        )

    @property
    def preprocessing(self) -> dict:
        return json.loads((self.folder / "preprocessing.json").read_text())

    def script(self, name: str = "predict") -> ModuleType:
        """Import a bundled script with its neighbours, and forget these again."""
        sys.path.insert(0, str(self.folder))
        try:
            return importlib.import_module(name)
        finally:
            sys.path[:] = [one for one in sys.path if one != str(self.folder)]
            for path in self.folder.glob("*.py"):
                sys.modules.pop(path.stem, None)

    def answers(self, table: Path, capsys) -> pd.DataFrame:
        """Run the script on `table` and return what it prints."""
        code = self.script().main([str(table)])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        names = {"group": str, "actual": str, "predicted": str}
        if not self.contents.settings.task.has_classes:
            names = {"group": str}
        return pd.read_csv(io.StringIO(captured.out), dtype=names)

    def refusal(self, table: Path, capsys) -> str:
        """Run the script on `table` and return why it refuses that."""
        assert self.script().main([str(table)]) == 2
        return capsys.readouterr().err.strip()

    def table(self, path: Path, *, answers: bool = False) -> pd.DataFrame:
        """Write the rows of the study to `path` as a person would, and return them."""
        roles, time = self.contents.settings.roles, self.contents.settings.source
        frame = self.contents.series
        if not answers and self.contents.settings.task.kind != "forecasting":
            known = {*roles.columns, roles.group} - {None}
            known -= set(self.preprocessing["targets"]) - set(self.panel.channels)
            frame = frame[[name for name in frame if name in known]]
        if time.time_columns:
            frame = frame.rename_axis(time.time_columns[0]).reset_index()
        frame.to_csv(path, index=False)
        return frame


def rows_of_groups(sizes: dict[str, int], *, times: bool = False) -> pd.DataFrame:
    """Return random measurements of groups, one after the other."""
    generator = np.random.default_rng(5)
    parts = []
    for place, (name, size) in enumerate(sizes.items()):
        index = pd.RangeIndex(size)
        if times:
            index = pd.date_range("2024-03-01 06:00", periods=size, freq="h")
        values = generator.normal([50 + 20 * place, -3.0], [9.0, 0.5], size=(size, 2))
        part = pd.DataFrame(values, index=index, columns=["level", "flow"])
        parts.append(part.assign(pump=name))
    frame = pd.concat(parts)
    frame["pump"] = pd.Categorical(frame["pump"], categories=list(sizes))
    return frame


def _forecasting() -> Case:
    return Case(
        Task(2, 4, folds=2, season=3),
        Roles(("level",), ("flow",), group="pump", calendar=("hour",)),
        rows_of_groups({"north": 40, "south": 44, "7": 41}, times=True),
        Source("plant.csv", {**STEPS, "time_format": "iso"}, ("time",), "h"),
        framing="last_value",
    )


def _regression() -> Case:
    frame = rows_of_groups({f"b{number}": 3 + number % 5 for number in range(14)})
    purity = frame.groupby("pump", observed=True)["level"].transform("mean") / 3
    return Case(
        Task(1, 4, folds=2, kind="regression"),
        Roles(("purity",), ("level", "flow"), group="pump"),
        frame.assign(purity=purity),
        Source("plant.csv", STEPS, order_by=("minute",)),
    )


def _classification() -> Case:
    frame = rows_of_groups({str(number): 12 for number in range(12)})
    place = frame["pump"].astype(int) % 2
    return Case(
        Task(
            1,
            4,
            folds=2,
            kind="classification",
            score="log_loss",
            classes=CLASSES,
            samples="sliding",
            stride=3,
        ),
        Roles(("state",), ("level", "flow"), group="pump"),
        frame.assign(state=place.astype(float)),
    )


def _labelling() -> Case:
    frame = rows_of_groups({"only": 60}, times=True).drop(columns="pump")
    state = (np.arange(60) // 7 % 2).astype(float)
    return Case(
        Task(1, 15, folds=2, kind="labelling", score="f1_error", classes=CLASSES),
        Roles(("state",), ("level", "flow"), calendar=("hour",)),
        frame.assign(state=state),
        Source(
            "plant.csv",
            {**STEPS, "time_format": "iso", "missing": "forward_fill"},
            ("time",),
            "h",
        ),
    )


def _anomaly(detector: str) -> Case:
    frame = rows_of_groups({"a": 70, "b": 80})
    is_bad = frame.groupby("pump", observed=True).cumcount().to_numpy() >= 60
    frame.loc[is_bad, "level"] = frame["level"][is_bad] + 60
    return Case(
        Task(1, 12, folds=2, kind="anomaly", detector=detector, normal_rows=55),
        Roles(("level", "flow"), group="pump", label="odd"),
        frame.assign(odd=is_bad.astype(float)),
    )


CASES = {
    "forecasting": _forecasting,
    "regression": _regression,
    "classification": _classification,
    "labelling": _labelling,
    "anomaly": lambda: _anomaly("forecaster"),
    "autoencoder": lambda: _anomaly("autoencoder"),
}


@pytest.fixture(scope="session")
def task_bundle(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that returns the bundle of a task."""
    made: dict[str, Made] = {}

    def of(name: str) -> Made:
        if name not in made:
            made[name] = make(CASES[name](), tmp_path_factory.mktemp(name))
        return made[name]

    return of


def make(case: Case, folder: Path) -> Made:
    """Make a bundle with the engine's own definitions of what it predicts."""
    import keras  # noqa: TID251

    from search.worker.anomaly_holdout import AnomalyHoldout
    from search.worker.export import export_model
    from search.worker.folds import Scalers, refit_split
    from search.worker.models import build_model, network_shape
    from search.worker.predictor import Predictor
    from search.worker.sample_holdout import SampleHoldout

    task, roles = case.task, case.roles
    space = usual_space(
        lengths=[LENGTH],
        framings=[case.framing],
        losses=["cross_entropy"] if task.has_classes else ["mse"],
        calendars=["cycles"] if roles.calendar else ["none"],
        batch_size=8,
    )
    params = TrialParams(
        "SimpleRNN",
        3,
        1,
        0.0,
        LENGTH,
        0.01,
        1.0,
        framing=case.framing,
        calendar="cycles" if roles.calendar else "none",
        loss="cross_entropy" if task.has_classes else "mse",
    )
    settings = StudySettings("pump 1", case.source, roles, task, space)
    panel = make_panel(
        case.series, roles, calendar=bool(roles.calendar), kind=task.kind
    )
    plan = settings.plan_of(panel)
    split = refit_split(plan, params.first_origin(task.season))
    scalers = Scalers.fit(panel, "standard", task, rows=split.rows)
    keras.utils.set_random_seed(11)
    model = build_model(network_shape(params, panel, task), dropout=0.0)
    predictor = Predictor(model, panel, params, task, labels=scalers.labels)
    predicted = predictor.predict(panel, scalers.inputs, split.validation)
    detector = None
    holdout: AnomalyHoldout | SampleHoldout
    if task.kind == "anomaly":
        judged = AnomalyHoldout.of(settings, case.series, plan, params)
        detector, holdout = judged.detector(predicted), judged
    else:
        holdout = SampleHoldout.of(settings, case.series, plan)
    predictions = folder / "holdout_predictions.csv"
    holdout.save(predictions, predicted)
    metrics = holdout.metrics(predicted)
    contents = BundleContents(
        settings=settings,
        params=params,
        series=case.series,
        scaler=scalers.inputs,
        model=export_model(model, folder),
        predictions=predictions,
        result=_result(params, metrics, predictions),
        baselines={"first_baseline": metrics},
        study_uuid="0" * 32,
        created="2024-01-01T00:00:00+00:00",
        labels=scalers.labels,
        detector=detector,
    )
    zip_path = write_bundle(folder, contents)
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(zip_path) as archive:
        archive.extractall(unpacked)
    return Made(zip_path, unpacked, contents, panel)


def _result(params: TrialParams, metrics, predictions: Path) -> WinnerResult:
    return WinnerResult(
        trial=7,
        params={"cell": params.cell},
        cv=0.5,
        cv_folds=(0.4, 0.6),
        epochs=9,
        holdout=metrics,
        seeds=tuple(SeedResult(seed, metrics, 1.0) for seed in range(2)),
        targets={},
        n_parameters=123,
        seconds=1.0,
        inference_ms=0.1,
        bundle=None,
        predictions=str(predictions),
    )
