from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.data.series import (
    _recent,
    apply_choice,
    build_series,
    inspect_series,
    suggest_settings,
    time_index,
)
from search.data.settings import SeriesSettings
from search.errors import ConfigError, SeriesError
from tests.data.tables import (
    as_csv,
    daily_rows,
    edited,
    missing_rows,
    settings_of,
    table_of,
    with_cell,
    with_times,
)

# Twelve days; y is missing on days 1, 5, 6 and 12, x on day 2.
HOLES = as_csv(
    [
        [f"2024-01-{day:02d}", y, x]
        for day, y, x in zip(
            range(1, 15),
            ["", "1", "2", "3", "NA", "-", "6", "7", "8", "9", "10", "11", "12", ""],
            ["5", "", *"123456789", "5", "5", "5"],
            strict=True,
        )
    ],
    "date,y,x",
)


def _holes(missing: str):
    return build_series(table_of(HOLES), settings_of("y", missing=missing))


def _codes(report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_build_series_of_a_clean_table():
    built = build_series(table_of(as_csv(daily_rows())), settings_of("target", "other"))
    assert list(built.values.columns) == ["target", "other"]
    assert built.values["target"].iloc[:3].tolist() == [10.0, 11.0, 12.0]
    assert built.values.dtypes.tolist() == [np.float64, np.float64]
    assert isinstance(built.values.index, pd.DatetimeIndex)
    assert built.values.index.freqstr == "D"
    assert built.findings == ()
    source = built.source
    assert (source.file_name, source.time_columns) == ("test.csv", ("date",))
    assert (source.frequency, source.repairs) == ("D", ())
    assert source.reading["time_format"] == "iso"


def test_forward_fill_never_looks_ahead():
    built = _holes("forward_fill")
    expected = [1, 2, 3, 3, 3, 6, 7, 8, 9, 10, 11, 12, 12]
    assert built.values["y"].tolist() == expected
    assert str(built.values.index[0].date()) == "2024-01-02"
    assert built.source.repairs == (
        "3 missing values took the last value before.",
        "1 row at the beginning and 0 rows at the end, which the rule cannot fill, "
        "were left out.",
    )


def test_interpolate_fills_inside_only():
    values = _holes("interpolate").values
    assert values["y"].tolist() == [float(number) for number in range(1, 13)]
    assert str(values.index[-1].date()) == "2024-01-13"


def test_backward_fill_says_that_it_looks_ahead():
    built = _holes("backward_fill")
    expected = [1, 1, 2, 3, 6, 6, 6, 7, 8, 9, 10, 11, 12]
    assert built.values["y"].tolist() == expected
    assert "looks ahead" in built.source.repairs[0]


def test_zero_fills_everything():
    values = _holes("zero").values["y"]
    assert values.tolist() == [0, 1, 2, 3, 0, 0, 6, 7, 8, 9, 10, 11, 12, 0]


def test_drop_inside_counts_rows_from_then_on():
    built = _holes("drop")
    assert built.values["y"].tolist() == [1, 2, 3, *range(6, 13)]
    assert isinstance(built.values.index, pd.RangeIndex)
    assert (built.source.frequency, built.source.time_columns) == (None, ())
    assert "2 rows with missing values inside" in built.source.repairs[-1]


def test_drop_at_the_ends_keeps_the_time():
    content = edited(lambda rows: [rows[i].__setitem__(1, "") for i in (0, 1, 29)])
    built = build_series(table_of(content), settings_of(missing="drop"))
    assert len(built.values) == 27
    assert str(built.values.index[0].date()) == "2024-01-03"


def test_a_hole_in_a_feature_counts_too():
    settings = settings_of("y", "x", missing="forward_fill")
    values = build_series(table_of(HOLES), settings).values
    assert str(values.index[0].date()) == "2024-01-02"
    assert values["x"].iloc[:3].tolist() == [5.0, 1.0, 2.0]


def test_missing_values_are_reported_for_used_columns_only():
    report = inspect_series(table_of(HOLES), settings_of("y"))
    (finding,) = report.findings
    assert (finding.code, finding.column, finding.count) == ("missing_values", "y", 4)
    assert finding.rows == (2, 6, 7, 15)
    assert finding.setting == "missing"
    assert finding.choices[-1] == "backward_fill"
    assert "longest run has 2 rows" in finding.message
    assert missing_rows(report, "y").tolist() == [0, 4, 5, 13]


def test_absent_stamps_become_rows_that_missing_fills():
    content = edited(lambda rows: [rows.pop(5) for _ in range(2)])
    table = table_of(content)
    report = inspect_series(table, settings_of())
    assert len(report.frame_preview) == report.n_rows == 30
    assert [(gap.start, gap.stop) for gap in report.gaps] == [(5, 7)]
    assert missing_rows(report, "target").tolist() == [5, 6]
    (finding,) = report.findings
    assert (finding.code, finding.rows, finding.count) == ("gaps", (6,), 2)
    built = build_series(table, settings_of(missing="forward_fill"))
    assert built.values["target"].iloc[4:8].tolist() == [14.0, 14.0, 14.0, 10.0]


def test_gaps_can_be_ignored_by_counting_rows():
    table = table_of(edited(lambda rows: rows.pop(5)))
    built = build_series(table, settings_of(irregular="ignore"))
    assert isinstance(built.values.index, pd.RangeIndex)
    assert len(built.values) == 29
    assert built.source.repairs[0].startswith("Rows are counted")


def test_monthly_series_know_that_months_differ():
    stamps = [str(month) for month in pd.period_range("2020-01", periods=30, freq="M")]
    report = inspect_series(
        table_of(with_times(stamps[:9] + stamps[11:])), settings_of("y", time=("time",))
    )
    assert report.frequency == "MS"
    assert [(gap.start, gap.stop) for gap in report.gaps] == [(9, 11)]


@pytest.mark.parametrize(
    ("rule", "value"), [("first", 14.0), ("last", 20.0), ("mean", 17.0)]
)
def test_duplicates(rule, value):
    content = edited(lambda rows: rows.insert(5, ["2024-01-05", "20", "0"]))
    table = table_of(content)
    report = inspect_series(table, settings_of())
    assert report.duplicates.tolist() == [4]
    assert report.findings[0].rows == (7,)
    built = build_series(table, settings_of(duplicates=rule))
    assert len(built.values) == 30
    assert built.values["target"].iloc[4] == value


def test_unsorted_rows_are_sorted_with_a_notice():
    content = edited(lambda rows: rows.insert(3, rows.pop(10)))
    report = inspect_series(table_of(content), settings_of())
    (finding,) = report.findings
    assert (finding.code, finding.severity) == ("unsorted", "notice")
    assert finding.rows == (6,)
    assert "2024-01-04 follows 2024-01-11" in finding.message
    built = build_series(table_of(content), settings_of())
    assert built.values["target"].tolist() == [10.0 + day % 7 for day in range(30)]
    assert built.source.repairs == ("The rows were sorted by time.",)


def test_rows_that_run_backwards_are_sorted():
    report = inspect_series(
        table_of(edited(lambda rows: rows.reverse())), settings_of()
    )
    assert "from the latest time stamp to the first" in report.findings[0].message
    assert report.is_ready


def test_resample_takes_the_mean_of_each_step():
    stamps = [
        f"2024-01-01 {hour:02d}:{minute}" for hour in range(12) for minute in (1, 40)
    ]
    table = table_of(with_times(stamps))
    settings = settings_of("y", time=("time",), frequency="h")
    with pytest.raises(SeriesError, match="do not lie on the step of h"):
        build_series(table, settings)
    built = build_series(table, replace(settings, irregular="resample"))
    assert built.values["y"].iloc[:3].tolist() == [0.5, 2.5, 4.5]
    assert str(built.values.index[1]) == "2024-01-01 01:00:00"
    assert built.source.repairs == ("The mean of each step of h was taken.",)


def test_irregular_steps_are_refused_then_resampled_to_a_round_step():
    minutes = np.cumsum([3, 4, 7, 2, 8, 5, 6, 4, 9, 1, 5, 6, 4, 5, 3, 7])
    stamps = [str(pd.Timestamp("2024-01-01") + pd.Timedelta(m, "min")) for m in minutes]
    table = table_of(with_times(stamps))
    settings = settings_of("y", time=("time",))
    report = inspect_series(table, settings)
    assert report.frequency is None
    assert report.findings[0].choices == ("resample", "ignore")
    fixed = replace(settings, irregular="resample", missing="interpolate")
    built = build_series(table, fixed)
    assert built.source.frequency == "5min"
    assert len(built.values) == report.n_rows or len(built.values) >= 10


def test_frequency_that_pandas_does_not_know_is_an_error():
    table = table_of(as_csv(daily_rows()))
    report = inspect_series(table, settings_of(frequency="fortnight"))
    assert _codes(report) == ["frequency"]
    with pytest.raises(SeriesError, match="`frequency` must be a step"):
        build_series(table, settings_of(frequency="fortnight"))


def test_time_format_that_cannot_be_read_is_an_error():
    table = table_of(as_csv(daily_rows()))
    report = inspect_series(table, settings_of(time_format="%Q%"))
    assert "time_format" in _codes(report)
    assert not report.is_ready


def test_day_order_asks_and_obeys():
    stamps = [f"0{day}/0{month}/2024" for month in range(1, 5) for day in range(1, 5)]
    table = table_of(with_times(stamps))
    settings = settings_of("y", time=("time",), irregular="ignore")
    report = inspect_series(table, settings)
    (finding,) = report.open_findings
    assert (finding.code, finding.setting) == ("day_order", "day_first")
    assert apply_choice(settings, finding, "day_first").day_first is True
    chosen = apply_choice(settings, finding, "month_first")
    assert chosen.day_first is False
    assert inspect_series(table, chosen).is_ready


def test_bad_time_and_unreadable_cells_can_be_left_out():
    rows = [*daily_rows(), ["Total", "9", "9"]]
    rows[3][1] = "abc"
    table = table_of(as_csv(rows))
    settings = settings_of()
    while open_findings := inspect_series(table, settings).open_findings:
        choice = open_findings[0].choices[0]
        settings = apply_choice(settings, open_findings[0], choice)
    assert (settings.bad_time, settings.unreadable) == ("drop", "missing")
    assert settings.missing == "forward_fill"
    built = build_series(table, settings)
    assert len(built.values) == 30
    assert built.values["target"].iloc[3] == 12.0
    assert built.source.repairs == (
        "1 cell of column 'target' without a finite number was emptied.",
        "1 row without a readable time stamp was left out.",
        "1 missing value took the last value before.",
    )


def test_refused_cells_are_not_reported_as_missing_too():
    report = inspect_series(table_of(with_cell(9, 1, "abc")), settings_of())
    assert _codes(report) == ["text_in_numbers"]


def test_text_features_become_0_1_columns():
    wind = ["N", "S", "W"] * 10
    rows = [[row[0], row[1], w] for row, w in zip(daily_rows(), wind, strict=True)]
    rows[4][2] = ""
    table = table_of(as_csv(rows, "date,target,wind"))
    settings = SeriesSettings(
        time=("date",),
        roles=Roles(("target",), known_features=("wind",), calendar=("weekday",)),
        missing="forward_fill",
    )
    built = build_series(table, settings)
    assert built.roles.known_features == ("wind=N", "wind=S", "wind=W")
    assert built.roles.calendar == ("weekday",)
    assert list(built.values.columns) == ["target", "wind=N", "wind=S", "wind=W"]
    assert built.values["wind=S"].iloc[:3].tolist() == [0.0, 1.0, 0.0]
    # Row 5 has no text and repeats the one before.
    assert built.values["wind=N"].iloc[3:5].tolist() == [1.0, 1.0]
    assert built.source.categories == {"wind": ("N", "S", "W")}
    zeros = build_series(table, replace(settings, missing="zero")).values
    assert zeros.iloc[4, 1:].tolist() == [0.0, 0.0, 0.0]


def test_duplicates_of_texts_take_the_first_when_numbers_are_averaged():
    rows = [[row[0], row[1], "NS"[i % 2]] for i, row in enumerate(daily_rows())]
    rows.insert(1, ["2024-01-01", "20", "S"])
    settings = settings_of("target", "other", duplicates="mean")
    values = build_series(table_of(as_csv(rows)), settings).values
    assert values.iloc[0].tolist() == [15.0, 1.0, 0.0]


def test_too_many_texts_are_refused():
    rows = [[row[0], row[1], f"word {i}"] for i, row in enumerate(daily_rows())]
    with pytest.raises(SeriesError, match=r"30 different texts.*at most 20"):
        build_series(table_of(as_csv(rows)), settings_of("target", "other"))


def test_a_text_cannot_be_a_target():
    rows = [[row[0], "NS"[i % 2], row[2]] for i, row in enumerate(daily_rows())]
    with pytest.raises(SeriesError, match="no finite numbers: row 2 has 'N'"):
        build_series(table_of(as_csv(rows)), settings_of("target"))


def test_a_constant_feature_is_only_a_notice():
    rows = [[row[0], row[1], "1"] for row in daily_rows()]
    report = inspect_series(table_of(as_csv(rows)), settings_of("target", "other"))
    assert report.is_ready
    assert report.findings[0].severity == "notice"


def test_precision_beyond_64_bits_is_a_notice():
    report = inspect_series(table_of(with_cell(9, 1, "1" * 25)), settings_of())
    (finding,) = report.findings
    assert (finding.code, finding.rows) == ("precision", (9,))
    # What Python writes for a float has 17 digits and is exact.
    exact = with_cell(9, 1, "0.00012345678901234567")
    assert inspect_series(table_of(exact), settings_of()).findings == ()


def test_rows_are_counted_without_a_time_column():
    table = table_of(as_csv([[str(i), str(i * i)] for i in range(20)], "a,b"))
    settings = suggest_settings(table)
    assert (settings.time, settings.roles.targets) == ((), ("b",))
    report = inspect_series(table, settings)
    assert _codes(report) == ["no_time"]
    built = build_series(table, settings)
    assert isinstance(built.values.index, pd.RangeIndex)
    assert (built.source.time_columns, built.source.frequency) == ((), None)


def test_calendar_features_need_time():
    roles = Roles(("target",), calendar=("hour",))
    table = table_of(as_csv(daily_rows()))
    report = inspect_series(table, SeriesSettings(time=(), roles=roles))
    assert "Calendar features (hour) need equally spaced" in report.findings[-1].message
    assert not report.is_ready


def test_columns_that_are_not_there_become_findings():
    table = table_of(as_csv(daily_rows()))
    report = inspect_series(table, settings_of("nothing", time=("never",)))
    assert [finding.column for finding in report.open_findings] == ["never", "nothing"]
    with pytest.raises(SeriesError, match="The table has no column 'never'"):
        build_series(table, settings_of("nothing", time=("never",)))


def test_a_column_that_is_no_time_is_an_error():
    table = table_of(as_csv(daily_rows()))
    report = inspect_series(table, settings_of(time=("other",)))
    assert _codes(report) == ["not_a_time"]


def test_settings_refuse_values_that_do_not_exist():
    with pytest.raises(ConfigError, match="`missing` must be one of refuse, forward"):
        settings_of(missing="guess")
    with pytest.raises(ConfigError, match="'date' is time and more"):
        settings_of("date")


def test_apply_choice_refuses_what_is_not_offered():
    table = table_of(with_cell(9, 1, ""))
    (finding,) = inspect_series(table, settings_of()).findings
    with pytest.raises(SeriesError, match="`choice` must be one of forward_fill"):
        apply_choice(settings_of(), finding, "mean")


def test_the_outlier_is_marked_and_kept():
    table = table_of(with_cell(12, 2, "9000"))
    settings = settings_of("other")
    assert inspect_series(table, settings).outliers("other").tolist() == [10]
    assert build_series(table, settings).values["other"].iloc[10] == 9000.0


def test_repairs_do_not_look_ahead():
    """Change the future: rows before it do not move, whatever is chosen."""
    changed = edited(lambda rows: [row.__setitem__(1, "99") for row in rows[20:]])
    for missing in ("forward_fill", "interpolate"):
        settings = settings_of(missing=missing)
        before = build_series(table_of(with_cell(9, 1, "")), settings).values
        holes = changed.replace(b"2024-01-08,10,", b"2024-01-08,,")
        after = build_series(table_of(holes), settings).values
        pd.testing.assert_frame_equal(before.iloc[:20], after.iloc[:20])


@pytest.mark.parametrize(
    "content",
    [
        as_csv(daily_rows()),
        as_csv(daily_rows()[:9] + daily_rows()[14:]),
        as_csv(daily_rows()[::-1]),
        as_csv([*daily_rows(), *daily_rows()[3:5]]),
        edited(lambda rows: rows[7].__setitem__(0, "soon")),
        edited(lambda rows: rows[7].__setitem__(0, "2024-01-07 13:00")),
        b"target,other\n" + b"1,2\n3,4\n" * 9,
    ],
    ids=["good", "gap", "backwards", "repeats", "unreadable", "off", "no time"],
)
@pytest.mark.parametrize("irregular", ["refuse", "resample", "ignore"])
@pytest.mark.parametrize("duplicates", ["refuse", "mean"])
def test_time_index_is_that_of_the_preview(content, irregular, duplicates):
    table = table_of(content)
    settings = replace(
        suggest_settings(table), irregular=irregular, duplicates=duplicates
    )
    preview = inspect_series(table, settings).frame_preview
    assert time_index(table, settings).equals(preview.index)


def test_season_of_a_long_series_is_looked_for_in_its_filled_end():
    """A gap that begins before the last 50,000 rows is filled from both its sides."""
    values = 10 + np.sin(2 * np.pi * np.arange(60_000) / 24)
    values[9_990:10_020] = np.nan
    values[59_990:] = np.nan
    filled = pd.Series(values).interpolate(limit_direction="both").to_numpy()
    np.testing.assert_array_equal(_recent(values), filled[-50_000:])
    assert _recent(np.full(20, np.nan)).tolist() == [0.0] * 20
    assert _recent(values[:9_000]).tolist() == values[:9_000].tolist()
