"""From files to cells: one row a time step, whatever the form of the file.

Long tables have a column that names the sequence of each row. Wide tables, ``.ts``
files and folders or zips with one CSV a sequence are brought into this form.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from one_series import ForecastError, Setup, is_missing, read_cells, read_text
from task_setup import INPUTS_FILE, TaskSetup

MOST_BYTES = 10**9
# The bundled table is written like this, whatever the original file looked like.
BUNDLED = {
    "encoding": "utf-8",
    "delimiter": ",",
    "decimal": ".",
    "thousands": None,
    "header": True,
    "skip_lines": 0,
}
_TEXTS = (".csv", ".tsv", ".txt", ".dat")
_NO_SEQUENCES = {"labels.csv", "labels.tsv", "labels.txt"}
_NUMBERED = re.compile(
    r"(?P<stem>.*?)[ _.\-]*(?P<number>[0-9]{1,6})(?P<unit>\s*[\[(][^\[\]()]*[\])])?"
)
_NAMELESS = {"", "column", "step", "time", "t", "v", "x", "y", "value", "att"}
_NAMELESS |= {"feature"}
_PAIR = re.compile(r"\(([^(),]*),([^(),]*)\)")


def reading_of(path: Path, setup: TaskSetup) -> dict[str, Any]:
    """Return how the cells of a file are read."""
    return setup.reading | (BUNDLED if path.name == INPUTS_FILE else {})


def read_table(path: Path, setup: TaskSetup) -> pd.DataFrame:
    """Return the cells with one row a time step; the index says where each one is.

    Raises
    ------
    ForecastError
        If the file cannot be read or lacks a column.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = _read(path, setup)
    except ForecastError:
        raise
    except FileNotFoundError as error:
        raise ForecastError(f"There is no file {path}.") from error
    except Exception as error:  # the readers raise many types
        raise ForecastError(f"{path.name} cannot be read: {error}") from error
    needed = _needed(frame.columns, setup)
    absent = [name for name in needed if name not in frame.columns]
    if absent:
        raise ForecastError(
            f"{path.name} has no column {', '.join(map(repr, absent))}"
            + (
                f" (it names the sequence of each row, {setup.group!r})"
                if setup.group in absent
                else ""
            )
            + f"; it has {', '.join(map(repr, frame.columns))}."
        )
    further = [*setup.order_by, *setup.answers]
    used = [*needed, *(name for name in further if name in frame.columns)]
    is_empty = frame[needed].apply(is_missing, setup=setup).all(axis=1)
    return frame.loc[~is_empty, list(dict.fromkeys(used))]


def _needed(found: Iterable[str], setup: TaskSetup) -> list[str]:
    reader: Setup = setup.one_series()
    sources = reader.sources(list(found))
    group = [] if setup.group is None else [setup.group]
    names = [
        *group,
        *setup.time["columns"],
        *(source for source, _ in sources.values()),
    ]
    return list(dict.fromkeys(names))


def _read(path: Path, setup: TaskSetup) -> pd.DataFrame:
    if path.is_dir():
        files = {
            str(one.relative_to(path).as_posix()): one
            for one in sorted(path.rglob("*"))
            if one.is_file()
        }
        return _sequences_of_files(files, path.name, setup)
    if path.suffix.lower() == ".zip":
        return _unzipped(path, setup)
    if path.suffix.lower() == ".ts":
        return _read_ts(path.read_text(encoding=setup.reading["encoding"]), path.name)
    frame = read_cells(path, reading_of(path, setup))
    is_long = not [one for one in _needed(frame.columns, setup) if one not in frame]
    if setup.reading.get("shape") == "wide" and not is_long:
        frame = _unfolded(frame, setup)
    else:
        frame.index = [f"row {row}" for row in frame.index]
    return frame


# --- One file a sequence


def _unzipped(path: Path, setup: TaskSetup) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
        if sum(one.file_size for one in members) > MOST_BYTES:
            raise ForecastError(f"{path.name} is larger than 1 GB when unpacked.")
        files = {one.filename: io.BytesIO(archive.read(one)) for one in members}
    return _sequences_of_files(files, path.name, setup)


def _sequences_of_files(
    files: dict[str, Any], where: str, setup: TaskSetup
) -> pd.DataFrame:
    """Put tables below each other; the name of each file names its sequence."""
    paths = sorted(
        (
            path
            for path in files
            if path.lower().endswith(_TEXTS)
            and PurePosixPath(path).name.lower() not in _NO_SEQUENCES
            and not PurePosixPath(path).name.startswith((".", "_"))
        ),
        key=_natural,
    )
    if not paths:
        raise ForecastError(f"{where} holds no CSV file.")
    stems = [PurePosixPath(path).stem for path in paths]
    if len(set(stems)) < len(stems):
        stems = [str(PurePosixPath(path).with_suffix("")) for path in paths]
    frames = []
    for path, stem in zip(paths, stems, strict=True):
        frame = read_text(files[path], setup.reading)
        frame.index = [f"row {row} of {path}" for row in frame.index]
        if setup.group is not None and setup.group not in frame:
            frame.insert(0, setup.group, stem)
        frames.append(frame)
    for path, frame in zip(paths, frames, strict=True):
        lacking = [name for name in frames[0].columns if name not in frame]
        if lacking:
            raise ForecastError(f"{path} in {where} lacks the column {lacking[0]!r}.")
    return pd.concat(frames)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sorting key that puts ``run 2`` before ``run 10``."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(int(one), "") if one.isdecimal() else (-1, one) for one in parts]


# --- One line a sequence


def _unfolded(frame: pd.DataFrame, setup: TaskSetup) -> pd.DataFrame:
    """Return one row a step of a table with one row a sequence."""
    label = setup.reading.get("label")
    channels = _channels([str(name) for name in frame.columns], label)
    n_steps = {len(columns) for columns in channels.values()}
    if len(n_steps) != 1:
        raise ForecastError(
            "The table has neither a column for each quantity "
            f"({', '.join(map(repr, setup.columns))}) nor one for each step, such as "
            "t1, t2, …, equally many for each quantity."
        )
    empty = [
        frame[columns].apply(is_missing, setup=setup).to_numpy()
        for columns in channels.values()
    ]
    is_empty = np.logical_and.reduce(empty)
    steps = np.arange(1, is_empty.shape[1] + 1)
    lengths = np.where(is_empty, 0, steps).max(axis=1)
    sequence, step = np.nonzero(steps <= lengths[:, None])
    columns: dict[str, Any] = {"sequence": sequence + 1, "step": step + 1}
    for name, names in channels.items():
        columns[name] = frame[names].to_numpy()[sequence, step]
    used = {name for names in channels.values() for name in names}
    for name in frame.columns:
        if name not in used:
            is_nameless = name == label and not setup.reading["header"]
            key = "label" if is_nameless else str(name)
            columns.setdefault(key, frame[name].to_numpy()[sequence])
    places = [
        f"row {row}, step {number}"
        for row, number in zip(frame.index[sequence], step + 1, strict=True)
    ]
    return pd.DataFrame(columns, index=places)


def _channels(names: list[str], label: str | None) -> dict[str, list[str]]:
    """Return the columns of each quantity: one name and rising numbers."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        match = _NUMBERED.fullmatch(name)
        if match and name != label:
            stem = match["stem"].strip() + (match["unit"] or "")
            found.setdefault(stem, []).append((int(match["number"]), name))
    whole = {
        stem: [name for _, name in steps]
        for stem, steps in found.items()
        if len(steps) > 1 and _are_rising([number for number, _ in steps])
    }
    is_one = len(whole) == 1
    return {
        "value" if is_one and stem.lower() in _NAMELESS else stem or "value": columns
        for stem, columns in whole.items()
    }


def _are_rising(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _read_ts(text: str, name: str) -> pd.DataFrame:
    """Return one row a step of a ``.ts`` file: channels, then the label if given."""
    parted = re.split(r"(?mi)^@data[ \t\r]*$", text, maxsplit=1)
    if len(parted) < 2:
        raise ForecastError(f"{name} has no line @data.")
    head, body = parted
    classes = re.search(r"(?mi)^@classLabel\s+true", head)
    values = re.search(r"(?mi)^@targetLabel\s+true", head)
    n_before = head.count("\n") + 1
    frames: list[pd.DataFrame] = []
    for line, row in enumerate(body.split("\n"), n_before):
        if not row.strip() or row.lstrip().startswith(("#", "%")):
            continue
        parts = re.split(r":(?![^()]*\))", row.strip())
        label = parts.pop().strip() if classes or values else None
        cells = [_ts_values(part) for part in parts]
        if len({len(one) for one in cells}) != 1:
            raise ForecastError(f"Row {line} of {name}: channels of unequal length.")
        one = len(cells) == 1
        frame = pd.DataFrame(
            {"sequence": len(frames) + 1, "step": range(1, len(cells[0]) + 1)}
            | {"value" if one else f"channel {k}": c for k, c in enumerate(cells, 1)}
        )
        if label is not None:
            frame["class" if classes else "target"] = label
        frame.index = [f"row {line}, step {step}" for step in frame["step"]]
        frames.append(frame)
    if not frames:
        raise ForecastError(f"{name} has no sequence after @data.")
    return pd.concat(frames)


def _ts_values(part: str) -> list[str]:
    if part.lstrip().startswith("("):
        return [value.strip() for _, value in _PAIR.findall(part)]
    return [value.strip() for value in part.split(",")]
