"""Progress: every state has its words and its next step; buttons steer the study."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.progress_forms import budget_words
from pages.components.progress_running import worker_slots
from pages.components.progress_status import skill_sentence
from pages.components.progress_trials import (
    failure_table,
    slowest_trials,
    trial_table,
)
from pages.components.scales import digits_format
from search.config import Budget, Environment
from search.study.control import read_control
from search.study.progress import Progress, RunningTrial
from search.study.results import TrialCounts
from search.study.trials import TrialView, read_trials
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import (
    REASON,
    add_trials,
    hold_supervisor,
    make_settings,
    new_study,
)

A = TrialView(
    0, "LSTM", "complete", {"cell": "LSTM", "units": 16, "layers": 1}, score=2.0
)
B = TrialView(
    1, "GRU", "failed", {"cell": "GRU", "units": 32, "layers": 1}, error="Too large."
)


def spoken(app: AppTest) -> str:
    """Return all text of a page without the escapes of markdown."""
    return words(app).replace("\\", "")


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wishes are written as ever; no supervisor is started."""
    monkeypatch.setattr("search.jobs.launch._launch", lambda handle: None)


def test_no_study_says_what_to_do(open_page: OpenPage) -> None:
    app = open_page("progress")
    assert not app.exception
    assert "No study is open here" in spoken(app)


@pytest.mark.parametrize(
    ("state", "sentence", "button"),
    [
        ("waiting", "about to start", "progress_pause"),
        ("searching", "Networks are being trained", "progress_pause"),
        ("paused", "The search rests", "progress_resume"),
        ("finished", "The search is finished", "progress_next"),
        ("stopped", "The search was stopped", "progress_next"),
        ("failed", "The search ended by itself", "progress_resume"),
        ("interrupted", "its process is gone", "progress_resume"),
    ],
)
def test_each_state_has_words_and_a_next_step(
    open_made: OpenPage, state: str, sentence: str, button: str
) -> None:
    app = open_made("progress", state)
    assert not app.exception
    assert not any("Something went wrong" in error.value for error in app.error)
    assert sentence in spoken(app)
    assert app.button(key=button)


def test_searching_shows_counts_best_and_running_curve(open_made: OpenPage) -> None:
    app = open_made("progress", "searching")
    shown = spoken(app)
    assert "Is trial 6 (GRU) still learning?" in shown
    assert "Epoch 5 of at most 12" in shown
    assert "trial 0, 2 done" in shown
    assert "worse than seasonal naive" in shown
    assert app.button(key="progress_next").disabled


def test_failed_study_shows_the_reason_and_the_failed_trials(
    open_made: OpenPage,
) -> None:
    app = open_made("progress", "failed")
    assert "Five workers in a row ended at once" in app.error[0].value
    tables = [frame.value for frame in app.dataframe]
    assert any((table == REASON).any(axis=None) for table in tables)


def test_a_study_without_trials_says_so(open_made: OpenPage) -> None:
    app = open_made("progress", "waiting")
    shown = spoken(app)
    assert list(app.dataframe[0].value["State"]) == ["waits"] * 3
    assert "No trial is complete yet" in shown
    assert "no complete trial yet" in shown


def test_best_of_a_cell_opens_its_trial(open_made: OpenPage) -> None:
    app = open_made("progress", "finished")
    app.button(key="progress_best_LSTM").click().run()
    assert app.selectbox(key="progress_trial").value == 1
    assert "How did trial 1 (LSTM) learn?" in spoken(app)


def test_a_failed_trial_shows_its_reason(open_made: OpenPage) -> None:
    app = open_made("progress", "failed")
    app.selectbox(key="progress_trial").set_value(0).run()
    assert any("Failed: Out of memory" in error.value for error in app.error)


def test_pause_and_stop_write_the_wish(
    open_page: OpenPage, environment: Environment
) -> None:
    handle = new_study(environment, make_settings("Steered"))
    with hold_supervisor(handle):
        app = open_page("progress", study=handle.uuid)
        app.button(key="progress_pause").click().run()
        assert read_control(handle).wish == "pause"
        app.button(key="progress_stop_confirm").click().run()
    assert read_control(handle).wish == "stop"


def test_resume_writes_the_wish(open_page: OpenPage, environment: Environment) -> None:
    handle = new_study(environment, make_settings("Resumed"))
    with hold_supervisor(handle):
        pass
    app = open_page("progress", study=handle.uuid)
    before = read_control(handle).revision
    app.button(key="progress_resume").click().run()
    assert read_control(handle).wish == "run"
    assert read_control(handle).revision == before + 1
    assert "about to start" in spoken(app)


def test_try_this_one_next_queues_the_configuration(
    open_page: OpenPage, environment: Environment
) -> None:
    handle = new_study(environment, make_settings("Queue"))
    app = open_page("progress", study=handle.uuid)
    app.number_input(key="try_-1_units").set_value(48)
    app.button(key="try_submit").click().run()
    assert not app.exception
    assert read_trials(handle)[-1].state == "waiting"
    assert read_trials(handle)[-1].params["units"] == 48
    assert "Queued" in spoken(app)


def test_more_budget_is_written_and_a_finished_search_goes_on(
    open_page: OpenPage, environment: Environment
) -> None:
    handle = new_study(environment, make_settings("Budget", n_trials=1))
    add_trials(handle, "c")
    app = open_page("progress", study=handle.uuid)
    app.number_input(key="more_trials").set_value(30)
    app.number_input(key="more_minutes").set_value(5)
    app.button(key="more_submit").click().run()
    assert read_control(handle).budget == Budget(30, 300)


def test_no_budget_at_all_is_refused(
    open_page: OpenPage, environment: Environment
) -> None:
    handle = new_study(environment, make_settings("Nothing"))
    app = open_page("progress", study=handle.uuid)
    app.number_input(key="more_trials").set_value(0)
    app.button(key="more_submit").click().run()
    assert "Give a budget" in app.error[0].value
    assert read_control(handle).budget == Budget(12)


def test_trial_table_shows_only_what_differs_and_stars_the_best() -> None:
    table = trial_table([A, B], {"LSTM": A}, "RMSE")
    assert list(table["units"]) == [16, 32]
    assert "layers" not in table
    assert list(table["Best"]) == ["★", ""]
    assert list(table["Reason"]) == ["", "Too large."]


def test_failure_table_says_when_no_reason_is_known() -> None:
    silent = TrialView(3, "GRU", "failed", is_retried=True)
    reasons = failure_table([silent])["Reason"]
    assert list(reasons) == ["No reason was recorded. (tried again)"]


def test_slowest_trials_leaves_running_ones_out() -> None:
    trials = [
        TrialView(0, "GRU", "complete", seconds_total=3.0),
        TrialView(1, "GRU", "pruned", seconds_total=9.0),
        TrialView(2, "GRU", "running", seconds_total=50.0),
    ]
    assert [trial.number for trial in slowest_trials(trials)] == [1, 0]


def test_each_worker_keeps_its_place_between_trials() -> None:
    """Worker 30 ran trial 1 and is between trials; workers 10 and 20 train."""
    trials = (
        TrialView(0, "GRU", "complete", worker_pid=10),
        TrialView(1, "GRU", "complete", worker_pid=30),
        TrialView(2, "LSTM", "running", worker_pid=20),
        TrialView(3, "LSTM", "running", worker_pid=10),
        TrialView(4, "LSTM", "waiting"),
    )
    running = tuple(
        RunningTrial(number, "LSTM", {}, 1, 9, None, 1.0) for number in (2, 3)
    )
    three = some_progress(trials, running, workers=3)
    assert [slot and slot.number for slot in worker_slots(three)] == [3, 2, None]
    two = some_progress(trials, running, workers=2)
    assert [slot and slot.number for slot in worker_slots(two)] == [3, 2]
    assert worker_slots(some_progress((), (), workers=2)) == []


def some_progress(
    trials: tuple[TrialView, ...], running: tuple[RunningTrial, ...], *, workers: int
) -> Progress:
    return Progress(
        state="searching",
        message="",
        n_done=0,
        n_trials=9,
        counts=TrialCounts(),
        seconds_used=0.0,
        seconds_budget=None,
        fraction=0.0,
        eta_seconds=None,
        best={},
        running=running,
        failures=(),
        trials=trials,
        refitted=(),
        workers=workers,
    )


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (3.0, "25 % better than drift"),
        (5.0, "25 % worse than drift"),
        (4.001, "no better than drift"),
    ],
)
def test_skill_sentence(score: float, sentence: str) -> None:
    assert skill_sentence(score, "drift", 4.0) == sentence


def test_budget_words() -> None:
    assert budget_words(Budget(30, 300)) == "30 trials and 5 minutes"
    assert budget_words(Budget(None, 60)) == "1 minute"


def test_digits_format_gives_the_smallest_three_digits() -> None:
    assert digits_format([0.0123, 4.5, None]) == "%.4f"
