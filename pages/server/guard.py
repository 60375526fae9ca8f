"""Who may reach the web server: its address, and the names it answers to.

Whoever reaches the server can see, start and delete studies, unless a login is
configured. Without one it therefore listens on this machine only, unless somebody says
loudly that the network may come in. A page of a foreign site must not reach it through
the browser of its user either: with a name that it lets point at 127.0.0.1 (DNS
rebinding), such a page would count as of the same origin.
"""

import ipaddress
import os
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from search.errors import ConfigError

ALLOW_NETWORK = "STUDIES_ALLOW_NETWORK"
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def check_address(address: str | None, *, has_login: bool = False) -> None:
    """Refuse an address that other machines reach, unless that is wanted.

    Parameters
    ----------
    address
        Address that the server listens on; None or "" for every one of the machine.
    has_login
        Whether the server asks everybody for a login.

    Raises
    ------
    ConfigError
        If other machines could reach the server, no login is configured and
        `STUDIES_ALLOW_NETWORK` is not 1.
    """
    if is_local(address) or has_login or is_network_allowed():
        return
    where = f"on {address}" if address else "on every address of this machine"
    raise ConfigError(
        f"The server would listen {where}, and everyone who reaches it could see, "
        "start and delete studies, because no login is configured. Start it with "
        "`--server.address 127.0.0.1` and forward the port through SSH, or configure a "
        f"login as docs/security.md says. Set {ALLOW_NETWORK}=1 only if everyone "
        "in the network may do all that."
    )


def is_local(address: str | None) -> bool:
    """Return whether only this machine reaches `address`."""
    if not address:
        return False
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_network_allowed() -> bool:
    """Return whether the user opened the server to other machines."""
    return os.environ.get(ALLOW_NETWORK) == "1"


def allowed_hosts(
    configured: Sequence[str], address: str | None = None, public: str | None = None
) -> list[str]:
    """Return the names that the server answers to, IPv6 addresses in brackets.

    Parameters
    ----------
    configured
        `server.allowedHosts`. Without it, a server that is open to the network
        answers to every name, since it cannot know its own.
    address
        Address that the server listens on; a local one is answered to as well.
    public
        Name of a server with a login, from its `redirect_uri`.
    """
    if is_network_allowed() and not configured and public is None:
        return ["*"]
    own = [_host_of(address)] if address and is_local(address) else []
    known = [_host_of(public)] if public else []
    return list(dict.fromkeys([*LOCAL_NAMES, *own, *known, *configured]))


def host_middleware(
    configured: Sequence[str], address: str | None = None, public: str | None = None
) -> Middleware:
    """Return what answers 400 to requests for any other name."""
    return Middleware(
        TrustedHostMiddleware,
        allowed_hosts=allowed_hosts(configured, address, public),
        www_redirect=False,
    )


def _host_of(address: str) -> str:
    """Return an address as it stands in the header ``Host``."""
    return f"[{address}]" if ":" in address else address
