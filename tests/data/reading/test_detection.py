import pytest

from search.data.reading.detection import (
    detect_decimal,
    detect_delimiter,
    detect_header,
)
from search.data.table import detect_options


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b", "1,2"], ","),
        (["a;b", "1,5;2,5"], ";"),
        (["a\tb", "1,5\t2;5"], "\t"),
        (["a|b", "1|2"], "|"),
        (['"a;b",c', '"x;y",2'], ","),
        ([" 1.0  2.0", " 3.0  4.0"], "whitespace"),
        (["v", "1", "2"], ","),
        (["2024-01-01 10:00", "2024-01-01 11:00"], ","),
        (["a,b", *["1,2"] * 8, "1,2,3"], ","),
    ],
)
def test_detect_delimiter(lines, delimiter):
    assert detect_delimiter(lines) == delimiter


@pytest.mark.parametrize(
    ("cells", "delimiter", "marks"),
    [
        (["1.5", "2"], ",", (".", None)),
        (["1,5", "2"], ";", (",", None)),
        (["1,234.5"], ";", (".", ",")),
        (["1.234,5"], ";", (",", ".")),
        (["1.234.567"], ";", (",", ".")),
        (["1,234,567"], ",", (".", ",")),
        (["1,234"], ",", (".", ",")),
        (["1,234"], ";", (",", None)),
        (["1,234", "0.5"], ";", (".", ",")),
        (["0,123"], ",", (",", None)),
        (["1 234,5"], ";", (",", " ")),
        (["1'234.5"], ",", (".", "'")),
        (["2024-01-01", "abc"], ",", (".", None)),
        (["01.02.2024"], ";", (".", None)),
    ],
)
def test_detect_decimal(cells, delimiter, marks):
    assert detect_decimal([cells], delimiter) == marks


@pytest.mark.parametrize(
    ("rows", "has_header"),
    [
        ([["a", "b"], ["1", "2"]], True),
        ([["1", "2"], ["3", "4"]], False),
        ([["1", "2"], ["2024-01-01", "4"]], True),
        ([["2024-01-01", "x"], ["2024-01-02", "y"]], False),
        ([["name", "town"], ["x", "y"]], True),
        ([["NA", "2"], ["3", "4"]], False),
        ([["month", "1958"], ["JAN", "340"]], False),
        ([["time", "1958"], ["2024-01-01", "340"]], True),
        ([["a", "b"]], True),
        ([["1", "2"]], False),
    ],
)
def test_detect_header(rows, has_header):
    assert detect_header(rows) is has_header


def test_detect_options_of_a_european_file():
    content = "Zeit;Größe\n01.02.2024 10:00;1.234,5\n01.02.2024 11:00;2.000,0\n"
    options = detect_options(content.encode("cp1252"), "werte.csv")
    assert (options.encoding, options.delimiter) == ("cp1252", ";")
    assert (options.decimal, options.thousands, options.header) == (",", ".", True)


def test_detect_options_looks_at_the_end_of_long_files():
    content = b"a;b\n" + b"1;2\n" * 60_000 + b"1,5;2\n" * 50
    assert detect_options(content, "long.csv").decimal == ","
