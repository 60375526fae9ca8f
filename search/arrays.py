"""NumPy arrays in one file of a study, without pickles."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from search.errors import StudyCorrupted
from search.files import write_bytes


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Replace `path` by `arrays`, in one step; see `write_bytes`."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    write_bytes(path, content.getvalue())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays in `path`, in the order in which they were written.

    Raises
    ------
    StudyCorrupted
        If the file is absent or damaged.
    """
    try:
        # From memory: of a damaged file NumPy would leave the handle open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StudyCorrupted(f"{path.name} cannot be read: {error}.") from error
