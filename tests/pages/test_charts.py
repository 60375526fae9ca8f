"""Each chart has the expected traces, units, words and numbers."""

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from pages.components.charts.attention import attention_chart
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
from pages.components.intake.series_chart import (
    MOST_BANDS,
    MOST_MARKS,
    N_DRAWN,
    Marks,
    series_figure,
)
from pages.components.theme import ACTUAL, CELL_COLOURS, new_figure, readable_axes
from search.analysis.holdout.predictions import Predictions, error_band
from search.analysis.newer.forecasts import Forecast
from search.analysis.trials.score_ranges import running_best
from search.data.outliers import mark_outliers
from search.explain.attention import WeightRange
from search.space.lines import Line
from search.study.trials.curves import EpochPoint
from search.study.trials.listing import TrialView

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
    assert list(chart.numbers()["trial"]) == [0, 1, 2, 3]
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
    assert chart.numbers()["GRU RMSE [°C]"].tolist() == [1.0, 1.2]


def test_folds_always_show_networks_and_all_where_the_axis_is_logarithmic() -> None:
    scores = {"GRU": (0.01, 0.02), "LSTM": (1.0, 2.0), "drift": (0.5, 0.6)}
    figure = fold_chart(scores, RMSE).figure
    assert [line.visible for line in figure.data] == [True, True, True]
    assert figure.layout.yaxis.type == "log"
    near = fold_chart({"GRU": (1.0, 1.2), "LSTM": (4.0, 4.0)}, RMSE).figure
    assert [line.visible for line in near.data] == [True, True]
    assert near.layout.yaxis.type is None


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
    assert len(chart.numbers()) == n


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
        "Cell",
        "Units",
        "Learning rate",
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
    assert chart.numbers().iloc[0].tolist()[2:] == [3.0, 2.0, 4.0]
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


def many_trials(n_trials: int) -> list[TrialView]:
    """Trials in noise; number 4322 is the best of all, 1234 the worst."""
    scores = 2.0 + np.random.default_rng(0).random(n_trials)
    scores[4_322], scores[1_234] = 0.5, 30.0
    cells = ("SimpleRNN", "LSTM", "GRU")
    return [
        TrialView(
            number,
            cells[number % 3],  # type: ignore[arg-type]
            "pruned" if number % 4 == 1 else "complete",
            {"cell": cells[number % 3], "units": 16 + number % 50, "dropout": 0.1},
            score=float(score),
        )
        for number, score in enumerate(scores)
    ]


def drawn_numbers(chart: Chart) -> set[int]:
    markers = [trace for trace in chart.figure.data if trace.mode == "markers"]
    return {int(number) for trace in markers for number in trace.x}


def test_history_of_many_trials_draws_a_thousand_with_the_best_and_the_worst() -> None:
    trials = many_trials(5_000)
    chart = history_chart(trials, RMSE)
    drawn = drawn_numbers(chart)
    assert len(drawn) <= 1_100
    assert {4_322, 1_234} <= drawn
    for cell in ("SimpleRNN", "LSTM", "GRU"):
        own = [trial for trial in trials if trial.cell == cell]
        leaders = {number for number, _ in running_best(own)[:-1]}
        assert leaders <= drawn
    assert len(chart.numbers()) == 5_000
    assert "of 5000 trials, the best and the worst among them" in chart.summary
    assert len(chart.json) < 40_000


def test_history_of_few_trials_draws_all_and_says_nothing_of_it() -> None:
    chart = history_chart(many_trials(5_000)[:900], RMSE)
    assert drawn_numbers(chart) == set(range(900))
    assert "Drawn are" not in chart.summary


def test_slice_of_many_trials_is_bounded_and_has_the_best() -> None:
    trials = many_trials(5_000)
    chart = slice_chart(trials, Line("units", low=16, high=128), RMSE)
    drawn = {int(n) for trace in chart.figure.data for n in trace.customdata}
    assert len(drawn) <= 1_100
    best = min((t for t in trials if t.state == "complete"), key=lambda t: t.score or 9)
    assert best.number in drawn
    assert len(chart.numbers()) == 3_750
    assert "Drawn are" in chart.summary


def test_parallel_chart_of_many_trials_is_bounded() -> None:
    trials = many_trials(5_000)
    lines = [
        Line("cell", ("SimpleRNN", "LSTM", "GRU")),
        Line("units", low=16, high=128),
    ]
    chart = parallel_chart(trials, lines, RMSE)
    values = chart.figure.data[0].dimensions[-1]["values"]
    assert len(values) <= 300
    assert min(values) == 0.5
    assert len(chart.figure.data[0].line.color) == len(values)
    assert "Drawn are" in chart.summary


def test_new_figure_has_the_axes_of_readable_axes() -> None:
    """Built in one step; the plain way sets one property after the other."""
    plain = go.Figure()
    plain.update_layout(
        height=300,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        bargap=0.2,
        separators=".,",
    )
    plain.update_xaxes(title_text="x")
    plain.update_yaxes(title_text="y", zeroline=False)
    readable_axes(plain)
    built = new_figure(x_title="x", y_title="y", height=300)
    assert json.loads(built.to_json()) == json.loads(plain.to_json())


def test_series_figure_is_bounded_and_shows_every_spike() -> None:
    values = np.random.default_rng(0).normal(0, 1, 1_000_000)
    spikes = np.random.default_rng(1).choice(999_990, 200, replace=False) + 5
    values[spikes] = 80.0
    column = pd.Series(values, index=pd.RangeIndex(len(values)), name="y")
    marks = Marks(
        gaps=tuple((start, start + 5) for start in range(0, 900_000, 1_000)),
        duplicates=np.arange(0, 1_000_000, 100),
        outliers=mark_outliers(values),
    )
    figure = series_figure(column, marks=marks)
    line, outliers, duplicates = figure.data
    assert len(line.x) <= N_DRAWN
    assert len(outliers.x) <= MOST_MARKS
    assert len(duplicates.x) <= MOST_MARKS
    assert len(figure.layout.shapes) == MOST_BANDS
    assert set(spikes) <= set(line.x) | set(outliers.x)
    assert len(figure.to_json()) < 250_000


def test_marks_of_a_series_that_are_too_many_keep_the_highest() -> None:
    values = np.zeros(100_000)
    rows = np.arange(0, 100_000, 50)
    values[rows] = np.random.default_rng(0).random(len(rows)) + 1
    column = pd.Series(values, index=pd.RangeIndex(len(values)), name="y")
    figure = series_figure(column, marks=Marks(outliers=rows))
    drawn = figure.data[1]
    assert len(drawn.x) <= MOST_MARKS
    assert max(drawn.y) == values.max()


def test_gaps_are_banded_from_the_row_before_to_the_row_after() -> None:
    column = pd.Series([1.0, np.nan, np.nan, 2.0], index=pd.RangeIndex(4), name="y")
    figure = series_figure(column, marks=Marks(gaps=((1, 3),)))
    (band,) = figure.layout.shapes
    assert (band.x0, band.x1, band.yref) == (0, 3, "paper")


@pytest.mark.parametrize(("worst", "place"), [(9.0, 4.0), (900.0, np.log10(4.0))])
def test_the_name_of_the_baseline_stands_at_its_line(
    worst: float, place: float
) -> None:
    """On a logarithmic axis it stood far above the chart."""
    chart = history_chart(
        [trial(0, "GRU", 3.0), trial(1, "GRU", worst)], RMSE, baseline=("drift", 4.0)
    )
    (line,) = chart.figure.layout.shapes
    (label,) = chart.figure.layout.annotations
    assert (line.y0, line.y1, line.xref) == (4.0, 4.0, "x domain")
    assert label.y == pytest.approx(place)
    assert label.text == "drift"


def test_a_baseline_without_error_has_no_place_on_a_logarithmic_axis() -> None:
    trials = [trial(0, "GRU", 1.0), trial(1, "GRU", 90.0)]
    chart = history_chart(trials, RMSE, baseline=("drift", 0.0))
    assert chart.figure.layout.shapes == ()


def test_attention_has_the_window_the_mean_and_its_band() -> None:
    weights = np.array([0.1, 0.6, 0.3])
    usual = WeightRange(
        np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.2, 0.4]), np.array([0.3, 0.4, 0.6])
    )
    chart = attention_chart(weights, usual)
    band, mean, chosen = chart.figure.data
    assert band.fill == "toself"
    assert list(chosen.x) == [-3, -2, -1]
    assert list(chosen.y) == pytest.approx([10, 60, 30])
    assert list(mean.y) == pytest.approx([20, 30, 50])
    said = chart.summary.replace("\\", "")
    assert "it reads row −2 most, with 60.0 %" in said
    assert "over the holdout row −1, with 50.0 % on average" in said
    assert "33.3 %" in said
    numbers = chart.numbers()
    assert numbers.iloc[0].tolist() == pytest.approx([-3, 10, 20, 10, 30])
