"""The confirmed series of a study on disk, guarded by its SHA-256."""

import hashlib
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from search.errors import StudyCorrupted
from search.files import write_bytes

DATA_FILE = "data.parquet"
_INDEX = "__index__"
_FREQUENCY = b"search.frequency"


def save_series(folder: Path, values: pd.DataFrame) -> str:
    """Write `values` to ``data.parquet`` in `folder` and return its SHA-256.

    The index must be a DatetimeIndex with its `freq` set, or a RangeIndex.
    """
    columns = {str(name): pa.array(values[name].to_numpy()) for name in values.columns}
    metadata: dict[bytes, bytes] = {}
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
    """Read the series back, its index and frequency included.

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
        return _framed(table)
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        raise StudyCorrupted(
            f"{DATA_FILE} of the study cannot be read ({type(error).__name__})."
        ) from error


def _framed(table: pa.Table) -> pd.DataFrame:
    names = [name for name in table.column_names if name != _INDEX]
    values = pd.DataFrame({name: table[name].to_numpy() for name in names})
    if _INDEX in table.column_names:
        frequency = (table.schema.metadata or {}).get(_FREQUENCY, b"").decode()
        stamps = table[_INDEX].to_numpy().astype("datetime64[us]")
        values.index = pd.DatetimeIndex(stamps, freq=frequency or None)
    return values
