"""Streamlit's login, read by functions of Streamlit that it does not promise to keep.

The only place that knows how Streamlit signs its cookie; tests pin what is used of it.
"""

from collections.abc import Mapping
from typing import Any

from streamlit.auth_util import get_origin_from_redirect_uri
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.runtime_util import serialize_forward_msg
from streamlit.runtime.secrets import secrets_singleton
from streamlit.user_info import generate_login_redirect_url
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import (
    _get_signed_cookie_with_chunks,
    _parse_decoded_user_cookie,
)


def read_section() -> Mapping[str, Any] | None:
    """Return the section ``[auth]`` of the secrets; None where there is none."""
    if not are_secrets_readable() or "auth" not in secrets_singleton:
        return None
    section = secrets_singleton["auth"]
    return section.to_dict() if hasattr(section, "to_dict") else {}


def are_secrets_readable() -> bool:
    """Return whether there are secrets and they can be read."""
    return secrets_singleton.load_if_toml_exists()


def claims_of(cookies: Mapping[str, str]) -> dict[str, Any]:
    """Return what the login provider said about the owner of `cookies`.

    Returns
    -------
    dict
        The claims with ``is_logged_in``; empty if there is no cookie of a login, its
        signature is not ours, or it was made for another address.
    """
    content = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    origin = get_origin_from_redirect_uri()
    if content is None or origin is None:
        return {}
    return _parse_decoded_user_cookie(content, origin)


def start_url(provider: str) -> str:
    """Return the path at which Streamlit starts a login; it holds for two minutes."""
    return generate_login_redirect_url(provider)


def redirect_message(url: str) -> bytes:
    """Return the message that makes the browser leave a page for `url`."""
    message = ForwardMsg()
    message.auth_redirect.url = url
    return serialize_forward_msg(message)
