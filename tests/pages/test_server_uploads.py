"""What may be uploaded: the limits of a session and in total, and slow clients."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from pages.components.refusals import Refusals, refusals
from pages.components.uploads import MEGABYTE, UploadLimits
from pages.server import uploads
from pages.server.uploads import MOST_AT_ONCE, MOST_OF_A_SESSION, UploadQuota

LIMITS = UploadLimits(file=2 * MEGABYTE, session=4 * MEGABYTE, total=10 * MEGABYTE)
Chunks = list[bytes | float]


@dataclass
class Server:
    """A server that keeps what is uploaded, as Streamlit does, behind the quota."""

    stall_seconds: float = 5.0
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        async def put(request: Request) -> Response:
            session, file = request.path_params["session"], request.path_params["file"]
            content = b"".join([chunk async for chunk in request.stream()])
            self.files.setdefault(session, {})[file] = content
            return Response(status_code=204)

        path = "/_stcore/upload_file/{session}/{file}"
        routes = [
            Route(path, put, methods=["PUT"]),
            Route("/page", lambda _request: PlainTextResponse("here")),
        ]
        # As in the application, where the server's own error page lies outside.
        self.app = Starlette(routes=routes, middleware=[Middleware(self._guard)])

    def _guard(self, app: ASGIApp) -> UploadQuota:
        self.quota = UploadQuota(
            app, limits=LIMITS, held=self.held, stall_seconds=self.stall_seconds
        )
        return self.quota

    def held(self) -> dict[str, int]:
        return {
            session: sum(map(len, files.values()))
            for session, files in self.files.items()
        }

    async def put(
        self,
        session: str,
        file: str,
        chunks: Chunks,
        *,
        declared: int | None = None,
        leaves: bool = False,
    ) -> tuple[int, str]:
        """Upload; a number among the chunks is a pause. Return status and words."""
        left = list(chunks)

        async def receive() -> Message:
            while left and isinstance(left[0], float):
                await asyncio.sleep(left.pop(0))
            if not left:
                return {"type": "http.disconnect"}
            body = left.pop(0)
            more = bool(left) or leaves
            return {"type": "http.request", "body": body, "more_body": more}

        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [] if declared is None else [(b"content-length", b"%d" % declared)]
        path = f"/_stcore/upload_file/{session}/{file}"
        scope = {"type": "http", "method": "PUT", "path": path, "headers": headers,
                 "query_string": b"", "root_path": "", "app": self.app}  # fmt: skip
        await self.app(scope, receive, send)
        if not sent:
            return 0, ""
        body = b"".join(message.get("body", b"") for message in sent)
        return sent[0]["status"], body.decode()


def upload(server: Server, session: str, file: str, n_bytes: int, **how) -> int:
    status, _ = asyncio.run(server.put(session, file, [bytes(n_bytes)], **how))
    return status


@pytest.fixture(params=["declared", "chunked"])
def declared(request: pytest.FixtureRequest) -> Callable[[int], int | None]:
    return lambda n_bytes: n_bytes if request.param == "declared" else None


@pytest.mark.case("U10", "many files of one session, in the middleware")
def test_a_session_is_refused_beyond_its_limit(declared) -> None:
    server, size = Server(), MEGABYTE + MEGABYTE // 2
    for name in ("a", "b"):
        assert upload(server, "s", name, size, declared=declared(size)) == 204
    status, words = asyncio.run(
        server.put("s", "c", [bytes(size)], declared=declared(size))
    )
    assert status == 413
    assert "4 MB together; 3 MB are held already" in words
    assert "Reload the page" in words
    assert upload(server, "other", "a", size, declared=declared(size)) == 204


@pytest.mark.case("U10", "the reason of a refusal reaches the page of its session")
def test_a_refusal_is_kept_for_the_page_until_the_next_upload(declared) -> None:
    server = Server()
    assert upload(server, "full", "a", 3 * MEGABYTE) == 204
    assert refusals.of("full") == ""
    size = 2 * MEGABYTE
    assert upload(server, "full", "b", size, declared=declared(size)) == 413
    assert "4 MB together; 3 MB are held already" in refusals.of("full")
    assert refusals.of("other") == ""
    assert upload(server, "full", "c", MEGABYTE // 2) == 204
    assert refusals.of("full") == ""


def test_refusals_are_kept_for_a_while_and_for_the_last_sessions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("pages.components.refusals.time.monotonic", lambda: now[0])
    monkeypatch.setattr("pages.components.refusals.MOST_KEPT", 3)
    kept = Refusals()
    for number in range(5):
        kept.note(str(number), "too much")
    assert [kept.of(str(number)) for number in range(5)] == ["", "", *["too much"] * 3]
    now[0] = 301.0
    assert kept.of("4") == ""


@pytest.mark.case("U10", "many sessions, in the middleware")
def test_all_sessions_together_are_refused_beyond_the_total(declared) -> None:
    server, size = Server(), 3 * MEGABYTE
    for session in ("a", "b", "c"):
        assert upload(server, session, "f", size, declared=declared(size)) == 204
    status, words = asyncio.run(
        server.put("d", "f", [bytes(size)], declared=declared(size))
    )
    assert status == 429
    assert "10 MB together; 9 MB are held already" in words
    # A session that ended gives back what it had.
    del server.files["b"]
    assert upload(server, "d", "f", size, declared=declared(size)) == 204


def test_uploads_under_way_count_as_well(declared) -> None:
    async def run() -> list[int]:
        server, size = Server(), 3 * MEGABYTE
        half = bytes(size // 2)
        first = asyncio.create_task(
            server.put("s", "a", [half, 0.2, half], declared=declared(size))
        )
        await asyncio.sleep(0.05)
        second = await server.put("s", "b", [bytes(size)], declared=declared(size))
        return [(await first)[0], second[0]]

    assert asyncio.run(run()) == [204, 413]


@pytest.mark.case("U9", "a declared size of 1 GB, in the middleware")
def test_a_declared_size_beyond_the_limit_is_refused_without_reading() -> None:
    server = Server()
    chunks: Chunks = [60.0, b"x"]
    status, _ = asyncio.run(server.put("s", "a", chunks, declared=10**9))
    assert status == 413
    assert chunks == [60.0, b"x"]
    assert server.files == {}


@pytest.mark.parametrize("declared", [b"-5", b"many", b"", b"9" * 5_000])
def test_a_declared_size_that_is_no_number_frees_no_room(declared) -> None:
    scope = {"headers": [(b"content-length", declared)]}
    assert uploads._declared_bytes(scope) >= 0


@pytest.mark.case("U9", "a client that leaves half-way, in the middleware")
def test_a_client_that_leaves_gives_its_room_back() -> None:
    server, size = Server(), 3 * MEGABYTE
    for _ in range(5):
        status, _ = asyncio.run(
            server.put("s", "a", [bytes(size)], declared=size, leaves=True)
        )
        assert status == 0
    assert server.files == {}
    assert server.quota._transfers == []
    assert upload(server, "s", "a", size, declared=size) == 204


@pytest.mark.case("U9", "a client that rests, in the middleware")
def test_an_upload_that_rests_is_ended() -> None:
    server = Server(stall_seconds=0.05)
    status, words = asyncio.run(server.put("s", "a", [b"x", 30.0, b"y"]))
    assert (status, server.files) == (408, {})
    assert "rested for too long" in words
    assert server.quota._transfers == []


@pytest.mark.case("U9", "a byte at a time, in the middleware")
def test_an_upload_that_drips_is_ended() -> None:
    server = Server(stall_seconds=0.1)
    drips: Chunks = [part for _ in range(40) for part in (b"x", 0.02)]
    assert asyncio.run(server.put("s", "a", drips))[0] == 408


@pytest.mark.parametrize(
    ("sessions", "most"),
    [
        (["s"] * (MOST_OF_A_SESSION + 1), MOST_OF_A_SESSION),
        ([f"s{n}" for n in range(MOST_AT_ONCE + 1)], MOST_AT_ONCE),
    ],
)
def test_uploads_at_once_are_limited(sessions: list[str], most: int) -> None:
    async def run() -> list[tuple[int, str]]:
        server = Server()
        return await asyncio.gather(
            *(server.put(session, str(n), [b"x", 0.3, b"y"])
              for n, session in enumerate(sessions))
        )  # fmt: skip

    answers = asyncio.run(run())
    assert [status for status, _ in answers] == [204] * most + [429]
    assert f"At most {MOST_OF_A_SESSION} files of a session" in answers[-1][1]


def test_other_requests_pass_untouched() -> None:
    seen: list[str] = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["type"])

    quota = UploadQuota(app, limits=LIMITS, held=dict)
    path = "/_stcore/upload_file/s/f"
    for scope in (
        {"type": "lifespan"},
        {"type": "websocket", "path": path},
        {"type": "http", "method": "DELETE", "path": path},
        {"type": "http", "method": "PUT", "path": "/api/studies"},
    ):
        asyncio.run(quota(scope, None, None))
    assert seen == ["lifespan", "websocket", "http", "http"]


@pytest.mark.parametrize("prefix", ["", "/base", "/a/b"])
def test_the_path_is_known_below_every_base(prefix: str) -> None:
    path = f"{prefix}/_stcore/upload_file/me/file"
    scope = {"type": "http", "method": "PUT", "path": path}
    assert uploads._session_of(scope) == "me"
