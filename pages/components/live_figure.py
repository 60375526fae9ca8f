"""Charts that change while one looks at them, without flicker and with their zoom.

`st.plotly_chart` makes a new chart whenever the numbers change. Charts of a running
search are drawn by a small component instead, which hands the new numbers to the
chart that is there.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import plotly
import streamlit as st
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Route

from pages.components.charts.record import Chart
from pages.components.csv_files import csv_bytes
from pages.components.text import spoken, text

SCRIPT_URL = f"/plotly-{plotly.__version__}.min.js"
_SCRIPT_PATH = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_CODE_PATH = Path(__file__).with_suffix(".js")


def plotly_routes() -> list[BaseRoute]:
    """Return the route that serves plotly's script from the installed package."""
    return [Route(SCRIPT_URL, _serve_script)]


def show_live_chart(chart: Chart, *, key: str) -> None:
    """Draw `chart` under its title, with its sentence and the download of numbers.

    Parameters
    ----------
    chart
        With `uirevision` in its layout; while that stays the same, so does the zoom.
    key
        Name of the chart on the page; also of the files that are downloaded.
    """
    st.markdown(f"##### {chart.title}")
    data = {
        "figure": chart.json,
        "alt": spoken(chart.summary),
        "file": key,
        "source": SCRIPT_URL,
    }
    _component()(key=f"{key}_live", data=data)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(chart.summary, width="stretch")
        st.download_button(
            text("app.numbers"),
            lambda: csv_bytes(chart.numbers()),
            file_name=f"{key}.csv",
            mime="text/csv",
            key=f"{key}_numbers",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


@lru_cache(maxsize=1)
def _component() -> Any:
    """Return the mounting command, registered at its first use."""
    return st.components.v2.component(
        "live_figure",
        html='<div class="live-figure"></div>',
        js=_CODE_PATH.read_text(encoding="utf-8"),
        isolate_styles=False,
    )


async def _serve_script(_request: object) -> FileResponse:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(_SCRIPT_PATH, media_type="text/javascript", headers=headers)
