"""Whether there is room on the disk, and waiting until there is.

A search must survive a full disk: nothing that was finished is lost, nothing fails, and
it goes on by itself when somebody has made room. So work pauses a little before the
disk is full, new work is refused earlier still, and what meets a full disk all the same
is tried again.
"""

import errno
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from search.errors import UserInputError

MIN_FREE_VARIABLE = "STUDIES_MIN_FREE_MB"
DEFAULT_MIN_FREE_MB = 500.0
# Running work pauses at this share of what new work needs.
PAUSE_SHARE = 0.1
CHECK_SECONDS = 1.0

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = ("database or disk is full", "no space left on device")

_Result = TypeVar("_Result")
_logger = logging.getLogger(__name__)


def free_bytes(folder: Path) -> int:
    """Return how much this user can still write on the disk of `folder`.

    The nearest folder above counts while `folder` does not exist.
    """
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def min_free_bytes() -> float:
    """Return the room that new studies and uploads need (`STUDIES_MIN_FREE_MB`)."""
    try:
        megabytes = float(os.environ.get(MIN_FREE_VARIABLE) or DEFAULT_MIN_FREE_MB)
    except ValueError:
        megabytes = DEFAULT_MIN_FREE_MB
    return 1e6 * megabytes


def check_room(folder: Path, what: str) -> None:
    """Refuse to begin `what`, such as "a new study", while there is too little room.

    Raises
    ------
    UserInputError
        With the free and the needed space.
    """
    free, needed = free_bytes(folder), min_free_bytes()
    if free < needed:
        raise UserInputError(
            f"There is too little space for {what}: {size(free)} are free on the disk "
            f"of {folder}, and {size(needed)} are needed. Make room there, for example "
            "by deleting studies, or name another folder with STUDIES_DIR."
        )


def shortage(folder: Path) -> str:
    """Return in one sentence that work in `folder` has to pause, or nothing."""
    free = free_bytes(folder)
    return full_sentence(folder) if free < PAUSE_SHARE * min_free_bytes() else ""


def warning(folder: Path) -> str:
    """Return in one sentence that space gets scarce for `folder`, or nothing."""
    lack = shortage(folder)
    free, needed = free_bytes(folder), min_free_bytes()
    if lack or free >= needed:
        return lack
    return (
        f"Little space is left: {size(free)} are free for {folder}. New studies and "
        f"uploads need {size(needed)}; searches pause below "
        f"{size(PAUSE_SHARE * needed)}."
    )


def full_sentence(folder: Path) -> str:
    """Return what to say while the disk of `folder` is full."""
    return (
        f"The disk is full: {size(free_bytes(folder))} are free for {folder}. Make "
        "room there; nothing is lost, and the search goes on by itself."
    )


def is_full(error: BaseException) -> bool:
    """Return whether `error`, or what caused it, is a full disk."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, OSError) and current.errno in _FULL:
            return True
        if any(words in str(current).lower() for words in _FULL_WORDS):
            return True
        current = current.__cause__ or current.__context__
    return False


def insist(
    function: Callable[[], _Result],
    folder: Path,
    *,
    wait: Callable[[float], object] = time.sleep,
) -> _Result:
    """Call `function`, again and again while it meets a full disk.

    Parameters
    ----------
    function
        Must be safe to repeat.
    folder
        Where it writes.
    wait
        Called with seconds between two tries; may raise to give up.
    """
    while True:
        try:
            return function()
        except Exception as error:
            if not is_full(error):
                raise
            _logger.warning("%s (%s)", full_sentence(folder), error)
        wait(CHECK_SECONDS)
        await_room(folder, wait=wait)


def await_room(folder: Path, *, wait: Callable[[float], object] = time.sleep) -> None:
    """Return when work in `folder` may go on; `wait` is as in `insist`."""
    while shortage(folder):
        wait(CHECK_SECONDS)


def size(n_bytes: float) -> str:
    """Return a number of bytes in words, such as "1.2 GB"."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes:.0f} bytes"
