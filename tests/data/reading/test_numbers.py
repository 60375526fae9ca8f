import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data.reading.numbers import missing_mask, to_numbers
from search.data.reading.options import ReadOptions

PLAIN = ReadOptions()
COMMA = ReadOptions(decimal=",")


def _texts(*texts: str) -> pd.Series:
    return pd.Series(texts, dtype="str")


@pytest.mark.parametrize(
    ("text", "options", "number"),
    [
        ("1", PLAIN, 1.0),
        (" +1.50 ", PLAIN, 1.5),
        ("-.5", PLAIN, -0.5),
        ("5.", PLAIN, 5.0),
        ("1e-3", PLAIN, 0.001),
        ("-1.2025481e+000", PLAIN, -1.2025481),
        ("1,5", COMMA, 1.5),
        ("-,5", COMMA, -0.5),
        ("1,5e2", COMMA, 150.0),
        ("1,234", ReadOptions(thousands=","), 1234.0),
        ("-1,234,567.8", ReadOptions(thousands=","), -1234567.8),
        ("12", ReadOptions(thousands=","), 12.0),
        ("1.234,5", ReadOptions(decimal=",", thousands="."), 1234.5),
        ("1 234,5", ReadOptions(decimal=",", thousands=" "), 1234.5),
        ("1'234.5", ReadOptions(thousands="'"), 1234.5),
    ],
)
def test_to_numbers_reads_each_notation(text, options, number):
    column = to_numbers(_texts(text, "7"), options)
    assert column.values.tolist() == [number, 7.0]
    assert column.n_numbers == 2
    assert not column.is_missing.any()


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("1,5", PLAIN),
        ("1.5", COMMA),
        ("12,34", ReadOptions(thousands=",")),
        ("1,2345", ReadOptions(thousands=",")),
        ("1.5", ReadOptions(decimal=",", thousands=".")),
        ("1 2", PLAIN),
        ("0x1F", PLAIN),
        ("1_0", PLAIN),
        ("٣", PLAIN),
        ("yes", PLAIN),
        ("1d5", PLAIN),
    ],
)
def test_to_numbers_does_not_guess(text, options):
    column = to_numbers(_texts("7", text), options)
    assert column.is_unreadable.tolist() == [False, True]
    assert np.isnan(column.values[1])


@pytest.mark.parametrize(
    "text", ["", " ", "NA", "n/a", "NaN", "nan", "null", "None", "-", "missing", "#N/A"]
)
def test_missing_spellings_are_missing_not_unreadable(text):
    column = to_numbers(_texts("7", text, "8"), PLAIN)
    assert column.is_missing.tolist() == [False, True, False]
    assert not column.is_unreadable.any()
    assert missing_mask(_texts("7", text, "8")).tolist() == [False, True, False]


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e400", "-1e400", "9" * 400])
@pytest.mark.parametrize("other", ["1", "abc"])
def test_infinite_and_too_large_numbers_are_marked(text, other):
    column = to_numbers(_texts(text, other), PLAIN)
    assert column.is_infinite.tolist() == [True, False]
    assert np.isnan(column.values[0])


def test_to_numbers_takes_typed_cells():
    assert to_numbers(pd.Series([True, False]), PLAIN).values.tolist() == [1.0, 0.0]
    floats = to_numbers(pd.Series([1.5, np.nan, np.inf]), PLAIN)
    assert floats.is_missing.tolist() == [False, True, False]
    assert floats.is_infinite.tolist() == [False, False, True]
    times = to_numbers(pd.Series(pd.to_datetime(["2024-01-01", None])), PLAIN)
    assert times.is_unreadable.tolist() == [True, False]
    whole = to_numbers(pd.Series([1, None], dtype="Int64"), PLAIN)
    assert whole.is_missing.tolist() == [False, True]


numerals = st.sampled_from(
    [
        "1,5",
        "-0,25",
        "7",
        "1e3",
        "5,",
        ",5",
        "nan",
        "inf",
        "1.5",
        "1,2,3",
        "x",
        "",
        "NA",
    ]
)


@given(st.lists(numerals, min_size=1, max_size=8))
def test_to_numbers_with_a_comma_is_the_same_in_a_column_with_flaws(texts):
    """Columns without a flaw take a quick way; the slow one must say the same."""
    quick = to_numbers(_texts(*texts), COMMA)
    # A blank at the end and a missing cell send every column the slow way.
    slow = to_numbers(_texts(*[f"{text} " for text in texts], "NA"), COMMA)
    np.testing.assert_array_equal(quick.values, slow.values[:-1])
    for name in ("is_missing", "is_unreadable", "is_infinite"):
        assert getattr(quick, name).tolist() == getattr(slow, name)[:-1].tolist()
    assert quick.n_numbers == slow.n_numbers == int(np.isfinite(quick.values).sum())
