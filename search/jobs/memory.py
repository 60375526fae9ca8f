"""How much memory the processes of a study hold, and when that is too much."""

import contextlib

import psutil

RECYCLE_SHARE = 0.8


def resident_bytes(pid: int) -> int:
    """Return the resident size of a process in bytes; 0 if it is gone."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def is_grown(size: int, limit: int) -> bool:
    """Whether a worker of `size` bytes should be replaced after its trial.

    The last fifth of the limit is left to what the running trial still takes.
    """
    return size > RECYCLE_SHARE * limit


def excess(who: str, size: int, limit: int) -> str:
    """Return in plain words why a process above its limit was ended, or nothing."""
    if size <= limit:
        return ""
    return (
        f"out of memory: {who} took {size / 1e9:.1f} GB, the limit is "
        f"{limit / 1e9:.1f} GB"
    )
