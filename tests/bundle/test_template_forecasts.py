"""The stand-alone ``predict.py`` against the definitions of the package."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.data.source import Source
from search.evaluation.panel import make_panel

HORIZON = 3
CALENDAR = ("hour", "weekday", "month")


def run(made, capsys, *arguments):
    """Run the bundled script and return its printed table and its notes."""
    code = made.script().main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return pd.read_csv(io.StringIO(captured.out)), captured.err


def expected_next(made, series, future=None):
    """Forecast past the end of `series` with the reference."""
    roles, params = made.contents.settings.roles, made.contents.params
    if isinstance(series.index, pd.DatetimeIndex):
        index = pd.date_range(series.index[-1], periods=HORIZON + 1, freq="h")[1:]
    else:
        index = pd.RangeIndex(len(series), len(series) + HORIZON)
    rows = pd.DataFrame(0.0, index, series.columns) if future is None else future
    panel = make_panel(
        pd.concat([series, rows]), roles, calendar=params.calendar != "none"
    )
    return made.reference(panel, np.array([len(series)]))[0]


def assert_is_next(made, found, series, future=None):
    targets = list(made.contents.settings.roles.targets)
    expected = expected_next(made, series, future)
    np.testing.assert_allclose(found[targets], expected, rtol=1e-6, atol=1e-5)


def assert_repeats_holdout(made, capsys):
    assert made.script().main(["--check"]) == 0
    assert capsys.readouterr().out.startswith("30 of 30 predictions repeated")


@pytest.mark.parametrize("framing", ["none", "last_value", "seasonal"])
@pytest.mark.parametrize("calendar", ["none", "cycles"])
@pytest.mark.parametrize("targets", [("a",), ("b", "a")])
def test_next_steps_equal_the_reference(
    framing, calendar, targets, make_bundle, hourly, source, tmp_path, capsys
):
    roles = Roles(targets, past_features=("c",), calendar=CALENDAR)
    made = make_bundle(hourly, roles, source, framing=framing, calendar=calendar)
    hourly.rename_axis("time").to_csv(tmp_path / "newest.csv")
    found, notes = run(made, capsys, tmp_path / "newest.csv")
    assert notes == ""
    assert list(found.columns) == ["step", "timestamp", *targets]
    assert found["step"].tolist() == [1, 2, 3]
    assert found["timestamp"].tolist() == [
        "2024-03-02 05:00:00",
        "2024-03-02 06:00:00",
        "2024-03-02 07:00:00",
    ]
    assert_is_next(made, found, hourly)
    assert made.script().main(["--check"]) == 0
    n_predictions = 30 * len(targets)
    assert f"{n_predictions} of {n_predictions} predict" in capsys.readouterr().out


@pytest.mark.parametrize("targets", [("a",), ("b", "a")])
def test_every_origin_gives_the_layout_of_the_holdout_predictions(
    targets, make_bundle, hourly, source, tmp_path, capsys
):
    roles = Roles(targets, past_features=("c",), calendar=CALENDAR)
    made = make_bundle(hourly, roles, source, framing="seasonal")
    hourly.rename_axis("time").to_csv(tmp_path / "newest.csv")
    out = tmp_path / "all.csv"
    code = made.script().main(
        [str(tmp_path / "newest.csv"), "--every-origin", "48", "--out", str(out)]
    )
    assert code == 0
    assert capsys.readouterr().out == ""
    found, stored = pd.read_csv(out), pd.read_csv(made.contents.predictions)
    pd.testing.assert_frame_equal(found, stored, rtol=1e-6)


def test_only_the_last_rows_are_needed(make_bundle, hourly, source, tmp_path, capsys):
    """With a season of 4 and a sequence of 5, nine rows give the same forecast."""
    roles = Roles(("a",), past_features=("c",), calendar=CALENDAR)
    made = make_bundle(hourly, roles, source, framing="seasonal")
    hourly[-9:].rename_axis("time").to_csv(tmp_path / "newest.csv")
    found, _ = run(made, capsys, tmp_path / "newest.csv")
    assert_is_next(made, found, hourly)


def test_known_features_are_read_from_further_rows(
    make_bundle, hourly, source, tmp_path, capsys
):
    roles = Roles(
        ("a",), past_features=("b",), known_features=("c",), calendar=("hour",)
    )
    made = make_bundle(hourly, roles, source, framing="last_value")
    index = pd.date_range("2024-03-02 05:00", periods=5, freq="h")
    future = pd.DataFrame(
        {"a": np.nan, "b": np.nan, "c": [1.0, -1.0, 0.5, 9, 9]}, index
    )
    table = pd.concat([hourly, future]).rename_axis("time")
    table.to_csv(tmp_path / "newest.csv")
    found, notes = run(made, capsys, tmp_path / "newest.csv")
    assert notes == ""
    assert_is_next(made, found, hourly, future[:3].fillna(0.0))
    assert_repeats_holdout(made, capsys)


def test_rows_without_targets_at_the_end_are_what_is_forecast(
    make_bundle, hourly, source, tmp_path, capsys
):
    roles = Roles(("a",), past_features=("b",))
    made = make_bundle(hourly, roles, source)
    table = hourly.rename_axis("time")
    table.iloc[-2:, 0] = np.nan
    table.to_csv(tmp_path / "newest.csv")
    found, notes = run(made, capsys, tmp_path / "newest.csv")
    assert notes == (
        "Note: 2 rows at the end have no value of a; the forecast starts at row 60.\n"
    )
    assert found["timestamp"][0] == "2024-03-02 03:00:00"
    assert_is_next(made, found, hourly[:-2])


def test_semicolons_and_decimal_commas(make_bundle, hourly, tmp_path, capsys):
    reading = {
        "format": "csv",
        "encoding": "cp1252",
        "delimiter": ";",
        "decimal": ",",
        "thousands": ".",
        "time_format": "%d.%m.%Y %H:%M",
    }
    source = Source("werk.csv", reading, ("Zeit",), "h")
    series = (1000 * hourly).rename(columns={"a": "Temperatur °C"})
    made = make_bundle(series, Roles(("Temperatur °C",), ("b",)), source)
    first = (made.folder / "holdout_inputs.csv").read_bytes().splitlines()
    assert first[0] == "Zeit;Temperatur °C;b".encode("cp1252")
    assert first[1].startswith(b"01.03.2024 12:00;")
    lines = ["Zeit;Temperatur °C;b;not used"]
    for time, row in series.round(2).iterrows():
        cells = [f"{row.iloc[k]:,.2f}" for k in (0, 1)]
        cells = [cell.translate(str.maketrans(",.", ".,")) for cell in cells]
        lines.append(f"{time:%d.%m.%Y %H:%M};{cells[0]};{cells[1]};ü")
    path = tmp_path / "neu.csv"
    path.write_text("\n".join(lines), encoding="cp1252")
    found, _ = run(made, capsys, path)
    assert_is_next(made, found, series.round(2))
    assert_repeats_holdout(made, capsys)


def test_time_in_parts_and_categories(make_bundle, hourly, tmp_path, capsys):
    reading = {"format": "csv", "time_format": "parts"}
    source = Source(
        "weather.csv",
        reading,
        ("year", "month", "day", "hour"),
        "h",
        categories={"wind": ("NW", "cv")},
    )
    winds = np.array(["NW", "cv"], dtype=object)[np.arange(60) % 3 % 2]
    series = hourly[["a"]].copy()
    for value in ("NW", "cv"):
        series[f"wind={value}"] = (winds == value).astype(float)
    roles = Roles(("a",), past_features=("wind=NW", "wind=cv"))
    made = make_bundle(series, roles, source)
    inputs = (made.folder / "holdout_inputs.csv").read_text().splitlines()
    assert inputs[0] == "year,month,day,hour,a,wind"
    assert inputs[1].startswith("2024,3,1,12,")
    assert inputs[1].endswith(f",{winds[43]}")
    index = hourly.index
    table = pd.DataFrame(
        {
            "No": range(60),
            "hour": index.hour,
            "day": index.day,
            "month": index.month,
            "year": index.year,
            "wind": winds,
            "a": series["a"].to_numpy(),
        }
    )
    table.to_csv(tmp_path / "newest.csv", index=False)
    found, _ = run(made, capsys, tmp_path / "newest.csv")
    assert found["timestamp"][0] == "2024-03-02 05:00:00"
    assert_is_next(made, found, series)
    assert_repeats_holdout(made, capsys)


def test_categories_changed_by_a_repair_are_kept_as_numbers(
    make_bundle, hourly, source, capsys
):
    """Where the mean of two rows is half NW, half cv, no text says that."""
    source = replace(source, categories={"wind": ("NW", "cv")})
    series = hourly[["a"]].assign(**{"wind=NW": 0.5, "wind=cv": 0.5})
    roles = Roles(("a",), past_features=("wind=NW", "wind=cv"))
    made = make_bundle(series, roles, source)
    inputs = (made.folder / "holdout_inputs.csv").read_text().splitlines()
    assert inputs[0] == "time,a,wind=NW,wind=cv"
    assert_repeats_holdout(made, capsys)


def test_rows_are_counted_without_time(make_bundle, hourly, tmp_path, capsys):
    series = hourly.reset_index(drop=True)
    made = make_bundle(series, Roles(("a",), ("b",)), Source("lab.csv"))
    series.to_csv(tmp_path / "newest.csv", index=False)
    found, _ = run(made, capsys, tmp_path / "newest.csv")
    assert found["timestamp"].tolist() == [60, 61, 62]
    assert_is_next(made, found, series)
    assert_repeats_holdout(made, capsys)


def test_columns_without_names(make_bundle, hourly, tmp_path, capsys):
    """The third column is not used; it stays empty in the bundled rows."""
    reading = {"format": "csv", "delimiter": "\t", "header": False, "skip_lines": "2"}
    source = Source("winding.dat", reading)
    names = {"a": "column 1", "b": "column 2", "c": "column 4"}
    series = hourly.reset_index(drop=True).rename(columns=names)
    roles = Roles(("column 4",), ("column 1", "column 2"))
    made = make_bundle(series, roles, source)
    inputs = (made.folder / "holdout_inputs.csv").read_text().splitlines()
    assert inputs[:2] == ["#", "#"]
    assert inputs[2].split("\t")[2] == ""
    table = series.assign(unused="x")[["column 1", "column 2", "unused", "column 4"]]
    text = table.to_csv(index=False, header=False, sep="\t")
    (tmp_path / "newest.dat").write_text(f"% made by\n% a machine\n{text}")
    found, _ = run(made, capsys, tmp_path / "newest.dat")
    assert_is_next(made, found, series)
    assert_repeats_holdout(made, capsys)


@pytest.mark.parametrize("name", ["newest.xlsx", "newest.parquet"])
def test_typed_tables(name, make_bundle, hourly, source, tmp_path, capsys):
    made = make_bundle(hourly, Roles(("a",), ("b",), calendar=("hour",)), source)
    table = hourly.rename_axis("time").reset_index()
    path = tmp_path / name
    if name.endswith("xlsx"):
        table.to_excel(path, index=False)
    else:
        table.to_parquet(path)
    found, _ = run(made, capsys, path)
    assert found["timestamp"][0] == "2024-03-02 05:00:00"
    assert_is_next(made, found, hourly)


@pytest.mark.parametrize(
    ("time_format", "first_cell", "columns"),
    [
        ("iso", "2024-03-01T12:00:00", ("time",)),
        ("epoch_s", "1709294400", ("time",)),
        ("epoch_ms", "1709294400000", ("time",)),
        ("excel", "45352.5", ("time",)),
        ("%m/%d/%Y %I:%M %p", "03/01/2024 12:00 PM", ("time",)),
        ("%Y-%m-%d %H:%M:%S %z", "2024-03-01 12:00:00 +0000", ("time",)),
        ("%d.%m.%Y %H:%M", "01.03.2024,12:00", ("date", "clock")),
    ],
)
def test_time_formats_survive_the_round_trip(
    time_format, first_cell, columns, make_bundle, hourly, capsys
):
    source = Source("plant.csv", {"time_format": time_format}, columns, "h")
    made = make_bundle(hourly, Roles(("a",), ("b",), calendar=("hour",)), source)
    inputs = (made.folder / "holdout_inputs.csv").read_text().splitlines()
    assert inputs[1].startswith(f"{first_cell},")
    assert_repeats_holdout(made, capsys)


@pytest.mark.parametrize(
    ("frequency", "first", "expected"),
    [
        ("MS", "2020-01-01", ["2025-01-01", "2025-02-01", "2025-03-01"]),
        ("W-SUN", "2024-01-01", ["2025-02-24", "2025-03-03", "2025-03-10"]),
        ("B", "2024-01-01", ["2024-03-25", "2024-03-26", "2024-03-27"]),
        ("30min", "2024-01-01", ["2024-01-02 06:00:00", "2024-01-02 06:30:00",
                                 "2024-01-02 07:00:00"]),
    ],
)  # fmt: skip
def test_time_stamps_follow_the_frequency(
    frequency, first, expected, make_bundle, hourly, tmp_path, capsys
):
    """Weeks may begin on any day: here the rows are Mondays, the alias Sundays."""
    step = "7D" if frequency == "W-SUN" else frequency
    series = hourly.set_index(pd.date_range(first, periods=60, freq=step))
    source = Source("plant.csv", {}, ("time",), frequency)
    made = make_bundle(series, Roles(("a",), ("b",), calendar=("month",)), source)
    series.rename_axis("time").to_csv(tmp_path / "newest.csv")
    found, _ = run(made, capsys, tmp_path / "newest.csv")
    assert found["timestamp"].tolist() == expected


@pytest.mark.parametrize(
    ("rule", "value"), [("forward_fill", 52.0), ("interpolate", 53.0), ("zero", 0.0)]
)
def test_missing_values_are_filled_as_in_the_study(
    rule, value, make_bundle, hourly, tmp_path, capsys
):
    source = Source("plant.csv", {"missing": rule}, ("time",), "h")
    made = make_bundle(hourly, Roles(("a",), ("b",)), source)
    table = hourly.rename_axis("time")
    table.iloc[-4:-1, 0] = [52.0, np.nan, 54.0]
    table.to_csv(tmp_path / "newest.csv", na_rep="n/a")
    found, notes = run(made, capsys, tmp_path / "newest.csv")
    assert notes == f"Note: 1 missing values of 'a' were filled ({rule}).\n"
    table.iloc[-3, 0] = value
    assert_is_next(made, found, table)


def test_keras_takes_the_place_of_onnxruntime(
    make_bundle, hourly, source, tmp_path, capsys, monkeypatch
):
    made = make_bundle(hourly, Roles(("a",), ("b",), calendar=("hour",)), source)
    hourly.rename_axis("time").to_csv(tmp_path / "newest.csv")
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    found, notes = run(made, capsys, tmp_path / "newest.csv")
    assert "onnxruntime is not installed" in notes
    assert_is_next(made, found, hourly)


def test_check_finds_a_changed_prediction(make_bundle, hourly, source, capsys):
    made = make_bundle(hourly, Roles(("a",), ("b",)), source)
    path = made.folder / "holdout_predictions.csv"
    stored = pd.read_csv(path)
    spread = stored["actual"].std(ddof=0)
    stored.loc[4, "predicted"] += 2e-4 * spread
    stored.to_csv(path, index=False)
    assert made.script().main(["--check"]) == 1
    assert "(0.0002 of the spread of the target): NOT" in capsys.readouterr().out


def test_offsets_are_moved_to_utc_where_the_study_did_that(
    make_bundle, hourly, tmp_path, capsys
):
    """At daylight saving the offset changes, the hours of UTC go on."""
    reading = {"time_format": "iso", "time_zone": "utc"}
    source = Source("plant.csv", reading, ("time",), "h")
    series = hourly.set_index(pd.date_range("2024-03-29 00:00", periods=60, freq="h"))
    made = make_bundle(series, Roles(("a",), ("b",), calendar=("hour",)), source)
    local = series.index.tz_localize("UTC").tz_convert("Europe/Berlin")
    series.set_axis(local).rename_axis("time").to_csv(tmp_path / "newest.csv")
    found, _ = run(made, capsys, tmp_path / "newest.csv")
    assert found["timestamp"][0] == "2024-03-31 12:00:00"
    assert_is_next(made, found, series)


def test_another_offset_than_the_study_has_is_converted(
    make_bundle, hourly, tmp_path, capsys
):
    reading = {"time_format": "iso", "time_offset": "+01:00"}
    source = Source("plant.csv", reading, ("time",), "h")
    made = make_bundle(hourly, Roles(("a",), ("b",), calendar=("hour",)), source)
    abroad = hourly.index.tz_localize("Etc/GMT-1").tz_convert("America/New_York")
    hourly.set_axis(abroad).rename_axis("time").to_csv(tmp_path / "newest.csv")
    found, _ = run(made, capsys, tmp_path / "newest.csv")
    after = hourly.index[-1] + pd.Timedelta("1h")
    assert pd.Timestamp(found["timestamp"][0]) == after
    assert_is_next(made, found, hourly)
