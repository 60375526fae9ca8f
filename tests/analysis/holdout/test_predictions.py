"""Reading holdout forecasts and what is computed from their errors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.analysis.holdout.predictions import (
    Predictions,
    error_band,
    error_by_step,
    load_predictions,
    residual_table,
)
from search.analysis.newer.forecasts import last_part, load_forecast
from search.errors import StudyCorrupted

ROWS = """origin,step,timestamp,actual,predicted
11,1,2026-01-12,4.0,5.0
10,2,2026-01-12,4.0,2.0
10,1,2026-01-11,3.0,3.5
11,2,2026-01-13,5.0,5.0
"""


def errors_of(errors: np.ndarray) -> Predictions:
    zeros = np.zeros_like(errors)
    n, horizon = errors.shape
    return Predictions(np.arange(n), np.arange(1, horizon + 1), zeros, zeros, errors)


def test_load_predictions_arranges_rows_by_origin_and_step(tmp_path: Path) -> None:
    path = tmp_path / "holdout_predictions.csv"
    path.write_text(ROWS)
    loaded = load_predictions(path, ["y"])["y"]
    assert loaded.origins.tolist() == [10, 11]
    assert loaded.steps.tolist() == [1, 2]
    assert loaded.actual.tolist() == [[3.0, 4.0], [4.0, 5.0]]
    assert loaded.errors.tolist() == [[0.5, -2.0], [1.0, 0.0]]
    assert loaded.times[1, 1] == np.datetime64("2026-01-13")


def test_load_predictions_takes_targets_apart_and_keeps_row_numbers(
    tmp_path: Path,
) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "origin,step,timestamp,target,actual,predicted\n"
        "7,1,7,a,1.0,2.0\n7,1,7,b,10.0,9.0\n"
    )
    loaded = load_predictions(path, ["a", "b"])
    assert loaded["b"].actual.tolist() == [[10.0]]
    assert loaded["a"].times.tolist() == [[7]]


def test_load_predictions_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StudyCorrupted, match=r"p\.csv cannot be read"):
        load_predictions(tmp_path / "p.csv", ["y"])


def test_load_predictions_refuses_a_missing_column(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("origin,step,timestamp,actual\n1,1,1,1\n")
    with pytest.raises(StudyCorrupted, match="has no column predicted"):
        load_predictions(path, ["y"])


def test_load_predictions_refuses_an_incomplete_origin(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(ROWS.rsplit("11,2", 1)[0])
    with pytest.raises(StudyCorrupted, match="3 forecasts instead of 2 origins of 2"):
        load_predictions(path, ["y"])


def test_error_by_step_is_the_mean_absolute_error() -> None:
    errors = np.array([[1.0, -2.0], [-3.0, 4.0]])
    assert error_by_step(errors_of(errors)).tolist() == [2.0, 3.0]


def test_error_band_is_the_conformal_quantile_of_each_step() -> None:
    """Of 9 errors 1 to 9, rank ceil(10 * 0.8) = 8; the sign does not matter."""
    column = np.arange(1.0, 10.0)[::-1]
    band = error_band(errors_of(np.column_stack([column, -10 * column])))
    assert band.half_width.tolist() == [8.0, 80.0]
    assert not band.is_largest
    assert band.is_rough
    assert band.n_origins == 9


def test_error_band_of_few_forecasts_is_their_largest_error() -> None:
    """Of 3 errors, rank ceil(4 * 0.8) = 4 does not exist."""
    band = error_band(errors_of(np.array([[1.0], [5.0], [-7.0]])))
    assert band.half_width.tolist() == [7.0]
    assert band.is_largest


def test_residual_table_has_one_column_a_model() -> None:
    table = residual_table({"GRU": errors_of(np.array([[1.0, 2.0]]))}, 1)
    assert table["GRU"].tolist() == [2.0]


def test_load_forecast_reads_steps_in_order_with_a_band(tmp_path: Path) -> None:
    (tmp_path / "forecast.csv").write_text(
        "step,timestamp,predicted\n2,2026-01-02,20.0\n1,2026-01-01,10.0\n"
    )
    holdout = errors_of(np.array([[1.0, 2.0]]))
    forecast = load_forecast(tmp_path, "y", holdout)
    assert forecast is not None
    assert forecast.predicted.tolist() == [10.0, 20.0]
    assert forecast.low is not None
    assert forecast.low.tolist() == [9.0, 18.0]
    assert forecast.high is not None
    assert forecast.high.tolist() == [11.0, 22.0]


def test_load_forecast_without_a_holdout_has_no_band(tmp_path: Path) -> None:
    (tmp_path / "forecast.csv").write_text("step,timestamp,predicted\n1,400,3.0\n")
    forecast = load_forecast(tmp_path, "y", None)
    assert forecast is not None
    assert forecast.band is None
    assert forecast.low is None


def test_load_forecast_is_none_without_a_file(tmp_path: Path) -> None:
    assert load_forecast(tmp_path, "y", None) is None


def test_load_forecast_refuses_a_target_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "forecast.csv").write_text(
        "step,timestamp,target,predicted\n1,400,a,3.0\n"
    )
    with pytest.raises(StudyCorrupted, match="holds nothing for 'y'"):
        load_forecast(tmp_path, "y", None)


def test_load_forecast_refuses_a_missing_column(tmp_path: Path) -> None:
    (tmp_path / "forecast.csv").write_text("step,timestamp\n1,400\n")
    with pytest.raises(StudyCorrupted, match="has no column predicted"):
        load_forecast(tmp_path, "y", None)


def test_last_part_is_four_horizons_two_seasons_or_36_rows() -> None:
    values = pd.Series(range(500))
    assert len(last_part(values, horizon=24, season=1)) == 96
    assert len(last_part(values, horizon=6, season=24)) == 48
    assert len(last_part(values, horizon=1, season=1)) == 36
    assert last_part(values, horizon=1, season=1).iloc[-1] == 499
