"""`predict` scores answers where the file has the right ones."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.bundle.predict import predict_with_bundle
from search.bundle.scoring import score_answers
from search.bundle.tasks.preprocessing import make_task_preprocessing
from search.cli.main import main
from search.evaluation.kind_metrics import class_result


def test_labels_of_a_newer_file_are_scored_with_their_events(
    task_bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, path = task_bundle("labelling"), tmp_path / "new.csv"
    frame = made.table(path, answers=True)
    names = np.array(["closed", "open"])[frame["state"].to_numpy(dtype=int)]
    frame.assign(state=names).to_csv(path, index=False)
    answers = predict_with_bundle(made.zip_path, path, None)
    table = pd.read_csv(io.StringIO(answers.csv))
    expected = class_result(
        (table["actual"] == "open").to_numpy(dtype=int),
        table[["p_closed", "p_open"]].to_numpy(),
        classes=("closed", "open"),
        rows=table["row"].to_numpy(),
        groups=np.zeros(len(table), dtype=int),
    )
    events = expected.events
    assert events is not None
    first, second = answers.scores
    assert f"'state' in 60 samples: accuracy {expected.accuracy:.1%}" in first
    assert f"of {events.n_actual} are found" in second
    assert f"of {events.n_called} that are called are right" in second
    assert f"F1 {events.f1:.3g}, delay {events.delay:.3g} rows" in second
    code = main(["predict", str(made.zip_path), str(path), "--out", str(path) + ".out"])
    assert code == 0
    assert second in capsys.readouterr().err


def table(labels: list[str]) -> str:
    lines = [
        f"a,{row},{label},1.5,1.0,{int(row in (3, 8))}"
        for row, label in enumerate(labels, 1)
    ]
    return "\n".join(["group,row,label,score,threshold,anomaly", *lines, ""])


@pytest.mark.parametrize(
    "marks", [("0", "1"), ("0.0", "2.5"), ("normal", "leak"), ("OK", "stuck")]
)
def test_calls_are_scored_whatever_marks_normal_rows(
    task_bundle, marks: tuple[str, str]
) -> None:
    preprocessing = make_task_preprocessing(task_bundle("anomaly").contents)
    labels = [marks[odd] for odd in (0, 1, 1, 0, 0, 1, 0, 0)]
    first, second = score_answers(table(labels), preprocessing)
    assert first.startswith("Held against 'odd' in 8 rows: F1 0.4, precision 0.5")
    assert "missed 66.7% of the anomalous ones" in first
    assert second == "Events: 1 of 2 are found, delay 1 rows."


def test_rows_without_a_mark_do_not_count(task_bundle) -> None:
    preprocessing = make_task_preprocessing(task_bundle("anomaly").contents)
    labels = ["0", "1", "1", "", "", "1", "0", ""]
    first, _ = score_answers(table(labels), preprocessing)
    assert "'odd' in 5 rows" in first
    assert score_answers(table([""] * 8), preprocessing) == ()


def test_marks_that_nobody_can_read_are_said(task_bundle) -> None:
    preprocessing = make_task_preprocessing(task_bundle("anomaly").contents)
    (sentence,) = score_answers(table(["A", "B"] * 4), preprocessing)
    assert "not scored: no value of 'odd'" in sentence


def test_a_class_that_the_study_does_not_have_is_named(task_bundle) -> None:
    preprocessing = make_task_preprocessing(task_bundle("labelling").contents)
    answers = (
        "row,actual,predicted,p_closed,p_open\n"
        "1,closed,closed,0.9,0.1\n2,ajar,open,0.2,0.8\n3,,open,0.2,0.8\n"
    )
    note, score, _ = score_answers(answers, preprocessing)
    assert note.startswith("1 answers were not scored: 'state' is 'ajar' there")
    assert "in 1 samples: accuracy 100.0%" in score
    values = replace(preprocessing, kind="regression", classes=())
    assert score_answers("row,predicted\n1,2.0\n", values) == ()
