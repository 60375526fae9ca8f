"""Answers beside what was there: losses, figures, and whether they changed."""

from pathlib import Path

import numpy as np
import pytest

from search.analysis.newer.judged import Judged, load_judged, loss_change
from search.config import Task
from search.errors import StudyCorrupted
from search.evaluation.kind_metrics import class_result

CLASSES = Task(1, 1, kind="classification", classes=("a", "b"), score="log_loss")


def values(errors: np.ndarray) -> Judged:
    n = len(errors)
    names = np.array([f"g{place:03}" for place in range(n)])
    zeros = np.zeros((n, 1))
    return Judged("regression", names, np.arange(n), zeros, errors[:, None])


def test_an_unchanged_error_is_chance_and_a_large_rise_is_not() -> None:
    random = np.random.default_rng(1)
    before = values(random.normal(0, 1, 40))
    same = loss_change(before, values(random.normal(0, 1, 30)))
    assert same.p_value is not None
    assert same.p_value > 0.05
    worse = loss_change(before, values(random.normal(0, 4, 30)))
    assert worse.p_value is not None
    assert worse.p_value < 0.01
    assert worse.after > worse.before
    assert worse.n_units == 30


def test_few_groups_are_not_tested() -> None:
    change = loss_change(values(np.ones(40)), values(np.ones(3)))
    assert change.p_value is None


def test_classes_are_read_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "holdout_predictions.csv"
    path.write_text(
        "group,row,timestamp,actual,predicted,p_a,p_b\n"
        "x,3,3,a,b,0.4,0.6\n"
        "y,7,3,b,b,0.2,0.8\n"
    )
    found = load_judged(path, CLASSES, ("what",))
    assert found.losses.tolist() == [1.0, 0.0]
    assert found.confusion.tolist() == [[0, 1], [0, 1]]
    assert found.figures["accuracy"] == 0.5


def test_forecasts_of_several_targets_are_one_sample_an_origin(tmp_path: Path) -> None:
    path = tmp_path / "holdout_predictions.csv"
    path.write_text(
        "group,origin,step,timestamp,actual,predicted,target\n"
        "x,3,1,3,1.0,2.0,t\nx,3,2,4,1.0,1.0,t\n"
        "x,3,1,3,5.0,5.0,u\nx,3,2,4,5.0,8.0,u\n"
    )
    found = load_judged(path, Task(2, 2), ("t", "u"))
    assert found.losses.tolist() == [1.0]


def test_rows_without_a_label_are_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "holdout_predictions.csv"
    path.write_text(
        "group,row,timestamp,label,score,threshold,anomaly\n"
        ",1,1,1,2.0,1.0,1\n,2,2,,0.5,1.0,0\n,3,3,0,1.5,1.0,1\n"
    )
    task = Task(1, 0, kind="anomaly", normal_rows=5)
    found = load_judged(path, task, ("x",))
    assert found.rows.tolist() == [1, 3]
    assert found.figures["precision"] == 0.5


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "holdout_predictions.csv"
    path.write_text("group,row\nx,1\n")
    with pytest.raises(StudyCorrupted, match="holdout_predictions"):
        load_judged(path, CLASSES, ("what",))


def test_labelled_rows_and_anomalies_have_the_events_of_the_holdout() -> None:
    rows, groups = np.arange(8), np.full(8, "")
    actual = np.array([0, 1, 1, 0, 0, 1, 0, 0], dtype=float)[:, None]
    called = np.array([0, 0, 1, 0, 0, 0, 0, 1], dtype=float)[:, None]
    found = Judged("anomaly", groups, rows, actual, called).figures
    assert (found["events"], found["events_found"]) == (2, 1)
    assert (found["events_called"], found["events_wrong"]) == (2, 1)
    assert (found["events_f1"], found["detection_delay"]) == (0.5, 1.0)
    assert found["missing_rate"] == pytest.approx(2 / 3)
    labels = Judged("labelling", groups, rows, actual, np.hstack([1 - called, called]))
    holdout = class_result(
        actual[:, 0].astype(int),
        labels.answered,
        classes=("a", "b"),
        rows=rows,
        groups=np.zeros(8, dtype=int),
    )
    assert labels.events == holdout.events
    assert labels.figures["events"] == 5  # runs of either class
    other = Judged("classification", groups, rows, actual, labels.answered)
    assert other.events is None
    assert set(other.figures) == {"accuracy", "f1", "log_loss"}
