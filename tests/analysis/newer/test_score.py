"""Scores of newer rows, worked out by hand with a network that is a constant."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from search.analysis.holdout.predictions import ErrorBand, Predictions
from search.analysis.newer.file_forecasts import forecast_file
from search.analysis.newer.score import (
    Learned,
    band_coverage,
    decay,
    drifted,
    has_decayed,
    input_drift,
    most_at_once,
    origin_losses,
    score_newer,
    step_metrics,
)
from search.config import Roles, Task
from search.data.continuation import continue_series
from search.data.newer.rows import NewerRows
from search.errors import SeriesError
from search.evaluation.forecasting import Forecaster
from search.evaluation.scaling import Scaler

HORIZON, SEASON = 2, 4


def series(values: list[float], start: int = 0, **more: object) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=start + len(values), freq="h")[start:]
    return pd.DataFrame({"a": values, **more}, index=index, dtype=float)


@pytest.fixture
def forecaster() -> Forecaster:
    """Return a network of three rows that says 1 scaled unit for every step.

    With the framing ``last_value`` that is the last value plus a scale of 10.
    """

    def network(past: np.ndarray, known: np.ndarray) -> np.ndarray:
        assert past.shape[1:] == (3, 1)
        return np.ones((len(past), HORIZON, 1))

    return Forecaster(
        network=network,
        scaler=Scaler(np.array([5.0]), np.array([10.0])),
        roles=Roles(("a",)),
        task=Task(HORIZON, 4, season=SEASON),
        sequence_length=3,
        framing="last_value",
        has_calendar=False,
        batch_size=2,
    )


@pytest.fixture
def learned(forecaster: Forecaster) -> Learned:
    rows = series([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    return Learned(rows, ("a",), forecaster.task)


def test_scores_are_those_worked_out_by_hand(
    forecaster: Forecaster, learned: Learned
) -> None:
    old, new = series([0.0, 0.0, 0.0, 0.0, 7.0]), series([10.0, 20.0, 40.0], 5)
    found = score_newer(forecaster, continue_series(old, new), learned)
    shown = found.forecasts["a"]
    assert shown.origins.tolist() == [5, 6]
    assert shown.actual.tolist() == [[10.0, 20.0], [20.0, 40.0]]
    assert shown.predicted == pytest.approx(np.array([[17.0, 17.0], [20.0, 20.0]]))
    # Errors 7, -3, 0, -20.
    metrics = found.metrics["a"]
    assert metrics.mae == pytest.approx(7.5)
    assert metrics.mse == pytest.approx((49 + 9 + 400) / 4)
    assert metrics.mase == pytest.approx(7.5 / 4)  # four rows earlier: 4 in a season
    by_step = step_metrics(shown, 4.0)
    assert [one.mae for one in by_step] == pytest.approx([3.5, 11.5])
    assert [one.rmse for one in by_step] == pytest.approx(
        [np.sqrt(49 / 2), np.sqrt(409 / 2)]
    )
    assert found.naive["a"].predicted.shape == (2, 2)
    # Last value: 7, 7 and 10, 10 miss by 3, 13, 10, 30; the line by less.
    assert found.naive_name == "drift"


def test_band_and_losses_by_hand() -> None:
    actual = np.zeros((4, 2))
    predicted = np.array([[1.0, 5.0], [-2.0, 1.0], [3.0, 1.0], [0.0, -9.0]])
    shown = Predictions(np.arange(4), np.array([1, 2]), actual, actual, predicted)
    band = ErrorBand(np.array([2.0, 1.0]), 0.8, is_largest=False, n_origins=30)
    assert band_coverage(shown, band).tolist() == [0.75, 0.5]
    losses = origin_losses({"a": shown}, np.array([2.0]))
    assert losses.tolist() == [6.0, 3.0, 4.0, 9.0]


def test_every_forecast_needs_all_its_targets(
    forecaster: Forecaster, learned: Learned
) -> None:
    old = series([0.0] * 5)
    with pytest.raises(SeriesError, match=r"the file has 1 new row\. Come back"):
        score_newer(forecaster, continue_series(old, series([1.0], 5)), learned)
    with pytest.raises(SeriesError, match="no row that the study does not have"):
        score_newer(forecaster, continue_series(old, old[2:]), learned)


def test_after_a_gap_forecasts_look_back_on_new_rows_only(
    forecaster: Forecaster, learned: Learned
) -> None:
    old = series([0.0] * 5)
    found = score_newer(
        forecaster, continue_series(old, series([1.0, 2.0, 3.0, 4.0, 5.0], 7)), learned
    )
    assert found.forecasts["a"].origins.tolist() == [3]
    assert found.forecasts["a"].predicted == pytest.approx(np.array([[13.0, 13.0]]))
    assert found.naive_name == "last_value"  # a line would need the study's beginning
    with pytest.raises(SeriesError, match=r"2 rows are absent, so a forecast needs 5"):
        score_newer(forecaster, continue_series(old, series([1.0] * 4, 7)), learned)


def test_too_many_forecasts_are_refused(
    forecaster: Forecaster, learned: Learned
) -> None:
    small = replace(forecaster, most_origins=3)
    newer = continue_series(series([0.0] * 5), series([1.0] * 9, 5))
    with pytest.raises(SeriesError, match=r"8 forecasts; with this network at most 3"):
        score_newer(small, newer, learned)
    long = replace(forecaster, task=Task(1000, 1000))
    assert most_at_once(long) == 1000


def test_decay_and_drift_are_flagged_only_where_they_are(
    forecaster: Forecaster,
) -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=900)
    rows = series(list(values[:600]), b=generator.normal(size=600))
    later = series(list(values[600:]), 600, b=5 + generator.normal(size=300))
    learned = Learned(rows[:500], ("a",), forecaster.task)
    newer = continue_series(rows, later)
    found = drifted(input_drift(forecaster, newer, learned))
    assert [one.column for one in found] == ["b"]
    assert found[0].outside > 0.9
    assert [one.seen for one in input_drift(forecaster, newer, learned)] == [
        "last_value",
        "none",
    ]
    zeros = np.zeros((200, HORIZON))
    errors = generator.normal(size=(200, HORIZON))
    before = {"a": Predictions(np.arange(200), np.arange(2), zeros, zeros, errors)}
    after = {"a": replace(before["a"], predicted=3 * errors[::-1])}
    assert has_decayed(decay(before, after, learned))
    assert not has_decayed(decay(before, before, learned))
    assert decay({}, after, learned) is None


def test_file_forecasts_go_to_the_end(forecaster: Forecaster) -> None:
    old, new = series([0.0, 0.0, 0.0, 0.0, 7.0]), series([7.0, 10.0, 20.0], 4)
    rows = NewerRows(new, new.iloc[:0, :0])
    newer = continue_series(old, new)
    found = forecast_file(forecaster, old, rows, newer, every=True)
    assert found.with_study
    assert (found.n_origins, found.n_left_out) == (4, 0)
    table = found.table
    assert table["origin"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert table["predicted"].tolist() == pytest.approx(
        [10.0, 10.0, 17.0, 17.0, 20.0, 20.0, 30.0, 30.0]
    )
    assert table["actual"].isna().tolist() == [False] * 5 + [True] * 3
    assert table["timestamp"].iloc[-1] == pd.Timestamp("2024-01-01 08:00")
    last = forecast_file(forecaster, old, rows, newer, every=False)
    assert last.table["predicted"].tolist() == pytest.approx([30.0, 30.0])


def test_a_file_with_other_values_stands_alone(forecaster: Forecaster) -> None:
    old, new = series([0.0] * 5), series([1.0, 2.0, 3.0, 4.0, 5.0], 2)
    rows = NewerRows(new, new.iloc[:0, :0])
    found = forecast_file(forecaster, old, rows, continue_series(old, new), every=True)
    assert not found.with_study
    assert found.table["origin"].unique().tolist() == [3, 4, 5]


def test_known_features_that_are_missing_are_asked_for(forecaster: Forecaster) -> None:
    known = replace(forecaster, roles=Roles(("a",), known_features=("k",)))
    old = series([0.0] * 5, k=[1.0] * 5)
    new = series([1.0] * 3, 5, k=[1.0] * 3)
    newer = continue_series(old, new)
    ahead = series([0.0], 8, k=[1.0])[["k"]]
    with pytest.raises(
        SeriesError, match=r"needs 2 rows after the last value of 'a', in which 'k' is"
    ):
        forecast_file(known, old, NewerRows(new, ahead), newer, every=False)
    late = series([0.0] * 2, 9, k=[1.0] * 2)[["k"]]
    with pytest.raises(SeriesError, match="begin at 2024-01-01 09:00:00; the first"):
        forecast_file(known, old, NewerRows(new, late), newer, every=False)


def test_a_file_that_ends_inside_the_study_is_forecast_from_its_own_rows(
    forecaster: Forecaster,
) -> None:
    """Its last row is 4.0; the row before the study's end is another one."""
    old = series([0.0, 1.0, 2.0, 3.0, 4.0, 50.0, 60.0])
    new = old[1:5]
    rows = NewerRows(new, new.iloc[:0, :0])
    newer = continue_series(old, new)
    found = forecast_file(forecaster, old, rows, newer, every=False)
    assert not found.with_study
    assert found.table["predicted"].tolist() == pytest.approx([14.0, 14.0])
    assert found.table["timestamp"].iloc[0] == pd.Timestamp("2024-01-01 05:00")
    every = forecast_file(forecaster, old, rows, newer, every=True).table
    assert every["actual"].dropna().tolist() == [4.0]


def test_the_limit_of_a_file_says_what_makes_it_fewer(forecaster: Forecaster) -> None:
    small = replace(forecaster, most_origins=3)
    old, new = series([0.0] * 5), series([1.0] * 9, 5)
    rows, newer = NewerRows(new, new.iloc[:0, :0]), continue_series(old, new)
    message = r"10 forecasts; with this network at most 3 .* Choose the end only"
    with pytest.raises(SeriesError, match=message):
        forecast_file(small, old, rows, newer, every=True)
    assert forecast_file(small, old, rows, newer, every=False).n_origins == 1


def test_more_columns_than_rotations_can_tell_apart_are_not_tested(
    forecaster: Forecaster,
) -> None:
    """Of 100 rotations the smallest p is 0.01; for three columns it is 0.03."""
    generator = np.random.default_rng(0)
    values = {name: generator.normal(size=100) for name in "abc"}
    values["b"][80:] += 50
    for names, is_tested in [("b", True), ("bc", True), ("abc", False)]:
        rows = pd.DataFrame({name: values[name] for name in names})
        learned = Learned(rows[:80], (), forecaster.task)
        found = input_drift(forecaster, continue_series(rows[:80], rows[80:]), learned)
        assert [one.p_value is not None for one in found] == [is_tested] * len(names)
        assert [one.column for one in drifted(found)] == (["b"] if is_tested else [])
