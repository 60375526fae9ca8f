"""Forecast and Explain of sequences, labels, anomalies and many series."""

from collections.abc import Callable
from typing import get_args

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components.numbers import three_digits
from search.analysis.delivered.network import WEIGHTS_FILE
from search.analysis.delivered.sample_explaining import (
    holdout_answers,
    step_answer,
    stop_of,
)
from search.analysis.delivered.sample_network import load_sample_model
from search.config import Roles, Task, TaskKind
from search.environment import Environment
from search.study.folders import StudyHandle, winner_folder
from search.study.results import load_results
from tests.pages import sample_factory
from tests.pages.conftest import OpenPage, words
from tests.pages.sample_factory import sample_study, sequences, series
from tests.pages.study_factory import make_environment

OpenKind = Callable[[str, TaskKind], AppTest]
TITLES: dict[TaskKind, str] = {
    "regression": "Estimates for new sequences",
    "classification": "Classify new sequences",
    "labelling": "Label new rows",
    "anomaly": "Watch for anomalies",
    "forecasting": "Forecast",
}


def said(app: object) -> str:
    return words(app).replace("\\", "")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[TaskKind, StudyHandle]:
    """Return a study of each kind; tests may look at them and not change them."""
    place = make_environment(tmp_path_factory.mktemp("samples"))
    return {
        kind: sample_study(
            place, kind, architecture="stacked" if kind == "anomaly" else "attention"
        )
        for kind in get_args(TaskKind)
    }


@pytest.fixture
def open_kind(
    studies: dict[TaskKind, StudyHandle],
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> OpenKind:
    """Return a function that opens a page with the study of a kind."""
    place = studies["regression"].environment.studies_dir
    monkeypatch.setenv("STUDIES_DIR", str(place))
    return lambda page, kind: open_page(page, study=studies[kind].uuid)


def csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


@pytest.mark.parametrize("kind", TITLES)
def test_every_kind_answers_its_file_and_is_scored(
    open_kind: OpenKind, kind: TaskKind
) -> None:
    app = open_kind("forecast", kind)
    assert not app.exception
    assert app.title[0].value == TITLES[kind]
    is_whole = kind in ("regression", "classification")
    table = sequences(14, seed=5) if is_whole else series(2, 60, seed=5)
    app.file_uploader[0].set_value(("new.csv", csv(table), "text/csv")).run()
    assert not app.exception
    assert not app.error
    shown = said(app)
    assert f"rows in {14 if is_whole else 2} sequences" in shown
    assert "Does it keep its promise?" in shown
    if is_whole:
        assert "How does the answer develop?" in shown
    if kind in ("labelling", "anomaly"):
        (figures,) = (one.value for one in app.dataframe if "Figure" in one.value)
        both = figures.set_index("Figure").loc["Events found"]
        assert (both != "–").all()


def test_without_answers_in_the_file_the_holdout_is_told(open_kind: OpenKind) -> None:
    app = open_kind("forecast", "classification")
    table = sequences(4, seed=5).drop(columns=["what", "purity [%]"])
    app.file_uploader[0].set_value(("new.csv", csv(table), "text/csv")).run()
    assert not app.exception
    assert "does not say what the answers should be" in said(app)
    table = app.dataframe[0].value
    assert table["group"].tolist() == ["B00", "B01", "B02", "B03"]
    assert set(table["predicted"]) <= {"bad", "good"}
    assert "actual" not in table


def test_a_file_that_cannot_be_used_says_why(open_kind: OpenKind) -> None:
    app = open_kind("forecast", "anomaly")
    strange = series(1, 30).assign(shop="S9")
    app.file_uploader[0].set_value(("new.csv", csv(strange), "text/csv")).run()
    assert "does not know 'S9' in column 'shop'" in str(app.error[0].value).replace(
        "\\", ""
    )
    short = series(1, 8)
    app.file_uploader[0].set_value(("new.csv", csv(short), "text/csv")).run()
    assert "looks back on 10, so at least 11 are needed" in said(app)


@pytest.mark.parametrize("kind", TITLES)
def test_every_kind_is_explained(open_kind: OpenKind, kind: TaskKind) -> None:
    app = open_kind("explain", kind)
    assert not app.exception
    assert not app.error
    shown = said(app)
    assert "Which inputs does it need?" in shown
    if kind == "anomaly":
        assert "Which channels made the score?" in shown
        return
    assert "Inside the network" in shown
    assert "Which steps does the network attend to?" in shown
    if kind in ("classification", "labelling"):
        assert "speak for" in shown
        app.segmented_control(key="explain_measure").set_value("log_loss").run()
        assert "the log loss rises most" in said(app)


def test_a_forecast_is_explained_beside_what_came_at_the_same_step(
    environment: Environment, open_page: OpenPage
) -> None:
    study = sample_study(environment, "forecasting")
    winner = load_results(study.folder).winners["GRU"]  # type: ignore[union-attr]
    delivered = load_sample_model(study, "GRU", winner)
    assert delivered is not None
    answers = holdout_answers(delivered, None)
    assert answers.known is not None
    first = int(delivered.plan.final.validation[0])
    assert (answers.rows[0], stop_of(delivered, int(answers.rows[0]))) == (first, first)
    assert answers.known[0, 0] == delivered.panel.targets[first, 0]
    values, actual = step_answer(delivered, first, 0)
    assert (values[0], actual[0]) == (answers.values[0, 0], answers.known[0, 0])
    app = open_page("explain", study=study.uuid)
    place = int(app.number_input[0].value) - 1
    app.slider(key="explain_step").set_value(3).run()
    assert not app.exception
    came = series()["sales [units]"].to_numpy()
    group = series()["shop"].to_numpy() == app.selectbox(key="explain_group").value
    assert f"it was {three_digits(float(came[group][place + 2]))}" in said(app)


def test_weights_that_are_gone_are_named(
    environment: Environment, open_page: OpenPage
) -> None:
    study = sample_study(environment, "regression")
    (winner_folder(study, "GRU") / WEIGHTS_FILE).unlink()
    assert "made by an older version" in said(open_page("forecast", study=study.uuid))
    assert "made by an older version" in said(open_page("explain", study=study.uuid))


def test_a_file_that_knows_the_next_rows_is_forecast_beyond_its_end(
    environment: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has to be known in advance stands in rows behind each series."""
    roles = Roles(("sales [units]",), (), ("staff",), group="shop")
    task = Task(5, 20, 2, kind="forecasting")
    monkeypatch.setattr(sample_factory, "_task", lambda _kind: (roles, task))
    study = sample_study(environment, "forecasting")
    app = open_page("forecast", study=study.uuid)
    assert "staff of the next 5 rows, which are not in the data." in said(app)
    assert "leave **sales [units]** empty there, and upload the file" in said(app)
    table = series(2, 60, seed=5).astype({"sales [units]": object})
    is_next = table.groupby("shop").cumcount() >= 55
    table.loc[is_next, "sales [units]"] = ""
    app.file_uploader[0].set_value(("new.csv", csv(table), "text/csv")).run()
    assert not app.exception
    assert not app.error
    shown = said(app)
    assert "110 rows in 2 sequences" in shown
    assert "The forecast starts after the last row of S0 (24 Feb 2026)" in shown
    short = table[~(is_next & (table.groupby("shop").cumcount() >= 57))]
    app.file_uploader[0].set_value(("short.csv", csv(short), "text/csv")).run()
    assert "of 'S0' there are 2." in said(app)
