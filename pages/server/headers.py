"""What browsers are told about every answer of the server."""

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    # A file is what its type says, whatever it looks like.
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
# No foreign page may lay ours under its own buttons.
_POLICY, _FRAMES = "Content-Security-Policy", "frame-ancestors 'self'"


class SafeHeaders:
    """Add headers that forbid guessing of types and foreign frames."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with the headers in each answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers.setdefault(_POLICY, _FRAMES)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def headers_middleware() -> Middleware:
    """Return what adds the headers."""
    return Middleware(SafeHeaders)
