"""Forecast: picture, band, downloads, and what to do where there is no forecast."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.components.downloads import file_name
from search.config import Roles
from search.environment import Environment
from search.study.folders import StudyHandle
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import (
    TARGET,
    add_trials,
    finish,
    make_settings,
    new_study,
)


def spoken(app: AppTest) -> str:
    """Return all text of a page without the escapes of markdown."""
    return words(app).replace("\\", "")


def test_no_study_says_what_to_do(open_page: OpenPage) -> None:
    assert "No study is open here" in spoken(open_page("forecast"))


def test_without_results_it_says_why(open_made: OpenPage) -> None:
    assert "The search is still searching" in spoken(open_made("forecast", "searching"))
    assert "ended without a winner" in spoken(open_made("forecast", "failed"))


def test_the_best_network_forecasts_first(open_made: OpenPage) -> None:
    app = open_made("forecast", "finished")
    assert not app.exception
    shown = spoken(app)
    assert app.segmented_control(key="forecast_winner").value == "GRU"
    assert "6 steps from 17 Mar 2026 16:00 to 17 Mar 2026 21:00" in shown
    assert "at least 80 % of 43 earlier forecasts missed by no more than this" in shown
    assert "Checked: the bundle was unpacked" in shown
    assert "python predict.py newest.csv" in app.code[0].value


def test_another_winner_can_be_chosen(open_made: OpenPage) -> None:
    app = open_made("forecast", "finished")
    app.segmented_control(key="forecast_winner").set_value("LSTM").run()
    assert not app.exception
    assert [button.label for button in app.download_button][-1] == "Download LSTM"


def test_no_forecast_and_no_bundle_are_said(open_made: OpenPage) -> None:
    app = open_made("forecast", "stopped")
    assert not app.exception
    assert "The forecast is not there" in spoken(app)
    assert "The bundle could not be made: The disk is full" in spoken(app)
    assert app.button(key="forecast_next").disabled


def test_known_features_are_named(
    open_page: OpenPage, environment: Environment
) -> None:
    roles = Roles(targets=(TARGET,), known_features=("load [kW]",))
    handle = new_study(environment, make_settings("Known", roles=roles))
    add_trials(handle, "c")
    finish(handle, with_forecast=False)
    shown = spoken(open_page("forecast", study=handle.uuid))
    assert "known in advance (load [kW])" in shown
    assert "add 6 rows" in shown


def test_two_targets_are_chosen_from(
    open_page: OpenPage, environment: Environment
) -> None:
    roles = Roles(targets=(TARGET, "load [kW]"))
    handle = new_study(environment, make_settings("Two", roles=roles))
    add_trials(handle, "c")
    finish(handle)
    app = open_page("forecast", study=handle.uuid)
    app.selectbox(key="forecast_target").set_value("load [kW]").run()
    assert not app.exception
    assert not app.error
    app = open_page("compare", study=handle.uuid)
    assert not app.exception
    assert not app.error


def test_file_name_is_harmless(made_studies: dict[str, StudyHandle]) -> None:
    name = file_name(made_studies["finished"], "GRU", "bundle.zip")
    assert name == "Finished_GRU_bundle.zip"


def test_a_bundle_that_is_gone_is_not_offered(
    open_made: OpenPage, made_studies: dict[str, StudyHandle]
) -> None:
    path = made_studies["finished"].folder / "winners/GRU/bundle.zip"
    kept = Path(f"{path}.kept")
    path.rename(kept)
    try:
        app = open_made("forecast", "finished")
    finally:
        kept.rename(path)
    assert "the file is no longer in the study's folder" in spoken(app)
