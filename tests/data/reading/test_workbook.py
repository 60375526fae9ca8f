import datetime as dt
import io

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from search.data.series import build_series, inspect_series
from search.data.table import ReadOptions, read_table
from search.errors import TableFormatError
from tests.data.tables import settings_of

Rows = list[list[object]]
DAYS = pd.date_range("2024-01-01", periods=12, freq="D")


def _workbook(*sheets: tuple[str, Rows]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _days(*, text_in: int | None = None) -> Rows:
    rows: Rows = [[day.to_pydatetime(), i / 2] for i, day in enumerate(DAYS)]
    if text_in is not None:
        rows[text_in][1] = "abc"
    return [["date", "target"], *rows]


def _parquet(frame: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.to_parquet(file)
    return file.getvalue()


def test_read_table_takes_the_first_sheet_and_lists_all():
    content = _workbook(("flow", _days()), ("other", [["a"], [1]]))
    table = read_table(content, name="plant.xlsx")
    assert table.options == ReadOptions(format="excel")
    assert table.sheets == ("flow", "other")
    built = build_series(table, settings_of())
    assert built.source.frequency == "D"
    assert built.values["target"].tolist() == [i / 2 for i in range(12)]


def test_read_table_takes_the_chosen_sheet():
    content = _workbook(("flow", _days()), ("other", [["a"], [1], [2]]))
    options = ReadOptions(format="excel", sheet="other")
    assert read_table(content, name="x", options=options).frame["a"].tolist() == [1, 2]
    options = ReadOptions(format="excel", sheet="third")
    with pytest.raises(TableFormatError, match="'third' is not in the file; it has"):
        read_table(content, name="x", options=options)


def test_sheet_rows_are_named_as_excel_names_them():
    content = _workbook(("flow", [[], [], *_days(text_in=4), [], []]))
    table = read_table(content, name="x")
    (finding,) = inspect_series(table, settings_of()).findings
    assert finding.message == "Row 8, column 'target': 'abc' is not a number."


def test_sheet_with_mixed_cells_becomes_text():
    rows: Rows = [
        ["t", "a"],
        [dt.date(2024, 1, 1), 3.0],
        [dt.datetime(2024, 1, 2), "x"],
    ]
    table = read_table(_workbook(("s", [*rows, [None, None, None]])), name="x")
    assert table.frame["a"].tolist() == ["3", "x"]
    assert table.frame["t"].tolist() == [DAYS[0], DAYS[1]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["a", "b"]], "'s' has no rows of data"),
        ([], "'s' has no rows of data"),
        ([["a", None, "c"], [1, 2, 3]], "Column 2 has no name in the header"),
        ([["a", "a"], [1, 2]], "Columns 1 and 2 have the same name 'a'"),
    ],
)
def test_read_table_refuses_sheets_that_are_no_tables(rows, message):
    with pytest.raises(TableFormatError, match=message):
        read_table(_workbook(("s", rows)), name="x")


def test_read_table_refuses_a_damaged_workbook():
    content = bytearray(_workbook(("s", _days())))
    content[200:230] = b"\x00" * 30
    with pytest.raises(TableFormatError, match="damaged"):
        read_table(bytes(content), name="x")


def test_read_table_reads_parquet_with_its_index():
    frame = pd.DataFrame(
        {"target": np.arange(12.0), "wind": ["N", "S"] * 6}, index=DAYS
    )
    table = read_table(_parquet(frame), name="x.parquet")
    assert list(table.frame.columns) == ["time", "target", "wind"]
    assert table.file_rows(np.array([0])) == (1,)
    built = build_series(table, settings_of("target", "wind", time=("time",)))
    assert list(built.values.columns) == ["target", "wind=N", "wind=S"]
    assert built.source.frequency == "D"


def test_read_table_refuses_nested_and_empty_parquet():
    file = io.BytesIO()
    pq.write_table(pa.table({"a": [[1, 2], [3]]}), file)
    with pytest.raises(TableFormatError, match="Column 'a' holds lists"):
        read_table(file.getvalue(), name="x")
    with pytest.raises(TableFormatError, match="has no rows"):
        read_table(_parquet(pd.DataFrame({"a": np.empty(0)})), name="x")
