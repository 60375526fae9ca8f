"""What ``predict.py`` says about a table that it cannot use: one sentence, code 2."""

import re

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.data.source import Source


@pytest.fixture
def seasonal(make_bundle, hourly, source):
    """Make a bundle that needs nine rows: a sequence of five, a season of four."""
    return make_bundle(hourly, Roles(("a",), ("b",)), source, framing="seasonal")


@pytest.fixture
def refused(tmp_path, capsys):
    """Return a function that runs a bundle on a text and returns what it says."""

    def refuse(made, text, *arguments, name="newest.csv"):
        (tmp_path / name).write_text(text)
        code = made.script().main([str(tmp_path / name), *arguments])
        captured = capsys.readouterr()
        assert (code, captured.out) == (2, "")
        assert captured.err.count("\n") == 1
        return captured.err.strip()

    return refuse


def text_of(hourly, **cells):
    """Return the last rows as CSV; rows 2 to 13, cells changed by ``column_row``."""
    table = hourly[-12:].rename_axis("time").reset_index().astype(str)
    for place, value in cells.items():
        column, row = place.split("_")
        table.loc[int(row) - 2, column] = value
    return table.to_csv(index=False)


def test_too_few_rows(seasonal, hourly, refused):
    text = hourly[-8:].rename_axis("time").to_csv()
    assert refused(seasonal, text) == (
        "The file has 8 rows with target values; the network needs 9 (sequence length "
        "5 + season 4)."
    )


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"b_8": ""}, "Column 'b' in row 8 has no value; fill it in."),
        ({"b_8": "n/a"}, "Column 'b' in row 8 has no value; fill it in."),
        ({"a_9": "off"}, "Column 'a' in row 9 is 'off', which is not a number."),
        ({"a_9": "inf"}, "Column 'a' in row 9 is 'inf', which is not a number."),
        ({"a_9": "1,5"}, "Column 'a' in row 9 is '1,5', which is not a number."),
        (
            {"time_8": "soon"},
            "Row 8 has no time stamp that can be read, but 'soon'.",
        ),
        (
            {"time_8": "2024-03-01 21:00:00"},
            "Row 8 (2024-03-01 21:00:00) is earlier than the row before it "
            "(2024-03-01 22:00:00); sort the file by time.",
        ),
        (
            {"time_8": "2024-03-01 23:30:00"},
            "Row 8 has the time stamp 2024-03-01 23:30:00 where 2024-03-01 23:00:00 is "
            "expected (step 'h'). Add missing rows and remove repeated ones.",
        ),
    ],
)
def test_cells_that_are_needed_are_named(cells, message, seasonal, hourly, refused):
    assert refused(seasonal, text_of(hourly, **cells)) == message


def test_cells_that_are_not_needed_do_not_matter(seasonal, hourly, tmp_path, capsys):
    """Rows 2 to 4 lie before the nine rows of the forecast."""
    path = tmp_path / "newest.csv"
    path.write_text(text_of(hourly, a_2="off", b_4=""))
    assert seasonal.script().main([str(path)]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"newest\.csv cannot be read: No columns to parse from file"),
        ("time,a,b\n1,2,3,4\n", r"newest\.csv cannot be read: .*"),
        ("time,a\n1,2\n", r"newest\.csv has no column 'b'; it has 'time', 'a'\."),
        ("time,a,b\n", r"No row has a value of a\."),
    ],
)
def test_files_that_are_not_such_a_table(text, message, seasonal, refused):
    assert re.fullmatch(message, refused(seasonal, text))


def test_bytes_in_another_encoding(seasonal, tmp_path, capsys):
    (tmp_path / "newest.csv").write_bytes("time,a,b,°C\n".encode("cp1252"))
    assert seasonal.script().main([str(tmp_path / "newest.csv")]) == 2
    assert "newest.csv cannot be read: 'utf-8' codec" in capsys.readouterr().err


def test_a_file_that_is_not_there(seasonal, tmp_path, capsys):
    assert seasonal.script().main([str(tmp_path / "none.csv")]) == 2
    assert capsys.readouterr().err == f"There is no file {tmp_path}/none.csv.\n"


def test_no_file_named(seasonal, capsys):
    assert seasonal.script().main([]) == 2
    assert "Name a table" in capsys.readouterr().err


def test_a_damaged_workbook(seasonal, refused):
    message = refused(seasonal, "no workbook", name="newest.xlsx")
    assert message.startswith("newest.xlsx cannot be read:")


@pytest.mark.parametrize("first", ["8", "10"])
def test_every_origin_outside_its_range(first, seasonal, hourly, refused):
    """Twelve rows leave one origin: nine rows before it, three steps after it."""
    assert refused(seasonal, text_of(hourly), "--every-origin", first) == (
        f"--every-origin {first} is not possible: with 12 rows of target values it "
        "must lie between 9 (rows that a forecast needs) and 9 (horizon 3 before the "
        "end)."
    )


def test_too_few_rows_with_known_features(make_bundle, hourly, source, refused):
    roles = Roles(("a",), past_features=("b",), known_features=("c",))
    made = make_bundle(hourly, roles, source)
    table = hourly.rename_axis("time")
    table.iloc[-2:, :2] = np.nan
    assert refused(made, table.to_csv()) == (
        "The file has 2 rows after the last value of a; the forecast needs 3 more rows "
        "in which c is filled in and the targets are empty."
    )


def test_a_known_feature_without_its_future(make_bundle, hourly, source, refused):
    roles = Roles(("a",), past_features=("b",), known_features=("c",))
    made = make_bundle(hourly, roles, source)
    table = hourly.rename_axis("time")
    table.iloc[-3:, 0] = np.nan
    table.iloc[-1, 2] = np.nan
    assert refused(made, table.to_csv()) == (
        "Column 'c' in row 61 has no value; fill it in."
    )


def test_an_unknown_category(make_bundle, hourly, refused):
    source = Source("w.csv", {}, ("time",), "h", categories={"wind": ("NW", "cv")})
    series = hourly[["a"]].assign(**{"wind=NW": 1.0, "wind=cv": 0.0})
    made = make_bundle(series, Roles(("a",), ("wind=NW", "wind=cv")), source)
    table = hourly[["a"]].assign(wind="NW").rename_axis("time")
    table.iloc[-1, 1] = "S"
    assert refused(made, table.to_csv()) == (
        "Column 'wind' in row 61 is 'S'; the network knows only 'NW', 'cv'."
    )


def test_mixed_offsets_are_not_guessed(make_bundle, hourly, refused):
    source = Source("w.csv", {"time_format": "iso"}, ("time",), "h")
    made = make_bundle(hourly, Roles(("a",), ("b",)), source)
    text = "time,a,b\n2024-01-01T00:00+01:00,1,1\n2024-01-01T00:00+02:00,2,2\n"
    assert "The time stamps cannot be read: Mixed timezones" in refused(made, text)


def test_damaged_preprocessing(seasonal, capsys):
    (seasonal.folder / "preprocessing.json").write_text('{"reading": {}}')
    assert seasonal.script().main(["--check"]) == 2
    assert "preprocessing.json cannot be used: KeyError" in capsys.readouterr().err


def test_output_that_cannot_be_written(seasonal, hourly, refused, tmp_path):
    out = str(tmp_path / "absent" / "forecast.csv")
    message = refused(seasonal, text_of(hourly), "--out", out)
    assert message == f"{out} cannot be written: No such file or directory."


def test_a_duplicate_time_stamp(seasonal, hourly, refused):
    table = pd.concat([hourly[-12:-5], hourly[-6:]]).rename_axis("time")
    assert refused(seasonal, table.to_csv()).startswith(
        "Row 9 has the time stamp 2024-03-01 23:00:00 where 2024-03-02 00:00:00 is"
    )
