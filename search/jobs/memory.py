"""How much memory the processes of a study hold, and when that is too much."""

import contextlib
import math
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

RECYCLE_SHARE = 0.8
# A process that the kernel ends for memory is gone within this time.
KERNEL_KILL_SECONDS = 10.0

_VMSTAT = Path("/proc/vmstat")
_OWN_GROUPS = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")


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


def shortage(wanted: int) -> str:
    """Return in plain words that fewer than `wanted` bytes are free, or nothing."""
    free = free_bytes()
    if free >= wanted:
        return ""
    limit = group_limit()
    group = f" of the {limit / 1e9:.1f} GB that it may take" if limit else ""
    return (
        f"A worker needs about {wanted / 1e9:.1f} GB of memory and "
        f"{free / 1e9:.1f} GB{group} are free. End other programs or allow more, then "
        "resume the study."
    )


def free_bytes() -> int:
    """Return the memory that this process and its children can still take."""
    room = [group.limit - group.used for group in _limited_groups()]
    return max(0, min([int(psutil.virtual_memory().available), *room]))


def group_limit() -> int | None:
    """Return the memory limit of the container or service; None without one."""
    return min((group.limit for group in _limited_groups()), default=None)


def kernel_kills() -> int:
    """Return how many processes the kernel has ended to get memory back.

    Counted since the start of the machine; 0 where the system does not say.
    """
    return _numbers(_VMSTAT).get("oom_kill", 0)


class KernelKills:
    """Tells a process that the kernel ended for its memory from one that was killed.

    The signal is the same as that of a person; the kernel counts its own.
    """

    def __init__(self) -> None:
        self._count = kernel_kills()
        self._at = -math.inf

    def look(self) -> None:
        """Note whether the kernel ended a process since the last look."""
        count = kernel_kills()
        if count > self._count:
            self._at = time.monotonic()
        self._count = count

    def reason(self, code: int, who: str) -> str:
        """Return in plain words that `who`, which ended with `code`, was such a one.

        Empty if it was not, as far as one can tell.
        """
        is_recent = time.monotonic() - self._at < KERNEL_KILL_SECONDS
        if code != -signal.SIGKILL or not is_recent:
            return ""
        limit = group_limit()
        allowed = f" (limit {limit / 1e9:.1f} GB)" if limit else ""
        return f"out of memory{allowed}: the system ended {who}"


@dataclass(frozen=True)
class _Group:
    limit: int
    used: int


def _limited_groups() -> Iterator[_Group]:
    """Return the control groups of this process that limit its memory."""
    total = int(psutil.virtual_memory().total)
    for folder in _group_folders():
        # Version 2 of control groups, then version 1.
        for limit_file, used_file, cache in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            limit, used = _number(folder / limit_file), _number(folder / used_file)
            # Version 1 says "no limit" by a number above every memory.
            if limit is not None and used is not None and limit < total:
                given_back = _numbers(folder / "memory.stat").get(cache, 0)
                yield _Group(limit, used - given_back)


def _group_folders() -> Iterator[Path]:
    """Return the folders of the groups that this process is in, the inner first."""
    with contextlib.suppress(OSError):
        for line in _OWN_GROUPS.read_text().splitlines():
            _, kinds, name = line.split(":", 2)
            if kinds in ("", "memory"):
                root = _GROUPS / kinds
                inner = root / name.lstrip("/")
                yield from (one for one in (inner, *inner.parents) if _is_in(one, root))


def _is_in(folder: Path, root: Path) -> bool:
    return folder.is_relative_to(root) and folder.is_dir()


def _number(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    return None


def _numbers(path: Path) -> dict[str, int]:
    """Return the lines ``name number`` of a file; nothing if it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        lines = [line.split() for line in path.read_text().splitlines()]
        return {line[0]: int(line[1]) for line in lines if len(line) == 2}
    return {}
