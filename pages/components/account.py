"""Who is logged in, where the server asks for a login: what counts as one.

Streamlit keeps what the login provider said about a person in a signed cookie for
thirty days, and checks neither how long it holds nor whether the address is
confirmed. Both are checked here, for every request and every run of a page.
"""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section

from pages.components.text import plain, raw_text, text
from search.errors import ConfigError, UserInputError

ALLOWED_ACCOUNTS = "STUDIES_ALLOWED_ACCOUNTS"
# What tells two logins of one person apart.
_LOGIN_CLAIMS = ("iss", "sub", "email", "iat", "exp", "nonce")


class LoginRefused(UserInputError):
    """Nobody is logged in, or not in a way that counts; the text says which."""


@dataclass(frozen=True)
class Account:
    """A person who is logged in.

    Attributes
    ----------
    name, email
        As the login provider says; the address is confirmed.
    login
        Digest that stands for this login, the same in every tab of the browser.
    expires
        Unix time in seconds at which the login ends.
    """

    name: str
    email: str
    login: str
    expires: float

    def check(self) -> None:
        """Refuse a login that has ended since it was read.

        Raises
        ------
        LoginRefused
            If it has expired, or somebody logged out.
        """
        if not self.expires > time.time():
            raise LoginRefused(raw_text("login.expired"))
        if _ended.holds(self.login):
            raise LoginRefused(raw_text("login.none"))

    def end(self) -> None:
        """End this login in every tab, and for whoever has a copy of the cookie."""
        _ended.add(self.login, until=self.expires)


class _EndedLogins:
    """Logins that ended before they expired."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._lock = Lock()

    def add(self, login: str, *, until: float) -> None:
        now = time.time()
        with self._lock:
            kept = {one: end for one, end in self._until.items() if end > now}
            self._until = {**kept, login: until}

    def holds(self, login: str) -> bool:
        return login in self._until


_ended = _EndedLogins()


def has_login() -> bool:
    """Return whether the server asks for a login: a section ``[auth]`` in secrets."""
    return bool(get_secrets_auth_section())


def read_account(claims: Mapping[str, Any]) -> Account:
    """Return who is logged in.

    Parameters
    ----------
    claims
        What the login provider said, as Streamlit keeps it.

    Raises
    ------
    LoginRefused
        If that is nobody, the login has ended, the e-mail address is not confirmed, or
        `STUDIES_ALLOWED_ACCOUNTS` does not list it.
    """
    if claims.get("is_logged_in") is not True:
        raise LoginRefused(raw_text("login.none"))
    expires, email = claims.get("exp"), claims.get("email")
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise LoginRefused(raw_text("login.no_expiry"))
    is_confirmed = claims.get("email_verified") is True
    if not isinstance(email, str) or not email or not is_confirmed:
        raise LoginRefused(raw_text("login.not_confirmed"))
    if not is_allowed(email):
        raise LoginRefused(raw_text("login.not_allowed", email=email))
    named = json.dumps([str(claims.get(name)) for name in _LOGIN_CLAIMS])
    account = Account(
        name=str(claims.get("name") or email),
        email=email,
        login=hashlib.sha256(named.encode()).hexdigest(),
        expires=float(expires),
    )
    account.check()
    return account


def is_allowed(email: str) -> bool:
    """Return whether the owner of a confirmed address may come in."""
    allowed, address = allowed_accounts(), email.casefold()
    domain = address[address.rfind("@") :]
    return not allowed or address in allowed or domain in allowed


def allowed_accounts() -> frozenset[str]:
    """Return the addresses and domains that may come in; empty for everybody.

    Raises
    ------
    ConfigError
        If `STUDIES_ALLOWED_ACCOUNTS` names something else.
    """
    listed = os.environ.get(ALLOWED_ACCOUNTS, "")
    if not listed:
        return frozenset()
    entries = [entry.strip().casefold() for entry in listed.split(",")]
    for entry in entries:
        if entry.count("@") != 1 or entry.endswith("@"):
            raise ConfigError(
                f"`{ALLOWED_ACCOUNTS}` must list addresses such as ann@lab.example and "
                f"domains such as @lab.example, with commas between, got {entry!r}."
            )
    return frozenset(entries)


def current_account() -> Account | None:
    """Return who looks at this page; None where no login is asked for.

    Raises
    ------
    LoginRefused
        If a login is asked for and there is none that counts.
    """
    return read_account(st.user.to_dict()) if has_login() else None


def show_account() -> None:
    """Show who is logged in, and the way out; nothing where no login is asked for."""
    account = current_account()
    if account is None:
        return
    st.caption(plain(account.name), width="content")
    if st.button(
        text("login.log_out"),
        key="log_out",
        type="tertiary",
        icon=":material/logout:",
        help=text("login.log_out_help", email=account.email),
    ):
        # Leads the browser to where the gate ends the login in every tab.
        st.logout()
