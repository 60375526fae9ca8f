"""Who is logged in, where the server asks for a login: what counts as one.

Streamlit keeps what the login provider said about a person in a signed cookie for
thirty days, and checks neither how long it holds nor whether the address is
confirmed. Both are checked here, for every request and every run of a page.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section

from pages.components.ended_logins import ended_logins
from pages.components.text import plain, raw_text, text
from search.errors import ConfigError, UserInputError

ALLOWED_ACCOUNTS = "STUDIES_ALLOWED_ACCOUNTS"
TRUSTED_CLAIM = "STUDIES_TRUSTED_CLAIM"
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
        As the login provider says; the address is confirmed or trusted.
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
        if ended_logins.holds(self.login):
            raise LoginRefused(raw_text("login.none"))

    def end(self) -> None:
        """End this login in every tab, and for whoever has a copy of the cookie."""
        ended_logins.add(self.login, until=self.expires)


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
        If that is nobody, the login has ended, there is no address that counts, or
        `STUDIES_ALLOWED_ACCOUNTS` does not list it.
    """
    if claims.get("is_logged_in") is not True:
        raise LoginRefused(raw_text("login.none"))
    expires, email = claims.get("exp"), address_of(claims)
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise LoginRefused(raw_text("login.no_expiry"))
    if not email:
        raise LoginRefused(raw_text("login.not_confirmed", variable=TRUSTED_CLAIM))
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


def address_of(claims: Mapping[str, Any]) -> str:
    """Return the address under which a person comes in; empty if none counts.

    That is the one that the provider has confirmed, else what it says under the claim
    of `STUDIES_TRUSTED_CLAIM`. An address that it says it did not confirm never counts.
    """
    email, is_confirmed = claims.get("email"), claims.get("email_verified")
    if is_confirmed is True and isinstance(email, str) and email:
        return email
    name = trusted_claim()
    if not name or (name == "email" and is_confirmed is not None):
        return ""
    address = claims.get(name)
    is_address = isinstance(address, str) and address.strip("@").count("@") == 1
    return str(address) if is_address else ""


def trusted_claim() -> str:
    """Return the claim that counts as a confirmed address; empty for none.

    Raises
    ------
    ConfigError
        If `STUDIES_TRUSTED_CLAIM` is not the name of a claim.
    """
    name = os.environ.get(TRUSTED_CLAIM, "")
    if name and not re.fullmatch(r"[A-Za-z][\w.:/-]*", name):
        raise ConfigError(
            f"`{TRUSTED_CLAIM}` must name one claim of the login provider, such as "
            f"preferred_username, got {name!r}."
        )
    return name


def is_allowed(email: str) -> bool:
    """Return whether the owner of an address may come in."""
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
