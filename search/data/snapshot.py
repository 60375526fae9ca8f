"""The confirmed series of a study on disk, guarded by its SHA-256."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from search.data.groups.record import GroupRows
from search.errors import SeriesError, StudyCorrupted
from search.files import write_bytes

DATA_FILE = "data.parquet"
_INDEX = "__index__"
_FREQUENCY = b"search.frequency"
# Columns of codes and times behind those of the values, and what goes with them.
_GROUP, _TIME = "__group__", "__time__"
_GROUPS = b"search.groups"


@dataclass(frozen=True)
class Snapshot:
    """What a study keeps of its data.

    Attributes
    ----------
    values
        As given to `save_series`.
    groups
        The group of each row; None for one series.
    """

    values: pd.DataFrame
    groups: GroupRows | None


def save_series(
    folder: Path, values: pd.DataFrame, groups: GroupRows | None = None
) -> str:
    """Write `values` to ``data.parquet`` in `folder` and return its SHA-256.

    Parameters
    ----------
    folder
        Folder of the study.
    values
        Their index must be a DatetimeIndex with its `freq` set, or a RangeIndex.
    groups
        The group of each row; None for one series.

    Raises
    ------
    SeriesError
        If `groups` has another number of rows, or a column of `values` has a name that
        is kept for groups.
    """
    columns = {str(name): pa.array(values[name].to_numpy()) for name in values.columns}
    metadata: dict[bytes, bytes] = {}
    if groups is not None:
        _add_groups(columns, metadata, groups, n_rows=len(values))
    if isinstance(values.index, pd.DatetimeIndex):
        columns[_INDEX] = pa.array(values.index.as_unit("us").to_numpy())
        metadata[_FREQUENCY] = (values.index.freqstr or "").encode()
    table = pa.table(columns).replace_schema_metadata(metadata)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    content = buffer.getvalue()
    write_bytes(folder / DATA_FILE, content)
    return hashlib.sha256(content).hexdigest()


def load_series(folder: Path, expected_sha256: str | None = None) -> pd.DataFrame:
    """Read the values back, index and frequency included; see `load_snapshot`."""
    return load_snapshot(folder, expected_sha256).values


def load_snapshot(folder: Path, expected_sha256: str | None = None) -> Snapshot:
    """Read values and groups back; files of older versions have no groups.

    Raises
    ------
    StudyCorrupted
        If the file is absent, cannot be read, or has another SHA-256.
    """
    try:
        content = (folder / DATA_FILE).read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if expected_sha256 is not None and found != expected_sha256:
            raise StudyCorrupted(
                f"{DATA_FILE} was changed after the study was made: its SHA-256 is "
                f"{found[:12]}…, the study has {expected_sha256[:12]}…."
            )
        # Without Arrow's threads: a process that ends while they are being started is
        # aborted, and a worker with nothing left to do ends right after this.
        table = pq.read_table(io.BytesIO(content), use_threads=False, pre_buffer=False)
        return Snapshot(_framed(table), _groups(table))
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
        raise StudyCorrupted(
            f"{DATA_FILE} of the study cannot be read ({type(error).__name__})."
        ) from error


def _framed(table: pa.Table) -> pd.DataFrame:
    hidden = {_INDEX, _GROUP, _TIME} if _is_grouped(table) else {_INDEX}
    names = [name for name in table.column_names if name not in hidden]
    values = pd.DataFrame({name: table[name].to_numpy() for name in names})
    if _INDEX in table.column_names:
        frequency = (table.schema.metadata or {}).get(_FREQUENCY, b"").decode()
        stamps = table[_INDEX].to_numpy().astype("datetime64[us]")
        values.index = pd.DatetimeIndex(stamps, freq=frequency or None)
    return values


def _add_groups(
    columns: dict[str, pa.Array],
    metadata: dict[bytes, bytes],
    groups: GroupRows,
    *,
    n_rows: int,
) -> None:
    if len(groups.codes) != n_rows:
        raise SeriesError(
            f"`groups` must have one code a row, got {len(groups.codes)} for {n_rows} "
            "rows."
        )
    clash = sorted({_GROUP, _TIME} & set(columns))
    if clash:
        raise SeriesError(f"No column can be called {clash[0]!r}. Rename it.")
    columns[_GROUP] = pa.array(groups.codes.astype(np.int32))
    if groups.times is not None:
        columns[_TIME] = pa.array(groups.times)
    words = {
        "names": groups.names,
        "is_ordered": groups.is_ordered,
        "classes": groups.classes,
        "class_column": groups.class_column,
    }
    metadata[_GROUPS] = json.dumps(words, ensure_ascii=False).encode()


def _is_grouped(table: pa.Table) -> bool:
    return _GROUPS in (table.schema.metadata or {})


def _groups(table: pa.Table) -> GroupRows | None:
    if not _is_grouped(table):
        return None
    words = json.loads(table.schema.metadata[_GROUPS])
    times = table[_TIME].to_numpy() if _TIME in table.column_names else None
    return GroupRows(
        codes=table[_GROUP].to_numpy().astype(np.int64),
        names=tuple(words["names"]),
        is_ordered=words["is_ordered"],
        times=times,
        classes=tuple(words["classes"]),
        class_column=words["class_column"],
    )
