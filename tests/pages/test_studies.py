"""The list of studies and what can be done there."""

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.studies import list as study_list
from pages.components.studies import menu as study_menu
from pages.components.studies.menu import export_json
from search.config import Environment
from search.locks import try_lock
from search.study.control import read_control
from search.study.folders import SUPERVISOR_LOCK
from search.study.studies import find_study, list_studies
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import (
    add_trials,
    finish,
    hold_supervisor,
    make_settings,
    new_study,
    set_state,
)


def test_empty_list_leads_to_data(open_page: OpenPage) -> None:
    assert "No studies yet" in words(open_page("studies"))


def test_search_filters_by_name_and_target(
    open_page: OpenPage, environment: Environment
) -> None:
    new_study(environment, make_settings("Oven"))
    new_study(environment, make_settings("Cellar"))
    app = open_page("studies")
    app.text_input(key="studies_search").set_value("oven temp").run()
    assert "**Oven**" in words(app)
    assert "**Cellar**" not in words(app)
    app.text_input(key="studies_search").set_value("attic").run()
    assert "No study matches" in words(app)


def test_rename(open_page: OpenPage, environment: Environment) -> None:
    study = new_study(environment, make_settings("Oven"))
    app = open_page("studies")
    app.text_input(key=f"name_{study.uuid}").set_value("Kiln")
    app.button(key=f"save_{study.uuid}").click().run()
    assert find_study(environment, study.uuid).settings.name == "Kiln"
    assert "**Kiln**" in words(app)


def test_empty_name_is_refused_in_words(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Oven"))
    app = open_page("studies")
    app.text_input(key=f"name_{study.uuid}").set_value("  ")
    app.button(key=f"save_{study.uuid}").click().run()
    assert "1 to 80 characters" in app.error[0].value


def test_archive_hides_and_brings_back(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Oven"))
    app = open_page("studies")
    app.button(key=f"archive_{study.uuid}").click().run()
    assert "**Oven**" not in words(app)
    app.toggle(key="studies_archived").set_value(True).run()
    app.button(key=f"unarchive_{study.uuid}").click().run()
    assert not read_control(study).archived


def test_delete_asks_first(open_page: OpenPage, environment: Environment) -> None:
    study = new_study(environment, make_settings("Oven"))
    set_state(study, "finished")
    app = open_page("studies")
    app.button(key=f"delete_{study.uuid}").click().run()
    assert "This cannot be undone" in words(app)
    assert list_studies(environment) == (study,)


DIALOG = """
from pages.components.state import environment
from pages.components.studies.menu import confirm_delete
from search.study.studies import list_studies
for study in list_studies(environment()):
    confirm_delete(study)
"""


def test_confirmed_deletion_deletes(environment: Environment) -> None:
    study = new_study(environment, make_settings("Oven"))
    set_state(study, "finished")
    app = AppTest.from_string(DIALOG, default_timeout=30).run()
    app.button(key="delete_confirm").click().run()
    assert list_studies(environment) == ()


def test_deletion_of_a_running_study_is_refused_in_words(
    environment: Environment,
) -> None:
    study = new_study(environment, make_settings("Oven"))
    with try_lock(study.folder / SUPERVISOR_LOCK) as lock:
        assert lock is not None
        app = AppTest.from_string(DIALOG, default_timeout=30).run()
        app.button(key="delete_confirm").click().run()
        assert "still running" in app.error[0].value
    assert list_studies(environment) == (study,)


def test_resume_starts_a_paused_study(
    open_page: OpenPage, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed: list[str] = []
    monkeypatch.setattr(
        study_menu, "start_study", lambda study: resumed.append(study.uuid)
    )
    study = new_study(environment, make_settings("Oven"))
    set_state(study, "failed", "Five workers in a row ended at once.")
    app = open_page("studies")
    assert "Five workers in a row" in words(app)
    app.button(key=f"resume_{study.uuid}").click().run()
    assert resumed == [study.uuid]


def test_finished_study_cannot_be_resumed(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Oven"))
    set_state(study, "finished")
    app = open_page("studies")
    assert not [b for b in app.button if b.key == f"resume_{study.uuid}"]


def test_duplicate_opens_the_search_page(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Oven"))
    app = open_page("studies")
    app.button(key=f"duplicate_{study.uuid}").click().run()
    assert app.title[0].value == "Search"
    assert app.number_input(key="setup_horizon").value == 6


def test_export_holds_settings_and_results(environment: Environment) -> None:
    study = new_study(environment, make_settings("Oven"))
    assert json.loads(export_json(study))["results"] is None
    add_trials(study, "ccc")
    finish(study)
    document = json.loads(export_json(study))
    assert document["study"]["settings"]["name"] == "Oven"
    assert set(document["results"]["winners"]) == {"SimpleRNN", "LSTM", "GRU"}


def test_unreadable_folder_is_named(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Oven"))
    (study.folder / "study.json").write_text("{")
    shown = words(open_page("studies"))
    assert study.uuid in shown
    assert "damaged" in shown


@pytest.mark.parametrize("page", ["home", "studies"])
def test_only_studies_at_work_have_a_timer(
    open_page: OpenPage,
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
) -> None:
    """One that searches made all rows be drawn again every two seconds."""
    timers = {}

    def note(render: Callable[[], None], *, running: bool, key: str) -> None:
        timers[key] = running
        render()

    monkeypatch.setattr(study_list, "live", note)
    resting = new_study(environment, make_settings("Resting"))
    set_state(resting, "paused")
    working = new_study(environment, make_settings("Working"))
    with hold_supervisor(working):
        app = open_page(page)
    assert not app.exception
    assert timers == {
        f"{page}_row_{resting.uuid}": False,
        f"{page}_row_{working.uuid}": True,
    }


def test_a_study_that_comes_to_rest_ends_its_timer(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = new_study(environment, make_settings("Done"))
    set_state(study, "paused")
    reruns = []
    monkeypatch.setattr("streamlit.rerun", lambda: reruns.append(study))
    monkeypatch.setattr(study_list, "_show_links", lambda *_: None)
    study_list._show_row(study, "home", None, was_live=False)
    assert not reruns
    study_list._show_row(study, "home", None, was_live=True)
    assert reruns == [study]
