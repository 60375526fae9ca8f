"""Home: the first minute."""

from search.data.samples import SAMPLES
from search.environment import Environment
from search.study.studies import archive_study
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import (
    add_trials,
    finish,
    make_settings,
    new_study,
    set_state,
)


def test_empty_home_says_what_this_is_and_offers_three_samples(
    open_page: OpenPage,
) -> None:
    app = open_page("home")
    assert "Find the best recurrent network" in words(app)
    assert "No studies yet" in words(app)
    assert [app.button(key=f"take_home_{name}").label for name in SAMPLES] == [
        "Use this sample"
    ] * 3


def test_a_sample_is_one_click_away(open_page: OpenPage) -> None:
    app = open_page("home")
    app.button(key="take_home_two_sines").click().run()
    assert app.title[0].value == "Data"
    assert r"**two\_sines\.csv**" in words(app)


def test_start_leads_to_data(open_page: OpenPage) -> None:
    app = open_page("home")
    app.button(key="home_next").click().run()
    assert app.title[0].value == "Data"


def test_studies_show_state_and_best(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Oven *7*"))
    add_trials(study, "ccc")
    finish(study)
    shown = words(open_page("home"))
    assert r"**Oven \*7\***" in shown
    assert "finished" in shown
    assert "Best of the search" in shown
    assert "°C" in shown


def test_archived_studies_are_left_out(
    open_page: OpenPage, environment: Environment
) -> None:
    archive_study(new_study(environment, make_settings("Old")))
    assert "No studies yet" in words(open_page("home"))


def test_damaged_study_does_not_take_the_page_down(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Torn"))
    set_state(study, "paused")
    (study.folder / "state.json").write_text("{")
    shown = words(open_page("home"))
    assert "Torn" in shown
    assert "damaged" in shown
