"""File locks: one holder, freed by death, never in the way of a probe."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from search.locks import exclusive_lock, is_locked, try_lock

ROOT = Path(__file__).parents[1]
HOLDER = """
import sys
from pathlib import Path
from search.locks import try_lock
lock = try_lock(Path(sys.argv[1]))
print("held" if lock else "refused", flush=True)
sys.stdin.read()
"""


def test_try_lock_gives_it_to_one_holder(tmp_path):
    path = tmp_path / "a.lock"
    with try_lock(path) as first:
        assert first is not None
        assert try_lock(path) is None
        assert is_locked(path)
    assert not is_locked(path)


def test_lock_is_freed_when_its_process_is_killed(tmp_path):
    path = tmp_path / "a.lock"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    assert is_locked(path)
    process.kill()
    process.communicate()
    assert not is_locked(path)


def test_is_locked_is_not_deceived_by_others_who_ask(tmp_path):
    """Whoever asked held the lock for an instant, and a start found it taken."""
    path = tmp_path / "lock"
    path.touch()
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)  # as `is_locked` does
        assert not is_locked(path)
        assert try_lock(path) is None


def test_exclusive_lock_blocks_others_inside_the_block(tmp_path):
    path = tmp_path / "a.lock"
    with exclusive_lock(path):
        assert is_locked(path)
    assert not is_locked(path)


def test_exclusive_lock_is_given_back_after_an_error(tmp_path):
    path = tmp_path / "a.lock"
    with pytest.raises(ValueError, match="inside"), exclusive_lock(path):
        raise ValueError("inside")
    assert not is_locked(path)


def test_lock_close_twice_is_harmless(tmp_path):
    lock = try_lock(tmp_path / "a.lock")
    lock.close()
    lock.close()


def test_locks_never_create_folders(tmp_path):
    path = tmp_path / "absent" / "a.lock"
    assert not is_locked(path)
    with pytest.raises(FileNotFoundError):
        try_lock(path)
    with pytest.raises(FileNotFoundError), exclusive_lock(path):
        raise AssertionError("the block must not run")
    assert not path.parent.exists()
