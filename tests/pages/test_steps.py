"""The step bar says how far a study has come."""

import pytest

from pages.components.steps import step_states
from search.environment import Environment
from tests.pages.study_factory import (
    add_trials,
    finish,
    make_settings,
    new_study,
    set_state,
)


def test_nothing_chosen_yet() -> None:
    states = step_states(None, has_series=False)
    assert states["data"] == "ready"
    assert set(states.values()) == {"ready", "later"}


def test_confirmed_series_opens_the_search() -> None:
    states = step_states(None, has_series=True)
    assert (states["data"], states["setup"]) == ("done", "ready")


@pytest.mark.parametrize(
    ("state", "shown"), [("waiting", "busy"), ("failed", "problem")]
)
def test_progress_of_a_study(environment: Environment, state, shown) -> None:
    study = new_study(environment, make_settings("One"))
    if state != "waiting":
        set_state(study, state)
    states = step_states(study, has_series=False)
    assert states["progress"] == shown
    assert states["compare"] == "later"


def test_results_open_compare_and_forecast(environment: Environment) -> None:
    study = new_study(environment, make_settings("One"))
    add_trials(study, "ccc")
    finish(study)
    states = step_states(study, has_series=False)
    assert set(states.values()) == {"done"}
