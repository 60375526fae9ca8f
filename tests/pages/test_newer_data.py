"""Newer data on the Forecast page: upload, scores, flags, forecasts, search again."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components.charts.newer import MOST_POINTS, came_chart
from pages.components.charts.record import Scale
from pages.components.forecast import newer_file, newer_verdict
from search.analysis.delivered.network import load_forecaster
from search.analysis.holdout.predictions import Predictions
from search.arrays import read_arrays, write_arrays
from search.config import Roles
from search.environment import Environment
from search.evaluation.change import Growth
from search.evaluation.kind_metrics import as_values
from search.study.folders import StudyHandle
from search.study.results import load_results
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import (
    HORIZON,
    N_ROWS,
    TARGET,
    add_trials,
    finish,
    make_series,
    make_settings,
    new_study,
)


def newer_rows(start: int, stop: int, *, shift: float = 0.0) -> pd.DataFrame:
    """Return rows of the made series, `shift` added to the new ones."""
    rows = make_series(stop)
    rows[:N_ROWS] = make_series()  # its noise depends on the number of rows
    rows.iloc[N_ROWS:] += shift
    return rows[start:]


def upload(app: AppTest, study: StudyHandle, rows: pd.DataFrame | bytes) -> AppTest:
    content = rows if isinstance(rows, bytes) else rows.to_csv().encode()
    app.file_uploader(key=f"newer_{study.uuid}").set_value(
        ("newer.csv", content, "text/csv")
    )
    return app.run()


def table_with(app: AppTest, column: str) -> pd.DataFrame:
    """Return the table that has a column."""
    return next(one.value for one in app.dataframe if column in one.value)


def spoken(app: AppTest) -> str:
    return words(app).replace("\\", "").replace("\u2060", "").replace("*", "")


@pytest.fixture
def finished(made_studies: dict[str, StudyHandle]) -> StudyHandle:
    return made_studies["finished"]


@pytest.fixture
def page(open_made: OpenPage) -> AppTest:
    return open_made("forecast", "finished")


def test_the_way_in_names_columns_and_limit(page: AppTest) -> None:
    shown = spoken(page)
    assert "time, temperature [°C], load [kW]" in shown
    assert "up to 20,000 new rows" in shown
    assert "On the study's own rows" in shown


def test_new_rows_are_scored_beside_the_promise(
    page: AppTest, finished: StudyHandle
) -> None:
    rows = newer_rows(380, 500)
    app = upload(page, finished, rows)
    assert not app.exception
    shown = spoken(app)
    assert "newer.csv has 100 new rows, from 17 Mar 2026 16:00 to" in shown
    assert "20 rows are in the study already" in shown
    assert "The forecasts may have become worse" in shown  # the weights are random
    assert "A forecast without training was better here: seasonal naive" in shown
    assert "The band held" in shown
    table = table_with(app, "Forecast of")
    assert table["Forecast of"].tolist() == [
        "GRU, new rows",
        "GRU, holdout",
        "seasonal naive, new rows",
        "seasonal naive, holdout",
    ]
    results = load_results(finished.folder)
    assert results is not None
    forecaster = load_forecaster(finished, "GRU", results.winners["GRU"])
    assert forecaster is not None
    series = newer_rows(0, 500)
    origins = np.arange(N_ROWS, 500 - HORIZON + 1)
    values = series[TARGET].to_numpy()
    actual = values[origins[:, None] + np.arange(HORIZON)]
    found = forecaster.forecast(series, origins)[..., 0]
    mean_error = np.abs(found - actual).mean()
    assert float(table["MAE"][0]) == pytest.approx(mean_error, rel=5e-3)
    promised = as_values(results.winners["GRU"].holdout).rmse
    assert float(table["RMSE"][1]) == pytest.approx(promised, rel=5e-3)
    assert "±" in shown  # the spread of the seeds stands below


def test_changed_inputs_are_flagged(page: AppTest, finished: StudyHandle) -> None:
    app = upload(page, finished, newer_rows(N_ROWS, 520, shift=30.0))
    shown = spoken(app)
    assert "The input load [kW] has changed: its values differ" in shown
    assert "100 % of the new values of load [kW] lie outside" in shown
    verdicts = table_with(app, "Verdict")
    assert verdicts.set_index("Column")["Verdict"]["load [kW]"] == "changed"


def test_the_same_weather_is_not_flagged(page: AppTest, finished: StudyHandle) -> None:
    rows = newer_rows(N_ROWS, 520)
    shown = spoken(upload(page, finished, rows))
    assert "No input has changed by more than chance" in shown
    assert "The input" not in shown


def test_gap_and_changed_values_are_said(page: AppTest, finished: StudyHandle) -> None:
    app = upload(page, finished, newer_rows(N_ROWS + 5, 560))
    shown = spoken(app)
    assert "5 rows are absent" in shown
    assert "The new rows cannot be joined" in shown
    changed = newer_rows(380, 500)
    changed.iloc[3] = 0.0
    shown = spoken(upload(app, finished, changed))
    assert "1 of the rows that the study has too hold other values" in shown


def test_few_rows_are_forecast_and_not_scored(
    page: AppTest, finished: StudyHandle
) -> None:
    app = upload(page, finished, newer_rows(N_ROWS, N_ROWS + 3))
    assert not app.exception
    assert "the file has 3 new rows. Come back with at least 6" in spoken(app)
    table = table_with(app, "origin")  # from the end only, until all are asked for
    assert table["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["actual"].isna().all()
    assert table["timestamp"].iloc[0] == pd.Timestamp("2026-03-17 19:00")
    app.segmented_control(key="newer_which").set_value("every").run()
    table = table_with(app, "origin")
    assert table["origin"].unique().tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(300), "a PNG picture"),
        (newer_rows(380, 420)[[TARGET]].to_csv().encode(), "has no column 'load [kW]'"),
        (
            newer_rows(380, 420).to_csv().replace("2026-03-17 15", "then").encode(),
            "row 21",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    page: AppTest, finished: StudyHandle, content: bytes, message: str
) -> None:
    app = upload(page, finished, content)
    assert not app.exception
    said = app.error[0].value.replace("\\", "").replace("\u2060", "")
    assert message.lower() in said.lower()
    assert app.button(key="search_again").label == "Search again from here"


def test_search_again_takes_new_rows_and_begins_with_the_winners(
    page: AppTest, finished: StudyHandle
) -> None:
    app = upload(page, finished, newer_rows(380, 500))
    app.button(key="search_again").click().run()
    draft = app.session_state["series"]
    assert len(draft.built.values) == 500
    assert draft.built.source.file_name == "warm.csv + newer.csv"
    assert [params["cell"] for params in draft.first] == ["GRU", "LSTM", "SimpleRNN"]
    app = app.switch_page("setup.py").run()
    assert app.title[0].value == "Search"
    assert "winners of the old study (GRU, LSTM, SimpleRNN)" in spoken(app)
    assert app.text_input(key="setup_name").value == "Finished, again"
    assert app.number_input(key="setup_holdout").value == 48


def test_search_again_without_new_rows_goes_on_from_the_winners(page: AppTest) -> None:
    page.button(key="search_again").click().run()
    draft = page.session_state["series"]
    assert len(draft.built.values) == N_ROWS
    assert draft.built.source.file_name == "warm.csv"
    assert len(draft.first) == 3


def test_missing_known_features_are_asked_for(
    open_page: OpenPage, environment: Environment
) -> None:
    roles = Roles(targets=(TARGET,), known_features=("load [kW]",))
    handle = new_study(environment, make_settings("Known", roles=roles))
    add_trials(handle, "c")
    finish(handle, with_forecast=False)
    rows = newer_rows(380, 420)
    app = upload(open_page("forecast", study=handle.uuid), handle, rows)
    assert not app.exception
    assert "needs 6 rows after the last value" in spoken(app)
    rows.iloc[-6:, 0] = np.nan
    app = upload(app, handle, rows)
    assert "After them, 6 rows hold features known in advance" in spoken(app)
    assert len(table_with(app, "origin")) == 6


def test_two_targets_are_scored_each(
    open_page: OpenPage, environment: Environment
) -> None:
    roles = Roles(targets=(TARGET, "load [kW]"))
    handle = new_study(environment, make_settings("Two", roles=roles))
    add_trials(handle, "c")
    finish(handle)
    app = upload(open_page("forecast", study=handle.uuid), handle, newer_rows(380, 460))
    app.selectbox(key="forecast_target").set_value("load [kW]").run()
    assert not app.exception
    assert not app.error
    assert "Their mean absolute error is" in spoken(app)
    assert table_with(app, "Forecast of")["MAE"].str.contains("±").sum() == 0


def test_a_winner_without_weights_says_so(
    open_page: OpenPage, environment: Environment
) -> None:
    handle = new_study(environment, make_settings("Old"))
    add_trials(handle, "c")
    finish(handle)
    next(handle.folder.glob("winners/*/weights.npz")).unlink()
    app = open_page("forecast", study=handle.uuid)
    assert "made by an older version" in spoken(app)
    assert not app.file_uploader


def test_names_are_no_formulas_in_a_spreadsheet() -> None:
    table = pd.DataFrame({"predicted": [-1.5], "target": ["=cmd()"]})
    assert newer_file.forecasts_csv(table) == b"predicted,target\r\n-1.5,'=cmd()\r\n"
    back = pd.read_parquet(pd.io.common.BytesIO(newer_file.forecasts_parquet(table)))
    assert back["target"].tolist() == ["=cmd()"]


def test_a_file_that_ends_inside_the_study_says_why_it_stands_alone(
    page: AppTest, finished: StudyHandle
) -> None:
    app = upload(page, finished, newer_rows(0, N_ROWS)[:-10])
    assert not app.exception
    assert "ends 10 rows before the study does" in spoken(app)
    assert "look back on the file alone" in spoken(app)


@pytest.mark.parametrize("what", ["of another trial", "damaged"])
def test_weights_that_do_not_belong_to_the_results_are_not_used(
    open_page: OpenPage, environment: Environment, what: str
) -> None:
    """A study that goes on writes weights before the results that speak of them."""
    handle = new_study(environment, make_settings("Onward"))
    add_trials(handle, "c")
    finish(handle)
    path = next(handle.folder.glob("winners/*/weights.npz"))
    if what == "damaged":
        path.write_bytes(b"PK nothing")
    else:
        arrays = read_arrays(path)
        arrays["made"] = arrays["made"] + [7, 0]
        write_arrays(path, arrays)
    app = open_page("forecast", study=handle.uuid)
    assert not app.exception
    assert not app.file_uploader
    if what == "damaged":
        assert "weights.npz cannot be read" in spoken(app)
    else:
        assert "its results are still being made" in spoken(app)
    assert app.button(key="search_again")
    assert app.get("download_button")  # the rest of the page is there


def test_new_weights_are_forecast_with_at_once(
    open_page: OpenPage, environment: Environment
) -> None:
    handle = new_study(environment, make_settings("Renewed"))
    add_trials(handle, "c")
    finish(handle)
    app = upload(open_page("forecast", study=handle.uuid), handle, newer_rows(380, 440))
    before = table_with(app, "origin")["predicted"].to_numpy()
    score = table_with(app, "Forecast of")["MAE"][0]
    path = next(handle.folder.glob("winners/*/weights.npz"))
    arrays = read_arrays(path)
    made = arrays.pop("made")
    write_arrays(path, {name: 2 * one for name, one in arrays.items()} | {"made": made})
    app.run()
    assert not app.exception
    assert not np.allclose(table_with(app, "origin")["predicted"].to_numpy(), before)
    assert table_with(app, "Forecast of")["MAE"][0] != score


@pytest.mark.parametrize(
    ("growth", "said"),
    [
        (Growth(0.05, 0.01), "a small rise, but more than chance"),
        (Growth(0.05, 0.4), "such a rise or fall may be chance"),
        (Growth(-0.2, 0.99), "such a rise or fall may be chance"),
        (None, "The holdout was forecast without any error"),
    ],
)
def test_small_changes_of_the_error_are_worded_by_their_chance(
    page: AppTest,
    finished: StudyHandle,
    monkeypatch: pytest.MonkeyPatch,
    growth: Growth | None,
    said: str,
) -> None:
    monkeypatch.setattr(newer_verdict, "decay", lambda *_: growth)
    assert said in spoken(upload(page, finished, newer_rows(380, 500)))


def test_an_average_is_compared_with_what_it_promised(
    open_page: OpenPage, environment: Environment
) -> None:
    """Not with the mean over single networks, which misses by more."""
    handle = new_study(environment, make_settings("Mean"))
    add_trials(handle, "c")
    finish(handle, deliver="average")
    app = upload(open_page("forecast", study=handle.uuid), handle, newer_rows(380, 460))
    results = load_results(handle.folder)
    assert results is not None
    winner = next(iter(results.winners.values()))
    assert winner.n_networks == 3
    promised = float(table_with(app, "Forecast of")["RMSE"][1])
    assert promised == pytest.approx(as_values(winner.holdout).rmse, rel=5e-3)


def test_the_chart_keeps_the_extremes_of_both_lines() -> None:
    """A forecast far off at a calm hour was thinned away with that hour."""
    generator = np.random.default_rng(0)
    actual, predicted = generator.normal(size=(2, 20_000, 1))
    predicted[12_345] = 50.0
    actual[6_789] = -40.0
    shown = Predictions(
        np.arange(20_000), np.array([1]), np.arange(20_000)[:, None], actual, predicted
    )
    scale = Scale("y", None)
    chart = came_chart(shown, None, scale, cell="GRU", step=0, x_title="row")
    lines = [np.asarray(line.y, dtype=float) for line in chart.figure.data]
    assert [len(line) <= MOST_POINTS for line in lines] == [True, True]
    assert min(lines[0]) == -40.0
    assert max(lines[1]) == 50.0


def test_files_of_many_sequences_are_not_offered_for_one_series(
    page: AppTest, finished: StudyHandle
) -> None:
    offered = page.file_uploader(key=f"newer_{finished.uuid}").proto.type
    assert ".csv" in offered
    assert not {".ts", ".zip"} & set(offered)
