"""The folder of compiled programs stays small, and what is in use stays."""

import os
import time
from pathlib import Path

import pytest

from search.jobs.compiled import tidy_compiled_programs
from search.worker.environment import compile_cache

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder that workers use."""
    folder = compile_cache(tmp_path)
    assert folder is not None
    return folder


def add(folder: Path, name: str, *, n_bytes: int, unused: float) -> Path:
    """Write a program of a day more than `unused` that was read `unused` ago."""
    path = folder / f"xla_compile_cache__{name}__XLA_CPU_JIT.pb"
    path.write_bytes(b"x" * n_bytes)
    used = time.time() - unused
    os.utime(path, (used, used - DAY))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name.split("__")[1] for path in folder.iterdir())


def test_tidy_removes_what_nobody_used_for_long(tmp_path: Path, folder: Path) -> None:
    add(folder, "old", n_bytes=1, unused=31 * DAY)
    add(folder, "read", n_bytes=1, unused=29 * DAY)
    assert tidy_compiled_programs(tmp_path) == 1
    assert names(folder) == ["read"]


def test_tidy_keeps_the_latest_ones_below_the_size(
    tmp_path: Path, folder: Path
) -> None:
    for age in range(2, 8):
        add(folder, f"{age}h", n_bytes=100, unused=age * HOUR)
    assert tidy_compiled_programs(tmp_path, most_bytes=350) == 3
    assert names(folder) == ["2h", "3h", "4h"]
    assert tidy_compiled_programs(tmp_path, most_bytes=350) == 0


def test_tidy_never_touches_what_was_just_used(tmp_path: Path, folder: Path) -> None:
    add(folder, "new", n_bytes=100, unused=0.5 * HOUR)
    add(folder, "newer", n_bytes=100, unused=0.0)
    assert tidy_compiled_programs(tmp_path, most_bytes=10, oldest_seconds=1.0) == 0


def test_tidy_counts_the_folders_of_all_processors_together(
    tmp_path: Path, folder: Path
) -> None:
    other = folder.with_name("xla-0-other")
    other.mkdir()
    add(other, "there", n_bytes=100, unused=3 * HOUR)
    add(folder, "here", n_bytes=100, unused=2 * HOUR)
    assert tidy_compiled_programs(tmp_path, most_bytes=150) == 1
    assert (names(folder), names(other)) == (["here"], [])


def test_tidy_leaves_a_program_readable_that_is_open(
    tmp_path: Path, folder: Path
) -> None:
    """A worker that has found it goes on reading."""
    path = add(folder, "old", n_bytes=3, unused=31 * DAY)
    with path.open("rb") as file:
        assert tidy_compiled_programs(tmp_path) == 1
        assert file.read() == b"xxx"


def test_tidy_without_a_folder_does_nothing(tmp_path: Path) -> None:
    assert tidy_compiled_programs(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
