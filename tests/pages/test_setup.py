"""Search: forms, folds, conflicts in words, and a start that happens once."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.hyperparameters import label
from pages.components.setup import starting
from pages.components.setup.prefill import form_values
from pages.components.setup.presets import PRESETS
from pages.components.setup.space_form import _FIRST, _GROUPS
from pages.components.text import plain
from search.config import MAX_TRIALS, MAX_WORKERS, Environment, Roles, Task
from search.space.defaults import default_space
from search.space.lines import LIMITS, Line
from search.study.control import wish
from search.study.estimate import estimate_seconds
from search.study.studies import list_studies
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import N_ROWS, make_settings, new_study


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the uuids that were started; no process is."""
    uuids: list[str] = []
    monkeypatch.setattr(starting, "start_study", lambda study: uuids.append(study.uuid))
    return uuids


@pytest.fixture
def form(open_page: OpenPage) -> AppTest:
    """Return the Search page of a sample."""
    app = open_page("data")
    app.button(key="take_data_daily_sales").click().run()
    app.button(key="data_next").click().run()
    assert app.title[0].value == "Search"
    return app.switch_page("setup.py").run()  # AppTest returns to the first page


def test_without_a_series_the_page_leads_to_data(open_page: OpenPage) -> None:
    shown = words(open_page("setup"))
    assert "There is no series yet" in shown
    assert "was lost" in shown


def test_quick_leaves_out_the_large_networks() -> None:
    space = default_space(2_000, Roles(targets=("a",)), Task(horizon=2, holdout=40))
    narrow = PRESETS["quick"].narrow(space)
    assert narrow["units"].values == (16, 32, 64)
    assert narrow["layers"].values == (1, 2)
    ranges = space.with_line(Line("units", low=100, high=200))
    assert PRESETS["quick"].narrow(ranges)["units"].values == (100, 100)


def test_quick_is_the_first_choice_and_can_start(form: AppTest) -> None:
    assert form.session_state["setup_preset"] == "quick"
    assert form.number_input(key="setup_horizon").value == 14
    assert form.selectbox(key="setup_season").value == 7
    assert form.number_input(key="setup_trials").value == 12
    assert not form.button(key="setup_next").disabled
    assert "Takes about" in words(form)


def test_windows_of_each_fold_are_listed(form: AppTest) -> None:
    table = form.dataframe[0].value
    assert table["Fold"].tolist() == [1, 2, 3, 4, 5]
    assert table["Training windows"].is_monotonic_increasing


def test_conflict_is_shown_with_its_numbers(form: AppTest) -> None:
    form.number_input(key="setup_holdout").set_value(1_440).run()
    assert "1440 held out" in form.error[0].value
    assert form.button(key="setup_next").disabled


def test_no_budget_is_refused_in_words(form: AppTest) -> None:
    form.number_input(key="setup_trials").set_value(None).run()
    assert "Give a budget" in form.error[0].value


def test_horizon_moves_the_automatic_holdout(form: AppTest) -> None:
    form.number_input(key="setup_horizon").set_value(100).run()
    assert form.number_input(key="setup_holdout").placeholder == "auto: 200"


def test_a_holdout_too_short_for_the_verdict_is_said_before_the_search(
    form: AppTest,
) -> None:
    assert "to tell a difference from chance" not in words(form)
    form.number_input(key="setup_holdout").set_value(54).run()
    shown = words(form)
    assert "room for 41 forecasts" in shown
    assert "takes 42 to tell a difference from chance, which is 55 rows" in shown
    form.number_input(key="setup_holdout").set_value(55).run()
    assert "to tell a difference from chance" not in words(form)


def test_custom_opens_every_hyperparameter(form: AppTest) -> None:
    form.segmented_control(key="setup_preset").set_value("custom").run()
    shown = words(form)
    for name in LIMITS:
        assert f"**{plain(label(name))}**" in shown, name
    for group in ("Data framing", "Network", "Training"):
        assert f"**{group}**" in shown
    assert form.text_input(key="setup_values_units").value == "16, 32, 64, 128"
    assert form.number_input(key="setup_high_layers").value == 3


def test_the_reasons_of_the_suggested_ranges_are_shown(form: AppTest) -> None:
    assert form.expander[0].label == "Why these values?"
    assert "About half, one and two of the season of 7 rows" in words(form)
    form.segmented_control(key="setup_preset").set_value("custom").run()
    shown = words(form).replace("\\", "")
    assert "Suggested: 4, 7, 14. About half, one and two of the season of 7" in shown
    assert "Epochs, suggested: 60. 60 passes over the" in shown
    form.text_input(key="setup_values_sequence_length").set_value("3").run()
    assert "Suggested: 4, 7, 14." in words(form).replace("\\", "")
    assert not form.button(key="setup_next").disabled


def test_refused_combinations_are_told_at_each_line_that_takes_part(
    form: AppTest,
) -> None:
    form.segmented_control(key="setup_preset").set_value("custom").run()
    form.pills(key="setup_line_normalization").set_value(["none", "batch"])
    form.number_input(key="setup_fixed_batch_size").set_value(1).run()
    assert len(form.error) == 2
    assert "batch size" in form.error[0].value.replace("\\_", " ")
    assert form.button(key="setup_next").disabled


def test_a_decoder_for_one_step_and_classes_of_a_forecast_are_refused(
    form: AppTest,
) -> None:
    form.segmented_control(key="setup_preset").set_value("custom").run()
    assert "Cross-entropy" not in form.pills(key="setup_line_loss").options
    form.pills(key="setup_line_architecture").set_value(["encoder_decoder"]).run()
    assert not form.error
    form.number_input(key="setup_horizon").set_value(1).run()
    (error,) = form.error
    assert "needs a `horizon` of at least 2" in error.value.replace("\\", "")


def test_new_lines_and_the_log_reach_the_study(
    form: AppTest, environment: Environment, started: list[str]
) -> None:
    form.segmented_control(key="setup_preset").set_value("custom").run()
    form.selectbox(key="setup_mode_l2").select("range")
    form.pills(key="setup_line_architecture").set_value(["stacked", "attention"])
    form.toggle(key="setup_tensorboard").set_value(True).run()
    form.button(key="setup_next").click().run()
    (study,) = list_studies(environment)
    assert study.settings.space["l2"] == Line("l2", low=1e-6, high=1e-2, log=True)
    assert study.settings.space["architecture"].choices == ("stacked", "attention")
    assert study.settings.training.tensorboard


def test_the_groups_of_the_form_hold_every_line_once() -> None:
    names = [*_FIRST, *(name for group in _GROUPS.values() for name in group)]
    assert sorted(names) == sorted(LIMITS)


def test_values_that_cannot_be_read_are_refused_beside_the_line(form: AppTest) -> None:
    form.segmented_control(key="setup_preset").set_value("custom").run()
    form.text_input(key="setup_values_sequence_length").set_value("7, soon").run()
    assert "soon is not a number" in form.error[0].value
    assert form.button(key="setup_next").disabled


def test_range_upside_down_is_refused(form: AppTest) -> None:
    form.segmented_control(key="setup_preset").set_value("custom").run()
    form.number_input(key="setup_low_layers").set_value(4).run()
    form.number_input(key="setup_high_layers").set_value(2).run()
    assert "must not be the larger one" in form.error[0].value


def test_ten_refits_and_their_average_reach_the_study(
    form: AppTest, environment: Environment, started: list[str]
) -> None:
    form.segmented_control(key="setup_preset").set_value("custom").run()
    refits = form.number_input(key="setup_refit_seeds")
    assert (refits.value, refits.min, refits.max) == (3, 1, 10)
    assert form.selectbox(key="setup_deliver").value == "one"
    form.selectbox(key="setup_deliver").select("average").run()
    form.number_input(key="setup_refit_seeds").set_value(1).run()
    assert "at least 2 where the average of the refits" in form.error[0].value
    assert form.button(key="setup_next").disabled
    form.number_input(key="setup_refit_seeds").set_value(10).run()
    form.button(key="setup_next").click().run()
    (study,) = list_studies(environment)
    assert study.settings.training.refit_seeds == 10
    assert study.settings.training.deliver == "average"


def test_more_refits_than_the_form_takes_are_cut_to_its_limit() -> None:
    """A study of an older version may have more; its settings can still be taken."""
    settings = make_settings("Old")
    many = replace(settings, training=replace(settings.training, refit_seeds=25))
    assert form_values(many)["refit_seeds"] == 10


def test_custom_lines_reach_the_study(
    form: AppTest, environment: Environment, started: list[str]
) -> None:
    form.segmented_control(key="setup_preset").set_value("custom").run()
    form.selectbox(key="setup_mode_units").select("fixed").run()
    form.number_input(key="setup_fixed_units").set_value(24).run()
    form.text_input(key="setup_values_sequence_length").set_value("7, 14").run()
    form.button(key="setup_next").click().run()
    (study,) = list_studies(environment)
    assert study.settings.space["units"].values == (24,)
    assert study.settings.space["sequence_length"].choices == (7, 14)
    assert study.settings.training.epochs == 60


def test_start_creates_one_study_and_opens_progress(
    form: AppTest, environment: Environment, started: list[str]
) -> None:
    form.button(key="setup_next").click().run()
    (study,) = list_studies(environment)
    assert started == [study.uuid]
    assert form.title[0].value == "Progress"
    assert study.uuid in form.query_params["study"]
    assert study.settings.name == "daily_sales: sales [units]"


@pytest.mark.case("W9", "huge numbers past the limits of the form")
def test_numbers_past_the_limits_of_the_form_never_start(
    form: AppTest, environment: Environment, started: list[str]
) -> None:
    """The browser keeps to the limits of a field; a request of one's own does not.

    Streamlit then takes the first value of the field; what passes is refused later.
    """
    form.segmented_control(key="setup_preset").set_value("custom").run()
    for field in ("epochs", "patience", "trials", "workers", "horizon", "seed"):
        form.number_input(key=f"setup_{field}").set_value(10**15)
    form.run()
    if not form.button(key="setup_next").disabled:
        form.button(key="setup_next").click().run()
    assert not form.exception
    assert len(started) <= 1
    for study in list_studies(environment):
        study.settings.check_new()
        assert study.settings.budget.trials <= MAX_TRIALS
        assert study.settings.workers <= MAX_WORKERS
        assert study.settings.task.horizon < study.n_rows


@pytest.mark.case("W9", "a start while as many studies run as may, on the page")
def test_a_start_beyond_the_limit_is_said_in_words(
    form: AppTest, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIES_MAX_RUNNING", "1")
    wish(new_study(environment, make_settings("Warm")), "run")
    form.button(key="setup_next").click().run()
    assert "At most 1 study may run at once, and 1 does" in form.error[0].value
    assert "Warm" in form.error[0].value
    assert len(list_studies(environment)) == 1


def test_second_press_of_start_finds_the_first_study(
    form: AppTest, environment: Environment, started: list[str]
) -> None:
    """A double click arrives as two runs of the page with the button pressed."""
    form.button(key="setup_next").click().run()
    form.query_params.clear()
    form.switch_page("setup.py").run()
    form.button(key="setup_next").click().run()
    (study,) = list_studies(environment)
    assert started == [study.uuid, study.uuid]


def test_study_in_the_url_shows_its_settings(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Warm"))
    app = open_page("setup", study=study.uuid)
    assert "They do not change any more" in words(app)
    assert app.dataframe[0].value["Fold"].tolist() == [1, 2, 3]


def test_duplicated_settings_make_an_equal_study(
    open_page: OpenPage, environment: Environment, started: list[str]
) -> None:
    study = new_study(environment, make_settings("Warm"))
    app = open_page("setup", study=study.uuid)
    app.button(key="setup_duplicate").click().run()
    app.query_params.clear()
    app.switch_page("setup.py").run()
    app.button(key="setup_next").click().run()
    (copy,) = (s for s in list_studies(environment) if s.uuid != study.uuid)
    assert copy.settings.task == study.settings.task
    assert copy.settings.space == study.settings.space
    assert copy.settings.training == study.settings.training
    assert copy.settings.budget == study.settings.budget
    assert copy.settings.roles == study.settings.roles


def test_form_values_of_each_kind_of_line() -> None:
    values = form_values(make_settings("Warm"))
    assert values["preset"] == "custom"
    assert values["line_cell"] == ["SimpleRNN", "LSTM", "GRU"]
    assert (values["mode_layers"], values["low_layers"]) == ("range", 1)
    assert values["values_units"] == "16, 32, 64, 128"
    assert values["values_sequence_length"] == "12, 24, 48"
    assert (values["mode_batch_size"], values["fixed_batch_size"]) == ("fixed", 32)


def test_estimate_grows_with_trials_and_shrinks_with_workers() -> None:
    few, many = make_settings("a", n_trials=12), make_settings("a", n_trials=120)
    plan = few.plan(N_ROWS)
    short, long = estimate_seconds(few, plan), estimate_seconds(many, plan)
    assert 4 < long.high / short.high < 10
    assert long.high == pytest.approx(4 * long.low)
