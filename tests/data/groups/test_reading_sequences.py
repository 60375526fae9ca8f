import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.data.reading.options import ReadOptions
from search.data.reading.shape import guess_shape, wide_options
from search.data.reading.wide import find_channels
from search.data.table import read_table

PUBLIC = Path(__file__).parents[4] / "shared" / "data" / "classification"


def test_ts_files_become_one_row_a_step():
    text = (
        "# a comment\n@problemName P\n@timeStamps false\n@missing true\n"
        "@classLabel true b a\n@data\n1,?:3,4:a\n\n5,6,7:8,9,10:b\n"
    )
    table = read_table(text.encode(), name="x.ts")
    assert list(table.frame.columns) == [
        *("sequence", "step", "channel 1", "channel 2", "class")
    ]
    assert table.frame["sequence"].tolist() == [1, 1, 2, 2, 2]
    assert table.frame["step"].tolist() == [1, 2, 1, 2, 3]
    np.testing.assert_array_equal(table.frame["channel 1"], [1, np.nan, 5, 6, 7])
    assert table.frame["class"].tolist() == ["a", "a", "b", "b", "b"]
    assert table.place(4, "channel 2") == "row 9, value 3 of 'channel 2'"


def test_ts_files_keep_time_stamps_and_target_values():
    text = "@timestamps true\n@targetlabel true\n@data\n(0,1.5),(2,2.5):7.25\n"
    frame = read_table(text.encode(), name="x.ts").frame
    assert frame["time"].tolist() == ["0", "2"]
    assert frame["value"].tolist() == [1.5, 2.5]
    assert frame["target"].tolist() == [7.25, 7.25]


def test_ts_headers_that_contradict_the_data_are_told():
    text = "@missing false\n@equalLength true\n@speed 9\n@data\n1,2\n?,2,3\n"
    messages = [one.message for one in read_table(text.encode(), name="x").findings]
    assert any("tag '@speed'" in one for one in messages)
    assert any("1 value is missing" in one for one in messages)
    assert any("2 values; row 6 has another" in one for one in messages)


def test_wide_tables_become_one_row_a_step():
    content = b"kind,a_1,a_2,a_3,b_1,b_2,b_3\nu,1,2,3,4,5,6\nv,7,,8,9,,\nw,1,2,,3,4,\n"
    table = read_table(content, name="x.csv", options=ReadOptions(shape="wide"))
    frame = table.frame
    assert frame["sequence"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3]
    np.testing.assert_array_equal(frame["a"], [1, 2, 3, 7, np.nan, 8, 1, 2])
    np.testing.assert_array_equal(frame["b"], [4, 5, 6, 9, np.nan, np.nan, 3, 4])
    assert frame["kind"].tolist() == ["u"] * 3 + ["v"] * 3 + ["w"] * 2
    assert table.place(5, "a") == "row 3, column 'a_3'"
    assert [one.code for one in table.findings] == ["early_end"]
    assert table.options.as_reading()["shape"] == "wide"


def test_channels_are_numbered_columns_of_one_name():
    names = ["id", "temp_1 [K]", "temp_2 [K]", "x3", "y1", "y3"]
    found = find_channels(names)
    assert [(one.name, one.columns) for one in found] == [
        ("temp [K]", ("temp_1 [K]", "temp_2 [K]"))
    ]


def test_ucr_texts_are_recognised_and_only_read_so_when_asked():
    rows = [[k % 3, *np.round(np.sin(np.arange(12) * k), 4)] for k in range(1, 13)]
    content = "\n".join("\t".join(map(str, row)) for row in rows).encode()
    table = read_table(content, name="X_TRAIN.tsv")
    assert len(table.frame) == 12
    guess = guess_shape(table)
    assert (guess.shape, guess.label) == ("wide", "column 1")
    options = wide_options(table.options, guess)
    frame = read_table(content, name="x", options=options).frame
    assert list(frame.columns) == ["sequence", "step", "value", "label"]
    assert len(frame) == 144


@pytest.mark.parametrize(
    "content",
    [
        b"time,s1,s2,s3\n2024-01-01,1,2,3\n2024-01-02,1,2,4\n",
        b"unit,cycle,s1,s2\n1,1,5,6\n1,2,5,7\n",
        b"x\n1\n2\n3\n",
    ],
)
def test_other_tables_are_not_taken_as_wide(content):
    assert guess_shape(read_table(content, name="x")).shape == "long"


def _zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, body in members.items():
            file.writestr(name, body)
    return buffer.getvalue()


def test_archives_become_one_table():
    members = {
        "data/walk/run 10.csv": "t,x\n1,5\n",
        "data/walk/run 2.csv": "x,t\n3,1\n4,2\n",
        "data/rest/run 3.csv": "t,x\n1,6\n",
        "data/labels.csv": "file,label\nrun 2,u\ndata/walk/run 10.csv,v\n",
        "readme.md": "text",
    }
    table = read_table(_zipped(members), name="x.zip")
    frame = table.frame
    assert frame["file"].tolist() == ["run 3", "run 2", "run 2", "run 10"]
    assert frame["folder"].tolist() == ["rest", "walk", "walk", "walk"]
    assert frame["label"].tolist() == ["", "u", "u", "v"]
    assert frame["x"].tolist() == ["6", "3", "4", "5"]
    assert table.place(2, "x") == "row 3 of 'data/walk/run 2.csv', column 'x'"
    words = " ".join(one.message for one in table.findings)
    assert "'readme.md'" in words
    assert "no label for 1 file, such as 'data/rest/run 3.csv'" in words


def test_reading_options_come_back_from_what_is_stored():
    content = _zipped({"a.csv": "t;x\n1;2\n", "b.csv": "t;x\n1;3\n"})
    options = read_table(content, name="x").options
    assert options.as_reading()["delimiter"] == ";"
    again = read_table(content, name="x", options=replace(options))
    assert again.options == options


@pytest.mark.parametrize(
    ("name", "n_rows", "n_sequences"),
    [("BasicMotions_TRAIN.ts", 4_000, 40), ("ItalyPowerDemand_TEST.ts", 24_696, 1_029)],
)
def test_public_ts_files_are_read(name, n_rows, n_sequences):
    path = PUBLIC / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    frame = read_table(path.read_bytes(), name=name).frame
    assert len(frame) == n_rows
    assert frame["sequence"].nunique() == n_sequences
