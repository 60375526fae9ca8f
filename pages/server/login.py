"""Nothing without a login, where one is configured.

One gate in front of everything that the server answers: pages, their connections,
uploads, downloads and optuna-dashboard. What it does not know, it refuses. The login
itself is Streamlit's own (OpenID Connect, section ``[auth]`` of the secrets).
"""

import html
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from pages.components.account import (
    Account,
    LoginRefused,
    allowed_accounts,
    read_account,
    trusted_claim,
)
from pages.components.text import raw_text
from pages.server import streamlit_login
from search.errors import ConfigError

START_PATH, LOGOUT_PATH = "/login", "/auth/logout"
OPEN_PATHS = (
    *(START_PATH, LOGOUT_PATH, "/auth/login", "/oauth2callback"),
    "/_stcore/health",
)
FEWEST_SECRET_CHARACTERS = 32
_DEFAULT = "default"
_PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_POLICY_VIOLATION = 1008
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 32rem;
  padding: 0 1rem; }
a { color: #0f6b62; } @media (prefers-color-scheme: dark) { a { color: #6fd3c6; } }
"""


def login_settings() -> Mapping[str, Any] | None:
    """Return the section ``[auth]`` of the secrets; None where there is none.

    Raises
    ------
    ConfigError
        If secrets are there and cannot be read, or the section cannot work: a server
        that was meant to ask for a login must not start without.
    """
    section = streamlit_login.read_section()
    if section is None:
        places = [Path(place) for place in st.get_option("secrets.files")]
        for place in places:
            if place.exists() and not streamlit_login.are_secrets_readable():
                raise ConfigError(f"The secrets in {place} cannot be read.")
        return None
    _check_section(section)
    allowed_accounts()
    trusted_claim()
    if find_spec("authlib") is None:
        raise ConfigError(
            "A login is configured, but the package Authlib, which Streamlit needs for "
            "it, is not installed. Install what requirements.txt lists."
        )
    return section


def _check_section(section: Mapping[str, Any]) -> None:
    uri = urlparse(str(section.get("redirect_uri", "")))
    is_safe = uri.scheme == "https" or uri.hostname in _LOCAL_NAMES
    if not uri.hostname or not is_safe or uri.path != "/oauth2callback":
        raise ConfigError(
            "`redirect_uri` in the section [auth] of the secrets must be the address "
            "of this server with the path /oauth2callback, and begin with https:// "
            "unless it is on this machine."
        )
    if len(str(section.get("cookie_secret", ""))) < FEWEST_SECRET_CHARACTERS:
        raise ConfigError(
            "`cookie_secret` in the section [auth] of the secrets must be at least "
            f"{FEWEST_SECRET_CHARACTERS} random characters, because whoever guesses it "
            "can log in as anybody."
        )
    if not providers(section):
        raise ConfigError(
            "The section [auth] of the secrets must name a login provider: "
            f"{', '.join(_PROVIDER_KEYS)}."
        )


def providers(section: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the login providers of the section ``[auth]``."""
    named = [
        name
        for name, value in section.items()
        if isinstance(value, Mapping) and all(key in value for key in _PROVIDER_KEYS)
    ]
    is_plain = all(key in section for key in _PROVIDER_KEYS)
    return (_DEFAULT, *named) if is_plain else tuple(named)


def public_host(section: Mapping[str, Any] | None) -> str | None:
    """Return the name under which people reach a server with a login."""
    return urlparse(str(section["redirect_uri"])).hostname if section else None


def login_middleware(section: Mapping[str, Any] | None) -> list[Middleware]:
    """Return the gate; nothing where no login is configured."""
    if section is None:
        return []
    return [Middleware(LoginGate, providers=providers(section))]


def login_routes(section: Mapping[str, Any] | None) -> list[BaseRoute]:
    """Return where a login starts; nothing where none is configured."""
    if section is None:
        return []
    known = providers(section)

    async def start(request: Request) -> Response:
        provider = request.query_params.get("provider", known[0])
        if provider not in known:
            return PlainTextResponse("Unknown login provider.", status_code=404)
        url = streamlit_login.start_url(provider)
        return RedirectResponse(url, status_code=302, headers=_HEADERS)

    return [Route(START_PATH, start)]


def account_of(scope: Scope) -> Account:
    """Return who sends a request.

    Raises
    ------
    LoginRefused
        If nobody is logged in, or not in a way that counts.
    """
    return read_account(streamlit_login.claims_of(HTTPConnection(scope).cookies))


class LoginGate:
    """Refuse every request and connection without a login that counts.

    Parameters
    ----------
    app
        What is behind the gate.
    providers
        Names of the login providers that the page for logging in offers.
    """

    def __init__(self, app: ASGIApp, *, providers: tuple[str, ...]) -> None:
        self._app = app
        self._providers = providers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what belongs to the login, and what has one."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] in OPEN_PATHS:
            if scope["path"] == LOGOUT_PATH:
                _end_login(scope)
            await self._app(scope, receive, send)
            return
        try:
            account = account_of(scope)
        except LoginRefused as refusal:
            await self._refuse(scope, receive, send, str(refusal))
            return
        if scope["type"] == "websocket":
            watched = WatchedSocket(receive, send, account)
            await self._app(scope, watched.receive, watched.send)
            return
        await self._app(scope, receive, send)

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, reason: str
    ) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose(code=_POLICY_VIOLATION)(scope, receive, send)
            return
        answer: Response = PlainTextResponse(reason, 401, headers=_HEADERS)
        if "text/html" in HTTPConnection(scope).headers.get("accept", ""):
            page = login_page(reason, self._providers)
            answer = HTMLResponse(page, 401, headers=_HEADERS)
        await answer(scope, receive, send)


class WatchedSocket:
    """A connection of a page that ends with the login.

    Every click and every tick of a live page is a message, so nothing is run and
    nothing is shown any more once the login has expired or was ended in another tab.
    """

    def __init__(self, receive: Receive, send: Send, account: Account) -> None:
        self._receive = receive
        self._send = send
        self._account = account
        self._is_closed = False

    async def receive(self) -> Message:
        """Return the next message of the browser while the login holds."""
        message = await self._receive()
        if message["type"] == "websocket.receive" and await self._has_ended():
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
        return message

    async def send(self, message: Message) -> None:
        """Pass a message to the browser while the login holds."""
        is_content = message["type"] == "websocket.send"
        if self._is_closed or (is_content and await self._has_ended()):
            return
        await self._send(message)

    async def _has_ended(self) -> bool:
        if self._is_closed:
            return True
        try:
            self._account.check()
        except LoginRefused:
            self._is_closed = True
            redirect = streamlit_login.redirect_message("/")
            await self._send({"type": "websocket.send", "bytes": redirect})
            await self._send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return self._is_closed


def login_page(reason: str, providers: tuple[str, ...]) -> str:
    """Return the page for logging in; it needs no script and no other file."""
    links = "".join(
        f'<p><a href="{START_PATH}?provider={quote(name, safe="")}">'
        f"{html.escape(_label(name))}</a></p>"
        for name in providers
    )
    other = html.escape(raw_text("login.other"))
    title = html.escape(raw_text("login.title"))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{html.escape(raw_text('login.body'))}</p>"
        f"<p><strong>{html.escape(reason)}</strong></p>{links}"
        f'<p><a href="{LOGOUT_PATH}">{other}</a></p></body></html>'
    )


def _label(provider: str) -> str:
    if provider == _DEFAULT:
        return raw_text("login.log_in")
    return raw_text("login.log_in_with", provider=provider)


def _end_login(scope: Scope) -> None:
    """End the login of a request in every tab, if it has one."""
    try:
        account_of(scope).end()
    except LoginRefused:
        return
