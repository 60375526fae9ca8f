"""Fields read by their place, against pandas on the same texts."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data.timing.fixed_width import read_fixed_width

FORMATS = (
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y",
    "%Y%m%d",
    "%d-%m-%Y %H:%M:%S",
    "%Y/%m/%dT%H:%M:%S",
)


def read(texts: list[str], name: str) -> np.ndarray | None:
    half = len(texts) // 2
    parts = [pa.array(part, pa.large_string()) for part in (texts[:half], texts[half:])]
    return read_fixed_width(pa.chunked_array(parts), name)


def by_pandas(texts: list[str], name: str) -> np.ndarray:
    series = pd.Series(texts, dtype="str")
    stamps = pd.to_datetime(series, format=name, errors="coerce")
    return stamps.to_numpy().astype("datetime64[us]")


# Ranges go beyond what exists: month 13, day 31 of February, hour 24.
moments = st.tuples(
    st.sampled_from([1, 1600, 1899, 1970, 2000, 2023, 2024, 9999]),
    st.integers(0, 13),
    st.integers(0, 32),
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 59),
)


@given(st.sampled_from(FORMATS), st.lists(moments, min_size=1, max_size=40))
def test_read_fixed_width_is_what_pandas_reads(name, drawn):
    texts = []
    for year, month, day, hour, minute, second in drawn:
        text = name.replace("%Y", f"{year:04d}").replace("%m", f"{month:02d}")
        text = text.replace("%d", f"{day:02d}").replace("%H", f"{hour:02d}")
        texts.append(text.replace("%M", f"{minute:02d}").replace("%S", f"{second:02d}"))
    stamps = read(texts, name)
    assert stamps is not None
    np.testing.assert_array_equal(stamps, by_pandas(texts, name))


def test_read_fixed_width_by_hand():
    stamps = read(["29.02.2024 23:59", "29.02.2023 00:00"], "%d.%m.%Y %H:%M")
    assert stamps is not None
    assert stamps[0] == np.datetime64("2024-02-29T23:59", "us")
    assert np.isnat(stamps[1])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1.12.2020", "%d.%m.%Y"),
        ("01.12.20 ", "%d.%m.%Y"),
        ("01-12.2020", "%d.%m.%Y"),
        ("0x.12.2020", "%d.%m.%Y"),
        ("\u0660\u0661.12.2020", "%d.%m.%Y"),
        ("01.12.0000", "%d.%m.%Y"),
        ("01.12.2020 00:00:60", "%d.%m.%Y %H:%M:%S"),
        ("01.12.20", "%d.%m.%y"),
        ("01 Dec 2020", "%d %b %Y"),
        ("01.12.2020 01:00 PM", "%d.%m.%Y %I:%M %p"),
        ("12.2020", "%m.%Y"),
        ("", "%d.%m.%Y"),
    ],
)
def test_read_fixed_width_leaves_what_is_not_certain_to_pandas(text, name):
    assert read(["01.12.2020"[: len(text)] or text, text], name) is None


def test_read_fixed_width_of_a_slice_of_a_column():
    whole = pa.array(["x", "01.02.2020", "03.02.2020"], pa.large_string())
    stamps = read_fixed_width(pa.chunked_array([whole.slice(1)]), "%d.%m.%Y")
    assert stamps.astype("datetime64[D]").astype(str).tolist() == [
        "2020-02-01",
        "2020-02-03",
    ]
