"""`results.json` and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest

from search.errors import StudyCorrupted
from search.evaluation.kind_metrics import (
    AnomalyResult,
    anomaly_result,
    as_values,
    class_result,
    error_of,
)
from search.evaluation.metrics import Metrics
from search.study.results import (
    RESULTS_FILE,
    BundleCheck,
    Comparison,
    DivergedSeed,
    SeedResult,
    StudyResults,
    TrialCounts,
    WinnerResult,
    load_results,
    save_results,
)

METRICS = Metrics(mse=4.0, rmse=2.0, mae=1.5, mase=None, smape=12.5, r2=0.75)
WINNER = WinnerResult(
    trial=3,
    params={"cell": "GRU", "units": 32, "dropout": 0.1, "architecture": "stacked"},
    cv=1.25,
    cv_folds=(1.0, 1.5),
    epochs=12,
    holdout=METRICS,
    seeds=(SeedResult(17, METRICS, 3.5),),
    targets={"load": METRICS},
    n_parameters=1234,
    seconds=3.5,
    inference_ms=0.75,
    bundle=None,
    predictions="/somewhere/holdout_predictions.csv",
    check=BundleCheck(1e-6, None, True, "The download works."),
    diverged=(DivergedSeed(18, "Loss is infinite at epoch 2."),),
)
RESULTS = StudyResults(
    study={"uuid": "ab", "name": "Power", "state": "finished"},
    data={"rows": 120, "file": "power.csv", "frequency": None},
    trials=TrialCounts(5, 1, 0, {"GRU": 6}),
    winners={"GRU": WINNER},
    baselines={"last_value": METRICS},
    best_cell="GRU",
    verdict="The GRU is best.",
    comparisons=(Comparison("GRU", "last_value", -0.25, 0.04, 11),),
    seconds=61.5,
    skipped_cells={"LSTM": "No trial of this cell was completed."},
)


def test_results_round_trip(tmp_path):
    save_results(tmp_path, RESULTS)
    again = load_results(tmp_path)
    assert again == RESULTS
    assert type(again.winners["GRU"].params["units"]) is int


def test_results_of_an_older_version_name_no_diverged_seed(tmp_path):
    save_results(tmp_path, RESULTS)
    path = tmp_path / RESULTS_FILE
    document = json.loads(path.read_text())
    for name in ("diverged", "delivered"):
        document["winners"]["GRU"].pop(name, None)
    path.write_text(json.dumps(document))
    winner = load_results(tmp_path).winners["GRU"]
    assert (winner.diverged, winner.delivered) == ((), "one")
    assert (winner.n_seeds, winner.n_networks) == (1, 1)


def test_intervals_without_an_end_are_read_as_none(tmp_path):
    """Files of older versions hold ``null`` where an end was infinite."""
    save_results(tmp_path, RESULTS)
    path = tmp_path / RESULTS_FILE
    document = json.loads(path.read_text())
    for interval in ([-0.5, None], [None, None]):
        document["comparisons"][0]["interval"] = interval
        path.write_text(json.dumps(document))
        assert load_results(tmp_path) == RESULTS
    document["comparisons"][0]["interval"] = [-0.5, 0.25]
    path.write_text(json.dumps(document))
    assert load_results(tmp_path).comparisons[0].interval == (-0.5, 0.25)


@pytest.mark.parametrize("comparisons", ["x", ["x"], [{"interval": 3}]])
def test_load_results_with_damaged_comparisons(tmp_path, comparisons):
    save_results(tmp_path, RESULTS)
    path = tmp_path / RESULTS_FILE
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "comparisons": comparisons}))
    with pytest.raises(StudyCorrupted, match="cannot be read"):
        load_results(tmp_path)


def test_results_are_json_for_people(tmp_path):
    save_results(tmp_path, RESULTS)
    document = json.loads((tmp_path / RESULTS_FILE).read_text())
    assert document["winners"]["GRU"]["holdout"]["mase"] is None
    assert document["best_cell"] == "GRU"


def test_load_results_while_there_are_none(tmp_path):
    assert load_results(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"half a docu", b"[]", b"{}", b'{"study": {"a": "\xff"}}', b"\xff\xfe"],
)
def test_load_results_damaged_is_one_sentence(tmp_path, content):
    (tmp_path / RESULTS_FILE).write_bytes(content)
    with pytest.raises(StudyCorrupted, match=r"results\.json cannot be read: .*\.$"):
        load_results(tmp_path)


def test_save_results_replaces_the_old_ones(tmp_path):
    save_results(tmp_path, RESULTS)
    save_results(tmp_path, RESULTS)
    assert [path.name for path in tmp_path.iterdir()] == [RESULTS_FILE]


CLASSES = class_result(
    np.array([0, 1, 1]),
    np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]),
    classes=("no", "yes"),
    rows=np.arange(3),
    groups=np.zeros(3, dtype=int),
)
ANOMALIES = AnomalyResult(f1=0.5, n_events=2, n_found=1)


@pytest.mark.parametrize("metrics", [CLASSES, ANOMALIES, AnomalyResult()])
def test_metrics_of_every_task_round_trip(tmp_path, metrics):
    winner = replace(
        WINNER, holdout=metrics, seeds=(SeedResult(1, metrics, 2.0),), targets={}
    )
    results = replace(RESULTS, winners={"GRU": winner}, baselines={"never": metrics})
    save_results(tmp_path, results)
    assert load_results(tmp_path) == results


def test_metrics_of_numbers_are_stored_as_they_always_were(tmp_path):
    """No word says that they are metrics of numbers: older versions read the file."""
    save_results(tmp_path, RESULTS)
    stored = json.loads((tmp_path / RESULTS_FILE).read_text())
    assert list(stored["winners"]["GRU"]["holdout"]) == (
        ["mse", "rmse", "mae", "mase", "smape", "r2"]
    )


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ({"kind": "ranks"}, "unknown kind 'ranks'"),
        ({"kind": "classes", "accuracy": 1.0}, "missing required field"),
        ({"rmse": 1.0}, "missing required field"),
        (3, "Expected metrics"),
    ],
)
def test_metrics_that_are_none_are_refused(tmp_path, metrics, message):
    save_results(tmp_path, RESULTS)
    path = tmp_path / RESULTS_FILE
    document = json.loads(path.read_text())
    document["baselines"]["last_value"] = metrics
    path.write_text(json.dumps(document))
    with pytest.raises(StudyCorrupted, match=message):
        load_results(tmp_path)


def test_class_result_names_each_class():
    """By hand: of two samples "yes" one is found; nothing else is called so."""
    assert (CLASSES.accuracy, CLASSES.error_rate) == (2 / 3, 1 - 2 / 3)
    assert CLASSES.per_class["yes"].recall == 0.5
    assert CLASSES.per_class["yes"].precision == 1.0
    assert CLASSES.confusion == ((1, 0), (1, 1))
    assert CLASSES.f1_error == pytest.approx(1 - (2 / 3 + 2 / 3) / 2)
    assert CLASSES.events.n_actual == 2  # no, then yes twice
    assert CLASSES.events.delay == 0.5


def test_anomaly_result_leaves_rows_without_a_label_out():
    labels = np.array([0.0, np.nan, 1.0, 1.0])
    called = np.array([False, True, False, True])
    rows, groups = np.arange(4), np.zeros(4, dtype=int)
    found = anomaly_result(labels, called, rows=rows, groups=groups)
    assert (found.precision, found.recall, found.detection_delay) == (1.0, 0.5, 1.0)
    unknown = np.full(4, np.nan)
    nothing = anomaly_result(unknown, called, rows=rows, groups=groups)
    assert nothing == AnomalyResult()
    assert error_of(nothing, "rmse") is None


def test_error_of_every_task():
    assert error_of(METRICS, "mae") == 1.5
    assert error_of(CLASSES, "error_rate") == pytest.approx(1 / 3)
    assert error_of(ANOMALIES, "rmse") == 0.5
    assert as_values(METRICS) is METRICS
    with pytest.raises(TypeError, match="ClassResult"):
        as_values(CLASSES)
