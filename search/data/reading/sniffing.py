"""What kind of file this is, by its first bytes, and the encoding of its text."""

import codecs
import io
import re
import zipfile

import numpy as np
import pyarrow as pa

from search.errors import TableFormatError

# First bytes of files that are not tables, with the words that name them.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a sound, video or WebP file"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as .xlsx or CSV"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"ARROW1\x00\x00", "an Arrow (Feather) file; save it as Parquet or CSV"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file; save it as CSV"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"{\\rtf", "an RTF document"),
)
# Members of an archive that name the label of each sequence.
LABEL_FILES = ("labels.csv", "labels.txt", "labels.tsv")
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x8a-\x95\]}(cKXq]")
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body|table)", re.I)
_XML = re.compile(rb"\s*<\?xml")
_JSON = re.compile(rb'\s*(\{\s*("|\})|\[\s*[\[{"\d\]-])')
# Comments, then a line of the header of a UCR/UEA file.
_COMMENTS = rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:[#%][^\r\n]*)?[\r\n]+)*[ \t]*"
_TS = re.compile(
    _COMMENTS + rb"@(problemname|timestamps|missing|univariate|dimensions?|equallength|"
    rb"serieslength|classlabel|targetlabel|data)\b",
    re.IGNORECASE,
)
_ARFF = re.compile(_COMMENTS + rb"@relation\b", re.IGNORECASE)
_HEAD_BYTES = 65_536
_MOST_UNPACKED_BYTES = 1_000_000_000
# Undefined in cp1252, so a text with one of them is latin-1 at best.
_UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


def file_format(content: bytes) -> str:
    """Return ``csv``, ``excel``, ``parquet``, ``ts`` or ``zip``, by the first bytes.

    Raises
    ------
    TableFormatError
        If the file is empty or of a kind that holds no table; the message names it.
    """
    if not content or content.isspace():
        raise TableFormatError(
            "The file has only blank lines." if content else "The file is empty."
        )
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith(b"PK\x03\x04"):
        return _zip_format(content)
    for signature, words in _SIGNATURES:
        if content.startswith(signature):
            raise _not_a_table(words)
    if _PICKLE.match(content):
        raise _not_a_table("a Python pickle")
    if _HTML.match(content[:4096]):
        raise _not_a_table("a web page (HTML)")
    if _XML.match(content[:4096]):
        raise _not_a_table("an XML file")
    if _JSON.match(content[:4096]):
        raise _not_a_table("a JSON file; save the table as CSV")
    if _ARFF.match(content[:_HEAD_BYTES]):
        raise _not_a_table("an ARFF file; save it as .ts or CSV")
    return "ts" if _TS.match(content[:_HEAD_BYTES]) else "csv"


def holds_sequence(member: str) -> bool:
    """Tell whether a member of an archive is a delimited text, by its name."""
    name = member.rsplit("/", 1)[-1]
    ending = name.lower().rsplit(".", 1)[-1]
    return (
        not name.startswith(".")
        and not member.startswith("__MACOSX/")
        and ending in {"csv", "tsv", "txt", "dat"}
        and name.lower() not in LABEL_FILES
    )


def detect_encoding(content: bytes) -> str:
    """Return the encoding of a text: by its byte order mark, else by trial.

    UTF-8 is the rule. A text that is not UTF-8 is taken as Windows-1252, the code of
    most plant historians and of Excel in Western Europe, provided that it has no
    byte that this code does not define.

    Raises
    ------
    TableFormatError
        If no encoding fits; the message names row and column of the first byte.
    """
    marked = _marked_encoding(content)
    if marked:
        return marked
    if b"\x00" in content[:4096]:
        guessed = _unmarked_utf16(content)
        if guessed:
            return guessed
    if is_utf8(content):
        return "utf-8"
    if _looks_mixed(content) or _UNDEFINED_IN_CP1252.search(content):
        raise _undecodable(content, _utf8_error(content))
    return "cp1252"


def is_utf8(content: bytes) -> bool:
    """Tell whether the bytes are valid UTF-8; makes no text of them."""
    stops = pa.py_buffer(np.array([0, len(content)], dtype=np.int64))
    parts = [None, stops, pa.py_buffer(content)]
    as_bytes = pa.Array.from_buffers(pa.large_binary(), 1, parts)
    try:
        as_bytes.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def decode(content: bytes, encoding: str, *, is_checked: bool = False) -> bytes:
    """Return the text as UTF-8 bytes without byte order mark, lines ending in LF.

    Parameters
    ----------
    content
        The whole file.
    encoding
        Python name of the encoding.
    is_checked
        Whether `detect_encoding` found the encoding, so that UTF-8 is known to fit.

    Raises
    ------
    TableFormatError
        If `encoding` is unknown or a byte does not fit it, or the text holds NUL
        characters; the message names row and column.
    """
    clean = content
    is_plain = encoding in {"ascii", "cp1252"} and content.isascii()
    if encoding == "utf-8" and not content.startswith(codecs.BOM_UTF8):
        is_plain = is_checked or is_utf8(content)
    if not is_plain:
        clean = _recoded(content, encoding)
    if b"\r" in clean:
        clean = clean.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    _refuse_nuls(clean)
    return clean


def _utf8_error(content: bytes) -> UnicodeDecodeError:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error
    raise AssertionError("asked for the error of a valid text")


def _recoded(content: bytes, encoding: str) -> bytes:
    try:
        codec = codecs.lookup(encoding).name
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        raise _undecodable(content, error, codec) from None
    except (LookupError, UnicodeError):
        raise TableFormatError(
            f"`encoding` must name a text encoding such as utf-8 or cp1252, got "
            f"{encoding!r}."
        ) from None
    return text.removeprefix("\ufeff").encode("utf-8", "replace")


def _not_a_table(words: str) -> TableFormatError:
    return TableFormatError(
        f"This is not a table but {words}. Give a CSV, TSV, Excel (.xlsx) or Parquet "
        "file."
    )


def _zip_format(content: bytes) -> str:
    """Return ``excel`` for a workbook, ``zip`` for an archive of several texts.

    Other archives and bombs are refused.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise TableFormatError(
            "This begins like an Excel file or a zip archive, but it is damaged or "
            "cut off. Save or copy it again."
        ) from None
    if not any(member.filename == "xl/workbook.xml" for member in members):
        if sum(holds_sequence(member.filename) for member in members) > 1:
            return "zip"
        raise _not_a_table(
            "a zip archive; unpack it first (only an archive of several CSV files, one "
            "for each sequence, can be read as it is)"
        )
    if sum(member.file_size for member in members) > _MOST_UNPACKED_BYTES:
        raise TableFormatError(
            "This Excel file is larger than 1 GB when unpacked. Save the sheet as CSV."
        )
    return "excel"


def _marked_encoding(content: bytes) -> str | None:
    # UTF-32 first: its mark begins with the mark of UTF-16.
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else None


def _unmarked_utf16(content: bytes) -> str | None:
    """Recognise UTF-16 without a mark: every second byte of plain text is 0."""
    head = content[: 4096 - 4096 % 2]
    n_pairs = len(head) // 2
    if n_pairs and head[1::2].count(0) > 0.8 * n_pairs and 0 not in head[::2]:
        return "utf-16-le"
    if n_pairs and head[::2].count(0) > 0.8 * n_pairs and 0 not in head[1::2]:
        return "utf-16-be"
    return None


def _looks_mixed(content: bytes) -> bool:
    """Tell whether some lines are valid UTF-8 beyond ASCII and others are not."""
    valid = invalid = False
    for line in re.split(rb"[\r\n]+", content):
        if not line.isascii():
            try:
                line.decode("utf-8")
                valid = True
            except UnicodeDecodeError:
                invalid = True
        if valid and invalid:
            return True
    return False


def _undecodable(
    content: bytes, error: UnicodeDecodeError, codec: str = "utf-8"
) -> TableFormatError:
    before = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    row = before.count(b"\n") + 1
    column = len(before) - before.rfind(b"\n")
    value = content[error.start] if error.start < len(content) else 0
    return TableFormatError(
        f"Row {row}, character {column}: the byte 0x{value:02x} is not "
        f"{codec.upper()} text. Save the file as UTF-8, or choose its encoding."
    )


def _refuse_nuls(clean: bytes) -> None:
    position = clean.find(b"\x00")
    if position >= 0:
        row = clean.count(b"\n", 0, position) + 1
        column = position - clean.rfind(b"\n", 0, position)
        raise TableFormatError(
            f"Row {row}, character {column} is a NUL character, so this is a binary or "
            "damaged file rather than a table. Export it again as text."
        )
