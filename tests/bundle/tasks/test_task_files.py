"""Files of every form as cells with one row a time step."""

from dataclasses import replace

import pytest


@pytest.fixture
def read(task_bundle):
    """Return a function that reads a file for inputs of other names."""
    made = task_bundle("classification")
    files, setup = made.script("task_files"), made.script("task_setup")

    def table(path, *columns, **reading):
        given = setup.load_setup(made.folder)
        given = replace(
            given,
            reading=given.reading | reading,
            past_features=list(columns),
            targets=["label"],
            group="sequence",
        )
        return files.read_table(path, given)

    return table


def test_a_wide_table_becomes_one_row_a_step(read, tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("label,a_1,a_2,b_1,b_2\nx,1,2,3,4\ny,5,,6,\n")
    table = read(path, "a", "b", shape="wide")
    assert table[["sequence", "a", "b"]].values.tolist() == [
        [1, "1", "3"],
        [1, "2", "4"],
        [2, "5", "6"],
    ]
    assert list(table.index) == ["row 2, step 1", "row 2, step 2", "row 3, step 1"]


def test_a_ucr_text_has_its_label_first(read, tmp_path):
    path = tmp_path / "ucr.tsv"
    path.write_text("1\t0.5\t0.6\n2\t0.7\t0.8\n")
    reading = {"header": False, "delimiter": "\t", "label": "column 1"}
    table = read(path, "value", shape="wide", **reading)
    assert table["value"].tolist() == ["0.5", "0.6", "0.7", "0.8"]
    assert table["label"].tolist() == ["1", "1", "2", "2"]


def test_a_ts_file_is_read_by_channels(read, tmp_path):
    path = tmp_path / "new.ts"
    path.write_text("@classLabel true x y\n@data\n1,2:3,4:x\n5:6:y\n")
    table = read(path, "channel 1", "channel 2")
    assert table["channel 2"].tolist() == ["3", "4", "6"]
    assert table["sequence"].tolist() == [1, 1, 2]
    assert table.index[2] == "row 4, step 1"
