"""Data: sequences and labelled rows, from a file to what the Search page takes."""

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.draft import DraftGroups
from search.data.group_samples import GROUP_SAMPLES
from search.environment import Environment
from tests.pages.conftest import OpenPage, words
from tests.pages.group_study import group_settings, new_group_study

TS = b"""@problemName Turns
@timeStamps false
@univariate true
@classLabel true up down
@data
""" + b"".join(
    b"%d,%d,%d,%d,%d:%s\n" % (k, k + 1, k % 5, k % 3, 2 * k, [b"up", b"down"][k % 2])
    for k in range(14)
)
WIDE = b"kind," + b",".join(b"t%d" % n for n in range(1, 11)) + b"\n"
for k in range(1, 15):
    steps = b",".join(b"%d" % (k * n % 7) for n in range(10))
    WIDE += [b"a", b"b"][k % 2] + b"," + steps + b"\n"
SERIES = b"t,level [m]\n" + b"".join(
    b"2024-01-%02d,%d\n" % (day, day * day % 11) for day in range(1, 29)
)


def upload(app: AppTest, name: str, content: bytes, *, key: str = "upload") -> AppTest:
    app.file_uploader(key=key).set_value((name, content, "text/plain"))
    return app.run()


def confirm(app: AppTest) -> DraftGroups:
    app.button(key="data_next").click().run()
    assert not app.exception
    assert app.title[0].value == "Search"
    return app.session_state["series"]


def ask_for(app: AppTest, ask: str) -> AppTest:
    return app.segmented_control(key="data_ask").set_value(ask).run()


@pytest.mark.parametrize("name", ["pump_vibration", "pump_anomalies", "shop_sales"])
def test_a_sample_is_ready_at_once(open_page: OpenPage, name: str) -> None:
    sample = GROUP_SAMPLES[name]
    app = open_page("data")
    app.button(key=f"take_data_{name}").click().run()
    assert not app.exception
    draft = confirm(app)
    assert draft.kind == sample.kind
    assert draft.built.roles.group == sample.settings.roles.group
    assert len(draft.built.groups.names) == sample.n_groups
    assert len(draft.built.values) == sample.n_rows


def test_one_series_is_forecast_as_before_until_something_else_is_chosen(
    open_page: OpenPage,
) -> None:
    app = upload(open_page("data"), "level.csv", SERIES)
    assert app.segmented_control(key="data_ask").value == "forecasting"
    assert app.multiselect(key="data_targets").value == ["level [m]"]
    assert app.button(key="data_next").label == "Use this series"


def test_what_fits_a_ts_file_is_suggested_first_with_the_reason(
    open_page: OpenPage,
) -> None:
    app = upload(open_page("data"), "Turns_TRAIN.ts", TS)
    ask = app.segmented_control(key="data_ask")
    assert (ask.value, ask.options[0]) == ("classification", "The class of a sequence")
    assert "has one of 2 values in each of 14 groups" in words(app)
    assert app.selectbox(key="data_classification_group").value == "sequence"
    assert app.selectbox(key="data_classification_class").value == "class"


def test_a_test_file_becomes_the_test_set(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "Turns_TRAIN.ts", TS)
    upload(app, "Turns_TEST.ts", TS.replace(b",", b",1", 14), key="test_upload")
    app.selectbox(key="data_fix_twins").select("keep").run()
    assert "Test set: " in words(app)
    draft = confirm(app)
    assert len(draft.built.groups.names) == 28
    assert len(draft.built.test_groups) == 14


def test_a_test_file_without_the_columns_is_refused(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "Turns_TRAIN.ts", TS)
    other = TS.replace(b"@classLabel true up down", b"@classLabel false")
    other = other.replace(b":up", b"").replace(b":down", b"")
    upload(app, "Turns_TEST.ts", other, key="test_upload")
    assert "has no column 'class'" in app.error[0].value
    app.button(key="no_test_file").click().run()
    assert not app.error


def test_a_wide_table_is_recognised_and_can_be_corrected(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "wide.csv", WIDE)
    assert app.selectbox(key="data_shape").value == "wide"
    assert "was taken as one sequence" in words(app)
    assert app.segmented_control(key="data_ask").value == "classification"
    app.selectbox(key="data_shape").select("long").run()
    assert "was taken as one sequence" not in words(app)
    assert app.segmented_control(key="data_ask").value == "forecasting"


def test_a_zip_of_sequences_is_read(open_page: OpenPage) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for k in range(14):
            rows = "\n".join(f"{n},{(n * (k + 1)) % 5}" for n in range(8))
            archive.writestr(f"{['good', 'bad'][k % 2]}/{k}.csv", f"step,v\n{rows}")
    app = upload(open_page("data"), "runs.zip", content.getvalue())
    assert not app.error
    assert "Read as an archive" in app.expander[0].label
    assert app.segmented_control(key="data_ask").value == "classification"


def test_the_value_that_means_normal_decides_the_marks(open_page: OpenPage) -> None:
    app = open_page("data")
    app.button(key="take_data_pump_anomalies").click().run()
    assert app.selectbox(key="data_anomaly_normal").value == "0"
    app.selectbox(key="data_anomaly_normal").select("1").run()
    draft = confirm(app)
    assert draft.built.roles.label == "anomaly"
    assert draft.built.values["anomaly"].sum() == 1_738


def test_columns_that_are_missing_are_asked_for_one_by_one(
    open_page: OpenPage,
) -> None:
    app = ask_for(upload(open_page("data"), "level.csv", SERIES), "classification")
    assert "Choose the column that names the sequence" in words(app)
    app = ask_for(app, "labelling")
    assert "Choose the column with the class of each row" in words(app)
    app.selectbox(key="data_labelling_class").select("level [m]").run()
    assert "Choose at least one input" in words(app)
    assert not [b for b in app.button if b.key == "data_next"]


def test_names_of_sequences_and_classes_are_inert(open_page: OpenPage) -> None:
    hostile = TS.replace(b"up", b"**up**")
    app = upload(open_page("data"), "x.ts", hostile)
    assert not app.exception
    assert "**up** 7" not in words(app)
    assert r"\*\*up\*\* 7" in words(app)


def test_a_study_of_sequences_shows_them(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_group_study(environment, group_settings("Turns"))
    app = open_page("data", study=study.uuid)
    assert not app.exception
    assert len(app.multiselect(key="data_drawn_groups").value) == 4


def test_calendar_inputs_are_offered_where_there_are_time_stamps(
    open_page: OpenPage,
) -> None:
    """Of many series those that fit are chosen; beside labels none is."""
    app = open_page("data")
    app.button(key="take_data_shop_sales").click().run()
    (cycles,) = (one for one in app.button_group if one.key == "data_many_calendar")
    assert cycles.value == ["weekday"]
    app.button(key="data_next").click().run()
    assert app.session_state["series"].built.roles.calendar == ("weekday",)
    app = open_page("data")
    app.button(key="take_data_dryer_regimes").click().run()
    (cycles,) = (one for one in app.button_group if "calendar" in str(one.key))
    assert cycles.value == []
    app = open_page("data")
    app.button(key="take_data_batch_reactor").click().run()
    assert not [one for one in app.button_group if "calendar" in str(one.key)]
