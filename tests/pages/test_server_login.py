"""The login: nothing without one, and what does not count as one."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from statistics import median
from typing import Any

import optuna
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest

from pages.components import account
from pages.components.account import (
    ALLOWED_ACCOUNTS,
    TRUSTED_CLAIM,
    LoginRefused,
    is_allowed,
    read_account,
)
from pages.components.ended_logins import ENDED_FILE, MOST_KEPT, EndedLogins
from pages.server import login, streamlit_login
from pages.server.dashboard import dashboard_routes
from pages.server.guard import allowed_hosts, check_address
from pages.server.login import (
    OPEN_PATHS,
    account_of,
    login_middleware,
    login_page,
    login_settings,
    public_host,
)
from search.environment import Environment
from search.errors import ConfigError
from search.study.studies import list_studies, unreadable_studies
from tests.pages.asgi import Answer, ask
from tests.pages.login import (
    ORIGIN,
    claims,
    cookie_header,
    cookies_of,
    secrets_of,
    secrets_text,
)

CLOCK = "pages.components.account.time.time"
PLACES = ("/", "/progress", "/dashboard", "/api/studies", "/csv/1", "/media/x.csv",
          "/_stcore/upload_file/a/b", "/_stcore/host-config", "/static/js/x.js",
          "/od-static/bundle.js", "/auth/login/", "//auth/login", "/x/../auth/login",
          "/AUTH/LOGIN", "/_stcore/health/../stream")  # fmt: skip


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(ALLOWED_ACCOUNTS, raising=False)
    monkeypatch.setattr(login, "find_spec", lambda _name: object())
    monkeypatch.setattr(account, "ended_logins", EndedLogins())
    monkeypatch.delenv(TRUSTED_CLAIM, raising=False)
    with secrets_of(tmp_path / "secrets.toml", secrets_text()):
        yield


@pytest.fixture
def app() -> Starlette:
    async def answer(_request: object) -> PlainTextResponse:
        return PlainTextResponse("secret series")

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        with suppress(WebSocketDisconnect):
            while True:
                await websocket.receive_bytes()
                await websocket.send_bytes(b"secret series")

    return Starlette(
        routes=[
            WebSocketRoute("/_stcore/stream", socket),
            Route("/{rest:path}", answer),
        ],
        middleware=login_middleware(login_settings()),
    )


def visit(app: Starlette, path: str = "/", **said: Any) -> Answer:
    return ask(app, path, headers=cookie_header(cookies_of(claims(**said))))


@pytest.mark.case("X8", "time of an answer about what is there and what is not")
def test_without_a_login_answers_do_not_tell_what_there_is(
    environment: Environment, record_property: Callable[[str, object], None]
) -> None:
    """With one, everybody sees every study, so only strangers could learn anything."""
    storage = optuna.storages.RDBStorage(environment.storage_url)
    optuna.create_study(storage=storage, study_name="there")
    storage.engine.dispose()
    app = Starlette(
        routes=dashboard_routes(environment),
        middleware=login_middleware(login_settings()),
    )
    paths = ("/api/studies/1", "/api/studies/999999999", "/csv/1", "/csv/999999999")
    assert visit(app, paths[0]).status == 200
    assert visit(app, paths[1]).status == 404
    times: dict[str, list[float]] = {path: [] for path in paths}
    answers = set()
    for _ in range(25):
        for path in paths:
            started = time.perf_counter()
            answer = ask(app, path)
            times[path].append(time.perf_counter() - started)
            answers.add((answer.status, answer.body))
    assert len(answers) == 1
    medians = [median(found) for found in times.values()]
    apart = 1000 * (max(medians) - min(medians))
    assert apart < 50.0
    record_property("figure", f"medians of 25 answers differ by {apart:.2f} ms")


@pytest.mark.case("W10", "optuna-dashboard asked without a login")
def test_dashboard_asks_for_the_login(environment: Environment) -> None:
    app = Starlette(
        routes=dashboard_routes(environment),
        middleware=login_middleware(login_settings()),
    )
    paths = ("/dashboard", "/dashboard/studies/1", "/api/studies", "/csv/1",
             "/artifacts/1/2", "/od-static/bundle.js")  # fmt: skip
    assert {ask(app, path).status for path in paths} == {401}
    assert visit(app, "/api/studies").status == 200
    for method in ("POST", "DELETE"):
        headers = cookie_header(cookies_of(claims()))
        assert ask(app, "/api/studies/1", method, headers=headers).status == 403


@pytest.mark.case("A5", "every route without a cookie")
@pytest.mark.parametrize("path", PLACES)
def test_nothing_is_shown_without_a_login(app: Starlette, path: str) -> None:
    answer = ask(app, path)
    assert answer.status == 401
    assert b"secret" not in answer.body
    assert visit(app, path).body == b"secret series"


def test_what_belongs_to_the_login_is_open(app: Starlette) -> None:
    assert {ask(app, path).status for path in OPEN_PATHS} == {200}
    assert "/_stcore/stream" not in OPEN_PATHS


@pytest.mark.case("A5", "cookies that were forged or belong to nobody")
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"email": None}, "did not confirm"),
        ({"email": ""}, "did not confirm"),
        ({"email": ["ann@lab.example"]}, "did not confirm"),
        ({"email_verified": False}, "did not confirm"),
        ({"email_verified": None}, "did not confirm"),
        ({"email_verified": "true"}, "did not confirm"),
        ({"exp": None}, "how long"),
        ({"exp": True}, "how long"),
        ({"exp": "9999999999"}, "how long"),
        ({"exp": float("nan")}, "expired"),
    ],
    ids=str,
)
def test_claims_that_do_not_count(
    app: Starlette, said: dict[str, Any], reason: str
) -> None:
    answer = visit(app, **said)
    assert answer.status == 401
    assert reason in answer.body.decode()


@pytest.mark.case("A5", "cookies that were forged or belong to nobody")
def test_forged_cookies_do_not_count(app: Starlette) -> None:
    good = cookies_of(claims())
    (name, value), *rest = good.items()
    assert rest == []
    payload, stamp, signature = value.rsplit(".", 2)
    other = cookies_of(claims(email="eve@evil.example"))[name].rsplit(".", 2)
    flipped = "A" if signature[0] != "A" else "B"
    forged = [
        {},
        {name: ""},
        {name: "x"},
        {name: json.dumps(claims())},
        {name: f"{payload}.{stamp}."},
        {name: f"{payload}.{stamp}.{flipped}{signature[1:]}"},
        {name: f"{other[0]}.{stamp}.{signature}"},
        {f"{name}_1": value},
        {"_streamlit_user_tokens": value},
        cookies_of(claims(), secret="another-secret-another-secret-00"),
        cookies_of(claims(), secret=""),
        cookies_of(claims(), origin="https://evil.example"),
    ]
    answers = [ask(app, "/", headers=cookie_header(one)).status for one in forged]
    assert answers == [401] * len(forged)
    assert ask(app, "/", headers=cookie_header(good)).status == 200


def test_a_cookie_in_several_parts_counts(app: Starlette) -> None:
    """Streamlit splits what is too long for one cookie, in its own way."""
    cookies = cookies_of(claims(picture=token_hex(4000)))
    assert len(cookies) > 2
    assert ask(app, "/", headers=cookie_header(cookies)).status == 200
    cookies.popitem()
    assert ask(app, "/", headers=cookie_header(cookies)).status == 401


def test_a_changed_secret_ends_every_login(app: Starlette, tmp_path: Path) -> None:
    cookies = cookie_header(cookies_of(claims()))
    other = secrets_text(secret="another-secret-another-secret-00")
    with secrets_of(tmp_path / "other.toml", other):
        assert ask(app, "/", headers=cookies).status == 401
    assert ask(app, "/", headers=cookies).status == 200


@pytest.mark.case("A3", "a login that has expired, in requests and on an open page")
def test_an_expired_login_does_not_count(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = claims(exp=1_000.0)
    cookies = cookie_header(cookies_of(said))
    monkeypatch.setattr(CLOCK, lambda: 999.9)
    assert read_account({**said, "is_logged_in": True}).expires == 1_000.0
    monkeypatch.setattr(CLOCK, lambda: 1_000.0)
    with pytest.raises(LoginRefused, match="expired"):
        read_account({**said, "is_logged_in": True})
    monkeypatch.undo()
    assert b"expired" in ask(app, "/", headers=cookies).body


@pytest.mark.case("A3", "logout in another tab")
def test_logging_out_ends_the_login_everywhere(app: Starlette) -> None:
    mine, hers = cookies_of(claims()), cookies_of(claims(nonce="another"))
    assert ask(app, "/auth/logout", headers=cookie_header(mine)).status == 200
    assert ask(app, "/", headers=cookie_header(mine)).status == 401
    assert ask(app, "/", headers=cookie_header(hers)).status == 200


@pytest.mark.case("A3", "a copied cookie after logout and a restart of the server")
def test_an_ended_login_does_not_count_after_a_restart(
    app: Starlette, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, again = EndedLogins(), EndedLogins()
    monkeypatch.setattr(account, "ended_logins", before)
    before.keep_in(environment.studies_dir)
    mine, hers = cookies_of(claims()), cookies_of(claims(nonce="another"))
    assert ask(app, "/auth/logout", headers=cookie_header(mine)).status == 200

    monkeypatch.setattr(account, "ended_logins", again)
    assert ask(app, "/", headers=cookie_header(mine)).status == 200  # the test can fail
    again.keep_in(environment.studies_dir)
    assert ask(app, "/", headers=cookie_header(mine)).status == 401
    assert ask(app, "/", headers=cookie_header(hers)).status == 200
    kept = (environment.studies_dir / ENDED_FILE).read_text()
    assert "ann" not in kept
    assert list_studies(environment) == ()
    assert unreadable_studies(environment) == {}


def test_ended_logins_are_forgotten_when_they_expire(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = EndedLogins()
    ended.keep_in(tmp_path)
    now = [1_000.0]
    monkeypatch.setattr("pages.components.ended_logins.time.time", lambda: now[0])
    for number in range(3):
        ended.add(f"old {number}", until=1_100.0)
    now[0] = 1_200.0
    ended.add("new", until=2_000.0)
    assert json.loads((tmp_path / ENDED_FILE).read_text()) == {"new": 2_000.0}
    assert ended.holds("new")
    assert not ended.holds("old 1")


def test_no_more_ended_logins_are_kept_than_a_file_may_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pages.components.ended_logins.MOST_KEPT", 3)
    assert MOST_KEPT == 10_000
    ended = EndedLogins()
    for number in range(9):
        ended.add(f"{number}", until=9e12 - number)
    assert [one for one in map(str, range(9)) if ended.holds(one)] == [
        "0",
        "1",
        "2",
        "8",
    ]


def test_a_server_does_not_start_if_it_cannot_know_the_ended_logins(
    tmp_path: Path,
) -> None:
    (tmp_path / ENDED_FILE).write_text("[1, ")
    with pytest.raises(ConfigError, match="change `cookie_secret`"):
        EndedLogins().keep_in(tmp_path)


def test_a_logout_on_a_full_disk_counts_until_the_server_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    ended = EndedLogins()
    ended.keep_in(tmp_path)
    monkeypatch.setattr("pages.components.ended_logins.write_json", full)
    ended.add("mine", until=9e12)
    assert ended.holds("mine")


@pytest.mark.case("A3", "an open page at the moment at which its login ends")
@pytest.mark.parametrize("how", ["expired", "logged out"])
def test_an_open_page_ends_with_the_login(
    app: Starlette, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No click and no tick of a live part gets through, and nothing comes back."""

    def end(scope: dict[str, Any]) -> None:
        if how == "logged out":
            account_of(scope).end()
        else:
            monkeypatch.setattr(CLOCK, lambda: 9e12)

    sent = connect(app, cookies_of(claims()), [b"1", end, b"2", b"3"])
    assert [one["type"] for one in sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.send",
        "websocket.close",
    ]
    assert sent[1]["bytes"] == b"secret series"
    assert ForwardMsg.FromString(sent[2]["bytes"]).auth_redirect.url == "/"


@pytest.mark.case("A5", "a connection of a page without a cookie")
def test_a_connection_without_login_is_refused(app: Starlette) -> None:
    for cookies in ({}, cookies_of(claims(email_verified=False))):
        sent = connect(app, cookies, [b"1"])
        assert [one["type"] for one in sent] == ["websocket.close"]


def connect(
    app: Starlette, cookies: dict[str, str], messages: list[Any]
) -> list[dict[str, Any]]:
    """Open the connection of a page, send messages, and return what came back."""
    header = cookie_header(cookies)["cookie"].encode()
    scope: dict[str, Any] = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "path": "/_stcore/stream",
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"cookie", header)],
        "subprotocols": [],
    }
    left = [None, *messages]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "websocket.disconnect", "code": 1000}
        message = left.pop(0)
        if callable(message):
            message(scope)
            return await receive()
        if message is None:
            return {"type": "websocket.connect"}
        return {"type": "websocket.receive", "bytes": message}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


ENTRA = {"email_verified": None, "preferred_username": "bo@lab.example"}


@pytest.mark.case("A5", "a provider that says nothing of confirmed addresses")
@pytest.mark.parametrize(
    ("trusted", "said", "email"),
    [
        ("", ENTRA, ""),
        ("preferred_username", ENTRA, "bo@lab.example"),
        ("preferred_username", {}, "ann@lab.example"),  # confirmed, as ever
        ("preferred_username", {**ENTRA, "preferred_username": "bo"}, ""),
        ("preferred_username", {**ENTRA, "preferred_username": ["b@c"]}, ""),
        ("preferred_username", {**ENTRA, "preferred_username": None}, ""),
        ("upn", ENTRA, ""),
        ("email", {"email_verified": None}, "ann@lab.example"),
        ("email", {"email_verified": False}, ""),  # it says that it is not
        ("email", {"email_verified": "false"}, ""),
    ],
)
def test_a_claim_may_be_trusted_by_name_only(
    trusted: str, said: dict[str, Any], email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRUSTED_CLAIM, trusted)
    found = {**claims(**said), "is_logged_in": True}
    if email:
        assert read_account(found).email == email
        return
    with pytest.raises(LoginRefused, match="STUDIES_TRUSTED_CLAIM"):
        read_account(found)


def test_a_trusted_address_must_be_listed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED_CLAIM, "preferred_username")
    monkeypatch.setenv(ALLOWED_ACCOUNTS, "@plant.example")
    with pytest.raises(LoginRefused, match="not among the accounts"):
        read_account({**claims(**ENTRA), "is_logged_in": True})


@pytest.mark.parametrize("name", ["two claims", "a,b", "1", "-"])
def test_a_trusted_claim_that_is_none_is_refused_at_the_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRUSTED_CLAIM, name)
    with pytest.raises(ConfigError, match="must name one claim"):
        login_settings()


def test_accounts_can_be_listed(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED_ACCOUNTS, "Bo@Home.example, @lab.example")
    for email in ("ann@lab.example", "ANN@LAB.EXAMPLE", "bo@home.example"):
        assert visit(app, email=email).status == 200
    for email in ("ann@sub.lab.example", "ann@evil-lab.example", "al@home.example",
                  "lab.example", "@", "x@lab.example@evil.example"):  # fmt: skip
        answer = visit(app, email=email)
        assert answer.status == 401
        assert "not among the accounts" in answer.body.decode()


@pytest.mark.parametrize(
    "listed", ["ann", "ann@", "@", ",", "a@b@c", "ann@lab.example,"]
)
def test_a_list_that_is_none_is_refused(
    listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip in the list must not let everybody in."""
    monkeypatch.setenv(ALLOWED_ACCOUNTS, listed)
    with pytest.raises(ConfigError, match=ALLOWED_ACCOUNTS):
        is_allowed("ann@lab.example")
    with pytest.raises(ConfigError, match=ALLOWED_ACCOUNTS):
        login_settings()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[auth\n", "cannot be read"),
        ("[auth]\n", "redirect_uri"),
        ("auth = 1\n", "redirect_uri"),
        (secrets_text(origin="http://lab.example"), "https://"),
        (secrets_text().replace("/oauth2callback", "/other"), "redirect_uri"),
        (secrets_text(secret="short"), "32 random characters"),
        (secrets_text().replace("client_id", "id"), "client_id, client_secret"),
    ],
)
def test_a_login_that_cannot_work_is_refused_at_the_start(
    content: str, reason: str, tmp_path: Path
) -> None:
    """Such a server would have to start without a login, or could not be used."""
    with (
        secrets_of(tmp_path / "bad.toml", content),
        pytest.raises(ConfigError, match=reason),
    ):
        login_settings()


def test_the_package_that_a_login_needs_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(login, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="Authlib"):
        login_settings()


def test_without_secrets_there_is_no_gate(tmp_path: Path) -> None:
    with secrets_of(tmp_path / "other.toml", 'other = "x"\n'):
        assert login_settings() is None
    assert login_middleware(None) == []


@pytest.mark.case("A1", "an address for other machines, with a login")
def test_a_server_with_a_login_may_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUDIES_ALLOW_NETWORK", raising=False)
    check_address("0.0.0.0", has_login=True)
    with pytest.raises(ConfigError, match="no login is configured"):
        check_address("0.0.0.0", has_login=False)
    section = {"redirect_uri": "https://search.lab.example/oauth2callback"}
    names = allowed_hosts((), "0.0.0.0", public_host(section))
    assert "search.lab.example" in names
    assert "*" not in names


def test_the_page_for_logging_in_is_inert_and_names_each_provider(
    app: Starlette,
) -> None:
    headers = {"accept": "text/html,*/*"}
    answer = ask(app, "/compare", headers=headers)
    assert answer.status == 401
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert 'href="/login?provider=default"' in answer.body.decode()
    page = login_page('<img src=x onerror="alert(1)">', ("default", 'a"><script>'))
    assert "<img" not in page
    assert "<script" not in page
    assert "src=" not in page.replace("&lt;img src=x", "")


def test_pages_ask_again(environment: Environment, monkeypatch: pytest.MonkeyPatch):
    """A page that is reached past the gate still shows nothing."""
    main = Path(__file__).parents[2] / "pages" / "main.py"
    page = AppTest.from_file(str(main), default_timeout=60).run()
    assert [error.value for error in page.error] == ["Nobody is logged in\\."]
    assert not page.title
    assert not page.button


def test_the_header_names_the_account_as_plain_text(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    class User:
        def to_dict(self) -> dict[str, Any]:
            return {**claims(name="<b>:red[Ann]</b>"), "is_logged_in": True}

    monkeypatch.setattr("pages.components.account.st.user", User())
    main = Path(__file__).parents[2] / "pages" / "main.py"
    page = AppTest.from_file(str(main), default_timeout=60).run()
    assert not page.exception
    shown = [one.value for one in page.caption]
    assert "\\<b\\>:\u2060red\\[Ann\\]\\</b\\>" in shown
    assert page.button(key="log_out").label == "Log out"


def test_the_functions_of_streamlit_are_the_ones_this_was_written_for() -> None:
    """They are not promised; the version in requirements.txt is exact for that."""
    scope_cookies = cookies_of(claims())
    said = streamlit_login.claims_of(scope_cookies)
    assert said["is_logged_in"] is True
    assert said["email"] == "ann@lab.example"
    assert "origin" not in said
    section = streamlit_login.read_section()
    assert section is not None
    assert section["redirect_uri"].startswith(ORIGIN)
