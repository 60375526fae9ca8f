"""A study of each kind is put together from its winners' files and its baselines."""

from pathlib import Path

import numpy as np
import pytest

from search.analysis.comparison.baselines import load_baselines, make_baselines
from search.analysis.diagnosis.answer_illnesses import diagnose_answers
from search.analysis.diagnosis.leak_audit import audit_data
from search.evaluation.baselines import many
from search.evaluation.kind_metrics import AnomalyResult, ClassResult, as_values
from search.evaluation.metrics import KindMetrics, Metrics
from search.evaluation.panel import make_panel
from search.evaluation.samples import SamplePlan
from search.files import write_json
from search.jobs.finishing import finish_study
from search.study.folders import winner_folder
from search.study.results import SeedResult, WinnerResult, load_results
from search.study.studies import load_panel_series
from search.worker.sample_tables import (
    save_anomalies,
    save_classes,
    save_group_forecasts,
    save_values,
)
from tests.pages.kind_factory import KINDS, Kind, new_kind
from tests.pages.study_factory import make_environment

METRICS = Metrics(1.0, 1.0, 1.0, None, 1.0, 0.5)
WHOLE = ("anomaly", "many_series")
SENTENCES = {
    "regression": "has an error (RMSE) of 0, ridge regression on summary features",
    "classification": "5 sequences are too few to tell whether that is chance",
    "labelling": "GRU classifies 100 % of the rows right, the nearest neighbour 100 %",
    "anomaly": "It beats the best baseline: GRU calls 100 % of the rows rightly",
    "many_series": "It beats the best baseline: GRU has an error (RMSE) of 0, the last",
}
TYPES: dict[str, type[KindMetrics]] = {
    "classification": ClassResult,
    "labelling": ClassResult,
    "anomaly": AnomalyResult,
}


def answer(kind: Kind, path: Path) -> None:
    """Write what a winner without any error says of the holdout."""
    settings = kind.handle.settings
    task, targets = settings.task, settings.roles.targets
    panel = make_panel(kind.frame, settings.roles, kind=task.kind)
    plan = settings.plan_of(panel)
    assert isinstance(plan, SamplePlan)
    stops = plan.final.validation
    steps = plan.samples.target_rows(stops)
    rows, index = steps[:, 0], kind.frame.index
    actual, names = panel.targets[steps], kind.groups[steps[:, 0]]
    if task.kind == "anomaly":
        assert panel.labels is not None
        labels = panel.labels[rows, 0]
        save_anomalies(
            path,
            index,
            names,
            rows,
            labels=labels,
            scores=1 + labels,
            threshold=1.5,
            is_called=labels > 0,
        )
    elif task.has_classes:
        places = actual[:, 0, 0].astype(int)
        save_classes(
            path,
            index,
            names,
            rows,
            actual=places,
            probabilities=0.9 * np.eye(3)[places] + 0.1 / 3,
            classes=task.classes,
        )
    elif task.kind == "regression":
        values = actual[:, 0]
        save_values(
            path, index, names, rows, actual=values, predicted=values, targets=targets
        )
    else:
        save_group_forecasts(
            path, index, names, stops, actual=actual, predicted=actual, targets=targets
        )


@pytest.mark.parametrize("name", KINDS)
def test_a_study_of_each_kind_is_put_together(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MOST_FITTED", 2)  # fitting all series takes long
    kind = new_kind(make_environment(tmp_path), name)
    handle = kind.handle
    folder = winner_folder(handle, "GRU")
    folder.mkdir(parents=True)
    path = folder / "holdout_predictions.csv"
    answer(kind, path)
    winner = WinnerResult(
        trial=0,
        params={"cell": "GRU"},
        cv=1.0,
        cv_folds=(1.0, 1.0),
        epochs=1,
        holdout=METRICS,
        seeds=(SeedResult(1, METRICS, 1.0),),
        targets={},
        n_parameters=1,
        seconds=1.0,
        inference_ms=1.0,
        bundle=None,
        predictions=str(path),
    )
    write_json(folder / "winner.json", winner)
    make_baselines(handle)
    baselines = load_baselines(handle)
    assert baselines is not None
    assert baselines.holdout
    found = finish_study(
        handle, state="finished", refitted=("GRU",), skipped={}, seconds=1.0
    )
    assert load_results(handle.folder) == found
    assert found.baselines == baselines.holdout
    kinds = {type(one) for one in found.baselines.values()}
    assert kinds == {TYPES.get(name, Metrics)}
    if name in ("regression", "many_series"):
        assert all(as_values(one).rmse > 0 for one in found.baselines.values())
    assert found.verdict.startswith("GRU is the only cell that was scored. ")
    assert SENTENCES[name] in found.verdict
    (test,) = found.comparisons
    assert test.relative_difference is not None
    assert test.relative_difference <= 0
    assert found.data["holdout_groups"] == (20 if name in WHOLE else 5)
    assert not diagnose_answers(handle.settings, path)
    assert audit_data(load_panel_series(handle), handle.settings).checked
