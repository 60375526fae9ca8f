"""optuna-dashboard inside the web server: same port, same studies, read-only.

optuna-dashboard has neither log-in nor protection against foreign pages, and anyone
who reaches it may delete a study. So only GET and HEAD pass. It knows no base path
either: its static files are served under another name, because ``/static`` belongs
to Streamlit.
"""

import asyncio
import re
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from a2wsgi import WSGIMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from search.config import Environment
from search.errors import StudyCorrupted
from search.study.storage.opening import cached_reader

STATIC_PREFIX = "/od-static/"
_FILE_NAME = re.compile(r"[\w.-]+")
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "connect-src 'self'; style-src 'self' data: 'unsafe-inline'; "
    "script-src 'self' 'unsafe-eval'; font-src 'self' data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class ReadOnly:
    """Let reading through and refuse everything that could change a study."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 to every method but GET and HEAD."""
        if scope["type"] != "http":
            return
        if scope["method"] not in ("GET", "HEAD"):
            refusal = PlainTextResponse(
                "This view of the studies is read-only.", status_code=403
            )
            await refusal(scope, receive, send)
            return
        # The application below expects the path from the root, not from the mount.
        await self._app(dict(scope, root_path=""), receive, send)


class LazyDashboard:
    """optuna-dashboard, opened at the first request.

    The storage may not exist yet when the server starts, and the package loads
    scikit-learn, which takes seconds that no page should wait for.
    """

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._app: ASGIApp | None = None
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer 503 while the storage cannot be opened."""
        try:
            async with self._lock:
                if self._app is None:
                    self._app = await asyncio.to_thread(self._make)
        except StudyCorrupted as error:
            answer = PlainTextResponse(str(error), status_code=503)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def dashboard_routes(environment: Environment) -> list[BaseRoute]:
    """Return the routes of the dashboard over the storage of `environment`."""

    def make() -> ASGIApp:
        from optuna_dashboard import wsgi

        storage = cached_reader(environment.storage_url)
        return WSGIMiddleware(wsgi(storage))  # type: ignore[return-value]

    dashboard = ReadOnly(LazyDashboard(make))
    return [
        Route("/dashboard", _index),
        Route("/dashboard/{rest:path}", _index),
        Route(STATIC_PREFIX + "{name}", _static),
        Mount("/api", dashboard),
        Mount("/csv", dashboard),
        Mount("/artifacts", dashboard),
    ]


async def _index(_request: Request) -> Response:
    return HTMLResponse(index_page(), headers=_HEADERS)


def index_page() -> str:
    """Return the page of optuna-dashboard with its script under our path.

    Raises
    ------
    RuntimeError
        If the page has another shape than the one this was written for; the
        version in requirements.txt is exact for that reason.
    """
    page = (_package() / "index.html").read_text(encoding="utf-8")
    rewritten = page.replace('src="/static/', f'src="{STATIC_PREFIX}')
    if rewritten == page:
        raise RuntimeError("optuna-dashboard's index.html has changed its shape.")
    return rewritten


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    path = _package() / "public" / name
    if not _FILE_NAME.fullmatch(name) or not path.is_file():
        return PlainTextResponse("Not found.", status_code=404)
    return FileResponse(path, headers={"X-Content-Type-Options": "nosniff"})


@lru_cache(maxsize=1)
def _package() -> Path:
    """Return the folder of optuna-dashboard without importing it."""
    spec = find_spec("optuna_dashboard")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent
