"""One request through the ASGI interface, without a server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.applications import Starlette


@dataclass
class Answer:
    """What the server sent back."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    app: Starlette,
    path: str,
    method: str = "GET",
    *,
    host: str = "localhost",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request through the ASGI interface."""
    sent: list[dict] = []
    asked: list[bool] = []

    async def receive() -> dict:
        if asked:
            await asyncio.Event().wait()  # a client that stays and says no more
        asked.append(True)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in {"host": host, **(headers or {})}.items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    asyncio.run(app(scope, receive, send))
    start = next(m for m in sent if m["type"] == "http.response.start")
    body = b"".join(m.get("body", b"") for m in sent if m["type"].endswith("body"))
    answered = {k.decode().lower(): v.decode() for k, v in start["headers"]}
    return Answer(start["status"], answered, body)
