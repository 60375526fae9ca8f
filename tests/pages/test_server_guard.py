"""Who may reach the server."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pages.server.guard import (
    ALLOW_NETWORK,
    allowed_hosts,
    check_address,
    host_middleware,
)
from search.errors import ConfigError
from tests.pages.asgi import ask


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOW_NETWORK, raising=False)


def status_for(host: str, *configured: str, address: str | None = None) -> int:
    route = Route("/", lambda _request: PlainTextResponse("here"))
    guard = host_middleware(configured, address)
    app = Starlette(routes=[route], middleware=[guard])
    return ask(app, "/", host=host).status


@pytest.mark.case("A1", "an address for other machines, without a login")
@pytest.mark.case("W6", "a foreign Host")
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_is_served(address):
    check_address(address)


@pytest.mark.parametrize(
    "address", [None, "", "0.0.0.0", "::", "192.168.1.5", "my-machine", "127.0.0.1.net"]
)
def test_an_address_for_others_is_refused_unless_wanted(address, monkeypatch):
    with pytest.raises(ConfigError, match=f"no login.*{ALLOW_NETWORK}=1"):
        check_address(address)
    monkeypatch.setenv(ALLOW_NETWORK, "yes")
    with pytest.raises(ConfigError, match="no login"):
        check_address(address)
    monkeypatch.setenv(ALLOW_NETWORK, "1")
    check_address(address)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8501", 200),
        ("127.0.0.1:8501", 200),
        ("[::1]:8501", 200),
        ("127.8.8.8:8501", 400),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("", 400),
    ],
)
def test_a_name_that_points_here_is_not_served(host, status):
    assert status_for(host) == status


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("::1", "[::1]:8501"),
        ("127.8.8.8", "127.8.8.8:8501"),
        ("127.8.8.8", "localhost:8501"),
        ("0:0:0:0:0:0:0:1", "[::1]:8501"),
        ("0:0:0:0:0:0:0:1", "[0:0:0:0:0:0:0:1]:8501"),
    ],
)
def test_a_server_answers_to_the_local_address_that_it_listens_on(address, host):
    check_address(address)
    assert status_for(host, address=address) == 200
    assert status_for(host, "lab.example", address=address) == 200
    assert status_for("evil.example", address=address) == 400


def test_an_address_in_the_network_is_no_name_by_itself(monkeypatch):
    monkeypatch.setenv(ALLOW_NETWORK, "1")
    assert "0.0.0.0" not in allowed_hosts(("lab.example",), "0.0.0.0")


def test_configured_names_are_served_besides_the_local_ones():
    for host, status in (("lab.example", 200), ("localhost", 200), ("evil", 400)):
        assert status_for(host, "lab.example") == status


def test_an_open_server_answers_to_every_name_unless_some_are_configured(monkeypatch):
    monkeypatch.setenv(ALLOW_NETWORK, "1")
    assert allowed_hosts(()) == ["*"]
    assert "*" not in allowed_hosts(("lab.example",))
