import pandas as pd
import pytest

from search.data.columns import (
    profile_columns,
    suggest_targets,
    suggest_time,
    unit_of,
)
from search.data.series import suggest_settings
from search.data.table import ReadOptions, Table
from search.errors import SeriesError
from tests.data.tables import as_csv, daily_rows, table_of

MIXED = b"""when,speed [m/s],flag,note,words,nothing
2024-01-01,1.5,0,calm,a 1,NA
2024-01-02,-,1,calm,b 2,
2024-01-03,2.5,0,windy,c 3,NA
"""


def test_profile_columns():
    profiles = {profile.name: profile for profile in profile_columns(table_of(MIXED))}
    assert [profile.kind for profile in profiles.values()] == [
        *("time", "number", "number", "category", "category", "empty")
    ]
    speed = profiles["speed [m/s]"]
    assert (speed.examples, speed.unit) == (("1.5", "2.5"), "m/s")


def test_profile_columns_calls_many_texts_text():
    rows = [[f"word {number}", "1"] for number in range(21)]
    profiles = profile_columns(table_of(as_csv(rows, "a,b")))
    assert [profile.kind for profile in profiles] == ["text", "number"]


@pytest.mark.parametrize(
    ("header", "rows", "time"),
    [
        ("date,y", [["2024-01-01", "1"], ["2024-01-02", "2"]], ("date",)),
        ("y,zeit", [["1", "13.01.2024"], ["2", "14.01.2024"]], ("zeit",)),
        ("start,timestamp,y", [["2024-01-01", "2024-01-02", "1"]] * 2, ("timestamp",)),
        (
            "No,year,month,day,hour,y",
            [["1", "2010", "1", "1", "0", "5"], ["2", "2010", "1", "1", "1", "6"]],
            ("year", "month", "day", "hour"),
        ),
        ("day,month,year,y", [["1", "1", "2010", "5"]] * 2, ("year", "month", "day")),
        ("Year,y", [["1700", "5"], ["1701", "11"]], ("Year",)),
        ("Year,y", [["1700", "5"], ["1700", "11"]], ()),
        ("month,y", [["1", "5"], ["2", "11"]], ()),
        (
            "Date,Time,y",
            [["2024-01-01", "10:00", "1"], ["2024-01-01", "11:00", "2"]],
            ("Date", "Time"),
        ),
        ("time,y", [["1577836800", "1"], ["1577836860", "2"]], ("time",)),
        ("t,y", [[str(1577836800 + 60 * i), "1"] for i in range(5)], ("t",)),
        ("date,y", [["20240101", "1"], ["20240102", "2"]], ("date",)),
        ("id,y", [["20240101", "1"], ["20240102", "2"]], ()),
        ("time,y", [["0", "1"], ["1", "2"]], ()),
        ("Month,y", [["1-01", "1"], ["1-02", "2"]], ()),
        ("a,b", [["1.5", "2"], ["2.5", "3"]], ()),
    ],
)
def test_suggest_time(header, rows, time):
    assert suggest_time(table_of(as_csv(rows, header))) == time


def test_suggest_time_reports_changing_day_order_rather_than_hiding_it():
    rows = [["13/01/2024", "1"], ["01/14/2024", "2"]] * 5
    assert suggest_time(table_of(as_csv(rows, "date,y"))) == ("date",)


def test_suggest_targets_prefers_the_last_column_that_is_not_a_flag():
    table = table_of(as_csv(daily_rows()))
    assert suggest_targets(table) == ("other",)
    flags = [[row[0], row[1], str(i % 2)] for i, row in enumerate(daily_rows())]
    assert suggest_targets(table_of(as_csv(flags))) == ("target",)
    assert suggest_targets(table_of(b"a,b\n0,x\n1,y\n0,x\n")) == ("a",)


def test_suggest_settings_asks_for_numbers():
    frame = pd.DataFrame({"a": ["x", "y"]}, dtype="str")
    table = Table(frame, ReadOptions(), "x.csv")
    with pytest.raises(SeriesError, match="No column of the table holds numbers"):
        suggest_settings(table)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("temperature [°C]", "°C"),
        ("flow (m3/h)", "m3/h"),
        ("pressure[bar] ", "bar"),
        ("Passengers", None),
        ("[x]", None),
        ("a (b) c", None),
        ("y ()", None),
    ],
)
def test_unit_of(name, unit):
    assert unit_of(name) == unit


def test_profile_columns_calls_many_texts_text_wherever_they_are():
    """Of 4,000 cells 400 are looked at first; here they do not tell."""
    few = [["calm" if n % 10 else "storm", "1"] for n in range(4_000)]
    many = [[f"word {n}" if n % 10 else "calm", "1"] for n in range(4_000)]
    kinds = [
        profile_columns(table_of(as_csv(rows, "a,b")))[0].kind for rows in (few, many)
    ]
    assert kinds == ["category", "text"]
