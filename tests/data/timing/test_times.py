import numpy as np
import pandas as pd
import pytest

from search.data.reading.options import ReadOptions
from search.data.timing.times import read_stamps

OPTIONS = ReadOptions()


def _column(*texts: str, name: str = "time") -> pd.Series:
    return pd.Series(texts, name=name, dtype="str")


def _read(*texts: str, **settings):
    return read_stamps([_column(*texts)], OPTIONS, **settings)


@pytest.mark.parametrize(
    ("texts", "form", "first"),
    [
        (["2024-01-02", "2024-01-03"], "iso", "2024-01-02"),
        (["1949-01", "1949-02"], "iso", "1949-01-01"),
        (["2024-01-02T03:04:05.5", "2024-01-02"], "iso", "2024-01-02T03:04:05.5"),
        (["2024-01-02 03:04"], "iso", "2024-01-02T03:04"),
        (["13.02.2024 10:00"], "%d.%m.%Y %H:%M", "2024-02-13T10:00"),
        (["02/13/2024"], "%m/%d/%Y", "2024-02-13"),
        (["13-02-24"], "%d-%m-%y", "2024-02-13"),
        (["2024/2/3 4:05"], "%Y/%m/%d %H:%M", "2024-02-03T04:05"),
        (["3 January 2024"], "%d %B %Y", "2024-01-03"),
        (["31-DEC-2019"], "%d-%b-%Y", "2019-12-31"),
        (["Jan 2020", "Feb 2020"], "%b %Y", "2020-01-01"),
        (["Jan 31, 2020"], "%b %d, %Y", "2020-01-31"),
        (["20240131"], "%Y%m%d", "2024-01-31"),
        (["01/2020", "02/2020"], "%m/%Y", "2020-01-01"),
        (["13/1/2020 1:05 PM"], "%d/%m/%Y %I:%M %p", "2020-01-13T13:05"),
        (["1577836800", "1577836860"], "epoch_s", "2020-01-01"),
        (["1577836800000", "1577836860000"], "epoch_ms", "2020-01-01"),
        (["43831", "43832"], "excel", "2020-01-01"),
        (["43831.5", "43832"], "excel", "2020-01-01T12:00"),
    ],
)
def test_read_stamps_finds_the_format(texts, form, first):
    times = _read(*texts)
    assert times.format == form
    assert times.stamps[0] == np.datetime64(first)
    assert not times.is_unreadable.any()
    assert times.stamps.dtype == np.dtype("datetime64[us]")


@pytest.mark.parametrize("text", ["1-01", "abc", "12", "12:30", "2024-13"])
def test_read_stamps_does_not_take_these_for_dates(text):
    assert _read(text, text).is_unreadable.all()


def test_read_stamps_marks_days_that_do_not_exist():
    times = _read("2024-02-29", "2024-02-30", "99999-01-01", "", "2024-03-01")
    assert times.is_unreadable.tolist() == [False, True, True, True, False]
    assert times.is_missing.tolist() == [False, False, False, True, False]


def test_read_stamps_takes_the_order_that_reads_more():
    assert _read("01/02/2024", "01/13/2024").format == "%m/%d/%Y"
    assert _read("01/02/2024", "13/02/2024").format == "%d/%m/%Y"


def test_read_stamps_takes_the_order_that_makes_equal_steps():
    months = [f"01/{month:02d}/2024" for month in (1, 2, 3, 5)]
    assert _read(*months).other_order is not None
    # Month first this is 1 to 12 January and then nothing for a year.
    years = [f"01/{m:02d}/{y}" for y in (2023, 2024) for m in range(1, 13)]
    times = _read(*years)
    assert (times.format, times.other_order) == ("%d/%m/%Y", None)
    assert times.stamps[1] == np.datetime64("2023-02-01")


def test_read_stamps_obeys_day_first():
    texts = ["02/01/2024", "05/02/2024", "06/03/2024"]
    assert _read(*texts).other_order == "%m/%d/%Y"
    assert _read(*texts, day_first=False).stamps[0] == np.datetime64("2024-02-01")
    assert _read(*texts, day_first=True).stamps[0] == np.datetime64("2024-01-02")
    assert _read(*texts, day_first=True).other_order is None


def test_read_stamps_obeys_a_given_format():
    times = _read("24_01_02", "24_01_0x", time_format="%y_%m_%d")
    assert times.stamps[0] == np.datetime64("2024-01-02")
    assert times.is_unreadable.tolist() == [False, True]


def test_read_stamps_keeps_the_clock_of_one_offset():
    times = _read("2024-01-01T10:00:00+02:00", "2024-01-01T11:00:00+02:00")
    assert times.zone == "fixed"
    assert times.stamps[0] == np.datetime64("2024-01-01T10:00")


def test_read_stamps_moves_changing_offsets_to_utc():
    times = _read(
        "2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00", "2024-03-31T04:00+02:00"
    )
    assert times.zone == "mixed"
    assert np.diff(times.stamps).tolist() == [pd.Timedelta("1h")] * 2
    assert times.zone_changes is not None
    assert times.zone_changes.tolist() == [1]


def test_read_stamps_assembles_parts():
    names = {"hour": ["0", "23", "24", "1"], "day": ["1", "31", "1", "31"]}
    month, year = ["1", "12", "1", "4"], ["2010", "2010", "2010", "2011"]
    columns = [
        _column(*year, name="Year"),
        _column(*month, name="month"),
        _column(*names["day"], name="day"),
        _column(*names["hour"], name="hour"),
    ]
    times = read_stamps(columns, OPTIONS)
    assert times.format == "parts"
    assert times.stamps[:2].tolist() == [
        pd.Timestamp("2010-01-01"),
        pd.Timestamp("2010-12-31 23:00"),
    ]
    # There is no hour 24 and no 31 April.
    assert times.is_unreadable.tolist() == [False, False, True, True]


def test_read_stamps_reads_years():
    times = read_stamps([_column("1700", "1701", name="year")], OPTIONS)
    assert times.stamps[1] == np.datetime64("1701-01-01")


def test_read_stamps_joins_date_and_time_of_day():
    date = _column("13/01/2024", "14/01/2024", name="Date")
    clock = _column("10:30", "9:00", name="Time")
    times = read_stamps([date, clock], OPTIONS)
    assert times.stamps[1] == np.datetime64("2024-01-14T09:00")


def test_read_stamps_takes_typed_columns():
    naive = pd.Series(pd.to_datetime(["2024-01-01", None]), name="t")
    assert read_stamps([naive], OPTIONS).is_unreadable.tolist() == [False, True]
    zoned = pd.Series(
        pd.date_range("2024-03-31", periods=3, freq="h", tz="Europe/Berlin")
    )
    times = read_stamps([zoned], OPTIONS)
    assert times.zone == "mixed"
    assert times.stamps[0] == np.datetime64("2024-03-30T23:00")
