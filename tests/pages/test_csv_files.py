"""CSV downloads: what a spreadsheet would compute is shown as text instead."""

import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest

from pages.components.csv_files import csv_bytes, csv_file_bytes, safe_csv

PAGES = Path(__file__).parents[2] / "pages"


@pytest.mark.case("X5", "titles and cells that begin like a formula")
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_titles_and_texts_that_begin_like_a_formula_are_marked(sign: str) -> None:
    table = pd.DataFrame({f"{sign}HYPERLINK(1)": [f"{sign}cmd()", "calm"]})
    written = io.StringIO(csv_bytes(table).decode(), newline="")
    assert list(csv.reader(written)) == [
        [f"'{sign}HYPERLINK(1)"],
        [f"'{sign}cmd()"],
        ["calm"],
    ]


@pytest.mark.case("X5", "numbers below 0")
def test_numbers_stay_what_they_are() -> None:
    table = pd.DataFrame({"x": [-1.5, float("nan"), -2e-12, float("-inf")]})
    assert csv_bytes(table) == b'x\r\n-1.5\r\n""\r\n-2e-12\r\n-inf\r\n'
    mixed = pd.DataFrame({"n": [-1, 2], "what": ["-3", 'a,\n"b"']})
    assert csv_bytes(mixed) == b'n,what\r\n-1,-3\r\n2,"a,\n""b"""\r\n'


def test_an_index_is_written_only_with_a_title() -> None:
    table = pd.DataFrame({"a": [1]}, index=["=x"])
    assert csv_bytes(table) == b"a\r\n1\r\n"
    assert csv_bytes(table, index_label="time") == b"time,a\r\n'=x,1\r\n"


def test_files_of_a_study_are_made_safe_too(tmp_path: Path) -> None:
    path = tmp_path / "forecast.csv"
    path.write_bytes("step,predicted,target\n1,-0.10,@Wärme\n".encode())
    safe = "step,predicted,target\r\n1,-0.10,'@Wärme\r\n"
    assert csv_file_bytes(path) == safe.encode()
    assert safe_csv(b"") == b""


@pytest.mark.case("X5", "source: where CSV files are written")
def test_pages_write_csv_in_one_place_only() -> None:
    """A download that calls pandas itself would skip the marks."""
    writers = [
        path.relative_to(PAGES).as_posix()
        for path in PAGES.rglob("*.py")
        if re.search(r"\.to_csv\(", path.read_text())
    ]
    assert writers == ["components/csv_files.py"]
