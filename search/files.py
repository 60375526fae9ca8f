"""Write files so that a reader sees the old content or the new, never half of it."""

import hashlib
import os
import tempfile
from pathlib import Path

import msgspec

from search.fault_points import reach_rename


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step that survives a kill or a full disk.

    The content goes to a temporary file in the same folder, is flushed to the
    disk and renamed over `path`.

    Raises
    ------
    OSError
        If the folder does not exist or the disk is full; `path` keeps its old
        content then.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        reach_rename(path)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def write_json(path: Path, record: object) -> None:
    """Replace `path` by `record` as indented JSON; NaN becomes null."""
    write_bytes(path, msgspec.json.format(msgspec.json.encode(record), indent=2))


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file at `path` in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the system can open folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
