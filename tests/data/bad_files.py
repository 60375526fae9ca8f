"""Files that go wrong, and what must be said of each: the groups U1 to U7.

Every file is made here. A verdict is what a person gets who chooses the columns `date`
and `target`: the file is refused, or something is found that must be settled first, or
a series is built. Where a row or column is to blame, the words name it.
"""

import gzip
import io
import json
import pickle
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from search.data.series import BuiltSeries, SeriesSettings, build_series, inspect_series
from search.data.table import read_table
from search.errors import SeriesError, TableFormatError
from tests.data.tables import Rows, as_csv, daily_rows, edited, settings_of, with_cell

Kind = Literal["refused", "found", "read"]

GOOD = as_csv(daily_rows())
PAGE = b"<!DOCTYPE html><html></html>"
MARKUP = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Verdict:
    """What became of a file: refused, found wanting, or read; in words.

    Attributes
    ----------
    kind
        ``refused`` as a table, ``found`` wanting as a series, or ``read``.
    words
        The error and all findings.
    built
        The series, if there is one.
    """

    kind: Kind
    words: str
    built: BuiltSeries | None = None


@dataclass(frozen=True)
class BadFile:
    """A file and the verdict that it must get.

    Attributes
    ----------
    group
        The group of the catalogue, U1 to U7.
    name
        What is wrong, in a few words.
    content
        The bytes.
    kind
        The verdict.
    says
        Pattern that the words must match; it holds the row or column to blame.
    time, target
        Columns that the person chooses.
    first
        First values of the target where the file is read.
    """

    group: str
    name: str
    content: bytes = field(repr=False)
    kind: Kind
    says: str = ""
    time: tuple[str, ...] = ("date",)
    target: str = "target"
    first: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.group} {self.name}"

    @property
    def settings(self) -> SeriesSettings:
        return settings_of(self.target, time=self.time)


def judge(
    content: bytes, settings: SeriesSettings, name: str = "upload.csv"
) -> Verdict:
    """Go the way of the Data page: read, report, build."""
    try:
        table = read_table(content, name=name)
    except TableFormatError as error:
        return Verdict("refused", str(error))
    report = inspect_series(table, settings)
    words = "\n".join(finding.message for finding in report.findings)
    try:
        built = build_series(table, settings)
    except SeriesError as error:
        assert not report.is_ready
        return Verdict("found", f"{words}\n{error}")
    assert report.is_ready
    return Verdict("read", words, built)


def _zip(name: str = "data.csv") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "x")
    return file.getvalue()


def _files(group: str, kind: Kind, **files: tuple[bytes, str]) -> list[BadFile]:
    return [
        BadFile(group, name.replace("_", " "), content, kind, says)
        for name, (content, says) in files.items()
    ]


def _cells(group: str, kind: Kind, **cells: tuple[str, str]) -> list[BadFile]:
    """Put a text into column `target` of row 9."""
    return [
        BadFile(group, name.replace("_", " "), with_cell(9, 1, text), kind, says)
        for name, (text, says) in cells.items()
    ]


def _all_cells(text: str) -> bytes:
    return edited(lambda rows: [row.__setitem__(1, text) for row in rows])


def _every_target(change: Callable[[str], str]) -> bytes:
    return edited(lambda rows: [row.__setitem__(1, change(row[1])) for row in rows])


def _stamped(stamps: list[str], *, name: str = "date") -> bytes:
    rows = [[stamp, str(10 + place % 7)] for place, stamp in enumerate(stamps)]
    return as_csv(rows, f"{name},target")


def _moved(rows: Rows) -> None:
    rows.insert(3, rows.pop(10))


def _not_tables() -> list[BadFile]:
    return _files(
        "U1",
        "refused",
        empty=(b"", "The file is empty"),
        blank_lines=(b"\n\n \n", "only blank lines"),
        header_only=(b"date,target\n", "2 names but no rows"),
        comments_only=(b"# nothing\n# here\n", "only comments"),
        NULs=(b"\x00" * 64, "Row 1, character 1 is a NUL"),
        PNG=(b"\x89PNG\r\n\x1a\n....", "not a table but a PNG picture"),
        PDF=(b"%PDF-1.7\n", "not a table but a PDF"),
        zip=(_zip(), "not a table but a zip archive; unpack it"),
        zip_with_a_path=(_zip("../../etc/cron.d/x"), "a zip archive; unpack it"),
        cut_xlsx=(b"PK\x03\x04 and then nothing", "damaged or cut off"),
        empty_xlsx=(_zip("xl/workbook.xml"), "Excel"),
        old_Excel=(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx or CSV"),
        gzip=(gzip.compress(GOOD), "a gzip archive; unpack it"),
        pickle=(pickle.dumps({"a": 1}), "a Python pickle"),
        JSON=(json.dumps([{"a": 1}]).encode(), "a JSON file"),
        HTML=(PAGE, "a web page"),
        XML=(b"<?xml version='1.0'?><a/>", "an XML file"),
        cut_Parquet=(b"PAR1\x00\x00\x00", "The Parquet file is damaged"),
        Parquet_of_no_type=(_parquet_of_no_type(), "The Parquet file is damaged"),
        prose=(
            b"Dear all,\nthis is a letter, no data.\nBye.\n",
            "text rather than a",
        ),
    )


def _parquet_of_no_type() -> bytes:
    """Return a file whose note for pandas names a type that does not exist."""
    table = pa.Table.from_pandas(pd.DataFrame({"target": [1.0, 2.0]}))
    note = table.schema.metadata[b"pandas"].replace(b'"float64"', b'"&loat64"')
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({b"pandas": note}), buffer)
    return buffer.getvalue()


def _encodings() -> list[BadFile]:
    late = GOOD.replace(b"2024-01-14,16,26", "2024-01-14,16,26 °C".encode("cp1252"))
    return [
        *_files(
            "U2",
            "read",
            UTF_16=(GOOD.decode().encode("utf-16"), ""),
            UTF_16_without_mark=(GOOD.decode().encode("utf-16-le"), ""),
            byte_order_mark=(GOOD.decode().encode("utf-8-sig"), ""),
            latin_1_header=(
                GOOD.replace(b"other", "größe".encode("latin-1")),
                "cp1252|Windows-1252",
            ),
            cp1252_in_row_15=(late, "cp1252|Windows-1252"),
        ),
        *_files(
            "U2",
            "refused",
            mixed=(
                GOOD.replace(b"other", "größe".encode()) + b"2024-01-31,\xe4,2\n",
                "Row 32, character 12: the byte 0xe4 is not UTF-8",
            ),
            undefined_byte=(
                GOOD.replace(b"2024-01-14,16", b"2024-01-14,\x81"),
                "Row 15, character 12: the byte 0x81 is not UTF-8",
            ),
        ),
    ]


def _marks() -> list[BadFile]:
    return [
        *_files(
            "U3",
            "read",
            decimal_comma=(
                _every_target(lambda text: f"{text}.0")
                .replace(b",", b";")
                .replace(b".0", b",0"),
                "",
            ),
            tab=(GOOD.replace(b",", b"\t"), ""),
            bar=(GOOD.replace(b",", b"|"), ""),
            comments=(b"# from the plant\n\n# line 7\n" + GOOD, "3 lines"),
            CR_only=(GOOD.replace(b"\n", b"\r"), ""),
            mixed_line_ends=(GOOD.replace(b"\n", b"\r\n", 7), ""),
            no_last_line_end=(GOOD.rstrip(b"\n"), ""),
            quotes=(re.sub(rb"(2024-\d\d-\d\d)", rb'"\1"', GOOD), ""),
            quoted_delimiter=(GOOD.replace(b"other", b'"other, too"'), ""),
            newline_in_quotes=(with_cell(7, 2, '"a\nb"'), ""),
            blank_lines=(GOOD.replace(b"\n2024-01-09", b"\n\n2024-01-09"), "Row 10 "),
        ),
        *_files(
            "U3",
            "refused",
            unclosed_quote=(with_cell(7, 1, '"5'), "Row 7 opens a quote mark that is"),
            quote_inside=(with_cell(7, 1, '5"2'), "Row 7 has a quote mark inside"),
            text_after_quote=(with_cell(9, 1, '"5"x'), "Row 9 has a quote mark inside"),
            cut_last_row=(GOOD[:-7], "Row 31 .* row 31 has 1 field.*cut off at its"),
        ),
    ]


def _shapes() -> list[BadFile]:
    wide = b",".join(b"c%d" % place for place in range(20_000))
    refused = _files(
        "U4",
        "refused",
        too_many_fields=(
            edited(lambda rows: rows[5].append("9")),
            "Row 7 has another number of fields.*row 7 has 4 fields, the first row has",
        ),
        too_few_fields=(
            edited(lambda rows: rows[5].pop()),
            "Row 7 has another number of fields.*row 7 has 2 fields",
        ),
        two_bad_rows=(
            edited(lambda rows: [rows[place].__iadd__("9") for place in (5, 8)]),
            "Rows 7, 10 have another number of fields",
        ),
        every_row_shifted=(
            edited(lambda rows: [row.__iadd__("9") for row in rows]),
            r"has 3 fields but every row after it has 4.*row 2",
        ),
        doubled_name=(
            GOOD.replace(b"other", b"target"),
            "Columns 2 and 3 have the same name 'target' in the header",
        ),
        doubled_after_trimming=(
            GOOD.replace(b"other", b" target "),
            "Columns 2 and 3 have the same name 'target'",
        ),
        empty_name=(GOOD.replace(b"other", b""), "Column 3 has no name in the header"),
        columns_20000=(
            wide + b"\n" + b",".join([b"1"] * 20_000) + b"\n",
            "20,000 columns; at most 2,000",
        ),
    )
    found = _files(
        "U4",
        "found",
        two_header_rows=(
            edited(lambda rows: rows.insert(0, ["-", "kg", "m"])),
            "Row 2, column 'target': 'kg'",
        ),
        repeated_header=(
            edited(lambda rows: rows.insert(9, ["date", "target", "other"])),
            "row 11: 1 time stamp cannot be read; row 11 has 'date'",
        ),
        totals_row=(
            edited(lambda rows: rows.append(["Total", "1", "2"])),
            "row 32 has 'Total'",
        ),
        rows_3=(as_csv(daily_rows(3)), "has 3 rows"),
    )
    single = b"target\n" + b"".join(b"%d\n" % (10 + n % 7) for n in range(30))
    read = [
        BadFile(
            "U4", "numeric names", GOOD.replace(b"date,target,other", b"1,2,3"), "read",
            time=("1",), target="2",
        ),
        BadFile("U4", "single column", single, "read", "are counted", time=()),
    ]  # fmt: skip
    return [*refused, *found, *read]


def _numbers() -> list[BadFile]:
    cells = _cells(
        "U5",
        "found",
        text=("abc", "Row 9, column 'target': 'abc' is not a number"),
        currency=("€5", "Row 9, column 'target': '€5' is not a number"),
        percent=("5%", "Row 9, column 'target': '5%' is not a number"),
        too_large=("1e400", "Row 9, column 'target': '1e400' is infinite"),
        infinity=("-inf", "Row 9, column 'target': '-inf' is infinite"),
        digits_5000=("1" * 5000, "Row 9, column 'target': '1{60}…' is infinite"),
        hexadecimal=("0x1F", "Row 9, column 'target': '0x1F' is not a number"),
        underscore=("1_000", "Row 9, column 'target': '1_000' is not a number"),
        Arabic_digits=("٣", "Row 9, column 'target': '٣' is not a number"),
        unicode_minus=("−5", "Row 9, column 'target': '−5' is not a number"),
        two_marks=("1.2.3", "Row 9, column 'target': '1.2.3' is not a number"),
        control_character=("\x1b[31m", r"Row 9, .*'\\x1b\[31m' is not a number"),
        direction_mark=("\u202e5", r"Row 9, .*'\\u202e5' is not a number"),
        line_end=('"a\nb"', r"Row 9, column 'target': 'a\\x0ab' is not a number"),
        spelled_missing=("missing", "Column 'target' has 1 missing value: row 9"),
        empty_cell=("", "Column 'target' has 1 missing value: row 9"),
        dash=(" - ", "Column 'target' has 1 missing value: row 9"),
    )
    columns = _files(
        "U5",
        "found",
        all_missing=(_all_cells("NA"), "Column 'target' is empty"),
        yes_and_no=(_all_cells("yes"), "row 2 has 'yes'"),
        all_percent=(_all_cells("5%"), "row 2 has '5%'"),
        constant=(_all_cells("5"), "Column 'target'.*same value in every row, 5"),
        six_texts=(
            edited(lambda rows: [rows[n].__setitem__(1, "x") for n in range(4, 10)]),
            "rows 6, 7, 8, 9, 10 and 1 more",
        ),
    )
    read = [
        *_cells(
            "U5",
            "read",
            digits_25=("1" * 25, "row 9"),
            beyond_2_to_63=("9223372036854775809", "row 9"),
            digits_17=("10.000000000000000001", "row 9"),
        ),
        BadFile(
            "U5",
            "thousands separators",
            _every_target(lambda text: f'"1,0{text}.5"'),
            "read",
            first=(1010.5, 1011.5),
        ),
    ]
    refused = _files(
        "U5", "refused", NUL=(with_cell(7, 1, "1\x002"), "Row 7, character 13 is a NUL")
    )
    return [*cells, *columns, *read, *refused]


def _times() -> list[BadFile]:
    days = [f"{day:02d}/01/2024" for day in range(1, 25)]
    summer = [f"2024-10-27 0{hour}:00+02:00" for hour in range(3)]
    winter = [f"2024-10-27 {hour:02d}:00+01:00" for hour in range(2, 24)]
    epoch = [str(1_704_067_200_000 + 3_600_000 * hour) for hour in range(24)]
    serial = [str(45_292 + day) for day in range(24)]
    return [
        *_files(
            "U6",
            "found",
            mixed_day_and_month=(
                _stamped([*days[:19], "01/20/2024", *days[20:]]),
                "row 21 has '01/20/2024'",
            ),
            duplicates=(
                with_cell(7, 0, "2024-01-05"),
                "1 row repeats the time stamp of an earlier row: row 7; the first is",
            ),
            off_the_step=(
                with_cell(7, 0, "2024-01-06 07:30"),
                "1 time stamp does not lie on the step of D: row 7",
            ),
            one_gap=(edited(lambda rows: rows.pop(5)), "after row 6, 2024-01-05"),
            day_30_February=(with_cell(7, 0, "2024-02-30"), "row 7 .*'2024-02-30'"),
            year_99999=(with_cell(7, 0, "99999-01-01"), "row 7 .*'99999-01-01'"),
            empty_time=(with_cell(7, 0, ""), "row 7 is empty"),
        ),
        *_files(
            "U6",
            "read",
            unsorted=(edited(_moved), "2024-01-04 follows 2024-01-11|[Rr]ow 6"),
            changing_offsets=(_stamped(summer + winter), "UTC"),
            milliseconds_since_1970=(_stamped(epoch), ""),
            Excel_serial=(_stamped(serial), ""),
        ),
    ]


def _hostile() -> list[BadFile]:
    long_name = "n" * 10_000
    texts = {
        "formula": '=HYPERLINK(""http://x"")',
        "HTML": MARKUP,
        "markdown": "[a](javascript:alert(1)) **b** :red[x]",
        "LaTeX": "$\\input{/etc/passwd}$",
        "path": "../../etc/passwd",
        "zero width and RTL": "\u200b\u202eevil\u2066",
    }
    as_cells = [
        BadFile(
            "U7", f"{name} in a cell", with_cell(9, 1, f'"{text}"'), "found",
            "Row 9, column 'target': ",
        )
        for name, text in texts.items()
    ]  # fmt: skip
    names = [*texts.values(), "index", "__proto__", "Unnamed: 0", long_name]
    titles = [*texts, "the name index", "the name __proto__", "the name Unnamed: 0",
              "10,000 characters"]  # fmt: skip
    as_names = [
        BadFile(
            "U7", f"{title} in the header",
            GOOD.replace(b"target", f'"{name}"'.encode()), "read",
            target=name.replace('""', '"'), first=(10.0, 11.0),
        )
        for title, name in zip(titles, names, strict=True)
    ]  # fmt: skip
    large = with_cell(7, 2, "y" * 5_000_000)
    blamed = edited(lambda rows: rows[5].__setitem__(1, "y" * 5_000_000))
    return [
        *as_cells,
        *as_names,
        BadFile("U7", "5 MB in a cell beside", large, "read", first=(10.0, 11.0)),
        BadFile(
            "U7", "5 MB in a cell of the target", blamed, "found",
            "Row 7, column 'target': 'y{60}…' is not a number",
        ),
    ]  # fmt: skip


BAD_FILES: tuple[BadFile, ...] = (
    *_not_tables(),
    *_encodings(),
    *_marks(),
    *_shapes(),
    *_numbers(),
    *_times(),
    *_hostile(),
)
