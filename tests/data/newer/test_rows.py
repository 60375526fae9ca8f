"""A newer file: read as the study's file was, refused with row and column."""

import io

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.data.newer.rows import read_newer
from search.data.report import BuiltSeries
from search.data.series import SeriesSettings, build_series
from search.data.table import read_table
from search.errors import SeriesError, TableFormatError

N_OLD = 200


@pytest.fixture
def table() -> pd.DataFrame:
    """Return 260 hours as a person writes them: semicolons, commas, day first."""
    generator = np.random.default_rng(0)
    hours = pd.date_range("2024-01-01", periods=260, freq="h")
    return pd.DataFrame(
        {
            "time": hours.strftime("%d.%m.%Y %H:%M"),
            "level": generator.normal(size=260).round(3),
            "mode": generator.choice(["on", "off", "auto"], 260),
            "shift": np.arange(260) % 7,
        }
    )


def written(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, sep=";", decimal=",").encode()


def study_of(table: pd.DataFrame, **rules: object) -> BuiltSeries:
    settings = SeriesSettings(
        time=("time",),
        roles=Roles(("level",), past_features=("mode",), known_features=("shift",)),
        **rules,  # type: ignore[arg-type]
    )
    return build_series(read_table(written(table), name="old.csv"), settings)


def read(built: BuiltSeries, content: bytes | pd.DataFrame):
    content = content if isinstance(content, bytes) else written(content)
    return read_newer(content, name="new.csv", source=built.source, roles=built.roles)


def test_newer_rows_are_those_that_the_study_would_have(table) -> None:
    rows = read(study_of(table[:N_OLD]), table[150:])
    expected = study_of(table).values[150:]
    pd.testing.assert_frame_equal(rows.values, expected, check_freq=False)
    assert not len(rows.known)
    assert rows.notes == ()


def test_rows_after_the_last_target_hold_what_is_known(table) -> None:
    newer = table[150:].copy()
    newer.loc[240:, "level"] = np.nan
    newer.loc[250, "mode"] = ""
    rows = read(study_of(table[:N_OLD]), newer)
    assert rows.values.index[-1] == pd.Timestamp("2024-01-10 23:00")
    assert rows.known["shift"].tolist() == [float(n % 7) for n in range(240, 260)]
    assert list(rows.known.columns) == ["shift"]


def test_known_rows_end_where_one_is_empty(table) -> None:
    newer = table[150:].copy()
    newer["shift"] = newer["shift"].astype(object)
    newer.loc[240:, "level"] = np.nan
    newer.loc[245, "shift"] = ""
    assert len(read(study_of(table[:N_OLD]), newer).known) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((170, "level", np.nan), r"Column 'level' has 1 missing value: row 22"),
        ((170, "mode", "idle"), r"Row 22, column 'mode' is 'idle'; the study knows"),
        ((170, "time", "soon"), r"[Rr]ow 22"),
    ],
)
def test_what_cannot_be_used_is_named_by_row_and_column(table, change, message) -> None:
    row, column, value = change
    newer = table[150:].copy()
    newer.loc[row, column] = value
    with pytest.raises(SeriesError, match=message):
        read(study_of(table[:N_OLD]), newer)


def test_a_text_among_numbers_is_named(table) -> None:
    text = written(table[150:]).decode().splitlines()
    cells = text[21].split(";")
    text[21] = ";".join([cells[0], "broken", *cells[2:]])
    with pytest.raises(SeriesError, match=r"Row 22, column 'level': 'broken' is not"):
        read(study_of(table[:N_OLD]), "\n".join(text).encode())


def test_absent_columns_are_all_named(table) -> None:
    with pytest.raises(SeriesError, match=r"no column 'level', 'shift'; it has 'time'"):
        read(study_of(table[:N_OLD]), table[["time", "mode"]])


def test_gaps_inside_are_refused_or_filled_as_in_the_study(table) -> None:
    newer = table[150:].drop(index=[170, 171])
    with pytest.raises(SeriesError, match="2 time stamps are absent in 1 gap"):
        read(study_of(table[:N_OLD]), newer)
    filled = read(study_of(table[:N_OLD], missing="forward_fill"), newer)
    assert filled.values["level"].iloc[21] == table["level"][169]
    assert any("took the last value before" in note for note in filled.notes)


def test_another_way_of_writing_is_detected_and_said(table) -> None:
    rows = read(study_of(table[:N_OLD]), table[150:].to_csv(index=False).encode())
    assert len(rows.values) == 110
    assert "delimiter ','" in rows.notes[0]


def test_excel_and_parquet_are_read_for_a_study_of_text(table) -> None:
    typed = table[150:].copy()
    typed["time"] = pd.to_datetime(typed["time"], format="%d.%m.%Y %H:%M")
    built = study_of(table[:N_OLD])
    for write in ("to_excel", "to_parquet"):
        buffer = io.BytesIO()
        getattr(typed, write)(buffer, index=False)
        rows = read(built, buffer.getvalue())
        pd.testing.assert_frame_equal(rows.values, read(built, table[150:]).values)


def test_one_row_alone_says_what_to_do(table) -> None:
    with pytest.raises(SeriesError, match=r"has 1 row; at least 2 are needed"):
        read(study_of(table[:N_OLD]), table[200:201])


def test_no_table_is_said(table) -> None:
    with pytest.raises(TableFormatError, match="PNG picture"):
        read(study_of(table[:N_OLD]), b"\x89PNG\r\n\x1a\n" + bytes(300))


def test_rules_of_time_stamps_are_kept_with_the_study(table) -> None:
    twice = pd.concat([table[:N_OLD], table[N_OLD - 1 : N_OLD]])
    built = study_of(twice, duplicates="last", day_first=True)
    assert built.source.reading["duplicates"] == "last"
    newer = pd.concat([table[210:], table[259:]])
    assert len(read(built, newer).values) == 50
    with pytest.raises(SeriesError, match="repeats the time stamp"):
        read(study_of(table[:N_OLD]), newer)


def zoned(start: str, n_rows: int, zone: str) -> pd.DataFrame:
    """Return hours with the offset that each of them has in a time zone."""
    hours = pd.date_range(start, periods=n_rows, freq="h", tz="UTC").tz_convert(zone)
    return pd.DataFrame(
        {"time": [one.isoformat() for one in hours], "level": np.arange(n_rows) + 0.5}
    )


def zoned_study(table: pd.DataFrame) -> BuiltSeries:
    content = table.to_csv(index=False).encode()
    settings = SeriesSettings(time=("time",), roles=Roles(("level",)))
    return build_series(read_table(content, name="old.csv"), settings)


def first_stamp(built: BuiltSeries, newer: pd.DataFrame) -> pd.Timestamp:
    return read(built, newer.to_csv(index=False).encode()).values.index[0]


def test_one_offset_is_moved_to_the_utc_of_a_study_over_daylight_saving() -> None:
    """The study crosses a change of the clock, the newer file lies behind it."""
    built = zoned_study(zoned("2024-03-25", 240, "Europe/Berlin"))
    assert built.source.reading["time_zone"] == "utc"
    newer = zoned("2024-04-03 12:00", 48, "Europe/Berlin")
    assert newer["time"][0] == "2024-04-03T14:00:00+02:00"
    assert first_stamp(built, newer) == pd.Timestamp("2024-04-03 12:00")


def test_another_offset_than_the_study_has_is_converted() -> None:
    built = zoned_study(zoned("2024-01-01", 240, "Europe/Berlin"))
    assert built.source.reading["time_offset"] == "+01:00"
    for zone in ("Europe/Berlin", "America/New_York", "Asia/Kolkata"):
        newer = zoned("2024-01-09 12:30" if "Asia" in zone else "2024-01-09", 48, zone)
        expected = "2024-01-09 13:30" if "Asia" in zone else "2024-01-09 01:00"
        assert first_stamp(built, newer) == pd.Timestamp(expected)
    summer = zoned("2024-03-25", 240, "Europe/Berlin")  # its offset changes
    assert first_stamp(built, summer) == pd.Timestamp("2024-03-25 01:00")


def test_offsets_that_change_are_refused_where_the_study_keeps_clock_times() -> None:
    table = zoned("2024-01-01", 240, "UTC")
    table["time"] = table["time"].str[:19]
    newer = zoned("2024-03-25", 240, "Europe/Berlin")
    with pytest.raises(SeriesError, match=r"changes in new\.csv, and the study keeps"):
        first_stamp(zoned_study(table), newer)


def test_clock_times_without_a_known_offset_are_said() -> None:
    table = zoned("2024-01-01", 240, "UTC")
    table["time"] = table["time"].str[:19]
    newer = zoned("2024-01-09", 48, "Europe/Berlin").to_csv(index=False).encode()
    rows = read(zoned_study(table), newer)
    assert rows.values.index[0] == pd.Timestamp("2024-01-09 01:00")
    assert "the clock time kept" in rows.notes[0]
    utc = zoned_study(zoned("2024-03-25", 240, "Europe/Berlin"))
    rows = read(utc, table.to_csv(index=False).encode())
    assert "were taken as UTC" in rows.notes[0]


def test_days_are_dates_whatever_their_offset() -> None:
    days = pd.date_range("2024-01-01", periods=60, freq="D")
    table = pd.DataFrame(
        {"time": days.strftime("%Y-%m-%dT00:00:00+01:00"), "level": np.arange(60.0)}
    )
    newer = table[50:].assign(time=table["time"][50:].str.replace("+01", "+02"))
    assert first_stamp(zoned_study(table), newer) == pd.Timestamp("2024-02-20")


def counted_study(table: pd.DataFrame, **rules: object) -> BuiltSeries:
    settings = SeriesSettings(
        time=(),
        roles=Roles(("level",), past_features=("mode",), known_features=("shift",)),
        **rules,  # type: ignore[arg-type]
    )
    return build_series(read_table(written(table), name="old.csv"), settings)


def test_counted_rows_are_those_that_the_study_would_have(table) -> None:
    newer = table[150:].copy()
    newer.loc[250:, "level"] = np.nan
    rows = read(counted_study(table[:N_OLD]), newer)
    expected = counted_study(table[:250]).values[150:].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows.values, expected)
    assert rows.known["shift"].tolist() == [float(n % 7) for n in range(250, 260)]


def test_known_rows_begin_after_the_last_row_that_is_kept(table) -> None:
    """The last two rows with a target are dropped, as they miss a feature."""
    newer = table[150:].copy()
    newer.loc[250:, "level"] = np.nan
    newer.loc[248:249, "mode"] = ""
    rows = read(counted_study(table[:N_OLD], missing="drop"), newer)
    assert len(rows.values) == 98
    assert rows.known["shift"].tolist() == [float(n % 7) for n in range(248, 260)]


@pytest.mark.parametrize("rule", ["ignore", "drop"])
def test_counted_rows_are_sorted_by_the_time_that_gave_the_order(table, rule) -> None:
    rules = {"irregular" if rule == "ignore" else "missing": rule, "day_first": True}
    old = table[:N_OLD].copy()
    if rule == "ignore":
        old = old.drop(index=[20])
    else:
        old.loc[20, "level"] = np.nan
    built = study_of(old, **rules)
    assert built.source.time_columns == ()
    assert built.source.order_by == ("time",)
    newer = table[150:].drop(index=[170])
    rows = read(built, newer[::-1])
    assert rows.values["level"].tolist() == newer["level"].tolist()
    assert isinstance(rows.values.index, pd.RangeIndex)
    with pytest.raises(SeriesError, match="has no column 'time'"):
        read(built, newer.drop(columns="time"))


def test_the_row_inside_is_named_not_one_at_the_beginning(table) -> None:
    """Row 2 is left out at the beginning, row 22 cannot be."""
    newer = table[150:].copy()
    newer.loc[[150, 170], "level"] = np.nan
    with pytest.raises(SeriesError, match="Row 22 misses a value"):
        read(study_of(table[:N_OLD], missing="drop"), newer)


def test_nothing_is_advised_that_only_the_data_page_has(table) -> None:
    newer = table[150:].assign(time="then")
    with pytest.raises(SeriesError, match=r"has 'then'\. Mend the file"):
        read(study_of(table[:N_OLD]), newer)


def test_rows_that_were_filled_from_later_ones_are_counted(table) -> None:
    newer = table[150:].copy()
    newer.loc[[160, 210, 211], "level"] = np.nan
    rows = read(study_of(table[:N_OLD], missing="interpolate"), newer)
    assert rows.filled_ahead["level"].tolist() == [10, 60, 61]
    assert rows.n_filled_ahead(60) == {"level": 2}
    assert rows.n_filled_ahead(0) == {}
