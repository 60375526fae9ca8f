"""Arrays in a file: the same back, or an error that names the file."""

from pathlib import Path

import numpy as np
import pytest

from search.arrays import read_arrays, write_arrays
from search.errors import StudyCorrupted


def test_arrays_come_back_in_their_order(tmp_path: Path) -> None:
    given = {"b": np.arange(3.0), "a": np.ones((2, 0)), "c": np.array([np.nan])}
    write_arrays(tmp_path / "x.npz", given)
    found = read_arrays(tmp_path / "x.npz")
    assert list(found) == ["b", "a", "c"]
    for name, array in given.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("kept", [0, 3, 60])
def test_damaged_arrays_are_named(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, {"a": np.arange(1000.0)})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(StudyCorrupted, match=r"x\.npz cannot be read"):
        read_arrays(path)


def test_absent_arrays_are_named(tmp_path: Path) -> None:
    with pytest.raises(StudyCorrupted, match=r"x\.npz cannot be read"):
        read_arrays(tmp_path / "x.npz")
