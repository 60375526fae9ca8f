"""The labels file of an archive: one line a sequence, its file and its label."""

import csv
from collections.abc import Sequence
from pathlib import PurePosixPath

from search.data.findings import Finding, counted, shown
from search.data.reading.sniffing import decode, detect_encoding
from search.errors import TableFormatError

_N_NAMED = 5
_HEADER_WORDS = {"label", "class", "target", "value", "y"}


def labels_of(
    files: Sequence[tuple[str, bytes]], *, paths: Sequence[str], names: Sequence[str]
) -> tuple[list[str] | None, tuple[Finding, ...]]:
    """Return the label of each sequence, or None without a labels file.

    Parameters
    ----------
    files
        Name and content of the labels files; at most one is allowed.
    paths, names
        Path in the archive and name of each sequence; a line may give the path, the
        file name or the name without its ending.

    Raises
    ------
    TableFormatError
        If there are two labels files, a file is named twice with two labels, or the
        columns are not a file and a label.
    """
    if not files:
        return None, ()
    if len(files) > 1:
        raise TableFormatError(
            f"The archive holds two labels files, {shown(files[0][0])} and "
            f"{shown(files[1][0])}. Keep one."
        )
    name, content = files[0]
    known = _known_names(paths, names)
    labels: list[str | None] = [None] * len(paths)
    strangers: list[tuple[int, str]] = []
    for line, file, label in _rows(name, content):
        places = known.get(file, [])
        if len(places) > 1:
            raise TableFormatError(
                f"Row {line} of {shown(name)}: {shown(file)} stands for "
                f"{len(places)} files, such as {shown(paths[places[0]])} and "
                f"{shown(paths[places[1]])}. Give the folder too."
            )
        if not places:
            strangers.append((line, file))
            continue
        before = labels[places[0]]
        if before is not None and before != label:
            raise TableFormatError(
                f"Row {line} of {shown(name)} gives {shown(file)} the label "
                f"{shown(label)}, an earlier row {shown(before)}. Correct one of them."
            )
        labels[places[0]] = label
    without = [path for path, label in zip(paths, labels, strict=True) if label is None]
    found = [*_strangers(name, strangers), *_unlabelled(name, without)]
    return [label or "" for label in labels], tuple(found)


def _rows(name: str, content: bytes) -> list[tuple[int, str, str]]:
    """Return line, file and label of each row below the header, blank lines apart.

    Not read as other tables are, because it may hold no number at all.
    """
    try:
        text = decode(content, detect_encoding(content)).decode("utf-8", "replace")
    except TableFormatError as error:
        raise TableFormatError(f"{shown(name)} in the archive: {error}") from error
    lines = text.split("\n")
    mark = max(("\t", ";", ","), key=lambda mark: sum(mark in one for one in lines))
    rows = []
    for line, cells in enumerate(csv.reader(lines, delimiter=mark), 1):
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if len(cells) != 2:
            raise TableFormatError(
                f"Row {line} of {shown(name)} has {counted(len(cells), 'field')}; it "
                "needs two, the file and its label."
            )
        rows.append((line, cells[0], cells[1]))
    if rows and rows[0][2].lower() in _HEADER_WORDS:
        rows = rows[1:]
    if not rows:
        raise TableFormatError(f"{shown(name)} in the archive names no file.")
    return rows


def _known_names(paths: Sequence[str], names: Sequence[str]) -> dict[str, list[int]]:
    known: dict[str, list[int]] = {}
    for place, (path, name) in enumerate(zip(paths, names, strict=True)):
        pure = PurePosixPath(path)
        for spelling in {path, str(pure.with_suffix("")), pure.name, pure.stem, name}:
            known.setdefault(spelling, []).append(place)
    return known


def _strangers(name: str, strangers: list[tuple[int, str]]) -> list[Finding]:
    if not strangers:
        return []
    rows = tuple(line for line, _ in strangers[:_N_NAMED])
    text = (
        f"{shown(name)} names {counted(len(strangers), 'file')} that the archive does "
        f"not hold: {shown(strangers[0][1])} in row {rows[0]}."
    )
    return [Finding("labels_file", "notice", text, None, rows, len(strangers))]


def _unlabelled(name: str, without: list[str]) -> list[Finding]:
    if not without:
        return []
    text = (
        f"{shown(name)} gives no label for {counted(len(without), 'file')}, such as "
        f"{shown(without[0])}; their label is missing."
    )
    return [Finding("labels_file", "notice", text, count=len(without))]
