import gzip
import io
import json
import pickle
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data import table as table_module
from search.data.columns import profile_columns
from search.data.reading import numbers
from search.data.reading.sniffing import is_utf8
from search.data.series import build_series, inspect_series, suggest_settings
from search.data.table import ReadOptions, detect_options, read_table
from search.data.timing import times
from search.errors import SeriesError, TableFormatError
from tests.data.tables import (
    as_csv,
    daily_rows,
    edited,
    settings_of,
    table_of,
    with_cell,
)

GOOD = as_csv(daily_rows())


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.csv", "x")
    return file.getvalue()


NOT_TABLES = {
    "empty": (b"", "The file is empty"),
    "blank lines": (b"\n\n \n", "only blank lines"),
    "header only": (b"date,target\n", "2 names but no rows"),
    "comments only": (b"# nothing\n# here\n", "only comments"),
    "NULs": (b"\x00" * 64, "Row 1, character 1 is a NUL"),
    "PNG": (b"\x89PNG\r\n\x1a\n....", "not a table but a PNG picture"),
    "PDF": (b"%PDF-1.7\n", "not a table but a PDF"),
    "zip": (_zip(), "not a table but a zip archive; unpack it"),
    "cut xlsx": (b"PK\x03\x04 and then nothing", "damaged or cut off"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx or CSV"),
    "gzip": (gzip.compress(GOOD), "a gzip archive; unpack it"),
    "pickle": (pickle.dumps({"a": 1}), "a Python pickle"),
    "JSON": (json.dumps([{"a": 1}]).encode(), "a JSON file"),
    "HTML": (b"<!DOCTYPE html><html></html>", "a web page"),
    "XML": (b"<?xml version='1.0'?><a/>", "an XML file"),
    "cut parquet": (b"PAR1\x00\x00\x00", "The Parquet file is damaged"),
    "prose": (b"Dear all,\nthis is a letter, no data.\nBye.\n", "text rather than a"),
}


@pytest.mark.parametrize("name", NOT_TABLES)
def test_read_table_names_what_is_not_a_table(name):
    content, message = NOT_TABLES[name]
    with pytest.raises(TableFormatError, match=message):
        read_table(content, name="upload.csv")


BAD_TABLES = {
    "NUL in a cell": (with_cell(7, 1, "1\x002"), "Row 7, character 13 is a NUL"),
    "mixed encodings": (
        GOOD.replace(b"other", "größe".encode()) + b"2024-01-31,\xe4,2\n",
        "Row 32, character 12: the byte 0xe4 is not UTF-8",
    ),
    "unclosed quote": (with_cell(7, 1, '"5'), "Row 7 opens a quote mark that is not"),
    "quote inside": (with_cell(7, 1, '5"2'), "Row 7 has a quote mark inside a field"),
    "text after quote": (with_cell(9, 1, '"5"x'), "Row 9 has a quote mark inside"),
    "cut last row": (GOOD[:-7], "Row 31 .* row 31 has 1 field.*cut off at its end"),
    "too many fields": (
        edited(lambda rows: rows[5].append("9")),
        "Row 7 has another number of fields.*row 7 has 4 fields, the first row has 3",
    ),
    "too few fields": (
        edited(lambda rows: rows[5].pop()),
        "Row 7 has another number of fields.*row 7 has 2 fields",
    ),
    "two bad rows": (
        edited(lambda rows: [rows[i].__iadd__("9") for i in (5, 8)]),
        "Rows 7, 10 have another number of fields",
    ),
    "every row shifted": (
        edited(lambda rows: [row.__iadd__("9") for row in rows]),
        r"has 3 fields but every row after it has 4.*row 2",
    ),
    "doubled name": (
        GOOD.replace(b"other", b"target"),
        "Columns 2 and 3 have the same name 'target' in the header",
    ),
    "doubled after trimming": (
        GOOD.replace(b"other", b" target "),
        "Columns 2 and 3 have the same name 'target'",
    ),
    "empty name": (GOOD.replace(b"other", b""), "Column 3 has no name in the header"),
    "too many columns": (
        b",".join(b"c%d" % i for i in range(3000)) + b"\n" + b",".join([b"1"] * 3000),
        "3,000 columns; at most 2,000",
    ),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_read_table_names_row_or_column_of_what_is_wrong(name):
    content, message = BAD_TABLES[name]
    with pytest.raises(TableFormatError, match=message):
        read_table(content, name="upload.csv")


# Line of the file and text of the cell in column "target", and the verdict.
BAD_CELLS = {
    "text": ("abc", "Row 9, column 'target': 'abc' is not a number"),
    "currency": ("€5", "Row 9, column 'target': '€5' is not a number"),
    "percent": ("5%", "Row 9, column 'target': '5%' is not a number"),
    "too large": ("1e400", "Row 9, column 'target': '1e400' is infinite"),
    "infinity": ("-inf", "Row 9, column 'target': '-inf' is infinite"),
    "5000 digits": ("1" * 5000, "Row 9, column 'target': '1{60}…' is infinite"),
    "hexadecimal": ("0x1F", "'0x1F' is not a number"),
    "underscore": ("1_000", "'1_000' is not a number"),
    "Arabic digits": ("٣", "'٣' is not a number"),
    "unicode minus": ("−5", "'−5' is not a number"),
    "two marks": ("1.2.3", "'1.2.3' is not a number"),
    "control character": ("\x1b[31m", r"'\\x1b\[31m' is not a number"),
    "direction mark": ("\u202e5", r"'\\u202e5' is not a number"),
    "line end": ('"a\nb"', r"Row 9, column 'target': 'a\\x0ab' is not a number"),
    "missing": ("missing", "Column 'target' has 1 missing value: row 9"),
    "empty": ("", "Column 'target' has 1 missing value: row 9"),
    "dash": (" - ", "Column 'target' has 1 missing value: row 9"),
}


@pytest.mark.parametrize("name", BAD_CELLS)
def test_build_series_names_the_bad_cell(name):
    text, message = BAD_CELLS[name]
    with pytest.raises(SeriesError, match=message):
        build_series(table_of(with_cell(9, 1, text)), settings_of())


def _all_cells(text: str) -> bytes:
    return edited(lambda rows: [row.__setitem__(1, text) for row in rows])


BAD_SERIES = {
    "all missing": (_all_cells("NA"), "empty_column", "Column 'target' is empty"),
    "all texts": (_all_cells("yes"), "no_numbers", "row 2 has 'yes'"),
    "all percent": (_all_cells("5%"), "no_numbers", "row 2 has '5%'"),
    "constant": (_all_cells("5"), "constant", "same value in every row, 5"),
    "units row": (
        edited(lambda rows: rows.insert(0, ["-", "kg", "m"])),
        "text_in_numbers",
        "Row 2, column 'target': 'kg'",
    ),
    "repeated header": (
        edited(lambda rows: rows.insert(9, ["date", "target", "other"])),
        "time_unreadable",
        "row 11: 1 time stamp cannot be read; row 11 has 'date'",
    ),
    "totals row": (
        edited(lambda rows: rows.append(["Total", "1", "2"])),
        "time_unreadable",
        "row 32 has 'Total'",
    ),
    "30 February": (with_cell(7, 0, "2024-02-30"), "time_unreadable", "'2024-02-30'"),
    "year 99999": (with_cell(7, 0, "99999-01-01"), "time_unreadable", "row 7"),
    "empty time": (with_cell(7, 0, ""), "time_unreadable", "row 7 is empty"),
    "too short": (as_csv(daily_rows(3)), "too_short", "has 3 rows"),
    "one gap": (edited(lambda rows: rows.pop(5)), "gaps", "after row 6, 2024-01-05"),
    "duplicate": (
        with_cell(7, 0, "2024-01-05"),
        "duplicates",
        "1 row repeats the time stamp of an earlier row: row 7; the first is 2024-01",
    ),
    "off the grid": (
        with_cell(7, 0, "2024-01-06 07:30"),
        "irregular",
        "1 time stamp does not lie on the step of D: row 7",
    ),
}


@pytest.mark.case("T9", "constant, missing and few values in a file")
@pytest.mark.parametrize("name", BAD_SERIES)
def test_inspect_series_reports_and_build_series_refuses(name):
    content, code, message = BAD_SERIES[name]
    table = table_of(content)
    report = inspect_series(table, settings_of())
    found = {finding.code: finding for finding in report.findings}
    assert message in found[code].message
    assert found[code].is_blocking
    assert not report.is_ready
    with pytest.raises(SeriesError):
        build_series(table, settings_of())


GOOD_TABLES: dict[str, tuple[bytes, dict[str, object]]] = {
    "plain": (GOOD, {}),
    "UTF-16": (GOOD.decode().encode("utf-16"), {"encoding": "utf-16"}),
    "UTF-16 without mark": (GOOD.decode().encode("utf-16-le"), {}),
    "byte order mark": (GOOD.decode().encode("utf-8-sig"), {"encoding": "utf-8-sig"}),
    "cp1252": (
        GOOD.replace(b"other", "größe".encode("cp1252")),
        {"encoding": "cp1252"},
    ),
    "semicolon": (GOOD.replace(b",", b";"), {"delimiter": ";"}),
    "tab": (GOOD.replace(b",", b"\t"), {"delimiter": "\t"}),
    "bar": (GOOD.replace(b",", b"|"), {"delimiter": "|"}),
    "comments": (b"# from the plant\n\n# line 7\n" + GOOD, {"skip_lines": 3}),
    "CR only": (GOOD.replace(b"\n", b"\r"), {}),
    "mixed line ends": (GOOD.replace(b"\n", b"\r\n", 7), {}),
    "no last line end": (GOOD.rstrip(b"\n"), {}),
    "quotes": (re.sub(rb"(2024-\d\d-\d\d)", rb'"\1"', GOOD), {}),
    "blank before quote": (GOOD.replace(b"date,target", b'"date", "target"'), {}),
    "quoted delimiter": (GOOD.replace(b"other", b'"other, too"'), {}),
    "numeric names": (GOOD.replace(b"date,target,other", b"1,2,3"), {"header": True}),
}


@pytest.mark.parametrize("name", GOOD_TABLES)
def test_read_table_reads_other_notations_alike(name):
    content, expected = GOOD_TABLES[name]
    table = table_of(content)
    for option, value in expected.items():
        assert getattr(table.options, option) == value
    assert table.frame.iloc[:, 0].tolist() == [row[0] for row in daily_rows()]
    assert table.frame.iloc[:, 1].tolist() == [row[1] for row in daily_rows()]


def test_read_table_keeps_texts_as_they_are():
    table = table_of(b"a,b\n 1 ,NA\n007,=1+1\n")
    assert table.frame["a"].tolist() == [" 1 ", "007"]
    assert table.frame["b"].tolist() == ["NA", "=1+1"]
    assert table.file_rows(np.array([0, 1])) == (2, 3)


def test_read_table_counts_lines_over_blank_lines_and_quoted_line_ends():
    table = table_of(b'a,b\n1,"x\ny"\n\n2,z\n\n\n3,z\n')
    assert table.frame["a"].tolist() == ["1", "2", "3"]
    assert table.file_rows(np.array([0, 1, 2])) == (2, 5, 8)
    (finding,) = table.findings
    assert finding.message == "Rows 4, 6, 7 are empty and were skipped."


def test_read_table_keeps_blank_lines_of_one_column_as_missing():
    table = table_of(b"a\n1\n\n3\n")
    assert table.frame["a"].tolist() == ["1", "", "3"]


def test_read_table_without_header_numbers_the_columns():
    table = table_of(b" 1.0  2.0\n 3.0  4.0\n-5.0  6.0\n")
    assert table.options.delimiter == "whitespace"
    assert list(table.frame.columns) == ["column 1", "column 2"]
    assert table.frame["column 2"].tolist() == ["2.0", "4.0", "6.0"]
    assert table.file_rows(np.array([2])) == (3,)


def test_read_table_obeys_corrected_options():
    options = ReadOptions(delimiter=";", header=False)
    table = read_table(b"1,5;2\n2,5;3\n", name="x", options=options)
    assert table.frame.iloc[0].tolist() == ["1,5", "2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ReadOptions(delimiter=";;"), "`delimiter` must be one character"),
        (ReadOptions(encoding="klingon"), "`encoding` must name a text encoding"),
        (ReadOptions(encoding="hex"), "`encoding` must name a text encoding"),
        (ReadOptions(format="parquet"), "`format` is 'parquet', but the content is"),
    ],
)
def test_read_table_refuses_options_that_cannot_work(options, message):
    with pytest.raises(TableFormatError, match=message):
        read_table(b"a,b\n1,2\n3,4\n", name="x", options=options)


def test_read_table_names_the_byte_that_does_not_fit_the_chosen_encoding():
    with pytest.raises(TableFormatError, match="Row 3, character 3: the byte 0xe4"):
        read_table(b"a,b\n1,2\n3,\xe4\n", name="x", options=ReadOptions())


def test_read_table_accepts_a_cell_of_five_megabytes():
    table = table_of(with_cell(7, 2, "y" * 5_000_000))
    assert len(table.frame["other"].iloc[5]) == 5_000_000


def test_as_reading_is_what_a_study_stores():
    options = detect_options(b"# c\nt;y\n2024-01-01;1,5\n2024-01-02;2,5\n", "x.csv")
    assert options.as_reading() == {
        "format": "csv",
        "encoding": "utf-8",
        "delimiter": ";",
        "decimal": ",",
        "thousands": None,
        "header": True,
        "skip_lines": "1",
    }
    assert ReadOptions(format="parquet").as_reading() == {"format": "parquet"}
    assert ReadOptions(format="excel", sheet="b").as_reading() == {
        "format": "excel",
        "header": True,
        "sheet": "b",
    }


@pytest.mark.parametrize(
    "name", ["../../x.csv", "C:\\x", "x.csv\x00.exe", "", "a\nb", "😀" * 99]
)
def test_read_table_takes_the_name_as_a_label_only(name):
    assert read_table(GOOD, name=name).name == name


def test_table_converts_a_column_once(monkeypatch):
    """Profiles, suggestions and two reports of a file ask for the same columns."""
    calls = []
    plain = numbers.to_numbers

    def count(column, options):
        calls.append((str(column.name), len(column)))
        return plain(column, options)

    monkeypatch.setattr(table_module, "to_numbers", count)
    table = table_of(GOOD)
    profile_columns(table)
    settings = suggest_settings(table)
    inspect_series(table, settings)
    inspect_series(table, replace(settings, missing="zero"))
    build_series(table, settings)
    assert calls == [("other", 30)]


def test_table_reads_time_stamps_once(monkeypatch):
    calls = []
    plain = times.read_stamps

    def count(columns, options, **wishes):
        calls.append(wishes)
        return plain(columns, options, **wishes)

    monkeypatch.setattr(table_module, "read_stamps", count)
    table = table_of(GOOD)
    for day_first in (None, None, True, None):
        inspect_series(table, settings_of(day_first=day_first))
    assert calls == [
        {"time_format": None, "day_first": None},
        {"time_format": None, "day_first": True},
    ]


def test_some_cells_come_from_all_over_the_column():
    rows = [[f"2024-01-01 {n}", str(n)] for n in range(2_000)]
    cells = table_of(as_csv(rows, "a,b")).some_cells("b")
    assert cells.tolist() == [str(n) for n in range(0, 2_000, 5)]
    assert (cells.name, str(cells.dtype)) == ("b", "str")


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\r\n", "\r\n\r\n"])
@pytest.mark.parametrize("header", ["y", "x,y"])
def test_line_ends_after_the_last_row_are_no_rows(header, end):
    row = "1" if header == "y" else "1,2"
    table = table_of(f"{header}\n{row}\n{row}{end}".encode())
    assert table.frame["y"].tolist() == [row[-1]] * 2
    assert table.findings == ()


def test_blank_lines_are_found_in_a_text_without_quotes():
    """The parser refuses them first; the layout then says where they are."""
    table = table_of(b"x,y\n1,2\n\n3,4\n\n\n5,6\n")
    assert table.frame["y"].tolist() == ["2", "4", "6"]
    (finding,) = table.findings
    assert (finding.code, finding.rows) == ("blank_lines", (3, 5, 6))
    assert table.file_rows(np.arange(3)) == (2, 4, 7)


@given(
    st.lists(
        st.sampled_from(
            [b"a", b"\xc3\xa9", b"\xc3", b"\xe2\x82\xac", b"\xed\xa0\x80", b"\xff",
             b"\xf0\x9f\x98\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xe0\x80\x80",
             b"x" * 20, b"\x00"]
        ),
        max_size=8,
    )
)  # fmt: skip
def test_is_utf8_agrees_with_python(parts):
    content = b"".join(parts)
    try:
        content.decode("utf-8")
        expected = True
    except UnicodeDecodeError:
        expected = False
    assert is_utf8(content) is expected
