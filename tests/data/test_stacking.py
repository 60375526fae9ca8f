"""Tables of several series are named, and tables of one are left in peace."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from search.data import stacking
from search.data.findings import Finding
from search.data.samples import SAMPLES, make_sample
from search.data.series import SeriesSettings, build_series, inspect_series
from search.data.table import read_table
from tests.data.tables import as_csv, settings_of, table_of

N_ROWS = 60
DAYS = [str(day.date()) for day in pd.date_range("2024-01-01", periods=N_ROWS)]


def _rows(name: str, *, days: Sequence[str] = DAYS, seed: int = 0) -> list[list[str]]:
    noise = np.random.default_rng([seed, len(name), ord(name[-1])]).normal(size=N_ROWS)
    return [
        [day, f"{value:.3f}", name]
        for day, value in zip(days, noise.tolist(), strict=False)
    ]


def _stacked(names: Sequence[str]) -> list[list[str]]:
    return [row for name in names for row in _rows(name)]


def _findings(rows: list[list[str]], *, header: str = "date,y,id") -> list[Finding]:
    report = inspect_series(table_of(as_csv(rows, header)), settings_of("y"))
    return [one for one in report.findings if one.code == "several_series"]


def _counted(rows: list[list[str]], header: str) -> list[Finding]:
    settings = settings_of("y", time=())
    report = inspect_series(table_of(as_csv(rows, header)), settings)
    return [one for one in report.findings if one.code == "several_series"]


def test_time_that_starts_again_is_named_with_its_row() -> None:
    (found,) = _findings(_stacked(["A", "B", "C"]))
    assert found.severity == "notice"
    assert (found.column, found.rows) == ("id", (62,))
    assert "row 62, where 2024-01-01 follows 2024-02-29" in found.message
    assert "3 series below each other, told apart by column 'id'" in found.message


def test_time_that_starts_again_without_any_id_is_named_too() -> None:
    rows = [row[:2] for row in _stacked(["A", "B"])]
    (found,) = _findings(rows, header="date,y")
    assert found.column is None
    assert "2 series below each other." in found.message


def test_series_of_other_lengths_and_times_of_day_are_seen() -> None:
    """No time stamp repeats; the ranges overlap."""
    later = [f"{day} 12:30" for day in DAYS[10:]]
    (found,) = _findings([*_rows("A"), *_rows("B", days=later)])
    assert "told apart by column 'id'" in found.message


@pytest.mark.parametrize("is_number", [True, False])
def test_series_that_take_turns_are_told_apart_by_a_column(is_number: bool) -> None:
    rows = sorted(_stacked(["1", "2", "3"] if is_number else ["A", "B", "C"]))
    (found,) = _findings(rows)
    assert found.column == "id"
    assert "each time with another value of column 'id'" in found.message
    assert "3 series in one" in found.message


def test_counted_rows_with_an_id_in_long_runs() -> None:
    rows = [row[1:] for row in _stacked(["pump A", "pump B"])]
    (found,) = _counted(rows, "y,what")
    assert (found.column, found.rows) == ("what", (62,))
    assert "2 values, each in one run of at least 60 rows" in found.message
    numbered = [[row[1], "7" if row[2] == "A" else "9"] for row in _stacked(["A", "B"])]
    assert [one.column for one in _counted(numbered, "y,unit_nr")] == ["unit_nr"]


def test_the_study_remembers_it() -> None:
    table = table_of(as_csv(_stacked(["A", "B"]), "date,y,id"))
    built = build_series(table, settings_of("y", duplicates="first"))
    assert "2 series below each other" in built.source.several_series
    alone = build_series(table_of(as_csv(_rows("A"), "date,y,id")), settings_of("y"))
    assert alone.source.several_series == ""


def test_one_series_is_no_stack() -> None:
    assert _findings(_rows("A")) == []
    assert _findings(_rows("A")[::-1]) == []  # from the latest to the first


def test_blocks_in_the_wrong_order_are_one_series() -> None:
    rows = _rows("A")
    assert _findings([*rows[30:], *rows[:30]]) == []


@pytest.mark.parametrize(("place", "to"), [(10, 3), (3, 10), (45, 15), (20, 50)])
def test_one_row_in_the_wrong_place_is_no_other_series(place: int, to: int) -> None:
    rows = _rows("A")
    rows.insert(to, rows.pop(place))
    assert _findings(rows) == []


def test_rows_in_disorder_are_one_series() -> None:
    rows = _rows("A")
    order = np.random.default_rng(0).permutation(N_ROWS)
    assert _findings([rows[k] for k in order]) == []


def test_rows_that_were_appended_twice_are_one_series() -> None:
    rows = _rows("A")
    assert _findings([*rows, *rows]) == []


def test_an_hour_that_was_set_back_is_one_series() -> None:
    stamps = [
        *pd.date_range("2024-10-26", periods=30, freq="h"),
        *pd.date_range("2024-10-27 05:00", periods=30, freq="h"),
    ]
    rows = _rows("A", days=[str(stamp) for stamp in stamps])
    assert _findings(rows) == []


def test_stamps_too_coarse_for_the_rows_are_one_series() -> None:
    """Ten rows have the same day, and nothing tells them apart."""
    days = [DAYS[k // 10] for k in range(N_ROWS)]
    rows = [[*row[:2], "on" if k % 3 else "off"] for k, row in enumerate(_rows("A"))]
    assert (
        _findings([[day, *row[1:]] for day, row in zip(days, rows, strict=True)]) == []
    )


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("y,year", ["2023", "2024"]),  # a number that names no series
        ("y,day", ["2024-01-01", "2024-01-02"]),  # dates
        ("y,part", ["train", "test"]),  # parts of one series
        ("y,state", ["on", "off", "on"]),  # each value in several runs
    ],
)
def test_columns_in_runs_that_name_no_series(header: str, values: list[str]) -> None:
    rows = [[row[1], value] for value in values for row in _rows("A")]
    assert _counted(rows, header) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_of_the_product_are_one_series(name: str) -> None:
    sample = SAMPLES[name]
    table = read_table(make_sample(name), name=f"{name}.csv")
    for time in (sample.time, ()):
        roles = sample.roles if time else settings_of(sample.roles.targets[0]).roles
        report = inspect_series(table, SeriesSettings(time=time, roles=roles))
        assert "several_series" not in [one.code for one in report.findings]


def test_newest_first_is_looked_through_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each pair of rows was once compared by itself, seconds for 100,000 rows."""
    compared: list[int] = []

    def covers(first: np.ndarray, second: np.ndarray) -> bool:
        compared.append(len(first) + len(second))
        return False

    monkeypatch.setattr(stacking, "_covers", covers)
    assert _findings(_rows("A")[::-1]) == []
    assert compared == []
    _findings(_stacked(["A", "B", "C"]))
    assert len(compared) == 2
