"""Small files that unpack to far more than the memory, and endless tables."""

import io
import time
import zipfile
from collections.abc import Callable

import openpyxl
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from search.data.reading import header
from search.data.table import detect_options, read_table
from search.errors import TableFormatError
from tests.data.tables import as_csv, daily_rows

Record = Callable[[str, object], None]
MEGABYTE = 1_000_000


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _many_rows() -> bytes:
    """Return twelve million rows of one number: 20 kB as Parquet."""
    return _parquet(pa.table({"y": pa.repeat(1.0, 12_000_000)}))


def _long_text() -> bytes:
    """Return 100,000 rows of the same text of a megabyte: 100 GB unpacked."""
    indices = pa.repeat(pa.scalar(0, pa.int32()), 100_000)
    texts = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * MEGABYTE]))
    return _parquet(pa.table({"y": pa.repeat(1.0, 100_000), "text": texts}))


def _workbook(sheet: str) -> bytes:
    """Return a workbook whose only sheet has these rows in its XML."""
    buffer, changed = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    book.save(buffer)
    with (
        zipfile.ZipFile(buffer) as old,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                start = content.index(b"<sheetData")
                stop = content.index(b">", start) + 1
                rows = f"<sheetData>{sheet}</sheetData>".encode()
                rest = content[stop:].removeprefix(b"</sheetData>")
                content = content[:start] + rows + rest
            new.writestr(name, content)
    return changed.getvalue()


def _far_corner() -> bytes:
    """Return two cells in opposite corners: 17 thousand million cells in between."""
    return _workbook(
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )


def _wide_rows() -> bytes:
    """Return 4,000 rows with one cell each, all in the last column."""
    rows = (f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 4_001))
    return _workbook("".join(rows))


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "Parquet, 12 million rows": (_many_rows, "12,000,000 rows; at most 10,000,000"),
    "Parquet, 100 GB of text": (_long_text, "take 100 GB when unpacked"),
    "Excel, two far corners": (_far_corner, "16,384 columns; at most 2,000"),
    "Excel, cells far to the right": (_wide_rows, "more than 20,000,000 cells"),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.case("U9", name)) for name in BOMBS],
)
def test_a_file_that_unpacks_to_too_much_is_refused(
    name: str, record_property: Record
) -> None:
    make, message = BOMBS[name]
    content = make()
    process = psutil.Process()
    before, started = process.memory_info().rss, time.perf_counter()
    with pytest.raises(TableFormatError, match=message):
        read_table(content, name="bomb")
    seconds = time.perf_counter() - started
    growth = process.memory_info().rss - before
    assert growth < 600 * MEGABYTE
    record_property(
        "figure",
        f"{len(content) / 1e3:,.0f} kB refused in {seconds:.2f} s, "
        f"{growth / MEGABYTE:+,.0f} MB",
    )


@pytest.mark.faults
@pytest.mark.case("U9", "a text of 20 million rows")
@pytest.mark.parametrize("line", [b"1\n", b"1 2\n", b"1,2\r\n", b"\xe4,2\r"])
def test_twenty_million_rows_are_refused(line: bytes, record_property: Record) -> None:
    content = line * 20_000_000
    for read in (detect_options, read_table):
        started = time.perf_counter()
        with pytest.raises(TableFormatError, match="20,000,000 rows; at most 10,000,0"):
            read(content, name="long.csv")
        seconds = time.perf_counter() - started
    record_property("figure", f"{len(content) / 1e6:.0f} MB, {seconds:.2f} s")


def test_rows_and_cells_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    content = as_csv(daily_rows())
    monkeypatch.setattr(header, "MAX_CELLS", 93)
    assert len(read_table(content, name="x").frame) == 30
    monkeypatch.setattr(header, "MAX_CELLS", 89)
    with pytest.raises(
        TableFormatError, match="30 rows of 3 columns; at most 89 cells"
    ):
        read_table(content, name="x")
    monkeypatch.setattr(header, "MAX_ROWS", 29)
    with pytest.raises(TableFormatError, match="31 rows; at most 29"):
        read_table(content, name="x")


def test_texts_of_parquet_files_stay_as_they_are() -> None:
    texts = ["a", None, "b", "a", "ä", ""]
    table = pa.table(
        {
            "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "text": texts,
            "large": pa.array(texts, pa.large_string()),
            "kind": pa.array(texts).dictionary_encode(),
            "raw": pa.array([b"a", None, b"b", b"a", b"c", b""]),
        }
    )
    frame = read_table(_parquet(table), name="x").frame
    for name in ("text", "large", "kind"):
        assert frame[name].tolist() == ["a", "", "b", "a", "ä", ""]
        assert str(frame[name].dtype) == "str"
    assert frame["y"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
