"""Studies that are searched with the toy objective, on disks that are small."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.config import Environment
from search.disk import MIN_FREE_VARIABLE
from search.study.storage.opening import prepare_storage
from tests.jobs.conftest import make_study, settings, toy, without_winners
from tests.pages.conftest import open_page

__all__ = ["make_study", "open_page", "settings", "toy", "without_winners"]

SMALL_MB = 4


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Mount a disk of a few megabytes that only the tests of this machine write to."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_MB}m", "tmpfs", str(folder)]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a disk of a few megabytes needs the right to mount one (root)")
    # A tenth of it is where work pauses.
    monkeypatch.setenv(MIN_FREE_VARIABLE, "0.2")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_environment(small_disk: Path) -> Environment:
    folder = small_disk / "studies"
    url = f"sqlite:///{folder / 'optuna.db'}"
    prepare_storage(url)
    return Environment(folder, url)


def fill(folder: Path) -> Path:
    """Take all that is free on the disk of `folder`; return the file that does."""
    path = folder.parent / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return path
