"""Data: from a file to a confirmed series, through the widgets."""

import pytest
from streamlit.testing.v1 import AppTest

from search.environment import Environment
from tests.pages.conftest import OpenPage, words
from tests.pages.study_factory import TARGET, make_settings, new_study

# Two rows of the same time, one of them without a value; a day is absent.
TORN = b"""day;level [m]
2024-01-01;1,5
2024-01-02;1,7
2024-01-02;1,8
2024-01-03;
2024-01-05;2,1
2024-01-06;2,2
2024-01-07;2,0
2024-01-08;1,9
2024-01-09;2,4
2024-01-10;2,3
2024-01-11;2,6
2024-01-12;2,2
"""


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader(key="upload").set_value((name, content, "text/csv"))
    return app.run()


def test_empty_page_offers_upload_and_samples(open_page: OpenPage) -> None:
    app = open_page("data")
    assert app.file_uploader(key="upload").label == "Upload a table"
    assert app.button(key="take_data_daily_sales").label == "Use this sample"
    assert not [b for b in app.button if b.key == "data_next"]


def test_sample_is_ready_at_once_and_leads_to_search(open_page: OpenPage) -> None:
    app = open_page("data")
    app.button(key="take_data_stirred_tank").click().run()
    assert app.multiselect(key="data_time").value == ["time"]
    assert app.multiselect(key="data_targets").value == ["temperature [°C]"]
    assert app.multiselect(key="data_known").value == ["feed flow [L/min]"]
    assert "Nothing stands out" in words(app)
    app.button(key="data_next").click().run()
    assert app.title[0].value == "Search"


def test_upload_shows_what_was_detected(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "level.csv", TORN)
    assert app.selectbox(key="data_delimiter").value == ";"
    assert app.selectbox(key="data_decimal").value == ","
    assert app.multiselect(key="data_time").value == ["day"]
    assert app.multiselect(key="data_targets").value == ["level [m]"]


def test_findings_block_until_each_is_settled(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "level.csv", TORN)
    assert app.button(key="data_next").disabled
    assert "Still to decide: " in words(app)
    app.selectbox(key="data_fix_duplicates").select("mean").run()
    assert app.button(key="data_next").disabled
    app.selectbox(key="data_fix_missing").select("forward_fill").run()
    assert not app.button(key="data_next").disabled
    assert "12 rows are ready" in words(app)


def test_looking_ahead_is_said(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "level.csv", TORN)
    app.selectbox(key="data_fix_missing").select("backward_fill").run()
    assert "This looks ahead" in words(app)


def test_findings_name_the_lines_of_the_file(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "level.csv", TORN)
    table = app.dataframe[1].value
    lines = dict(zip(table["What it is"], table["Lines of the file"], strict=True))
    repeated = next(what for what in lines if "repeats the time stamp" in what)
    missing = next(what for what in lines if "1 missing value" in what)
    assert (lines[repeated], lines[missing]) == ("4", "5")


def test_file_that_is_no_table_is_said_in_one_sentence(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(500))
    assert len(app.error) == 1
    assert "Traceback" not in words(app)
    assert app.button(key="other_file").label == "Use another file"


def test_correcting_the_delimiter_reads_again(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "level.csv", TORN)
    app.selectbox(key="data_delimiter").select("|").run()
    assert "No column of the table holds numbers" in app.error[0].value
    app.selectbox(key="data_delimiter").select(";").run()
    assert app.multiselect(key="data_targets").value == ["level [m]"]


def test_without_a_target_the_page_asks_for_one(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "level.csv", TORN)
    app.multiselect(key="data_targets").set_value([]).run()
    assert "Choose the column to predict" in words(app)
    assert not [b for b in app.button if b.key == "data_next"]


def test_another_file_starts_from_nothing(open_page: OpenPage) -> None:
    app = upload(open_page("data"), "level.csv", TORN)
    app.button(key="other_file").click().run()
    assert app.file_uploader(key="upload").label == "Upload a table"


def test_all_remaining_columns_become_inputs(open_page: OpenPage) -> None:
    content = b"t,a,b,c\n" + b"".join(
        f"2024-01-{day:02},{day},{day % 3},{day % 5}\n".encode() for day in range(1, 29)
    )
    app = upload(open_page("data"), "wide.csv", content)
    app.button(key="data_past_all").click().run()
    assert app.multiselect(key="data_past").value == ["a", "b"]


def test_study_in_the_url_shows_its_series(
    open_page: OpenPage, environment: Environment
) -> None:
    study = new_study(environment, make_settings("Warm *room*"))
    app = open_page("data", study=study.uuid)
    assert r"Warm \*room\*" in words(app)
    assert app.selectbox(key="study_drawn").value == TARGET


def test_unknown_study_is_said_in_words(open_page: OpenPage) -> None:
    app = open_page("data", study="ffffffff")
    assert len(app.warning) == 1
    assert app.file_uploader(key="upload").label == "Upload a table"


@pytest.mark.parametrize("name", ["<b>x</b>.csv", "a*b*c.csv"])
def test_file_names_are_inert(open_page: OpenPage, name: str) -> None:
    app = upload(open_page("data"), name, TORN)
    assert f"**{name}**" not in words(app)
    assert "\\" in next(m.value for m in app.markdown if ".csv" in m.value)
