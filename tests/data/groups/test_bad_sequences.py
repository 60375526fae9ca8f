"""Files of sequences that go wrong, and what must be said of each, with the place."""

import io
import re
import stat
import zipfile

import pytest

from search.data.reading import archive
from search.data.reading.options import ReadOptions
from search.data.table import detect_options, read_table
from search.errors import TableFormatError

HEAD = "@problemName P\n@classLabel true a b\n@univariate true\n@data\n"
CSV = b"time,x\n1,2.5\n2,3.5\n"


def _zip(**members: bytes) -> bytes:
    return _archive({name.replace("__", "."): body for name, body in members.items()})


def _archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            file.writestr(name, body)
    return buffer.getvalue()


def _linked() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        link = zipfile.ZipInfo("c.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("a.csv", CSV)
    return buffer.getvalue()


def _doubled() -> bytes:
    content = _archive({"a.csv": CSV, "b.csv": CSV})
    return content.replace(b"b.csv", b"a.csv")


def _encrypted() -> bytes:
    content = bytearray(_archive({"a.csv": CSV, "b.csv": CSV}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


def _damaged() -> bytes:
    content = bytearray(_archive({"a.csv": CSV * 9, "b.csv": CSV}))
    for place in range(45, 60):
        content[place] ^= 0xFF
    return bytes(content)


TS = {
    "no @data": ("@problemName P\n@univariate true\n", "no line @data"),
    "no sequence": (HEAD, "no sequence after @data"),
    "data before @data": ("@problemName P\n1,2:a\n@data\n", "Row 2 begins with '1,2:a"),
    "flag": (HEAD.replace("riate true", "riate maybe"), "Row 3: @univariate must be"),
    "tag twice": ("@univariate true\n" + HEAD, "Rows 1 and 4 both say @univariate"),
    "no class": ("@classLabel true\n@data\n1:a\n", "Row 1: @classLabel true names no"),
    "class twice": (
        "@classLabel true a a\n@data\n1:a\n",
        "Row 1: the class 'a' is nam",
    ),
    "two labels": (
        "@classLabel true a\n@targetLabel true\n@data\n1:a\n",
        "Rows 1 and 2 announce",
    ),
    "dimensions": ("@dimensions two\n@data\n1\n", "Row 1: @dimensions must be a whole"),
    "univariate and dimensions": (
        "@univariate true\n@dimensions 2\n@data\n1:2\n",
        "Row 1 says @univariate true, row 2 says 2 channels",
    ),
    "unknown class": (HEAD + "1,2:a\n1,2:c\n", "Row 6: the class 'c' is not among"),
    "no label": (HEAD + "1,2,3\n", "Row 5 has no class after the last colon"),
    "empty label": (HEAD + "1,2:\n", "Row 5: the class at the end is empty"),
    "word": (HEAD + "1,2:a\n1,x,3:b\n", "Row 6, channel 1, value 2: 'x' is not a num"),
    "empty value": (HEAD + "1,,3:a\n", "Row 5, channel 1, value 2 is empty"),
    "empty channel": (
        "@classLabel true a\n@data\n1,2: :a\n",
        "Row 3, channel 2 has no",
    ),
    "too many channels": (
        HEAD + "1,2:3,4:a\n",
        "Row 5 has 2 channels; the header says",
    ),
    "channels differ": (
        "@classLabel true a\n@data\n1:2:a\n1:a\n",
        "Row 4 has 1 channel, row 3 has 2",
    ),
    "one channel": (
        HEAD.replace("riate true", "riate false") + "1,2:a\n",
        "Row 5 has one channel, but the header says @univariate false",
    ),
    "unequal channels": (
        "@classLabel true a\n@data\n1,2:1,2,3:a\n",
        "Row 3: channel 2 has 3 values, channel 1 has 2",
    ),
    "no pairs": (
        "@timeStamps true\n@data\n(0,1),(1,2),3\n",
        "Row 3, channel 1, value 3: '3' is not a time stamp and a value",
    ),
    "other times": (
        "@timeStamps true\n@data\n(0,1),(1,2):(0,1),(2,2)\n",
        "Row 3: channel 2 has other time stamps",
    ),
    "target word": (
        "@targetLabel true\n@data\n1,2:3.5\n1,2:high\n",
        "Row 4, the target value: 'high' is not a number",
    ),
    "arff": (
        "@relation x\n@attribute y numeric\n@data\n1\n",
        "not a table but an ARFF",
    ),
}
ZIP = {
    "one file": (_zip(a__csv=CSV), "not a table but a zip archive; unpack it"),
    "pictures": (_zip(a__png=b"x", b__png=b"y"), "a zip archive; unpack it first"),
    "path up": (_archive({"../a.csv": CSV, "b.csv": CSV}), "names '../a.csv', a path"),
    "root": (_archive({"/etc/a.csv": CSV, "b.csv": CSV}), "names '/etc/a.csv', a path"),
    "drive": (_archive({"C:/a.csv": CSV, "b.csv": CSV}), "names 'C:/a.csv', a path"),
    "nested": (
        _archive({"a.csv": CSV, "b.csv": CSV, "c.zip": b""}),
        "'c.zip' in the archive is an archive itself",
    ),
    "nested in disguise": (
        _archive({"a.csv": CSV, "b.csv": _zip(x__csv=CSV)}),
        "'b.csv' in the archive: This is an archive itself",
    ),
    "link": (_linked().replace(b"c.csv", b"c.csv"), "'c.csv' in the archive is a link"),
    "twice": (_doubled(), "holds 'a.csv' twice"),
    "encrypted": (_encrypted(), "'a.csv' in the archive is encrypted"),
    "damaged": (_damaged(), "is damaged or packed|damaged or cut off"),
    "cut": (_zip(a__csv=CSV, b__csv=CSV)[:-30], "damaged or cut off"),
    "empty file": (_zip(a__csv=CSV, b__csv=b" \n"), "'b.csv' in the archive: The file"),
    "column lacks": (
        _zip(a__csv=CSV, b__csv=b"time,y\n1,2\n"),
        "'b.csv' in the archive lacks the column 'x' of 'a.csv'",
    ),
    "column more": (
        _zip(a__csv=CSV, b__csv=b"time,x,y\n1,2,3\n"),
        "lacks the column 'y'|has the column 'y', unlike 'a.csv'",
    ),
    "bad row": (
        _zip(a__csv=CSV, b__csv=b"time,x\n1,2\n1,2,3\n"),
        "'b.csv' in the archive: .*[Rr]ow 3",
    ),
    "two labels files": (
        _zip(a__csv=CSV, b__csv=CSV, labels__csv=b"a,1\n", labels__txt=b"a,1\n"),
        "holds two labels files",
    ),
    "label of three": (
        _zip(a__csv=CSV, b__csv=CSV, labels__csv=b"file,label\na,1,2\n"),
        "Row 2 of 'labels.csv' has 3 fields",
    ),
    "label twice": (
        _zip(a__csv=CSV, b__csv=CSV, labels__csv=b"file,label\na,u\na.csv,v\n"),
        "Row 3 of 'labels.csv' gives 'a.csv' the label 'v', an earlier row 'u'",
    ),
    "label of two files": (
        _archive({"u/a.csv": CSV, "v/a.csv": CSV, "labels.csv": b"a,1\n"}),
        "Row 1 of 'labels.csv': 'a' stands for 2 files",
    ),
}
WIDE = {
    "no steps": (b"kind,x,y\n1,2,3\n", None, "first column is 'kind'"),
    "unequal channels": (
        b"a_1,a_2,b_1,b_2,b_3\n1,2,3,4,5\n",
        None,
        "Channel 'a' has 2 steps .'a_1' to 'a_2'., channel 'b' has 3",
    ),
    "empty": (b"kind,t1,t2\n1,,\n2,,\n", None, "Every step of every sequence is empty"),
    "label": (b"kind,t1,t2\n1,2,3\n", "class", "`label` must be one of the 3 columns"),
}


@pytest.mark.parametrize("name", TS)
def test_a_bad_ts_file_is_refused_with_its_place(name):
    text, says = TS[name]
    with pytest.raises(TableFormatError, match=re.escape(says)):
        read_table(text.encode(), name="x.ts")


@pytest.mark.parametrize("name", ZIP)
def test_a_bad_archive_is_refused_with_its_file(name):
    content, says = ZIP[name]
    with pytest.raises(TableFormatError, match=says):
        read_table(content, name="x.zip")


@pytest.mark.parametrize("name", WIDE)
def test_a_bad_wide_table_is_refused_with_its_columns(name):
    content, label, says = WIDE[name]
    options = ReadOptions(shape="wide", label=label)
    with pytest.raises(TableFormatError, match=says):
        read_table(content, name="x.csv", options=options)


def test_archives_have_limits(monkeypatch):
    content = _zip(a__csv=CSV, b__csv=CSV)
    monkeypatch.setattr(archive, "MOST_MEMBERS", 1)
    with pytest.raises(TableFormatError, match="holds 2 files; at most 1"):
        read_table(content, name="x")
    monkeypatch.setattr(archive, "MOST_MEMBERS", 9)
    monkeypatch.setattr(archive, "MOST_UNPACKED_BYTES", 2 * len(CSV) - 1)
    with pytest.raises(TableFormatError, match="larger than 1 GB"):
        read_table(content, name="x")


def test_an_archive_may_not_lie_about_its_size(monkeypatch):
    """The directory said 1 byte each; what comes out is counted as well."""
    content = _zip(a__csv=CSV, b__csv=CSV)
    size = len(CSV).to_bytes(4, "little")
    lie = (1).to_bytes(4, "little")
    changed = content.replace(size + b"\x05\x00", lie + b"\x05\x00")
    assert changed != content
    with pytest.raises(TableFormatError, match="archive"):
        read_table(changed, name="x")


def test_detect_options_names_the_kind():
    assert detect_options(HEAD.encode(), "x").format == "ts"
    options = detect_options(_zip(a__csv=b"t;x\n1;2,5\n", b__csv=b"t;x\n1;2,5\n"), "x")
    assert (options.format, options.delimiter, options.decimal) == ("zip", ";", ",")
