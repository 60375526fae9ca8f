"""A chart with everything that belongs to it: question, answer in words, numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import plotly.graph_objects as go

from pages.components.figure import show_figure
from pages.components.text import chart_text, raw_text


@dataclass(frozen=True)
class Chart:
    """A figure, the question it answers, what it shows, and the numbers under it.

    Attributes
    ----------
    figure
        Drawn with the colours of `pages.components.theme`.
    title
        The question, markdown.
    summary
        One sentence that says what the figure shows, markdown.
    numbers
        Makes the table of what the figure shows, unthinned, for the CSV download;
        called when somebody asks for it.
    """

    figure: go.Figure
    title: str
    summary: str
    numbers: Callable[[], pd.DataFrame]

    @cached_property
    def json(self) -> str:
        """The figure as JSON, written once for all ticks and sessions."""
        return str(self.figure.to_json())


@dataclass(frozen=True)
class Scale:
    """How a number is called on an axis: `RMSE` and `°C`, or a column and its unit."""

    name: str
    unit: str | None = None

    @property
    def axis(self) -> str:
        """Title of the axis, inert in a figure."""
        if self.unit is None:
            return chart_text("charts.axis", name=self.name)
        return chart_text("charts.axis_unit", name=self.name, unit=self.unit)

    @property
    def hover(self) -> str:
        """Format of a y value in a hover text, with its unit."""
        unit = "" if self.unit is None else chart_text("charts.unit", unit=self.unit)
        return "%{y:,.4~r}" + unit

    @property
    def column(self) -> str:
        """Header of a column of numbers."""
        if self.unit is None:
            return self.name
        return raw_text("charts.axis_unit", name=self.name, unit=self.unit)


def show_chart(chart: Chart, *, key: str) -> None:
    """Draw `chart` with its title, its sentence and its downloads."""
    show_figure(
        chart.figure,
        key=key,
        title=chart.title,
        summary=chart.summary,
        numbers=chart.numbers,
    )
