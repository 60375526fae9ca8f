"""Charts of classes, anomalies and estimated numbers: traces, words and numbers."""

import numpy as np
import pytest

from pages.components.charts.confusion import confusion_chart
from pages.components.charts.folds import fold_chart
from pages.components.charts.record import Scale
from pages.components.charts.roc import roc_chart
from pages.components.charts.timeline import anomaly_timeline, label_timeline
from pages.components.charts.values import (
    errors_by_group,
    group_error_chart,
    level_chart,
    value_chart,
)
from pages.components.theme import ACTUAL, CELL_COLOURS
from search.analysis.holdout.answers import (
    AnomalyAnswers,
    ClassAnswers,
    Places,
    ValueAnswers,
)
from search.analysis.holdout.class_answers import RocCurve

NAMES = ("<b>calm</b>", "*storm*")


def places(groups: str, times: np.ndarray | None = None) -> Places:
    rows = np.arange(len(groups))
    return Places(
        np.array(list(groups), dtype=object), rows, rows if times is None else times
    )


def labels(called: list[int], actual: list[int], groups: str) -> ClassAnswers:
    return ClassAnswers(
        places(groups), np.array(actual), np.eye(2)[np.array(called, dtype=int)]
    )


def test_confusion_has_counts_shares_and_escaped_names() -> None:
    chart = confusion_chart([[3, 1], [0, 0]], NAMES, name="LSTM")
    heat, written = chart.figure.data
    assert np.asarray(heat.z).tolist() == [[0.75, 0.25], [0.0, 0.0]]
    assert list(written.text) == ["3<br>75 %", "1<br>25 %", "0", "0"]
    assert written.textfont.color == ACTUAL
    assert chart.figure.layout.xaxis.ticktext[0] == "&lt;b&gt;calm&lt;/b&gt;"
    assert "3 of 4" in chart.summary
    assert chart.numbers().iloc[1].tolist() == ["<b>calm</b>", "*storm*", 1, 25.0]


def test_confusion_of_many_classes_is_read_by_hover() -> None:
    names = [f"class {k}" for k in range(13)]
    chart = confusion_chart(np.eye(13, dtype=int).tolist(), names, name="majority")
    assert [trace.type for trace in chart.figure.data] == ["heatmap"]
    assert "mistake" not in chart.summary


def test_roc_names_the_area_and_an_absent_class_is_said() -> None:
    curve = RocCurve(np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.5, 1.0]), 0.75)
    chart = roc_chart({"GRU": curve}, class_name="up")
    assert [trace.name for trace in chart.figure.data] == [
        "chance, AUC 0.5",
        "GRU, AUC 0.750",
    ]
    assert len(chart.numbers()) == 3
    empty = roc_chart({}, class_name="up")
    assert "no curve" in empty.summary
    assert empty.numbers().empty


def test_label_timeline_has_a_lane_for_each_model_in_one_group() -> None:
    models = {
        "LSTM": labels([0, 1, 1, 0], [0, 0, 1, 1], "aaab"),
        "GRU": labels([0, 0, 1, 1], [0, 0, 1, 1], "aaab"),
    }
    chart = label_timeline(models, NAMES, group="a", x_title="row")
    actual, lstm, gru = chart.figure.data
    assert actual.line.color == ACTUAL
    assert lstm.line.color == CELL_COLOURS["LSTM"]
    # Rows 0 to 1 are of the first class, row 2 of the second, row 3 of another group.
    assert list(actual.x) == [0, 1, None, 2, 2, None]
    assert list(lstm.x) == [0, 0, None, 1, 2, None]
    assert len({lane.y[0] for lane in (actual, lstm, gru)}) == 3
    assert "LSTM 67 % of the rows; GRU 100 % of the rows" in chart.summary
    assert chart.numbers()["LSTM"].tolist() == ["<b>calm</b>", "*storm*", "*storm*"]


def test_anomaly_timeline_draws_scores_over_their_threshold() -> None:
    answers = AnomalyAnswers(
        places("aaaa"),
        np.array([np.nan, 0, 1, 1]),
        np.array([1.0, 3.0, 1.0, 4.0]),
        np.full(4, 2.0),
        np.array([False, True, False, True]),
    )
    chart = anomaly_timeline({"LSTM": answers}, group="a", x_title="row")
    score, actual, called = chart.figure.data
    assert list(score.y) == [0.5, 1.5, 0.5, 2.0]
    assert list(actual.x) == [2, 3, None]
    assert list(called.x) == [1, 1, None, 3, 3, None]
    assert chart.summary.endswith("LSTM 2.")
    assert chart.numbers()["LSTM threshold"].tolist() == [2.0] * 4


def values(errors: list[float]) -> ValueAnswers:
    actual = np.arange(float(len(errors)))
    return ValueAnswers(places("ab" * (len(errors) // 2)), actual, actual + errors)


def test_values_have_the_line_of_agreement_and_their_error() -> None:
    chart = value_chart({"GRU": values([2.0, -2.0])}, Scale("level", "m"))
    line, marks = chart.figure.data
    assert list(line.x) == list(line.y) == [0.0, 1.0]
    assert marks.marker.symbol == "triangle-up"
    assert "GRU 2.00 m" in chart.summary.replace("\\", "")
    assert len(chart.numbers()) == 2


def test_levels_and_groups_show_where_errors_are() -> None:
    models = {"GRU": values([0.0] * 8 + [4.0, 2.0])}
    level = level_chart(models, Scale("level"))
    assert list(level.figure.data[0].y) == [0, 0, 0, 0, 3]
    errors = {"GRU": errors_by_group(models["GRU"])}
    assert errors["GRU"] == pytest.approx({"a": 0.8, "b": 0.4})
    group = group_error_chart(errors, Scale("level", "m"))
    assert list(group.figure.data[0].x) == pytest.approx([0.4, 0.8])
    assert group.numbers()["sequence"].tolist() == ["a", "b"]
    assert "hardest is a" in group.summary


def test_shares_are_written_in_percent() -> None:
    scale = Scale("error rate", is_share=True, is_error=False)
    chart = fold_chart({"GRU": (0.125, 0.25)}, scale, in_order=False)
    assert chart.figure.layout.yaxis.tickformat == ".2~%"
    assert "12.5 % to 25 %" in chart.summary.replace("\\", "")
    assert chart.figure.layout.xaxis.title.text == "fold"
    assert "units of the data" not in chart.summary
