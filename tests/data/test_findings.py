import numpy as np
import pytest

from search.data.findings import Finding, counted, first_places, listed, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", "'abc'"),
        ("a\tb\n", r"'a\x09b\x0a'"),
        ("\u202eabc", r"'\u202eabc'"),
        ("\u200b", r"'\u200b'"),
        ("<b>", "'<b>'"),
        ("x" * 61, "'" + "x" * 60 + "…'"),
        ("x" * 60, "'" + "x" * 60 + "'"),
        (1.5, "'1.5'"),
    ],
)
def test_shown_makes_texts_safe(text, expected):
    assert shown(text) == expected


def test_listed_names_five_rows():
    assert listed([7], n_all=1) == "row 7"
    assert listed([7, 8], n_all=2) == "rows 7, 8"
    assert listed(range(5), n_all=1005) == "rows 0, 1, 2, 3, 4 and 1,000 more"


def test_counted():
    assert counted(1, "row") == "1 row"
    assert counted(12_000, "row") == "12,000 rows"


def test_first_places():
    assert first_places(np.array([False, True] * 9)).tolist() == [1, 3, 5, 7, 9]


@pytest.mark.parametrize(
    ("severity", "chosen", "is_blocking"),
    [
        ("error", None, True),
        ("notice", None, False),
        ("choice", None, True),
        ("choice", "refuse", True),
        ("choice", "zero", False),
    ],
)
def test_is_blocking(severity, chosen, is_blocking):
    finding = Finding("code", severity, "Text.", chosen=chosen)
    assert finding.is_blocking is is_blocking
