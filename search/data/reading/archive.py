"""Read a zip archive with one delimited text for each sequence, in memory only."""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from search.data.findings import Finding, counted, shown
from search.data.reading.archive_labels import labels_of
from search.data.reading.delimited import (
    DelimitedText,
    detect_delimited,
    read_delimited,
)
from search.data.reading.header import check_size
from search.data.reading.options import ReadOptions
from search.data.reading.origin import Origin
from search.data.reading.sniffing import LABEL_FILES, holds_sequence
from search.errors import TableFormatError

MOST_MEMBERS = 10_000
MOST_UNPACKED_BYTES = 1_000_000_000
_ENCRYPTED = 0x1
_ARCHIVES = (".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz")
_DRIVE = re.compile(r"[A-Za-z]:")
_N_NAMED = 5


@dataclass(frozen=True)
class Archive:
    """Sequences of an archive below each other, in the order of their names.

    Attributes
    ----------
    frame
        A column ``file`` with the name of the sequence, ``folder`` where the files lie
        in several folders, ``label`` where a labels file gives one, then the columns
        of the files, as texts.
    options
        How every file was read.
    lines
        Line in its file of each row.
    origin
        File of each row.
    findings
        Members that were not read, and lines that were skipped.
    """

    frame: pd.DataFrame
    options: ReadOptions
    lines: np.ndarray
    origin: Origin
    findings: tuple[Finding, ...]


def detect_archive(content: bytes) -> ReadOptions:
    """Find out how the files of an archive are read, from the largest one.

    Raises
    ------
    TableFormatError
        As `read_archive` does.
    """
    with _opened(content) as archive:
        members = _checked_members(archive)
        largest = max(_sequences(members), key=lambda member: member.file_size)
        with _named(largest.filename):
            text = _text(archive, largest, MOST_UNPACKED_BYTES)
            return replace(detect_delimited(text), format="zip")


def read_archive(content: bytes, options: ReadOptions | None) -> Archive:
    """Read all files of an archive into one table; nothing is written to disk.

    Raises
    ------
    TableFormatError
        If the archive is damaged, encrypted, holds an archive, unpacks to more than
        1 GB or 10,000 files, names a path outside of itself, or if its files have
        different columns; the message names the file.
    """
    options = options or detect_archive(content)
    with _opened(content) as archive:
        members = _checked_members(archive)
        sequences = sorted(_sequences(members), key=lambda one: natural(one.filename))
        texts = _texts(archive, sequences, options)
        paths = [member.filename for member in sequences]
        named = [one for one in members if _base(one.filename).lower() in LABEL_FILES]
        labels = [
            (one.filename, _unpacked(archive, one, MOST_UNPACKED_BYTES))
            for one in named
        ]
    lengths = [len(text.frame) for text in texts]
    check_size(sum(lengths), len(texts[0].frame.columns) + 3)
    names = sequence_names(paths)
    frame = pd.concat([text.frame for text in texts], ignore_index=True)
    label, findings = labels_of(labels, paths=paths, names=names)
    of_file = {"file": names, "folder": _folders(paths), "label": label}
    for place, (name, values) in enumerate(
        (name, values) for name, values in of_file.items() if values is not None
    ):
        repeated = np.repeat(np.array(values, dtype=object), lengths)
        column = pd.Series(repeated, dtype="str")
        frame.insert(place, _free(name, frame.columns), column)
    lines = np.concatenate([_lines(text) for text in texts])
    origin = Origin(tuple(paths), np.repeat(np.arange(len(paths)), lengths))
    findings = (*_left_out(members), *_blank_lines(paths, texts), *findings)
    return Archive(frame, options, lines, origin, findings)


def natural(name: str) -> list[tuple[int, str]]:
    """Return a sorting key that puts ``run 2`` before ``run 10``."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [
        (int(part), "") if part.isascii() and part.isdecimal() else (-1, part)
        for part in parts
    ]


def sequence_names(paths: Sequence[str]) -> list[str]:
    """Return the file names without ending; with folders where two are the same."""
    stems = [PurePosixPath(path).stem for path in paths]
    if len(set(stems)) == len(stems):
        return stems
    whole = [str(PurePosixPath(path).with_suffix("")) for path in paths]
    return whole if len(set(whole)) == len(whole) else list(paths)


@contextmanager
def _named(member: str) -> Iterator[None]:
    """Put the name of a member in front of what is wrong with it."""
    try:
        yield
    except TableFormatError as error:
        text = f"{shown(member)} in the archive: {error}"
        raise TableFormatError(text) from error


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise TableFormatError(
            "The zip archive is damaged or cut off. Make or copy it again."
        ) from None


def _checked_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of an archive after every check that needs no unpacking."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MOST_MEMBERS:
        raise TableFormatError(
            f"The zip archive holds {len(members):,} files; at most {MOST_MEMBERS:,} "
            "can be read. Put several sequences into one table with an id column."
        )
    total = sum(member.file_size for member in members)
    if total > MOST_UNPACKED_BYTES:
        raise _too_large()
    seen: set[str] = set()
    for member in members:
        _check_member(member)
        if member.filename in seen:
            raise TableFormatError(
                f"The zip archive holds {shown(member.filename)} twice. Each sequence "
                "needs its own name."
            )
        seen.add(member.filename)
    return members


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    parts = re.split(r"[/\\]", name)
    if name.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(name):
        raise TableFormatError(
            f"The zip archive names {shown(name)}, a path that leads out of it. Pack "
            "the files again without such paths."
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise TableFormatError(
            f"{shown(name)} in the archive is a link to another file. Pack the file "
            "itself."
        )
    if member.flag_bits & _ENCRYPTED:
        raise TableFormatError(
            f"{shown(name)} in the archive is encrypted. Pack it without a password."
        )
    if name.lower().endswith(_ARCHIVES):
        raise TableFormatError(
            f"{shown(name)} in the archive is an archive itself. Unpack it first."
        )


def _sequences(members: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    return [member for member in members if holds_sequence(member.filename)]


def _texts(
    archive: zipfile.ZipFile,
    members: Sequence[zipfile.ZipInfo],
    options: ReadOptions,
) -> list[DelimitedText]:
    texts: list[DelimitedText] = []
    room = MOST_UNPACKED_BYTES
    for member in members:
        with _named(member.filename):
            content = _text(archive, member, room)
            room -= len(content)
            text = read_delimited(content, replace(options, format="csv"))
        if texts:
            _check_columns(member.filename, text, members[0].filename, texts[0])
            text = replace(text, frame=text.frame[list(texts[0].frame.columns)])
        texts.append(text)
    return texts


def _text(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> bytes:
    """Return the bytes of a member that is to be read as a table."""
    content = _unpacked(archive, member, room)
    if content.startswith(b"PK\x03\x04"):
        raise TableFormatError("This is an archive itself. Unpack it first.")
    if not content.strip():
        raise TableFormatError("The file is empty. Remove it from the archive.")
    return content


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> bytes:
    """Return the bytes of a member; what it says about its size may be a lie."""
    try:
        with archive.open(member) as file:
            content = file.read(room + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        # NotImplementedError, a method of packing that is not known, is among them.
        raise TableFormatError(
            f"{shown(member.filename)} is damaged or packed in an unusual way. Pack "
            "the files again."
        ) from error
    if len(content) > room:
        raise _too_large()
    return content


def _too_large() -> TableFormatError:
    return TableFormatError(
        "The zip archive is larger than 1 GB when unpacked. Keep the columns that "
        "matter, or take means over longer steps."
    )


def _check_columns(
    name: str, text: DelimitedText, first_name: str, first: DelimitedText
) -> None:
    own, others = set(text.frame.columns), set(first.frame.columns)
    if own == others:
        return
    lacking = [column for column in first.frame.columns if column not in own]
    further = [column for column in text.frame.columns if column not in others]
    if lacking:
        what = f"lacks the column {shown(lacking[0])} of {shown(first_name)}"
    else:
        what = f"has the column {shown(further[0])}, unlike {shown(first_name)}"
    raise TableFormatError(
        f"{shown(name)} in the archive {what}. All files need the same columns."
    )


def _folders(paths: Sequence[str]) -> list[str] | None:
    """Return the innermost folder of each file where there are several."""
    folders = [PurePosixPath(path).parent.name for path in paths]
    return folders if len(set(folders)) > 1 else None


def _lines(text: DelimitedText) -> np.ndarray:
    if text.line_numbers is not None:
        return text.line_numbers
    return np.arange(len(text.frame)) + text.first_row


def _left_out(members: Sequence[zipfile.ZipInfo]) -> tuple[Finding, ...]:
    """Name the members that hold no sequence."""
    names = [
        member.filename
        for member in members
        if not holds_sequence(member.filename)
        and _base(member.filename).lower() not in LABEL_FILES
    ]
    if not names:
        return ()
    first = ", ".join(map(shown, names[:_N_NAMED]))
    more = f" and {len(names) - _N_NAMED:,} more" if len(names) > _N_NAMED else ""
    verbs = ("is", "was") if len(names) == 1 else ("are", "were")
    text = (
        f"{counted(len(names), 'file')} of the archive {verbs[0]} not CSV, TSV, TXT or "
        f"DAT and {verbs[1]} not read: {first}{more}."
    )
    return (Finding("other_members", "notice", text, count=len(names)),)


def _blank_lines(
    paths: Sequence[str], texts: Sequence[DelimitedText]
) -> tuple[Finding, ...]:
    return tuple(
        replace(finding, message=f"{shown(path)}: {finding.message}")
        for path, text in zip(paths, texts, strict=True)
        for finding in text.findings
    )


def _base(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += " name"
    return name
