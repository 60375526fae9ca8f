"""A server that must not start does not, and says why in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import free_port

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


def start(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Start the application with options; it must end by itself."""
    variables = dict(os.environ, STUDIES_DIR=str(tmp_path / "studies"))
    variables.pop("STUDIES_ALLOW_NETWORK", None)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    return subprocess.run(
        [*command, "--server.port", str(free_port())],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.case("A1", "streamlit run on 0.0.0.0, without a login")
def test_an_address_for_others_is_refused(tmp_path: Path) -> None:
    ended = start(tmp_path, "--server.address", "0.0.0.0")
    assert ended.returncode != 0
    assert "Not started. The server would listen on 0.0.0.0" in ended.stderr
    assert "STUDIES_ALLOW_NETWORK=1" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.case("A1", "streamlit run with a login that cannot be read")
def test_secrets_that_cannot_be_read_are_no_login(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text("[auth\n")
    secrets = ("--secrets.files", str(tmp_path / "secrets.toml"))
    ended = start(tmp_path, "--server.address", "0.0.0.0", *secrets)
    assert ended.returncode != 0
    assert "Not started. The secrets in" in ended.stderr
