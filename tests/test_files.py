"""A reader sees the old file or the new one, never half of it."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from search.files import sha256, write_bytes, write_json


def test_write_bytes_creates_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    write_bytes(path, b"first")
    assert path.read_bytes() == b"first"
    write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_write_bytes_refuses_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        write_bytes(tmp_path / "absent" / "note.txt", b"")


@pytest.mark.case("S5", "disk full while a file is replaced")
def test_write_bytes_keeps_the_old_file_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "note.txt"
    write_bytes(path, b"old")

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("search.files.os.fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_write_bytes_flushes_before_it_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut the name must not point at an empty file."""
    seen: list[tuple[str, bool]] = []
    path, flush = tmp_path / "note.txt", os.fsync

    def spy(descriptor: int) -> None:
        seen.append(("fsync", path.exists()))
        flush(descriptor)

    monkeypatch.setattr("search.files.os.fsync", spy)
    write_bytes(path, b"content")
    assert seen == [("fsync", False), ("fsync", True)]


@dataclass(frozen=True)
class Example:
    name: str
    score: float


def test_write_json_is_indented_and_writes_null_for_nan(tmp_path: Path) -> None:
    path = tmp_path / "example.json"
    write_json(path, Example("naïve", float("nan")))
    assert path.read_text("utf-8") == '{\n  "name": "naïve",\n  "score": null\n}'


def test_sha256_of_a_known_text(tmp_path: Path) -> None:
    """The value is the example "abc" of FIPS 180-4."""
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert sha256(path) == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_sha256_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "large"
    content = bytes(range(256)) * 10_000
    path.write_bytes(content)
    assert sha256(path) == hashlib.sha256(content).hexdigest()
