"""Steering on the Progress page, and what other pages say about it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.progress.steering import outlook_sentence
from pages.components.progress.steering_words import moment_words, steered_sentence
from pages.components.report.contents import report_html
from pages.components.state import forget_progress
from search.config import Budget, Environment
from search.errors import UserInputError
from search.space.lines import Line
from search.study.control import (
    StateRecord,
    read_control,
    set_budget,
    wish,
    write_state,
)
from search.study.folders import StudyHandle
from search.study.progress import read_progress
from search.study.steering import enqueue, narrow, widen
from search.study.trials.listing import TrialView, read_trials
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import (
    add_trials,
    finish,
    hold_supervisor,
    make_settings,
    new_study,
    set_state,
)

UNITS = Line("units", choices=(16, 32))


@pytest.fixture(autouse=True)
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the studies whose supervisor would be started."""
    started: list[str] = []
    monkeypatch.setattr(
        "search.jobs.launch._launch", lambda handle: started.append(handle.uuid)
    )
    return started


@pytest.fixture
def make(environment: Environment) -> Callable[..., StudyHandle]:
    """Return a function that makes a study of its own."""

    def make_it(endings: str = "", *, n_trials: int = 12) -> StudyHandle:
        handle = new_study(environment, make_settings("Steered", n_trials=n_trials))
        add_trials(handle, endings)
        return handle

    return make_it


def field(handle: StudyHandle, name: str) -> str:
    """Return the key of a field, which counts the changes that made it a new one."""
    kinds = [change.kind for change in read_control(handle).history]
    counted = ("narrow", "widen") if name.startswith("narrow") else ("budget",)
    return f"{name}_{handle.uuid[:8]}_{sum(kind in counted for kind in kinds)}"


def spoken(app: AppTest) -> str:
    assert not app.exception
    assert not any("Something went wrong" in error.value for error in app.error)
    return words(app).replace("\\", "").replace("\u2060", "")


def test_narrowing_a_choice_and_a_range(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make("ccc")
    app = open_page("progress", study=handle.uuid)
    app.pills(key=field(handle, "narrow_units")).set_value([16, 32])
    app.number_input(key=field(handle, "narrow_dropout") + "_low").set_value(0.2)
    app.number_input(key=field(handle, "narrow_dropout") + "_high").set_value(0.2)
    app.button(key="narrow_submit").click().run()
    assert read_control(handle).narrowed == (UNITS, Line("dropout", low=0.2, high=0.2))
    shown = spoken(app)
    assert "Narrowed for new trials:" in shown
    assert "Units 16, 32; Dropout" in shown
    assert "(frozen)" in shown
    assert "Units narrowed to 16, 32 (on this page)" in shown
    # The form starts from what holds now.
    assert app.pills(key=field(handle, "narrow_units")).value == [16, 32]
    app.button(key="progress_widen").click().run()
    assert read_control(handle).narrowed == ()
    assert "Units widened back to 16, 32, 64, 128" in spoken(app)


def test_a_line_of_which_nothing_is_left_is_refused(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make()
    app = open_page("progress", study=handle.uuid)
    app.pills(key=field(handle, "narrow_units")).set_value([])
    app.button(key="narrow_submit").click().run()
    assert any("Units" in error.value for error in app.error)
    app.pills(key=field(handle, "narrow_units")).set_value([16, 32, 64, 128])
    app.number_input(key=field(handle, "narrow_dropout") + "_low").set_value(0.4)
    app.number_input(key=field(handle, "narrow_dropout") + "_high").set_value(0.1)
    app.button(key="narrow_submit").click().run()
    assert any("must not be the larger one" in error.value for error in app.error)
    assert read_control(handle).narrowed == ()


def test_nothing_changed_says_so(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make()
    app = open_page("progress", study=handle.uuid)
    app.button(key="narrow_submit").click().run()
    assert "Nothing was changed" in spoken(app)
    assert read_control(handle).history == ()


def test_the_cell_and_fixed_lines_are_not_offered(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make()
    app = open_page("progress", study=handle.uuid)
    keys = {str(one.key) for one in app.pills}
    assert field(handle, "narrow_units") in keys
    assert field(handle, "narrow_cell") not in keys
    assert field(handle, "narrow_optimizer") not in keys


def test_a_trial_is_cloned_into_the_form_and_queued(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make("cccccc")
    app = open_page("progress", study=handle.uuid)
    app.selectbox(key="progress_trial").set_value(5).run()
    app.button(key="progress_try_again").click().run()
    assert app.selectbox(key=f"try_start_{handle.uuid[:8]}").value == 5
    chosen = read_trials(handle)[5].params
    assert app.selectbox(key=f"try_{handle.uuid[:8]}_5_units").value == chosen["units"]
    app.selectbox(key=f"try_{handle.uuid[:8]}_5_units").set_value(128)
    app.button(key="try_submit").click().run()
    queued = read_trials(handle)[-1]
    assert (queued.state, queued.is_asked) == ("waiting", True)
    assert queued.params["units"] == 128
    assert queued.params["learning_rate"] == chosen["learning_rate"]
    assert "Queued" in app.toast[0].value


def test_the_form_starts_from_the_best_trial_of_all(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make("cccccc")
    best = min(read_trials(handle)[:6], key=lambda trial: trial.score or 9.0)
    app = open_page("progress", study=handle.uuid)
    assert app.selectbox(key=f"try_start_{handle.uuid[:8]}").value == best.number


def test_the_queue_is_listed_and_a_trial_removed(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make("c")
    number = enqueue(handle, {"cell": "GRU", "units": 64})
    app = open_page("progress", study=handle.uuid)
    shown = spoken(app)
    assert f"Trial {number}, GRU:** Units 64 (asked for)" in shown
    assert "(one of the first configurations of every search)" in shown
    app.button(key=f"unqueue_{number}").click().run()
    assert read_trials(handle)[number].state == "removed"
    assert f"unqueue_{number}" not in {str(one.key) for one in app.button}
    assert f"trial {number} removed from the queue" in spoken(app)


def test_a_full_budget_is_said_and_more_is_offered(
    open_page: OpenPage, make: Callable[..., StudyHandle], launched: list[str]
) -> None:
    handle = make("ccc", n_trials=3)
    set_state(handle, "finished")
    enqueue(handle, {"units": 64})
    app = open_page("progress", study=handle.uuid)
    assert "budget of 3 trials has no room for all that waits" in spoken(app)
    app.button(key="queue_room").click().run()
    assert read_control(handle).budget == Budget(4)
    assert launched == [handle.uuid]
    assert "has no room" not in spoken(app)


def test_a_stopped_search_with_room_goes_on_for_what_waits(
    open_page: OpenPage, make: Callable[..., StudyHandle], launched: list[str]
) -> None:
    handle = make("ccc")
    set_state(handle, "stopped")
    number = enqueue(handle, {"units": 64})
    app = open_page("progress", study=handle.uuid)
    app.button(key="queue_go_on").click().run()
    assert launched == [handle.uuid]
    set_budget(handle, Budget(12, 60.0))
    set_state(handle, "stopped")
    app = open_page("progress", study=handle.uuid)
    assert "time budget is used up" in spoken(app)
    assert app.button(key=f"unqueue_{number}")


def test_stopping_by_itself_is_switched_on_and_explained(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make("ccc")
    with hold_supervisor(handle):
        app = open_page("progress", study=handle.uuid)
        assert "stop by itself" not in spoken(app)
        app.checkbox(key=field(handle, "more_stop_early")).check()
        app.button(key="more_submit").click().run()
        assert read_control(handle).budget == Budget(12, stop_early=True)
        app.run()
        assert "that takes a budget of about 50 trials or more" in spoken(app)
        set_budget(handle, Budget(50, stop_early=True))
        forget_progress()
        app.run()
        assert "judged after about 42 more trials" in spoken(app)


def test_a_search_that_stopped_by_itself_says_why_and_goes_on(
    open_page: OpenPage, make: Callable[..., StudyHandle], launched: list[str]
) -> None:
    handle = make("ccc")
    set_budget(handle, Budget(12, stop_early=True))
    record = StateRecord(
        state="finished", message="Stopped by itself after 3 of 12.", is_enough=True
    )
    write_state(handle, record)
    app = open_page("progress", study=handle.uuid)
    assert "Stopped by itself after 3 of 12" in spoken(app)
    app.button(key="progress_go_on").click().run()
    assert read_control(handle).budget == Budget(12)
    assert launched == [handle.uuid]


def test_the_budget_form_starts_from_what_was_set_elsewhere(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    """It kept its first values: the next press lowered the budget again."""
    handle, other = make(), make(n_trials=7)
    app = open_page("progress", study=handle.uuid)
    assert app.number_input(key=field(handle, "more_trials")).value == 12
    set_budget(handle, Budget(40, 20.0, stop_early=True))
    app.run()
    assert app.number_input(key=field(handle, "more_trials")).value == 40
    assert app.checkbox(key=field(handle, "more_stop_early")).value
    # Seconds that are no whole minutes stay as they are.
    app.number_input(key=field(handle, "more_trials")).set_value(41)
    app.button(key="more_submit").click().run()
    assert read_control(handle).budget == Budget(41, 20.0, stop_early=True)
    assert "41 trials and 20 s, or fewer" in app.toast[0].value
    app.button(key="more_submit").click().run()
    assert "Nothing was changed: the budget is 41 trials and 20 s" in spoken(app)
    app.query_params["study"] = other.uuid
    app.run()
    assert app.number_input(key=field(other, "more_trials")).value == 7
    assert not app.checkbox(key=field(other, "more_stop_early")).value


def test_a_budget_that_is_raised_while_the_winners_are_trained_is_used(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make("ccc", n_trials=3)
    with hold_supervisor(handle):
        set_state(handle, "refitting")
        before = read_control(handle).revision
        app = open_page("progress", study=handle.uuid)
        app.number_input(key=field(handle, "more_trials")).set_value(9)
        app.button(key="more_submit").click().run()
        assert read_control(handle).budget == Budget(9)
        assert read_control(handle).revision == before + 1
        assert "goes on" in app.toast[0].value


def test_a_narrowing_is_kept_where_something_else_was_changed_meanwhile(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make()
    app = open_page("progress", study=handle.uuid)
    app.pills(key=field(handle, "narrow_units")).set_value([16, 32])
    enqueue(handle, {"units": 64})
    app.button(key="narrow_submit").click().run()
    assert read_control(handle).narrowed == (UNITS,)


def test_what_cannot_be_removed_any_more_is_said_and_the_page_stays(
    open_page: OpenPage,
    make: Callable[..., StudyHandle],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise UserInputError("Trial 1 does not wait any more.")

    monkeypatch.setattr("pages.components.progress.steering.remove_queued", refuse)
    app = open_page("progress", study=make("c").uuid)
    app.button(key="unqueue_1").click().run()
    assert "does not wait any more" in app.toast[0].value
    assert not app.error
    assert app.button(key="more_submit")


def test_a_trial_that_waits_is_cloned_with_what_it_leaves_open(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make("c")
    number = enqueue(handle, {"units": 64})
    app = open_page("progress", study=handle.uuid)
    app.session_state[f"try_wanted_{handle.uuid[:8]}"] = number
    app.run()
    key = f"try_{handle.uuid[:8]}_{number}"
    assert app.selectbox(key=f"{key}_units").value == 64
    # The textbook's values, and not the low end of each line.
    assert app.number_input(key=f"{key}_learning_rate").value == 0.003
    assert app.number_input(key=f"{key}_dropout").value == 0.1


def test_the_queue_lists_what_will_be_tried_after_narrowing(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make()
    number = enqueue(handle, {"cell": "GRU", "units": 128})
    narrow(handle, [Line("units", choices=(16,))])
    shown = spoken(open_page("progress", study=handle.uuid))
    assert f"Trial {number}, GRU:** Units 128 (asked for)" in shown
    assert "Units 32" not in shown
    widen(handle)
    assert "Units 32" in spoken(open_page("progress", study=handle.uuid))


def test_a_new_study_says_that_the_narrowing_is_not_carried_along(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make()
    app = open_page("setup", study=handle.uuid)
    app.button(key="setup_duplicate").click().run()
    assert "was narrowed" not in spoken(app)
    narrow(handle, [UNITS])
    app = open_page("setup", study=handle.uuid)
    app.button(key="setup_duplicate").click().run()
    assert "The old study was narrowed while it ran" in spoken(app)


@pytest.mark.parametrize(
    ("judged_from", "total", "sentence"),
    [
        (0, 60, "In the last 30 trials the best score improved by 100"),
        (0, 49, "Fewer than 5 trials of the budget are left"),
        (20, 60, "judged after about 6 more trials"),
        (20, 55, "takes a budget of about 56 trials or more"),
    ],
)
def test_outlook_sentence(
    make: Callable[..., StudyHandle], judged_from: int, total: int, sentence: str
) -> None:
    """The page judges as the supervisor does, and promises no more than that."""
    handle = make()
    cells = handle.settings.space.cells
    trials = tuple(
        TrialView(
            number,
            cells[number % 3],
            "complete",
            score=1e6 if number < 15 else 1.0,
            finished=f"{number:03d}",
        )
        for number in range(45)
    )
    progress = replace(
        read_progress(handle),
        trials=trials,
        n_done=45,
        n_trials=total,
        judged_from=judged_from,
    )
    assert sentence in outlook_sentence(handle, progress).replace("\\", "")


def test_a_steered_study_says_so_in_compare_and_an_unsteered_does_not(
    open_page: OpenPage, make: Callable[..., StudyHandle]
) -> None:
    handle = make("cccccc")
    results = finish(handle)
    assert "steered" not in report_html(handle, results)
    app = open_page("compare", study=handle.uuid)
    assert "was steered" not in spoken(app)
    narrow(handle, [UNITS])
    app = open_page("compare", study=handle.uuid)
    assert "was steered while it ran (Units narrowed to 16, 32)" in spoken(app)
    assert "may end differently" in spoken(app)
    assert "Units narrowed to 16, 32" in report_html(handle, results)


def test_steered_sentence_names_the_latest_changes(
    make: Callable[..., StudyHandle],
) -> None:
    handle = make()
    assert steered_sentence(handle) is None
    wish(handle, "pause")
    assert steered_sentence(handle) is None
    narrow(handle, [UNITS])
    enqueue(handle, {"units": 64})
    set_budget(handle, replace(read_control(handle).budget, trials=40))
    set_budget(handle, Budget(41))
    sentence = steered_sentence(handle)
    assert sentence is not None
    assert "4 changes, the latest: trial 3 queued; budget set to 40 trials" in sentence


def test_moment_words() -> None:
    assert moment_words("2026-11-02T14:02:59+00:00") == "2 Nov, 14:02"
