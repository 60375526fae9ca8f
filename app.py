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

from pages.components.live_figure import plotly_routes
from pages.server.dashboard import dashboard_routes
from pages.server.guard import check_address, host_middleware
from search.config import Environment
from search.errors import ConfigError, SearchError
from search.jobs.launch import ensure_running
from search.jobs.server_lock import check_server, lock_server
from search.study.places import check_places
from search.study.storage import is_temporary, prepare_storage

WATCH_SECONDS = 3.0

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
        watcher = asyncio.create_task(watch(environment, is_prepared=is_prepared))
        try:
            yield None
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher


try:
    check_address(st.get_option("server.address"))
    check_places(Environment.from_process())
    check_server(Environment.from_process().studies_dir)
except ConfigError as error:
    raise SystemExit(f"Not started. {error}") from None

app = st.App(
    "pages/main.py",
    lifespan=lifespan,
    routes=[*dashboard_routes(Environment.from_process()), *plotly_routes()],
    middleware=[
        host_middleware(
            st.get_option("server.allowedHosts"), st.get_option("server.address")
        )
    ],
)
