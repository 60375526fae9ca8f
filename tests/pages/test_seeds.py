"""Mean and spread over seeds, diverged seeds and the delivered model on every page."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.report.contents import report_html
from pages.components.seed_views import seed_table
from search.config import Deliver
from search.environment import Environment
from search.study.folders import StudyHandle
from search.study.results import load_results
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import add_trials, finish, make_settings, new_study

MakeFinished = Callable[..., StudyHandle]


@pytest.fixture
def finished(environment: Environment) -> MakeFinished:
    """Return a function that makes a finished study with winners of three seeds."""

    def make(
        *, deliver: Deliver = "one", diverged: tuple[int, ...] = ()
    ) -> StudyHandle:
        study = new_study(environment, make_settings("Seeds"))
        add_trials(study, "cccccc")
        finish(study, deliver=deliver, diverged=diverged)
        return study

    return make


def spoken(app: AppTest) -> str:
    """Return all text of a page without the escapes of markdown."""
    assert not app.exception
    assert not app.error
    return words(app).replace("\\", "")


@pytest.mark.parametrize("page", ["progress", "forecast"])
def test_a_holdout_score_stands_beside_its_seeds(
    open_page: OpenPage, finished: MakeFinished, page: str
) -> None:
    shown = spoken(open_page(page, study=finished().uuid))
    assert "(delivered network); single networks from 3 seeds" in shown
    assert " ± " in shown
    assert "diverged" not in shown.replace("did not diverge", "")


@pytest.mark.parametrize("page", ["progress", "forecast", "compare"])
def test_a_diverged_seed_is_said(
    open_page: OpenPage, finished: MakeFinished, page: str
) -> None:
    shown = spoken(open_page(page, study=finished(diverged=(0,)).uuid))
    assert "1 of 3 seeds diverged; scores are over the 2 others" in shown


@pytest.mark.parametrize("page", ["forecast", "compare"])
def test_the_delivered_model_is_named(
    open_page: OpenPage, finished: MakeFinished, page: str
) -> None:
    shown = spoken(open_page(page, study=finished().uuid))
    assert "What is delivered is the network of the first seed" in shown
    study = finished(deliver="average", diverged=(1,))
    shown = spoken(open_page(page, study=study.uuid))
    assert "What is delivered is the average of 2 networks" in shown
    assert "the network of the first seed" not in shown


def test_one_seed_has_no_spread(open_page: OpenPage, finished: MakeFinished) -> None:
    study = finished(diverged=(0, 1))
    assert "so there is no spread" in spoken(open_page("forecast", study=study.uuid))
    app = open_page("compare", study=study.uuid)
    column = app.dataframe[0].value["Seeds: mean (range)"]
    assert column.iloc[0].endswith("(one seed)")


def test_seed_table_holds_every_seed_and_metric(finished: MakeFinished) -> None:
    results = load_results(finished(diverged=(1,)).folder)
    assert results is not None
    table = seed_table(results)
    table = table[table["Model"] == "GRU"].drop(columns="Model")
    assert table["Trained from"].tolist() == [
        "delivered model",
        "mean ± spread of 2 seeds",
        "seed 0",
        "seed 1, diverged",
        "seed 2",
    ]
    assert set(table.columns[1:]) == {"RMSE", "MAE", "MSE", "MASE", "sMAPE [%]", "R²"}
    assert set(table.iloc[3, 1:]) == {"–"}
    assert " ± " in table["RMSE"].iloc[1]
    assert table["RMSE"].iloc[0] == table["RMSE"].iloc[2]


def test_report_says_what_the_pages_say(finished: MakeFinished) -> None:
    study = finished(deliver="average", diverged=(2,))
    results = load_results(study.folder)
    assert results is not None
    report = report_html(study, results)
    assert "GRU: What is delivered is the average of 2 networks" in report
    assert "1 of 3 seeds diverged; scores are over the 2 others." in report
    assert "GRU, seed 2: Loss is not a number at epoch 2 of the refit." in report
    assert "mean ± spread of 2 seeds" in report
    assert "(average of 2 networks); single networks from 2 seeds" in report


def test_an_average_is_explained_as_a_mean(
    open_page: OpenPage, finished: MakeFinished
) -> None:
    app = open_page("explain", study=finished(deliver="average").uuid)
    assert "averages the forecasts of 3 networks" in spoken(app)
    assert "The gates are those of one of the 3 networks" in spoken(app)
    first = words(app)
    app.slider(key="explain_member").set_value(3).run()
    assert spoken(app) != first.replace("\\", "")
