"""A newer file: read as the study's file was, refused with row and column."""

import io

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.data.newer import read_newer
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
