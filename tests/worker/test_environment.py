"""Settings that must stand before TensorFlow is loaded."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from search.worker import environment
from search.worker.environment import compile_cache, prepare_environment


@pytest.fixture
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that TensorFlow is not loaded, and put the variables back later."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_XLA_FLAGS"):
        monkeypatch.setenv(name, "to be put back")
        monkeypatch.delenv(name)


@pytest.mark.case("T10", "threads of a worker")
@pytest.mark.usefixtures("_fresh")
def test_prepare_environment_sets_the_threads() -> None:
    prepare_environment(threads=3)
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "3"
    assert os.environ["TF_NUM_INTEROP_THREADS"] == "3"
    assert "TF_XLA_FLAGS" not in os.environ


@pytest.mark.usefixtures("_fresh")
def test_prepare_environment_keeps_what_the_user_chose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "8")
    prepare_environment(threads=1)
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "8"


@pytest.mark.usefixtures("_fresh")
def test_prepare_environment_names_the_cache(tmp_path: Path) -> None:
    prepare_environment(cache_dir=tmp_path)
    assert f"cache_directory={tmp_path} " in os.environ["TF_XLA_FLAGS"]


@pytest.mark.usefixtures("_fresh")
def test_prepare_environment_warns_when_it_is_too_late(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", os)
    with caplog.at_level(logging.WARNING):
        prepare_environment()
    assert "loaded already" in caplog.text
    assert "TF_NUM_INTRAOP_THREADS" not in os.environ


def test_environment_does_not_load_tensorflow() -> None:
    code = (
        "import sys, search.worker.environment as e; e.prepare_environment(); "
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_compile_cache_belongs_to_the_user(tmp_path: Path) -> None:
    folder = compile_cache(tmp_path)
    assert folder is not None
    assert folder.parent == tmp_path / ".cache"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert compile_cache(tmp_path) == folder


def test_compile_cache_refuses_a_folder_that_others_may_write_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = compile_cache(tmp_path)
    assert folder is not None
    folder.chmod(0o777)
    assert compile_cache(tmp_path) is None
    assert "others may write to" in caplog.text


def test_compile_cache_is_not_shared_between_compiler_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--one")
    one = compile_cache(tmp_path)
    monkeypatch.setenv("XLA_FLAGS", "--other")
    assert compile_cache(tmp_path) != one


def test_compile_cache_does_without_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".cache").write_text("a file in its place")
    assert compile_cache(tmp_path) is None


def test_machine_is_stable() -> None:
    assert environment._machine() == environment._machine()
