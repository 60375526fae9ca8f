"""A configured login and cookies of it, made by Streamlit's own functions."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streamlit import config
from streamlit.auth_util import set_cookie_with_chunks
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

SECRET = "0123456789abcdef0123456789abcdef"
ORIGIN = "http://127.0.0.1:8501"
SECRETS = """
[auth]
redirect_uri = "{origin}/oauth2callback"
cookie_secret = "{secret}"
client_id = "search"
client_secret = "canary-client"
server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"
"""


def secrets_text(origin: str = ORIGIN, secret: str = SECRET) -> str:
    """Return a file of secrets with one login provider."""
    return SECRETS.format(origin=origin, secret=secret)


@contextmanager
def secrets_of(path: Path, content: str) -> Iterator[None]:
    """Let Streamlit read `content` as its secrets inside the block."""
    path.write_text(content, encoding="utf-8")
    before = config.get_option("secrets.files")
    secrets_singleton._file_watchers_installed = True
    secrets_singleton._reset()
    config.set_option("secrets.files", [str(path)])
    try:
        yield
    finally:
        config.set_option("secrets.files", before)
        secrets_singleton._reset()


def claims(**changes: Any) -> dict[str, Any]:
    """Return what a provider says about Ann, logged in for an hour."""
    said = {
        "iss": "http://127.0.0.1:9",
        "sub": "ann",
        "name": "Ann",
        "email": "ann@lab.example",
        "email_verified": True,
        "iat": int(time.time()),
        "exp": int(time.time()) + 3600,
        "nonce": "n",
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def cookies_of(
    said: Mapping[str, Any], *, origin: str = ORIGIN, secret: str = SECRET
) -> dict[str, str]:
    """Return the cookies that Streamlit sets after a login; long ones are split."""
    cookies: dict[str, str] = {}

    def sign(name: str, value: str) -> bytes:
        return create_signed_value(secret, name, value)

    def keep(name: str, value: str) -> None:
        cookies[name] = sign(name, value).decode()

    content = {**said, "origin": origin, "is_logged_in": True, "provider": "default"}
    set_cookie_with_chunks(keep, sign, USER_COOKIE_NAME, content, cookie_attr_size=100)
    assert cookies, json.dumps(content)
    return cookies


def cookie_header(cookies: Mapping[str, str]) -> dict[str, str]:
    """Return the header that a browser sends with `cookies`."""
    return {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
