"""The tables of a winner, by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.data.continuation import future_index
from search.worker.tables import (
    future_panel,
    save_forecast,
    save_predictions,
)


def test_save_predictions_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    save_predictions(
        path,
        pd.date_range("2024-01-30", periods=5, freq="D"),
        np.array([2, 3]),
        actual=np.array([[[1.0], [2.5]], [[2.5], [4.0]]]),
        predicted=np.array([[[0.1], [1 / 3]], [[2.0], [3.0]]]),
        targets=["y"],
    )
    assert path.read_text().splitlines() == [
        "origin,step,timestamp,actual,predicted",
        "2,1,2024-02-01,1.0,0.1",
        "2,2,2024-02-02,2.5,0.3333333333333333",
        "3,1,2024-02-02,2.5,2.0",
        "3,2,2024-02-03,4.0,3.0",
    ]


def test_save_predictions_names_several_targets(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    both = np.array([[[1.0, 7.0]]])
    save_predictions(
        path,
        pd.RangeIndex(4),
        np.array([3]),
        actual=both,
        predicted=both + 1,
        targets=["y", "z"],
    )
    assert path.read_text().splitlines() == [
        "origin,step,timestamp,actual,predicted,target",
        "3,1,3,1.0,2.0,y",
        "3,1,3,7.0,8.0,z",
    ]


def test_save_forecast_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "forecast.csv"
    index = pd.date_range("2024-01-01 23:00", periods=2, freq="h")
    save_forecast(path, index, predicted=np.array([[1.0], [2.0]]), targets=["y"])
    assert path.read_text().splitlines() == [
        "step,timestamp,predicted",
        "1,2024-01-01T23:00:00,1.0",
        "2,2024-01-02T00:00:00,2.0",
    ]


def test_future_index_goes_on_in_months() -> None:
    index = pd.date_range("2023-11-01", periods=2, freq="MS")
    assert future_index(index, 2).strftime("%Y-%m-%d").tolist() == [
        "2024-01-01",
        "2024-02-01",
    ]


def test_future_index_takes_the_frequency_that_is_given() -> None:
    index = pd.DatetimeIndex(["2024-01-05", "2024-01-08"])
    assert future_index(index, 1, frequency="B")[0] == pd.Timestamp("2024-01-09")


def test_future_index_counts_rows() -> None:
    assert future_index(pd.RangeIndex(7), 2).tolist() == [7, 8]


def test_future_panel_knows_the_calendar_only(series: pd.DataFrame) -> None:
    index = future_index(series.index, 2)
    panel = future_panel(
        series, Roles(("level",), calendar=("hour",)), index, calendar=True
    )
    assert panel is not None
    assert panel.n_rows == 122
    # 120 hours after midnight is midnight again: sine 0, cosine 1.
    np.testing.assert_allclose(panel.values[120], [0, 0, 1], atol=1e-12)


@pytest.mark.parametrize("calendar", [False, True])
def test_future_panel_cannot_know_other_columns(
    calendar: bool, series: pd.DataFrame
) -> None:
    roles = Roles(("level",), known_features=("plan",))
    index = future_index(series.index, 2)
    assert future_panel(series, roles, index, calendar=calendar) is None
