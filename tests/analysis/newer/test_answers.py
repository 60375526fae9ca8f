"""What a network says of new rows, with networks made by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from search.analysis.newer.answers import answer_rows, channel_shares, develop_answer
from search.analysis.newer.group_forecasts import forecast_ends, next_index
from search.config import Roles, Task
from search.data.newer.groups import NewGroups
from search.errors import SeriesError
from search.evaluation.answering import SampleModel
from search.evaluation.detector import Detector
from search.evaluation.scaling import GroupScaler, Scaler
from search.evaluation.windows import is_padding

SAME = Scaler(np.zeros(1), np.ones(1))
DETECTOR = Detector("forecaster", ("x", "y"), (1.0, 2.0), 2, 0.9, 0.5, 9, True, "So.")


def mean_of_rows(past: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the mean of the first channel over the rows of a window."""
    is_row = ~is_padding(past)
    found = (past[:, :, 0] * is_row).sum(axis=1) / is_row.sum(axis=1)
    return found[:, None, None]


def model(task: Task, roles: Roles) -> SampleModel:
    return SampleModel(mean_of_rows, SAME, SAME, roles, task, 3, "none", False)


def new_rows(**columns: list[float]) -> NewGroups:
    frame = pd.DataFrame(columns).assign(id=["a"] * 4 + ["b"])
    return NewGroups("new.csv", frame, None)


def test_a_sequence_is_answered_at_its_end_and_after_each_row() -> None:
    found = model(Task(1, 1, kind="regression"), Roles(("t",), ("x",), group="id"))
    rows = new_rows(x=[1.0, 2.0, 3.0, 7.0, 5.0])
    answers = answer_rows(found, rows)
    assert answers.values[:, 0].tolist() == [4.0, 5.0]
    assert answers.table()["group"].tolist() == ["a", "b"]
    panel = found.panel(rows.frame)
    # The window has three rows: the last answer has forgotten the first one.
    assert develop_answer(found, panel, 0)[:, 0].tolist() == [1.0, 1.5, 2.0, 4.0]


def test_shares_of_channels_add_up_to_the_smoothed_score() -> None:
    errors = np.array([[1.0, 4.0], [3.0, 0.0]])
    shares = channel_shares(
        errors, rows=np.arange(2), groups=np.zeros(2), detector=DETECTOR
    )
    np.testing.assert_allclose(shares, [[0.5, 1.0], [1.0, 0.5]])


def test_too_few_rows_and_too_many_are_refused() -> None:
    task = Task(1, 0, kind="anomaly", normal_rows=1)
    found = model(task, Roles(("x",), group="id"))
    rows = NewGroups("new.csv", new_rows(x=[1.0] * 5).frame.iloc[:3], None)
    with pytest.raises(SeriesError, match="3 rows; the network looks back on 3"):
        answer_rows(found, rows, detector=DETECTOR)
    many = model(Task(1, 1, kind="regression"), Roles(("t",), ("x",), group="id"))
    with pytest.raises(
        SeriesError, match="asks for 2 answers; this page makes up to 1"
    ):
        answer_rows(replace(many, most_samples=1), new_rows(x=[1.0] * 5))


def test_each_series_goes_on_in_its_own_scale_and_time() -> None:
    def last(past: np.ndarray, known: np.ndarray) -> np.ndarray:
        return np.repeat(past[:, -1:, :], 2, axis=1)

    scaler = GroupScaler(
        np.array([[0.0], [100.0]]), np.array([[1.0], [10.0]]), np.zeros(1)
    )
    found = SampleModel(
        last, scaler, None, Roles(("x",), group="id"), Task(2, 2), 2, "none", False,
        group_names=("a", "b"),
    )  # fmt: skip
    days = pd.date_range("2026-01-01", periods=3, freq="D")
    frame = pd.DataFrame(
        {"x": [1.0, 2.0, 3.0, 80.0, 90.0, 120.0], "id": list("aaabbb")},
        index=days.append(days),
    )
    first, second = forecast_ends(found, frame, ["b", "a"], frequency="D")
    assert (first.group, first.predicted.ravel().tolist()) == ("b", [120.0, 120.0])
    assert second.predicted.ravel().tolist() == [3.0, 3.0]
    assert str(second.index[0]) == "2026-01-04 00:00:00"
    with pytest.raises(SeriesError, match="does not know 'c'"):
        forecast_ends(found, frame.replace("b", "c"), ["c"], frequency="D")


def test_what_is_known_of_the_next_rows_reaches_the_network() -> None:
    def ahead(past: np.ndarray, known: np.ndarray) -> np.ndarray:
        return known[:, :, :1]

    scaler = GroupScaler(np.zeros((2, 2)), np.ones((2, 2)), np.zeros(1))
    roles = Roles(("x",), known_features=("k",), group="id")
    found = SampleModel(
        ahead, scaler, None, roles, Task(2, 2), 2, "none", False, group_names=("a", "b")
    )
    days = pd.date_range("2026-01-01", periods=6, freq="D")
    frame = pd.DataFrame(
        {"x": 1.0, "k": 0.0, "id": list("aaabbb")}, index=days[:3].append(days[:3])
    )
    future = pd.DataFrame(
        {"k": [4.0, 5.0, 6.0, 7.0, 8.0], "id": list("aaabb")},
        index=days[3:].append(days[4:]),
    )
    (first,) = forecast_ends(found, frame, ["a"], frequency="D", future=future)
    assert first.predicted.ravel().tolist() == [4.0, 5.0]
    with pytest.raises(SeriesError, match=r"of 'b' the row 2026-01-04 .* is absent"):
        forecast_ends(found, frame, ["b"], frequency="D", future=future)
    with pytest.raises(SeriesError, match="of 'a' there are 1"):
        forecast_ends(found, frame, ["a"], frequency="D", future=future.iloc[:1])
    with pytest.raises(SeriesError, match="which are not in the data"):
        forecast_ends(found, frame, ["a"], frequency="D")


def test_counted_rows_go_on() -> None:
    assert next_index(pd.Index([0, 1, 2]), 2, frequency=None).tolist() == [3, 4]
