"""Search: the task of sequences and labelled rows, its folds, and the start."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.numbers import count
from pages.components.setup import starting
from search.environment import Environment
from search.study.studies import list_studies
from tests.pages.conftest import OpenPage, words
from tests.pages.group_study import group_settings, new_group_study


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the uuids that were started; no process is."""
    uuids: list[str] = []
    monkeypatch.setattr(starting, "start_study", lambda study: uuids.append(study.uuid))
    return uuids


def form_of(open_page: OpenPage, sample: str) -> AppTest:
    app = open_page("data")
    app.button(key=f"take_data_{sample}").click().run()
    app.button(key="data_next").click().run()
    return app.switch_page("setup.py").run()


def keys(app: AppTest) -> set[str]:
    widgets = [*app.selectbox, *app.number_input]
    return {str(widget.key) for widget in widgets}


def test_classes_of_sequences_reach_the_study(
    open_page: OpenPage, environment: Environment, started: list[str]
) -> None:
    form = form_of(open_page, "pump_vibration")
    assert not form.error
    assert "each class in its share: 19 to 20 are scored on" in words(form)
    assert form.number_input(key="setup_holdout").placeholder == "auto: 24"
    assert form.dataframe[0].value["Validation sequences"].sum() == 96
    assert "setup_horizon" not in keys(form)
    form.selectbox(key="setup_score").select("error_rate")
    form.selectbox(key="setup_class_weights").select("balanced")
    form.number_input(key="setup_holdout").set_value(40).run()
    assert "Error rate: the share of wrong answers" in words(form)
    form.button(key="setup_next").click().run()
    (study,) = list_studies(environment)
    task = study.settings.task
    assert started == [study.uuid]
    assert (task.kind, task.samples, task.holdout) == ("classification", "whole", 40)
    assert (task.score, task.class_weights) == ("error_rate", "balanced")
    assert task.classes == ("bearing damage", "cavitation", "imbalance", "normal")
    assert study.settings.space["loss"].values == ("cross_entropy",)


def test_sliding_windows_ask_for_their_stride(open_page: OpenPage) -> None:
    form = form_of(open_page, "pump_vibration")
    assert "setup_stride" not in keys(form)
    form.selectbox(key="setup_samples").select("sliding").run()
    form.number_input(key="setup_stride").set_value(5).run()
    assert not form.error
    table = form.dataframe[0].value
    assert table["Training windows"].min() > table["Training sequences"].max()


def test_sequences_in_time_are_validated_on_later_ones(open_page: OpenPage) -> None:
    form = form_of(open_page, "batch_reactor")
    assert form.selectbox(key="setup_group_order").value == "time"
    assert "16 sequences that come after those it learns from" in words(form)
    assert form.dataframe[0].value["Training sequences"].is_monotonic_increasing
    form.selectbox(key="setup_group_order").select("none").run()
    assert "mixed at random" in words(form)


def test_anomalies_ask_for_detector_and_normal_rows(open_page: OpenPage) -> None:
    form = form_of(open_page, "pump_anomalies")
    shown = form.number_input(key="setup_normal_rows").placeholder
    assert shown == f"auto: {count(1_080)}"
    assert "settle the threshold" in words(form)
    assert form.text_input(key="setup_name").value == "pump_anomalies: anomalies"
    form.selectbox(key="setup_detector").select("autoencoder").run()
    assert not form.error
    form.number_input(key="setup_normal_rows").set_value(20).run()
    assert form.error
    assert form.button(key="setup_next").disabled


def test_many_series_are_forecast_together(open_page: OpenPage) -> None:
    form = form_of(open_page, "shop_sales")
    assert form.selectbox(key="setup_season").value == 7
    assert form.number_input(key="setup_horizon").value == 7
    assert "The same 5 folds in each of 6 series" in words(form)


def test_too_few_sequences_are_said_with_their_numbers(open_page: OpenPage) -> None:
    form = form_of(open_page, "pump_vibration")
    form.number_input(key="setup_holdout").set_value(119).run()
    assert "too few" in form.error[0].value or "need" in form.error[0].value
    assert form.button(key="setup_next").disabled


def test_a_study_of_sequences_shows_its_settings_and_is_duplicated(
    open_page: OpenPage, environment: Environment, started: list[str]
) -> None:
    study = new_group_study(environment, group_settings("Turns"))
    app = open_page("setup", study=study.uuid)
    assert not app.exception
    shown = words(app)
    assert "of 20 sequences are held out. The others make 3 folds" in shown
    assert "Sequences named by: **id**" in shown
    assert "Classes: **down, up**" in shown
    app.button(key="setup_duplicate").click().run()
    app.query_params.clear()
    app.switch_page("setup.py").run()
    app.button(key="setup_next").click().run()
    (copy,) = (s for s in list_studies(environment) if s.uuid != study.uuid)
    assert copy.settings.task == study.settings.task
    assert copy.settings.space == study.settings.space
    assert copy.settings.roles == study.settings.roles


CHECKED = {
    "shop_sales": "folds and holdout, repeated rows, filled gaps, first values",
    "pump_vibration": "folds and holdout, sequences on both sides, inputs beside the",
    "dryer_regimes": "folds and holdout, inputs beside the answer, repeated rows",
    "pump_anomalies": "folds and holdout, inputs beside the answer, normal rows",
}


@pytest.mark.parametrize("sample", CHECKED)
def test_the_leak_audit_says_what_it_looked_at(
    open_page: OpenPage, sample: str
) -> None:
    form = form_of(open_page, sample)
    (audit,) = (one for one in form.caption if "Leak audit" in str(one.value))
    assert f"nothing found. Looked at: {CHECKED[sample]}" in str(audit.value)
    assert "Looked for:" in audit.help
    is_skipped = "Not looked for" in audit.help
    assert is_skipped == (sample == "shop_sales")
