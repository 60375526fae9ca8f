"""The web application: `streamlit run app.py`.

Start-up, the routes of optuna-dashboard, and a watcher that keeps studies running.
Nothing else: the pages are in `pages/`, the work is in `search/`.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st

from pages.components.ended_logins import ended_logins
from pages.components.errors import answer_script_error
from pages.components.live_figure import plotly_routes
from pages.components.uploads import UploadLimits, close_ended_sessions
from pages.server.dashboard import dashboard_routes
from pages.server.guard import check_address, host_middleware
from pages.server.headers import headers_middleware
from pages.server.login import (
    login_middleware,
    login_routes,
    login_settings,
    public_host,
)
from pages.server.uploads import upload_middleware
from search.config import Environment
from search.errors import ConfigError, SearchError
from search.jobs.launch import ensure_running
from search.jobs.server_lock import check_server, lock_server
from search.study.storage.opening import is_temporary, prepare_storage
from search.study.storage.places import check_places

WATCH_SECONDS = 3.0
TIDY_SECONDS = 10.0

logger = logging.getLogger(__name__)


async def watch(environment: Environment, *, is_prepared: bool = True) -> None:
    """Start the supervisor of each study that should run and has none, for ever.

    A storage that is not prepared yet, because its server did not answer, is prepared
    first.
    """
    while True:
        try:
            if not is_prepared:
                await asyncio.to_thread(prepare_storage, environment.storage_url)
                is_prepared = True
            await asyncio.to_thread(ensure_running, environment)
        except (SearchError, OSError):
            logger.exception("The watcher could not look after the studies.")
        await asyncio.sleep(WATCH_SECONDS)


async def tidy() -> None:
    """Close the sessions that nobody comes back to, for ever."""
    while True:
        close_ended_sessions()
        await asyncio.sleep(TIDY_SECONDS)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object] | None]:
    """Prepare the storage, and watch over the studies while the server runs.

    A storage that cannot be used does not keep the server from starting: the pages
    say what is wrong.
    """
    environment = Environment.from_process()
    environment.studies_dir.mkdir(parents=True, exist_ok=True)
    is_prepared = True
    with lock_server(environment.studies_dir, pid=os.getpid()):
        try:
            await asyncio.to_thread(prepare_storage, environment.storage_url)
        except (SearchError, OSError) as error:
            logger.exception("The storage of the studies could not be prepared.")
            is_prepared = not is_temporary(error)
        tasks = [
            asyncio.create_task(watch(environment, is_prepared=is_prepared)),
            asyncio.create_task(tidy()),
        ]
        try:
            yield None
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


try:
    login = login_settings()
    check_address(st.get_option("server.address"), has_login=login is not None)
    check_places(Environment.from_process())
    check_server(Environment.from_process().studies_dir)
    upload_limits = UploadLimits.from_process()
    if login is not None:
        ended_logins.keep_in(Environment.from_process().studies_dir)
except ConfigError as error:
    raise SystemExit(f"Not started. {error}") from None

app = st.App(
    "pages/main.py",
    lifespan=lifespan,
    routes=[
        *dashboard_routes(Environment.from_process()),
        *plotly_routes(),
        *login_routes(login),
    ],
    middleware=[
        host_middleware(
            st.get_option("server.allowedHosts"),
            st.get_option("server.address"),
            public_host(login),
        ),
        headers_middleware(),
        *login_middleware(login),
        upload_middleware(upload_limits),
    ],
    on_script_error=answer_script_error,
)
