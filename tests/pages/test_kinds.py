"""Progress, Compare, Studies and the report for every kind of task."""

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.compare.classes import without_places
from pages.components.report.contents import report_html
from search.study.folders import StudyHandle
from search.study.results import load_results
from tests.pages.conftest import MAIN, words
from tests.pages.kind_factory import KINDS, make_every_kind
from tests.pages.study_factory import make_environment


@pytest.fixture(scope="module")
def studies(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, StudyHandle]:
    """Return a finished study of each kind; tests look at them and change nothing."""
    return make_every_kind(make_environment(tmp_path_factory.mktemp("kinds")))


@pytest.fixture
def at_home(
    studies: dict[str, StudyHandle], monkeypatch: pytest.MonkeyPatch
) -> dict[str, StudyHandle]:
    """Return the studies, where the pages find them."""
    folder = studies["anomaly"].environment.studies_dir
    monkeypatch.setenv("STUDIES_DIR", str(folder))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    st.cache_resource.clear()
    return studies


def opened(page: str, study: StudyHandle | None = None) -> AppTest:
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    app.switch_page(f"{page}.py")
    if study is not None:
        app.query_params["study"] = study.uuid
    return app.run()


def spoken(app: AppTest) -> str:
    return words(app).replace("\\", "")


SECTIONS = {
    "regression": ("How close are the estimates?", "Which sequences are the hardest?"),
    "classification": (
        "Which classes does GRU mix up?",
        "How well is",
        "The surest mistakes",
    ),
    "labelling": ("When is it right, and when not?", "Events"),
    "anomaly": ("When was something unusual", "Events"),
    "many_series": ("Which series are the hardest?", "What was forecast, and what"),
}
HOLDOUTS = {
    "regression": "The holdout (5 sequences)",
    "classification": "The holdout (5 sequences)",
    "labelling": "The holdout (5 sequences)",
    "anomaly": "The labels of the rows after the normal ones",
    "many_series": "the last 6 rows of each series",
}


@pytest.mark.parametrize("kind", KINDS)
def test_compare_shows_what_the_kind_asks(
    at_home: dict[str, StudyHandle], kind: str
) -> None:
    app = opened("compare", at_home[kind])
    assert not app.exception
    assert not app.error
    shown = spoken(app)
    for title in (*SECTIONS[kind], HOLDOUTS[kind]):
        assert title in shown
    if kind == "regression":  # it is five times the mean power
        assert "The mean of 'power [kW]' in each group gives the number" in shown
    else:
        assert "Leak audit: nothing found. Looked at: folds and holdout" in shown


def test_classes_are_plain_text_in_tables_and_mistakes(
    at_home: dict[str, StudyHandle],
) -> None:
    app = opened("compare", at_home["classification"])
    tables = [element.value for element in app.dataframe]
    per_class = next(t for t in tables if "Precision [%]" in t and "Class" in t)
    assert set(per_class["Class"]) == {"*rest*", "run", "walk <b>"}
    models = next(t for t in tables if "log loss folds" in t)
    assert "Accuracy [%]" in models
    assert "RMSE" not in models
    assert "a guess among 3 classes has 1.10" in spoken(app)


def test_shares_are_in_percent_on_all_pages(at_home: dict[str, StudyHandle]) -> None:
    progress = opened("progress", at_home["labelling"])
    assert not progress.exception
    assert "error rate" in spoken(progress)
    scores = [line for line in spoken(progress).splitlines() if "error rate" in line]
    assert any(line.rstrip().endswith("%") for line in scores)
    studies = opened("studies")
    assert not studies.exception
    shown = spoken(studies)
    assert "error rate" in shown
    assert "ERROR_RATE" not in shown
    assert "3 classes, row by row" in shown
    assert "3 steps ahead" in shown


def test_folds_of_groups_are_not_called_a_time_order(
    at_home: dict[str, StudyHandle],
) -> None:
    app = opened("progress", at_home["classification"])
    helps = [element.proto.help for element in app.subheader]
    assert any("the sequences are parted" in said for said in helps)
    ordered = opened("progress", at_home["many_series"])
    helps = [element.proto.help for element in ordered.subheader]
    assert any("in time order" in said for said in helps)


DRAWN = {
    "regression": "20 sequences with",
    "classification": "20 sequences with",
    "labelling": "20 sequences with",
    "anomaly": "20 sequences with",
    "many_series": "sequences with",
}


@pytest.mark.parametrize("kind", KINDS)
def test_data_of_a_study_are_drawn_as_the_kind_asks(
    at_home: dict[str, StudyHandle], kind: str
) -> None:
    study = at_home[kind]
    app = opened("data", study)
    assert not app.exception
    assert DRAWN[kind] in spoken(app)
    assert f"The data of **{study.settings.name}**" in spoken(app)
    # What is told from the inputs is one value a sequence: no course to look at.
    first = app.selectbox(key="data_drawn").value if kind == "regression" else None
    assert first not in study.settings.roles.targets


def test_mistakes_have_no_number_of_a_row_over_all_sequences(
    at_home: dict[str, StudyHandle],
) -> None:
    heads = ["Model", "Sequence", "Row", "Time", "Called"]
    table = pd.DataFrame([["GRU", "unit 3", 7, "12:00", "run"]], columns=heads)
    shown = without_places(table, at_home["labelling"])
    assert list(shown.columns) == ["Model", "Sequence", "Time", "Called"]
    shown = without_places(table, at_home["classification"])
    assert list(shown.columns) == ["Model", "Sequence", "Called"]


def test_another_group_can_be_chosen(at_home: dict[str, StudyHandle]) -> None:
    app = opened("compare", at_home["labelling"])
    choose = app.selectbox(key="compare_group")
    assert choose.options == [f"unit {k}" for k in range(15, 20)]
    app = choose.select("unit 19").run()
    assert not app.exception
    assert "When is it right, and when not?" in spoken(app)


@pytest.mark.parametrize("kind", ["classification", "anomaly", "regression"])
def test_damaged_predictions_are_said_and_the_rest_is_shown(
    at_home: dict[str, StudyHandle], kind: str
) -> None:
    study = at_home[kind]
    path = study.folder / "winners" / "GRU" / "holdout_predictions.csv"
    content = path.read_bytes()
    path.write_text("group,row\n")
    st.cache_resource.clear()
    try:
        app = opened("compare", study)
    finally:
        path.write_bytes(content)
        st.cache_resource.clear()
    assert not app.exception
    warnings = " ".join(str(one.value) for one in app.warning).replace("\\", "")
    assert "GRU: holdout_predictions.csv has no column timestamp" in warnings
    assert SECTIONS[kind][0] in spoken(app)


@pytest.mark.parametrize("kind", KINDS)
def test_report_holds_the_charts_of_the_kind(
    at_home: dict[str, StudyHandle], kind: str
) -> None:
    study = at_home[kind]
    results = load_results(study.folder)
    assert results is not None
    report = report_html(study, results)
    title = {
        "regression": "How close are the estimates?",
        "classification": "Which classes does LSTM mix up?",
        "labelling": "When is it right, and when not?",
        "anomaly": "When was something unusual, and when was it noticed?",
        "many_series": "Which series are the hardest?",
    }[kind]
    assert title in report
    assert "walk <b>" not in report
    assert "What comes next?" not in report
    if kind == "classification":
        assert "walk &lt;b&gt;" in report
        assert "log loss" in report
