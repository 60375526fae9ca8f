"""Live charts: plotly's own script is served, and the component gets what it needs."""

import asyncio
import json
from typing import Any

import pandas as pd
import plotly
import pytest
from starlette.routing import Route

from pages.components import live_figure
from pages.components.charts.record import Chart
from pages.components.live_figure import plotly_routes, show_live_chart
from pages.components.theme import new_figure


def test_the_script_of_the_installed_plotly_is_served() -> None:
    (route,) = plotly_routes()
    assert isinstance(route, Route)
    assert plotly.__version__ in route.path
    answer = asyncio.run(route.endpoint(None))
    assert answer.status_code == 200
    assert answer.media_type == "text/javascript"


def test_a_live_chart_keeps_its_key_and_says_what_it_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The key does not depend on the numbers, so the chart is changed in place."""
    mounted: list[dict[str, Any]] = []
    monkeypatch.setattr(
        live_figure, "_component", lambda: lambda **v: mounted.append(v)
    )
    for height in (300, 400):
        figure = new_figure(x_title="x", y_title="y", height=height)
        chart = Chart(figure, "Is it good?", "It is.", lambda: pd.DataFrame({"x": [1]}))
        show_live_chart(chart, key="one")
    assert [call["key"] for call in mounted] == ["one_live", "one_live"]
    assert mounted[1]["data"]["alt"] == "It is."
    assert json.loads(mounted[1]["data"]["figure"])["layout"]["height"] == 400
