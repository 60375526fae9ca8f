"""Files of winners become answers, and what is wrong with them is said."""

from pathlib import Path

import numpy as np
import pytest

from search.analysis.holdout.answers import (
    load_anomalies,
    load_classes,
    load_group_predictions,
    load_values,
)
from search.analysis.holdout.class_answers import roc_curve, wrong_calls
from search.analysis.holdout.runs import label_runs
from search.errors import StudyCorrupted

CLASSES = "group,row,timestamp,actual,predicted,p_NA,p_up\n"


def write(folder: Path, content: str) -> Path:
    path = folder / "holdout_predictions.csv"
    path.write_text(content)
    return path


def test_classes_keep_names_that_look_like_something_else(tmp_path: Path) -> None:
    path = write(tmp_path, CLASSES + "007,4,4,NA,up,0.4,0.6\nnull,9,9,up,up,0.1,0.9\n")
    answers = load_classes(path, ("NA", "up"))
    assert answers.places.names == ["007", "null"]
    assert answers.actual.tolist() == [0, 1]
    assert answers.called.tolist() == [1, 1]
    assert answers.places.rows.tolist() == [4, 9]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (CLASSES, "holds no rows"),
        ("group,row,timestamp,actual,predicted,p_up\n", "no column p_NA"),
        (CLASSES + "a,4,4,down,up,0.4,0.6\n", "names a class 'down'"),
        (CLASSES + "a,4,4,up,up,0.4,\n", "no number in column p_up of row 1"),
    ],
)
def test_damaged_classes_are_refused(
    tmp_path: Path, content: str, sentence: str
) -> None:
    with pytest.raises(StudyCorrupted, match=sentence):
        load_classes(write(tmp_path, content), ("NA", "up"))


def test_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyCorrupted, match="cannot be read"):
        load_anomalies(tmp_path / "nothing.csv")


def test_values_are_parted_by_target(tmp_path: Path) -> None:
    content = (
        "group,row,timestamp,target,actual,predicted\n"
        "a,3,2026-01-01,x,1.0,1.5\na,3,2026-01-01,y,7.0,6.0\n"
    )
    found = load_values(write(tmp_path, content), ("x", "y"))
    assert found["x"].errors.tolist() == [0.5]
    assert found["y"].errors.tolist() == [-1.0]


def test_anomalies_may_have_no_label(tmp_path: Path) -> None:
    content = (
        "group,row,timestamp,label,score,threshold,anomaly\n"
        ",7,7,,0.5,1.5,0\n,8,8,1,2.5,1.5,1\n"
    )
    found = load_anomalies(write(tmp_path, content))
    assert found.places.names == [""]
    assert np.isnan(found.labels[0])
    assert found.labels[1] == 1
    assert found.is_called.tolist() == [False, True]


def test_group_predictions_are_arranged_for_each_group(tmp_path: Path) -> None:
    content = "group,origin,step,timestamp,actual,predicted\n" + "".join(
        f"{group},{origin},{step},{origin + step},{origin},{origin + step}\n"
        for group, origin in (("b", 10), ("b", 11), ("a", 30))
        for step in (1, 2)
    )
    found = load_group_predictions(write(tmp_path, content), ("x",))
    assert list(found) == ["b", "a"]
    assert found["b"]["x"].origins.tolist() == [10, 11]
    assert found["b"]["x"].errors.tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert found["a"]["x"].horizon == 2


def test_roc_curve_needs_both_sides_and_wrong_calls_are_sorted(tmp_path: Path) -> None:
    rows = [("up", 0.4, 0.6), ("NA", 0.2, 0.8), ("NA", 0.45, 0.55), ("up", 0.1, 0.9)]
    content = CLASSES + "".join(
        f"g{k},{k},{k},{actual},up,{low},{high}\n"
        for k, (actual, low, high) in enumerate(rows)
    )
    answers = load_classes(write(tmp_path, content), ("NA", "up"))
    curve = roc_curve(answers, 1)
    assert curve is not None
    # Of the four pairs of an up and an NA sample, three are in the right order.
    assert curve.area == pytest.approx(0.75)
    assert [(call.place, call.probability) for call in wrong_calls(answers)] == [
        (1, 0.8),
        (2, 0.55),
    ]
    assert len(wrong_calls(answers, most=1)) == 1
    only = load_classes(
        write(tmp_path, CLASSES + "a,1,1,up,up,0.1,0.9\n"), ("NA", "up")
    )
    assert roc_curve(only, 1) is None


def test_runs_end_where_rows_are_left_out() -> None:
    runs = label_runs(np.array([1, 1, 1, 0]), np.array([3, 4, 6, 7]))
    assert [(run.start, run.stop, run.label) for run in runs] == [
        (0, 2, 1),
        (2, 3, 1),
        (3, 4, 0),
    ]
    assert label_runs(np.array([]), np.array([])) == []
