"""Compare: verdict, table, charts, partial results."""

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.compare import diagnosis as compare_diagnosis
from pages.components.compare import files as compare_files
from pages.components.compare import search as compare_search
from pages.components.compare.table import model_table, signed_percent, skill_words
from pages.components.downloads import show_results_download
from search.analysis.comparison.numbers import ModelRow, Spread
from search.environment import Environment
from search.evaluation.diagnosis import Diagnosis
from search.evaluation.metrics import Metrics
from search.space.lines import Space
from search.study.folders import StudyHandle
from search.study.results import save_results
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import add_trials, finish, make_settings, new_study


def spoken(app: AppTest) -> str:
    """Return all text of a page without the escapes of markdown."""
    return words(app).replace("\\", "")


def test_no_study_says_what_to_do(open_page: OpenPage) -> None:
    app = open_page("compare")
    assert not app.exception
    assert "No study is open here" in spoken(app)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("searching", "The search is still searching"),
        ("paused", "The search is still paused"),
        ("failed", "ended before a network was trained to the end"),
    ],
)
def test_without_results_it_says_why(
    open_made: OpenPage, state: str, sentence: str
) -> None:
    app = open_made("compare", state)
    assert not app.exception
    assert "No comparison yet" in spoken(app)
    assert sentence in spoken(app)


def test_finished_study_shows_verdict_table_and_charts(open_made: OpenPage) -> None:
    app = open_made("compare", "finished")
    assert not app.exception
    assert not app.error
    shown = spoken(app)
    assert "GRU has the lowest score, but the difference" in shown
    assert "lowest mean score over the folds" in shown
    for title in (
        "Is a network good on every fold?",
        "What was forecast, and what happened?",
        "How fast do forecasts get worse?",
        "When do the forecasts go wrong?",
        "Are forecasts too high or too low?",
        "How did the winners learn?",
        "Which hyperparameters mattered?",
        "Which combinations were tried?",
    ):
        assert title in shown
    assert "PED-ANOVA" in shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12.4, "+12 %"),
        (-3.6, "\u22124 %"),
        (-0.4, "0 %"),
        (0.0, "0 %"),
        (100.0, "+100 %"),
    ],
)
def test_signed_percent(value: float, shown: str) -> None:
    assert signed_percent(value) == shown


def test_a_skill_far_below_zero_is_said_as_a_multiple_of_the_error() -> None:
    shown = [skill_words(value) for value in (12.3, -99.6, -1658.0)]
    assert shown == ["+12 %", "\u2212100 %", "17.6 × the error"]


def test_skill_against_the_best_baseline_stands_beside_the_verdict(
    open_made: OpenPage,
) -> None:
    app = open_made("compare", "finished")
    assert "is than that of seasonal naive, the best method" in spoken(app)
    table = app.dataframe[0].value
    skills = dict(zip(table["Model"], table["Skill"], strict=True))
    assert {one.label: one.value for one in app.metric} == {
        cell: f"{skills[cell]:+.0f} %".replace("-", "\u2212")
        for cell in ("★ GRU", "LSTM", "SimpleRNN")
    }
    assert list(table.columns).index("Skill") == 1
    models = list(app.dataframe[0].value["Model"])
    assert models[0] == "★ GRU"
    assert set(models[3:]) == {"last value", "seasonal naive", "drift"}


def test_stopped_study_says_what_is_missing(open_made: OpenPage) -> None:
    app = open_made("compare", "stopped")
    shown = spoken(app)
    assert "stopped before its budget was used" in shown
    assert "GRU is missing: it has no complete trial" in shown
    assert "The bundle could not be made: The disk is full" in shown
    assert "Importance needs at least 10 complete trials" in shown


def test_another_step_and_no_model_can_be_chosen(open_made: OpenPage) -> None:
    app = open_made("compare", "finished")
    app.segmented_control(key="compare_view").set_value("view_step").run()
    app.slider(key="compare_step").set_value(6).run()
    assert "each forecast at step 6" in spoken(app)
    app.pills(key="compare_models").set_value([]).run()
    assert "Choose at least one model" in spoken(app)
    assert not app.exception


def test_missing_baselines_are_named_with_their_reason(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Short"))
    add_trials(study, "ccc")
    absent = {"ets": "too few rows to be fitted", "ridge": "no *memory* left."}
    save_results(study.folder, replace(finish(study), absent_baselines=absent))
    app = open_page("compare", study=study.uuid)
    assert not app.exception
    captions = [caption.value for caption in app.caption]
    assert "exponential smoothing is missing: too few rows to be fitted\\." in captions
    assert "ridge regression is missing: no \\*memory\\* left\\." in captions
    assert not [words for words in captions if "drift is missing" in words]


def test_lost_predictions_are_said_beside_what_remains(
    open_made: OpenPage, made_studies: dict[str, StudyHandle]
) -> None:
    path = made_studies["finished"].folder / "winners/LSTM/holdout_predictions.csv"
    kept = Path(f"{path}.kept")
    path.rename(kept)
    try:
        app = open_made("compare", "finished")
    finally:
        kept.rename(path)
    assert not app.exception
    assert "LSTM: holdout_predictions.csv cannot be read" in spoken(app)


def test_model_table_holds_numbers_for_the_csv() -> None:
    metrics = Metrics(mse=4.0, rmse=2.0, mae=1.5, mase=None, smape=10.0, r2=0.5)
    row = ModelRow("GRU", True, True, 1.0, (1.0,), metrics, Spread(2.1, 2.0, 2.2), 0.25)
    line = model_table([row], "rmse").iloc[0]
    assert line["RMSE folds"] == 1.0
    assert line["RMSE holdout"] == 2.0
    assert line["Skill"] == 25.0
    assert line["Highest seed"] == 2.2
    assert line["Chosen"] == "best on the folds"


def test_importance_is_computed_once_for_all_visits(
    open_made: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def count(space: Space, trials: object) -> dict[str, float]:
        calls.append(space)
        return {"units": 0.75, "layers": 0.25}

    monkeypatch.setattr(compare_search, "parameter_importance", count)
    st.cache_resource.clear()
    for _ in range(2):
        shown = words(open_made("compare", "finished"))
        assert "Units has the largest share" in shown
    assert len(calls) == 1
    st.cache_resource.clear()


def test_importance_comes_after_everything_else(
    open_made: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may load libraries for seconds; downloads and the next step wait for none."""
    order: list[str] = []

    def late(*_: object) -> dict[str, float]:
        order.append("importance")
        return {}

    plain = show_results_download

    def downloads(study: StudyHandle) -> None:
        order.append("downloads")
        plain(study)

    monkeypatch.setattr(compare_search, "parameter_importance", late)
    monkeypatch.setattr(compare_files, "show_results_download", downloads)
    st.cache_resource.clear()
    app = open_made("compare", "finished")
    assert order == ["downloads", "importance"]
    headings = [element.value for element in app.subheader]
    assert headings.index("What the search learned") < headings.index("Downloads")
    st.cache_resource.clear()


def test_a_winner_may_fail_at_hours_on_weekdays_and_at_levels(
    open_page: OpenPage, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is an illness of the same name; its buttons need keys of their own."""
    study = new_study(environment, make_settings("Sundays"))
    add_trials(study, "c")
    (cell,) = finish(study).winners
    found = [
        Diagnosis(
            "fails_at_times", {"group": group, "times": 2.0}, "times", ("more_epochs",)
        )
        for group in ("07:00", "Sunday")
    ]
    monkeypatch.setattr(compare_diagnosis, "diagnose_forecasts", lambda *_: found)
    app = open_page("compare", study=study.uuid)
    assert not app.exception
    assert "At 07:00 its errors are 2 times as large" in spoken(app)
    assert "At Sunday its errors are 2 times as large" in spoken(app)
    app.button(key=f"cure_{cell}_fails_at_times_more_epochs")
    app.button(key=f"cure_{cell}_fails_at_times_1_more_epochs")


def test_forecasts_are_diagnosed_once_until_they_change(
    open_page: OpenPage, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = new_study(environment, make_settings("Once"))
    add_trials(study, "c")
    results = finish(study)
    calls = []

    def look(holdout: object, _last: object) -> list[Diagnosis]:
        calls.append(holdout)
        return []

    monkeypatch.setattr(compare_diagnosis, "diagnose_forecasts", look)
    for _ in range(2):
        assert not open_page("compare", study=study.uuid).exception
    assert len(calls) == 1
    (winner,) = results.winners.values()
    path = Path(winner.predictions)
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    assert not open_page("compare", study=study.uuid).exception
    assert len(calls) == 2


def test_a_new_winner_of_a_resumed_study_is_audited_anew(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Resumed"))
    add_trials(study, "c")
    results = finish(study)
    ((cell, winner),) = results.winners.items()
    assert "seen later ones" not in spoken(open_page("compare", study=study.uuid))
    # The refit has put another bundle there; results.json is not yet written.
    assert winner.bundle is not None
    _write_bundle(Path(winner.bundle), trial=winner.trial + 1)
    app = open_page("compare", study=study.uuid)
    assert not app.exception
    assert "seen later ones" not in spoken(app)
    newer = replace(winner, trial=winner.trial + 1)
    save_results(study.folder, replace(results, winners={cell: newer}))
    assert "seen later ones" in spoken(open_page("compare", study=study.uuid))


def _write_bundle(path: Path, *, trial: int) -> None:
    """Write a bundle whose scaler has seen the holdout."""
    with zipfile.ZipFile(path) as archive:
        scaling = json.loads(archive.read("preprocessing.json"))
    scaling["center"] = [center + 1 for center in scaling["center"]]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("preprocessing.json", json.dumps(scaling))
        archive.writestr("metrics.json", json.dumps({"trial": trial}))
