"""Progress: every state has its words and its next step; buttons steer the study."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components import study_data
from pages.components.progress.charts import folds_of, history_of
from pages.components.progress.running import worker_slots
from pages.components.progress.status import skill_sentence
from pages.components.progress.steering_words import budget_words
from pages.components.progress.table import (
    PAGE_ROWS,
    page_of_trials,
    trial_table,
)
from pages.components.progress.trials import failure_table, slowest_trials, trial_facts
from pages.components.scales import digits_format
from pages.components.state import forget_progress
from search.config import CELLS, Budget
from search.environment import Environment
from search.study.control import read_control, wish
from search.study.folders import StudyHandle
from search.study.progress import Progress, RunningTrial, read_progress
from search.study.results import TrialCounts
from search.study.trials.curves import CurveWriter, EpochPoint, curve_path, read_curve
from search.study.trials.listing import TrialView, read_trials
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import (
    REASON,
    add_running,
    add_trials,
    hold_supervisor,
    make_settings,
    new_study,
    set_state,
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


def many_trials(n_trials: int) -> tuple[TrialView, ...]:
    """Return trials of every kind; number 77 is the best."""
    kinds = ("complete", "complete", "complete", "pruned", "failed")
    trials = [
        TrialView(
            number,
            CELLS[number % 3],
            kinds[number % 5],  # type: ignore[arg-type]
            {"cell": CELLS[number % 3], "units": 16 + number % 7, "layers": 1},
            score=2.0 + (number * 37 % 101) / 50 if number % 5 < 4 else None,
            fold_scores=(1.0, 2.0),
            seconds_total=20.0,
        )
        for number in range(n_trials)
    ]
    if n_trials > 77:
        trials[77] = replace(trials[77], score=1.0, state="complete")
    return tuple(trials)


@pytest.fixture
def open_large(
    open_page: OpenPage, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AppTest]:
    """Return a function that opens Progress of a paused study of 5,003 trials."""
    study = new_study(environment, make_settings("Large"))
    set_state(study, "paused")
    trials = many_trials(5_003)
    monkeypatch.setattr("search.study.progress.read_trials", lambda handle: trials)
    return lambda: open_page("progress", study=study.uuid)


def table_of(app: AppTest) -> pd.DataFrame:
    """Return the table of trials."""
    return next(f.value for f in app.dataframe if "State" in f.value)


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
    assert shown.index("41 % worse than seasonal naive") < shown.index("RMSE 1.20")
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


@pytest.mark.case("S4", "the Progress page while the disk is full")
def test_a_full_disk_is_said_once_and_the_search_waits(
    open_page: OpenPage, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = new_study(environment, make_settings("Full disk"))
    wish(handle, "run")
    set_state(handle, "searching")
    with hold_supervisor(handle):
        assert "Networks are being trained" in spoken(
            open_page("progress", study=handle.uuid)
        )
        monkeypatch.setenv("STUDIES_MIN_FREE_MB", "1e12")
        forget_progress()
        shown = spoken(open_page("progress", study=handle.uuid))
    assert shown.count("The disk is full") == 1
    assert "The search waits because the disk of the studies folder is full" in shown
    assert "Networks are being trained" not in shown


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
    app.selectbox(key=f"try_{handle.uuid[:8]}_-1_units").set_value(64)
    app.button(key="try_submit").click().run()
    assert not app.exception
    assert read_trials(handle)[-1].state == "waiting"
    assert read_trials(handle)[-1].params["units"] == 64
    assert "Queued" in app.toast[0].value


def test_more_budget_is_written_and_a_finished_search_goes_on(
    open_page: OpenPage, environment: Environment
) -> None:
    handle = new_study(environment, make_settings("Budget", n_trials=1))
    add_trials(handle, "c")
    app = open_page("progress", study=handle.uuid)
    app.number_input(key=f"more_trials_{handle.uuid[:8]}_0").set_value(30)
    app.number_input(key=f"more_minutes_{handle.uuid[:8]}_0").set_value(5)
    app.button(key="more_submit").click().run()
    assert read_control(handle).budget == Budget(30, 300)


def test_no_budget_at_all_is_refused(
    open_page: OpenPage, environment: Environment
) -> None:
    handle = new_study(environment, make_settings("Nothing"))
    app = open_page("progress", study=handle.uuid)
    app.number_input(key=f"more_trials_{handle.uuid[:8]}_0").set_value(0)
    app.button(key="more_submit").click().run()
    assert "Give a budget" in app.error[0].value
    assert read_control(handle).budget == Budget(12)


def test_trial_table_shows_the_named_parameters_and_stars_the_best() -> None:
    table = trial_table([A, B], {"LSTM": A}, "RMSE", names=["units"])
    assert list(table["Units"]) == [16, 32]
    assert "Layers" not in table
    assert list(table["Best"]) == ["★", ""]
    assert list(table["Reason"]) == ["", "Too large."]


def test_page_of_trials_by_number_keeps_its_trials_while_the_study_grows() -> None:
    trials = many_trials(300)
    for n_trials in (250, 251, 300):
        page = page_of_trials(trials[:n_trials], "number", 1)
        assert [trial.number for trial in page] == list(range(100, 200))


@pytest.mark.parametrize(
    ("n_trials", "sizes"),
    [
        (0, [0]),
        (1, [1]),
        (149, [149]),
        (150, [100, 50]),
        (249, [100, 149]),
        (250, [100, 100, 50]),
    ],
)
def test_the_last_page_is_never_almost_empty(n_trials: int, sizes: list[int]) -> None:
    trials = many_trials(n_trials)
    pages = [page_of_trials(trials, "number", page) for page in range(len(sizes))]
    assert [len(page) for page in pages] == sizes
    assert [trial for page in pages for trial in page] == list(trials)


def test_page_of_trials_by_score_has_the_best_first_and_the_rest_after_them() -> None:
    trials = [
        TrialView(0, "GRU", "complete", score=3.0),
        TrialView(1, "GRU", "pruned", score=0.5),
        TrialView(2, "GRU", "complete", score=1.0),
        TrialView(3, "GRU", "running", score=0.1),
    ]
    ordered = page_of_trials(trials, "score", 0)
    assert [trial.number for trial in ordered] == [2, 0, 1, 3]


def test_a_large_study_shows_its_latest_page(
    open_large: Callable[[], AppTest],
) -> None:
    app = open_large()
    assert not app.exception
    numbers = list(table_of(app)["Trial"])
    assert numbers == list(range(4_900, 5_003))
    page = app.selectbox(key="progress_page_number")
    assert page.options[-1] == "Trials 4900 to 5002"
    # Only what is on show is offered, and the best ones.
    assert len(app.selectbox(key="progress_trial").options) <= 103 + 3
    app.selectbox(key="progress_page_number").set_value(7).run()
    assert list(table_of(app)["Trial"]) == list(range(700, 800))


def test_a_large_study_in_the_order_of_the_scores(
    open_large: Callable[[], AppTest],
) -> None:
    app = open_large()
    app.segmented_control(key="progress_order").set_value("score").run()
    table = table_of(app)
    assert len(table) == PAGE_ROWS
    assert table["RMSE [°C]"].is_monotonic_increasing
    assert table["RMSE [°C]"].iloc[0] == 1.0
    assert "Places 1 to 100" in app.selectbox(key="progress_page_score").options[0]


def test_what_a_page_of_a_large_study_sends_is_small(
    open_large: Callable[[], AppTest],
) -> None:
    """All 5,000 rows, options and points were sent every two seconds: 1.1 MB."""
    app = open_large()
    sizes = [e.proto.ByteSize() for e in app.main if e.proto is not None]
    assert max(sizes) > 10_000  # the chart of all scores counts too
    assert sum(sizes) < 150_000


def test_a_failure_of_many_is_listed_once(open_large: Callable[[], AppTest]) -> None:
    app = open_large()
    failed = next(f.value for f in app.dataframe if len(f.value.columns) == 3)
    assert len(failed) == 100
    assert "These are the latest 100" in spoken(app)


def test_charts_are_drawn_anew_only_when_a_trial_has_ended(
    environment: Environment,
) -> None:
    study = new_study(environment, make_settings("Cached"))
    add_trials(study, "cc")
    first = read_progress(study)
    history, folds = history_of(study, first), folds_of(study, first)
    add_running(study, 2)
    second = read_progress(study)
    assert history_of(study, second) is history
    assert folds_of(study, second) is folds
    add_trials(study, "c")
    third = read_progress(study)
    assert history_of(study, third) is not history
    assert len(history_of(study, third).numbers()) == 3


def plant_curve(study: StudyHandle, number: int, ill: str) -> None:
    """Replace the curve of a trial by an ill one."""
    writer = CurveWriter(study.folder, number)
    for epoch in range(1, 13):
        loss = 1 / epoch
        score = 1 + 0.05 * abs(epoch - 4)
        if ill == "diverged" and epoch == 12:
            writer.write_epoch(EpochPoint(12, (0.1, None, None), (1.0, None, None),
                                          None, 0.1))  # fmt: skip
            continue
        writer.write_epoch(EpochPoint(epoch, (loss,) * 3, (score,) * 3, score, 0.1))


def test_a_chosen_trial_says_what_its_curves_tell(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Ill"))
    add_trials(study, "cpf")
    plant_curve(study, 0, "overfitting")
    plant_curve(study, 2, "diverged")
    set_state(study, "paused")
    app = open_page("progress", study=study.uuid)
    assert "What its curves tell" not in spoken(app)

    app.selectbox(key="progress_trial").set_value(0).run()
    assert not app.exception
    shown = spoken(app)
    assert "What its curves tell" in shown
    assert "It learns by heart" in shown
    assert "After epoch 4 the training loss fell by another 67 %" in shown
    assert "How did the training loss fall?" in shown

    app.selectbox(key="progress_trial").set_value(2).run()
    shown = spoken(app)
    assert f"Failed: {REASON}" in shown
    assert "At epoch 12 the loss or the score of fold 2 was infinite" in shown
    assert "It learns by heart" in shown

    app.selectbox(key="progress_trial").set_value(1).run()
    assert not app.exception
    shown = spoken(app)
    assert "What its curves tell" in shown
    assert "It learns by heart" not in shown


def test_a_cure_of_a_trial_fills_the_search_page(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Ill"))
    add_trials(study, "c")
    plant_curve(study, 0, "overfitting")
    set_state(study, "paused")
    app = open_page("progress", study=study.uuid)
    app.selectbox(key="progress_trial").set_value(0).run()
    app.button(key="cure_trial_0_overfitting_more_dropout").click().run()
    assert not app.exception
    assert app.title[0].value == "Search"
    assert app.session_state["setup_low_dropout"] == 0.2
    assert app.session_state["setup_high_dropout"] == 0.6


def test_a_trial_without_a_curve_has_nothing_to_judge(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Early"))
    add_trials(study, "f")
    set_state(study, "paused")
    app = open_page("progress", study=study.uuid)
    app.selectbox(key="progress_trial").set_value(0).run()
    assert not app.exception
    assert "It has no epoch to judge" in spoken(app)


def test_failure_table_says_when_no_reason_is_known() -> None:
    silent = TrialView(3, "GRU", "failed", is_retried=True)
    reasons = failure_table([silent])["Reason"]
    assert list(reasons) == ["No reason was recorded. (tried again)"]


def test_facts_of_a_trial_say_where_the_learning_rate_fell() -> None:
    trial = TrialView(3, "GRU", "complete", epochs_run=14, best_epoch=12)
    assert "learning rate" not in trial_facts(trial)
    facts = trial_facts(replace(trial, rate_drops=(8, 13)))
    assert facts.endswith("The learning rate halved at epoch 8, 13.")


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
        (8.0, "100 % worse than drift"),
        (42.0, "10.5 times the error of drift"),
    ],
)
def test_skill_sentence(score: float, sentence: str) -> None:
    assert skill_sentence(score, "drift", 4.0).replace("\\", "") == sentence


def test_budget_words() -> None:
    assert budget_words(Budget(30, 300)) == "30 trials and 5 min"
    assert budget_words(Budget(None, 60)) == "1 min"
    assert budget_words(Budget(1, 20)) == "1 trial and 20 s"
    early = Budget(9, stop_early=True)
    assert budget_words(early) == "9 trials, or fewer if more are not worth it"


def test_digits_format_gives_the_smallest_three_digits() -> None:
    assert digits_format([0.0123, 4.5, None]) == "%.4f"


def test_a_learning_curve_is_read_again_only_when_it_has_grown(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = new_study(environment, make_settings("Curve"))
    number = add_running(study, 3)
    reads = []

    def count(folder: Path, trial: int) -> tuple[EpochPoint, ...]:
        reads.append(trial)
        return read_curve(folder, trial)

    monkeypatch.setattr(study_data, "read_curve", count)
    assert [len(study_data.trial_curve(study, number)) for _ in range(3)] == [3, 3, 3]
    assert reads == [number]
    with curve_path(study.folder, number).open("ab") as file:
        file.write(b'{"epoch":4,"train":[],"valid":[1.0],"score":1.0,"seconds":1}\n')
    assert len(study_data.trial_curve(study, number)) == 4
    assert reads == [number] * 2
    assert study_data.trial_curve(study, 99) == ()
