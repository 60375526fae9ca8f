"""Whatever is uploaded: a series, or one sentence; never anything else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.config import Roles
from search.data.columns import profile_columns
from search.data.reading.numbers import to_numbers
from search.data.reading.options import ReadOptions
from search.data.series import build_series, inspect_series, suggest_settings
from search.data.snapshot import load_series, save_series
from search.data.table import read_table
from search.errors import UserInputError
from tests.data.tables import as_csv, daily_rows, table_of, with_times

GOOD = [
    as_csv(daily_rows()),
    as_csv(daily_rows()).replace(b",", b";").replace(b"1;", b"1,5;"),
    as_csv(daily_rows()).replace(b",1", b',"1').replace(b"0,", b'0",'),
    as_csv(daily_rows()).replace(b"2024-01-", b"01/"),
]
PIECES = [
    *(b",", b";", b'"', b"\n", b"\r", b"\t", b"\xff", b"-", b"e9", b"NaN", b"inf"),
    *(b" ", b"\x00", b"2024-01-03", b"9" * 30, b"\xef\xbb\xbf", b"#", b"\xc3\xbc"),
]
CHOICES = [
    {},
    {"duplicates": "mean", "irregular": "resample", "missing": "interpolate"},
    {"duplicates": "last", "irregular": "ignore", "missing": "drop"},
    {"frequency": "7D", "irregular": "resample", "missing": "forward_fill"},
]


@st.composite
def damaged_files(draw):
    content = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        stop = start + draw(st.integers(0, 12))
        content[start:stop] = draw(st.sampled_from(PIECES) | st.binary(max_size=4))
    return bytes(content)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(damaged_files(), st.sampled_from(CHOICES))
def test_damaged_files_give_a_series_or_a_sentence(content, choices):
    try:
        table = read_table(content, name="x.csv")
        profile_columns(table)
        first = suggest_settings(table)
    except UserInputError:
        return
    used = {*first.time, *first.roles.targets}
    features = tuple(name for name in table.frame.columns if name not in used)
    tolerant = {"unreadable": "missing", "bad_time": "drop"} if choices else {}
    chosen = replace(
        first, roles=Roles(first.roles.targets, features), **choices, **tolerant
    )
    report = inspect_series(table, chosen)
    if not report.is_ready:
        with pytest.raises(UserInputError):
            build_series(table, chosen)
        return
    values = build_series(table, chosen).values
    assert len(values) == report.n_rows
    assert np.isfinite(values.to_numpy()).all()
    assert values.index.is_monotonic_increasing
    assert values.index.is_unique


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_survive_being_written(numbers):
    column = pd.Series([repr(number) for number in numbers], dtype="str")
    assert to_numbers(column, ReadOptions()).values.tolist() == numbers
    commas = column.str.replace(".", ",")
    assert to_numbers(commas, ReadOptions(decimal=",")).values.tolist() == numbers


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["h", "30min", "D", "MS", "W-TUE", "QE", "B"]),
    st.sets(st.integers(1, 38), max_size=8),
    st.randoms(use_true_random=False),
)
def test_gaps_and_order_are_found_again(frequency, absent, random):
    """Rows taken out of a regular series and shuffled: the report says which."""
    stamps = pd.date_range("2024-01-02", periods=40, freq=frequency)
    kept = [str(stamp) for place, stamp in enumerate(stamps) if place not in absent]
    rows = list(enumerate(kept))
    random.shuffle(rows)
    table = table_of(with_times([stamp for _, stamp in rows]))
    series = replace(suggest_settings(table), frequency=frequency)
    report = inspect_series(table, series)
    assert len(report.frame_preview) == 40
    found = {place for gap in report.gaps for place in range(gap.start, gap.stop)}
    assert found == absent
    assert report.frame_preview.index.tolist() == stamps.tolist()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30))
def test_snapshot_keeps_every_bit(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp("study")
    values = pd.DataFrame({"y": np.array(numbers)})
    loaded = load_series(folder, save_series(folder, values))
    assert loaded["y"].to_numpy().tobytes() == values["y"].to_numpy().tobytes()
