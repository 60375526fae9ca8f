"""The web application: what it loads, and the watcher that keeps studies running."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import app
from search.environment import Environment
from search.errors import StudyCorrupted

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "keras", "sklearn", "statsmodels", "scipy")


def test_web_process_starts_without_heavy_packages() -> None:
    """TensorFlow would cost each web process 440 MB and four seconds."""
    code = f"import sys, app; print([m for m in {HEAVY} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("error", [OSError("disk"), StudyCorrupted("storage")])
def test_watcher_goes_on_after_an_error(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    calls = []

    def ensure_running(_environment: Environment) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        raise error

    monkeypatch.setattr(app, "ensure_running", ensure_running)
    monkeypatch.setattr(app, "WATCH_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(app.watch(environment))
    assert len(calls) == 3


def test_lifespan_prepares_the_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIES_DIR", str(tmp_path / "new"))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)

    async def start_and_stop() -> None:
        async with app.lifespan(app.app):
            assert (tmp_path / "new" / "optuna.db").exists()

    asyncio.run(start_and_stop())


def test_unusable_storage_does_not_stop_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "optuna.db").write_bytes(b"not a database" * 100)
    monkeypatch.setenv("STUDIES_DIR", str(tmp_path))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)

    async def start_and_stop() -> None:
        async with app.lifespan(app.app):
            pass

    asyncio.run(start_and_stop())
    assert "could not be prepared" in caplog.text
