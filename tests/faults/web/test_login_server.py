"""A server with a login, as it runs: pages, connections, dashboard, the way out."""

from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus

from search.study.folders import StudyHandle
from tests.e2e.conftest import free_port
from tests.faults.web.server import WebServer, serving, session
from tests.pages.login import claims, cookie_header, cookies_of, secrets_text

POLICY_VIOLATION = 1008

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def guarded(
    kinds: dict[str, StudyHandle], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebServer]:
    folder: Path = tmp_path_factory.mktemp("login")
    port = free_port()
    secrets = folder / "secrets.toml"
    secrets.write_text(secrets_text(origin=f"http://127.0.0.1:{port}"))
    variables = {}
    if find_spec("authlib") is None:
        # The cookie is checked without it; only starting a login needs it.
        (folder / "authlib").mkdir()
        (folder / "authlib" / "__init__.py").write_text('__version__ = "1.9.9"\n')
        variables["PYTHONPATH"] = str(folder)
    studies = kinds["finished"].environment.studies_dir
    options = ("--secrets.files", str(secrets))
    with serving(studies, *options, variables=variables, port=port) as server:
        yield server


def cookies(server: WebServer, **said: object) -> dict[str, str]:
    return cookies_of(claims(**said), origin=server.origin)


@pytest.mark.case("A5", "the real server without a cookie, and with forged ones")
def test_nothing_of_the_server_is_seen_without_a_login(guarded: WebServer) -> None:
    paths = ("/", "/studies", "/dashboard", "/api/studies", "/csv/1", "/media/x",
             "/_stcore/host-config", "/static/index.html", "/_stcore/metrics",
             "/od-static/bundle.js")  # fmt: skip
    wrong: tuple[dict[str, str], ...] = (
        {},
        cookies_of(claims(), origin=guarded.origin, secret="x" * 32),
        cookies_of(claims(), origin="https://other.example"),
        cookies(guarded, exp=1),
        cookies(guarded, email_verified=False),
    )
    for path in paths:
        for jar in wrong:
            reply = guarded.get(path, headers=cookie_header(jar))
            assert reply.status == 401, path
            assert b"Finished" not in reply.body
    page = guarded.get("/", headers={"Accept": "text/html"})
    assert b'href="/login?provider=default"' in page.body
    assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.case("A5", "connections of pages on the real server")
def test_connections_need_the_login_too(
    guarded: WebServer, kinds: dict[str, StudyHandle]
) -> None:
    jar = cookies(guarded)
    with session(guarded, "studies", cookies=jar) as tab:
        tab.rerun()
        assert "Finished" in tab.everything()
        assert "Log out" in tab.everything()
        assert "Ann" in tab.everything()
    with (
        pytest.raises(InvalidStatus) as refused,
        session(guarded, "studies", token="x"),
    ):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.case("A3", "logout in another tab while a page is open, real server")
def test_an_open_page_leaves_when_somebody_logs_out(guarded: WebServer) -> None:
    jar = cookies(guarded, nonce="to end")
    with session(guarded, "studies", cookies=jar) as tab:
        tab.rerun()
        guarded.get("/auth/logout", headers=cookie_header(jar))
        tab.ask()
        received: list[bytes] = []
        with suppress(ConnectionClosed):
            received.extend(one for one in tab.socket if isinstance(one, bytes))
        assert ForwardMsg.FromString(received[-1]).auth_redirect.url == "/"
        assert tab.socket.close_code == POLICY_VIOLATION
    assert guarded.get("/studies", headers=cookie_header(jar)).status == 401
