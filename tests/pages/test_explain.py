"""Explain: importance, one forecast, gates, and what to do where it cannot be."""

import pytest

from search.analysis.delivered import WEIGHTS_FILE
from search.config import CELLS, Environment
from search.space.lines import Architecture
from search.study.folders import winner_folder
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import add_trials, finish, make_settings, new_study


def test_no_study_says_what_to_do(open_page: OpenPage) -> None:
    assert "No study is open here" in words(open_page("explain"))


def test_without_results_it_says_why(open_made: OpenPage) -> None:
    shown = words(open_made("explain", "searching"))
    assert "winners are explained when it ends" in shown.replace("\\", "")


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_is_explained(open_made: OpenPage, cell: str) -> None:
    app = open_made("explain", "finished")
    app.segmented_control(key="explain_winner").set_value(cell).run()
    assert not app.exception
    assert not app.error
    shown = words(app).replace("\\", "")
    for title in (
        "Which inputs does it need?",
        "How far back does it look?",
        "Which forecast? Click one in the chart.",
        "What made this forecast?",
        "Inside the network",
    ):
        assert title in shown
    gates = {"LSTM": "Forget gate", "GRU": "Update gate", "SimpleRNN": "State"}
    assert gates[cell] in shown


def test_a_winner_without_weights_says_so(
    environment: Environment, open_page: OpenPage
) -> None:
    study = new_study(environment, make_settings("Old"))
    add_trials(study, "cccccc")
    finish(study)
    for cell in CELLS:
        (winner_folder(study, cell) / WEIGHTS_FILE).unlink(missing_ok=True)
    app = open_page("explain", study=study.uuid)
    assert not app.exception
    assert "cannot be explained" in words(app)


@pytest.mark.parametrize("architecture", ["attention", "bidirectional"])
def test_other_architectures_are_explained(
    environment: Environment, open_page: OpenPage, architecture: Architecture
) -> None:
    study = new_study(environment, make_settings("New", architecture=architecture))
    add_trials(study, "ccc")
    finish(study)
    app = open_page("explain", study=study.uuid)
    assert not app.exception
    assert not app.error
    shown = words(app).replace("\\", "")
    has_attention = architecture == "attention"
    assert ("Which steps does the network attend to?" in shown) is has_attention
    assert ("This network has no attention" in shown) is not has_attention
    ways = [one.key for one in app.segmented_control if one.key == "explain_way"]
    assert len(ways) == (architecture == "bidirectional")
    if ways:
        app.segmented_control(key="explain_way").set_value("backward").run()
        assert not app.exception
    assert "makes the forecast" in shown or "is made of" in shown
