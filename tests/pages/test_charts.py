"""Each chart has the expected traces, units, words and numbers."""

import numpy as np
import pandas as pd
import pytest

from pages.components.charts.curves import (
    WinnerCurve,
    curve_numbers,
    running_chart,
    winner_curves_chart,
)
from pages.components.charts.errors import (
    only_cells,
    residual_chart,
    spread_chart,
    step_error_chart,
)
from pages.components.charts.folds import fold_chart
from pages.components.charts.forecast import forecast_chart
from pages.components.charts.history import history_chart
from pages.components.charts.parameters import (
    importance_chart,
    parallel_chart,
    slice_chart,
)
from pages.components.charts.record import Chart, Scale
from pages.components.charts.times import time_words
from pages.components.charts.windows import origin_chart, step_chart
from pages.components.theme import ACTUAL, CELL_COLOURS
from search.study.curves import EpochPoint
from search.study.forecasts import Forecast
from search.study.predictions import Predictions, error_band
from search.study.space import Line
from search.study.trials import TrialView

RMSE = Scale("RMSE", "°C")
HOURS = pd.date_range("2026-03-14", periods=6, freq="h").to_numpy()


def trial(number: int, cell: str, score: float, state: str = "complete") -> TrialView:
    params = {"cell": cell, "units": 16 + number, "learning_rate": 10.0**-number}
    return TrialView(number, cell, state, params, score=score)  # type: ignore[arg-type]


def predictions(error: float) -> Predictions:
    """Three origins of two steps."""
    times = np.array([HOURS[k : k + 2] for k in range(3)])
    actual = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]])
    predicted = actual + np.array([error, 2 * error])
    return Predictions(np.arange(3), np.array([1, 2]), times, actual, predicted)


def names(chart: Chart) -> list[str]:
    return [trace.name for trace in chart.figure.data]


def point(epoch: int, *scores: float) -> EpochPoint:
    return EpochPoint(epoch, (0.1,) * len(scores), scores, float(np.mean(scores)), 0.5)


def test_scale_names_the_axis_with_its_unit_and_is_inert() -> None:
    assert RMSE.axis == "RMSE [°C]"
    assert Scale("flow").axis == "flow"
    assert Scale("<b>x</b>", "<i>").axis == "&lt;b&gt;x&lt;/b&gt; [&lt;i&gt;]"
    assert RMSE.hover == "%{y:,.4~r} °C"


def test_history_draws_each_cell_and_its_best_so_far() -> None:
    chart = history_chart(
        [
            trial(0, "LSTM", 3.0),
            trial(1, "GRU", 2.5),
            trial(2, "LSTM", 2.0),
            trial(3, "LSTM", 9.0, "pruned"),
            trial(4, "LSTM", 1.0, "running"),
        ],
        RMSE,
        baseline=("drift", 4.0),
    )
    best = {
        trace.name: trace for trace in chart.figure.data if trace.showlegend is None
    }
    assert list(best["LSTM, best so far"].y) == [3.0, 2.0]
    assert best["LSTM, best so far"].line.color == CELL_COLOURS["LSTM"]
    assert [shape.y0 for shape in chart.figure.layout.shapes] == [4.0]
    assert chart.figure.layout.yaxis.title.text == "RMSE [°C]"
    assert list(chart.numbers["trial"]) == [0, 1, 2, 3]
    assert "trial 2 (LSTM) with RMSE 2\\.00 °C" in chart.summary
    assert chart.figure.layout.uirevision


def test_history_without_a_complete_trial_says_so() -> None:
    chart = history_chart([trial(0, "GRU", 1.0, "running")], RMSE)
    assert len(chart.figure.data) == 0
    assert "No trial is complete yet" in chart.summary


def test_history_of_wide_scores_has_a_log_axis() -> None:
    chart = history_chart([trial(0, "GRU", 1.0), trial(1, "GRU", 50.0)], RMSE)
    assert chart.figure.layout.yaxis.type == "log"


def test_running_chart_draws_every_fold_and_the_mean() -> None:
    chart = running_chart(
        7, "GRU", [point(1, 3.0, 5.0), point(2, 2.0, 4.0)], RMSE, epochs=30
    )
    assert [list(trace.y) for trace in chart.figure.data] == [
        [3.0, 2.0],
        [5.0, 4.0],
        [4.0, 3.0],
    ]
    assert chart.figure.layout.xaxis.range == (0.5, 30.5)
    assert "Epoch 2 of at most 30: RMSE 3\\.00 °C" in chart.summary


def test_running_chart_before_the_first_epoch_says_so() -> None:
    chart = running_chart(7, "GRU", [], RMSE, epochs=30)
    assert "first epoch is not finished" in chart.summary


def test_a_score_that_is_missing_in_a_curve_is_a_gap() -> None:
    broken = EpochPoint(1, (None,), (None,), None, 0.5)
    chart = running_chart(7, "GRU", [broken], RMSE, epochs=3)
    assert list(chart.figure.data[-1].y) == [None]
    assert "RMSE –" in chart.summary


def test_winner_curves_mark_the_best_epoch() -> None:
    points = (point(1, 3.0), point(2, 1.0), point(3, 2.0))
    chart = winner_curves_chart({"LSTM": WinnerCurve(4, 2, points)}, RMSE)
    assert list(chart.figure.data[-1].x) == [2]
    assert list(chart.figure.data[-1].y) == [1.0]


def test_curve_numbers_have_one_column_a_fold() -> None:
    table = curve_numbers({"GRU 7": [point(1, 3.0, 5.0)]})
    assert table.iloc[0].tolist() == ["GRU 7", 1, 4.0, 3.0, 5.0, 0.5]


def test_folds_hide_what_is_far_worse() -> None:
    chart = fold_chart({"GRU": (1.0, 1.2), "last_value": (9.0, 9.0), "drift": ()}, RMSE)
    assert names(chart) == ["GRU", "last value"]
    assert chart.figure.data[0].visible is True
    assert chart.figure.data[1].visible == "legendonly"
    assert chart.numbers["GRU RMSE [°C]"].tolist() == [1.0, 1.2]


def test_folds_without_scores_say_so() -> None:
    assert fold_chart({}, RMSE).summary == "No fold scores yet."


def test_step_chart_draws_actual_and_each_model_at_one_step() -> None:
    chart = step_chart(
        {"GRU": predictions(1.0), "drift": predictions(3.0)},
        RMSE,
        step=1,
        x_title="time",
    )
    assert names(chart) == ["actual", "GRU", "drift"]
    assert chart.figure.data[0].line.color == ACTUAL
    assert list(chart.figure.data[1].y) == [4.0, 5.0, 6.0]
    assert "at step 2 (3 forecasts)" in chart.summary


def test_origin_chart_shows_the_past_and_shades_what_was_unknown() -> None:
    past = pd.Series(
        [0.0, 0.5], index=pd.date_range("2026-03-13", periods=2, freq="12h")
    )
    chart = origin_chart(
        {"GRU": predictions(1.0)}, RMSE, origin=0, past=past, x_title="time"
    )
    assert list(chart.figure.data[0].y) == [0.0, 0.5, 1.0, 2.0]
    assert list(chart.figure.data[1].y) == [2.0, 4.0]
    assert len(chart.figure.layout.shapes) == 1


def test_big_series_are_thinned_and_the_numbers_are_not() -> None:
    n = 5000
    values = np.arange(float(n))[:, None]
    big = Predictions(np.arange(n), np.array([1]), values, values, values)
    chart = step_chart({"GRU": big}, RMSE, step=0, x_title="row")
    assert len(chart.figure.data[0].x) <= 1500
    assert len(chart.numbers) == n


def test_step_errors_are_mean_absolute_errors() -> None:
    chart = step_error_chart({"GRU": predictions(-1.0)}, RMSE)
    assert list(chart.figure.data[0].y) == [1.0, 2.0]
    assert "GRU 1\\.00 to 2\\.00" in chart.summary


def test_residuals_keep_their_sign() -> None:
    chart = residual_chart({"GRU": predictions(-1.0)}, RMSE, step=0, x_title="time")
    assert list(chart.figure.data[0].y) == [-1.0, -1.0, -1.0]


def test_spread_says_which_side_errors_lie_on() -> None:
    chart = spread_chart({"GRU": predictions(-1.0)}, RMSE)
    assert sum(chart.figure.data[0].y) == pytest.approx(100)
    assert "GRU 1\\.50 °C too low" in chart.summary


def test_only_cells_leaves_baselines_out() -> None:
    both = {"GRU": predictions(1.0), "drift": predictions(1.0)}
    assert list(only_cells(both)) == ["GRU"]


def test_importance_names_its_evaluator() -> None:
    chart = importance_chart({"units": 0.75, "dropout": 0.25}, n_trials=12)
    assert list(chart.figure.data[0].x) == [75.0, 25.0]
    assert "PED-ANOVA" in chart.figure.layout.xaxis.title.text


def test_slice_draws_complete_trials_by_cell_on_the_axis_of_the_line() -> None:
    trials = [trial(1, "GRU", 2.0), trial(2, "LSTM", 1.0), trial(3, "GRU", 9, "pruned")]
    line = Line("learning_rate", low=1e-4, high=1e-1, log=True)
    chart = slice_chart(trials, line, RMSE)
    assert names(chart) == ["LSTM", "GRU"]
    assert chart.figure.layout.xaxis.type == "log"
    assert list(chart.figure.data[1].x) == [0.1]
    assert "The best trial (LSTM) used 0\\.0100" in chart.summary


def test_slice_of_choices_has_their_order() -> None:
    line = Line("cell", choices=("SimpleRNN", "LSTM", "GRU"))
    chart = slice_chart([trial(1, "GRU", 2.0)], line, RMSE)
    assert chart.figure.layout.xaxis.categoryarray == ("SimpleRNN", "LSTM", "GRU")


def test_parallel_has_an_axis_for_each_line_and_the_score() -> None:
    lines = [
        Line("cell", choices=("SimpleRNN", "LSTM", "GRU")),
        Line("units", low=16, high=32),
        Line("learning_rate", low=1e-4, high=1e-1, log=True),
    ]
    chart = parallel_chart([trial(1, "GRU", 2.0)], lines, RMSE)
    axes = chart.figure.data[0].dimensions
    assert [axis.label for axis in axes] == [
        "cell",
        "units",
        "learning_rate",
        "RMSE [°C]",
    ]
    assert axes[0]["values"] == (2,)
    assert axes[2]["values"] == (-1.0,)
    assert axes[2].ticktext[0] == "0.000100"


def test_forecast_draws_past_forecast_and_band() -> None:
    past = pd.Series([1.0, 2.0], index=HOURS[:2])
    forecast = Forecast(
        np.array([1, 2]), HOURS[2:4], np.array([3.0, 4.0]), error_band(predictions(1.0))
    )
    chart = forecast_chart(forecast, past, RMSE, cell="GRU", x_title="time")
    assert names(chart) == ["usual error", "actual", "GRU forecast"]
    assert list(chart.figure.data[0].y) == [4.0, 6.0, 2.0, 2.0]
    assert chart.numbers.iloc[0].tolist()[2:] == [3.0, 2.0, 4.0]
    assert "from 3\\.00 °C to 4\\.00 °C" in chart.summary


def test_forecast_without_a_band_has_two_lines() -> None:
    past = pd.Series([1.0, 2.0], index=[0, 1])
    forecast = Forecast(np.array([1]), np.array([2]), np.array([3.0]), None)
    chart = forecast_chart(forecast, past, Scale("y"), cell="GRU", x_title="row")
    assert names(chart) == ["actual", "GRU forecast"]


def test_time_words() -> None:
    assert time_words(HOURS[:2]) == ["14 Mar 2026 00:00", "14 Mar 2026 01:00"]
    assert time_words(HOURS[:1]) == ["14 Mar 2026"]
    assert time_words(np.array([7])) == ["7"]
