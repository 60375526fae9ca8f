"""The settings that are shipped: closed, quiet about errors, without extras."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from streamlit.config import _config_options_template

SETTINGS = Path(__file__).parents[2] / ".streamlit" / "config.toml"
WANTED = {
    "server.address": "127.0.0.1",
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.scriptHealthCheckEnabled": False,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "runner.magicEnabled": False,
}


def shipped(name: str) -> Any:
    """Return what our file says, or the default of Streamlit."""
    section, key = name.split(".")
    ours = tomllib.loads(SETTINGS.read_text("utf-8")).get(section, {})
    return ours.get(key, _config_options_template[name].default_val)


@pytest.mark.case("W8", "the settings that are shipped")
@pytest.mark.parametrize(("name", "value"), WANTED.items(), ids=WANTED)
def test_shipped_settings_are_closed(name: str, value: object) -> None:
    assert shipped(name) == value


@pytest.mark.case("X11", "secrets in the repository")
def test_no_secrets_are_shipped() -> None:
    ignored = (SETTINGS.parents[1] / ".gitignore").read_text("utf-8").splitlines()
    assert ".streamlit/secrets.toml" in ignored
    assert "secret" not in SETTINGS.read_text("utf-8").casefold()
