"""Keep the folder of compiled programs small; see `search.worker.environment`."""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ".cache/xla-*"
MOST_BYTES = 1_000_000_000
OLDEST_SECONDS = 30 * 24 * 3600.0
YOUNG_SECONDS = 3600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Program:
    path: Path
    size: int
    unused_seconds: float


def tidy_compiled_programs(
    studies_dir: Path,
    *,
    most_bytes: int = MOST_BYTES,
    oldest_seconds: float = OLDEST_SECONDS,
) -> int:
    """Remove compiled programs that nobody used for long; return how many.

    A program takes about 0.7 MB, and a study of 500 trials makes some hundreds of them.
    First those go that were not used for `oldest_seconds`, then the longest unused
    ones until all together take at most `most_bytes`; none that was used within the
    last hour. What is removed is only compiled again, and a worker that has one open
    keeps it, so this may run beside workers. Folders stay, even empty ones.

    Parameters
    ----------
    studies_dir
        Folder of all studies. Programs for other processors and of other versions of
        TensorFlow lie in it too, and are treated alike.
    """
    programs = sorted(
        _programs(studies_dir), key=lambda program: program.unused_seconds
    )
    kept_bytes, n_removed = 0, 0
    for program in programs:
        is_young = program.unused_seconds < YOUNG_SECONDS
        is_old = program.unused_seconds > oldest_seconds
        has_room = kept_bytes + program.size <= most_bytes
        if is_young or (has_room and not is_old):
            kept_bytes += program.size
            continue
        with suppress(OSError):  # of somebody else, or gone by now
            program.path.unlink()
            n_removed += 1
    if n_removed:
        logger.info("%d compiled programs that nobody used were removed.", n_removed)
    return n_removed


def _programs(studies_dir: Path) -> Iterator[_Program]:
    now = time.time()
    for folder in studies_dir.glob(FOLDERS):
        for path in folder.iterdir():
            with suppress(OSError):
                status = path.stat()
                # Reading counts as use where the system notes it, to the day.
                used = max(status.st_atime, status.st_mtime)
                if path.is_file():
                    yield _Program(path, status.st_size, now - used)
