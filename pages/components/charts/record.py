"""A chart with everything that belongs to it: question, answer in words, numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import plotly.graph_objects as go

from pages.components.figure import show_figure
from pages.components.numbers import percentage, three_digits, with_unit
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
    """How a number is called on an axis: `RMSE` and `°C`, or a column and its unit.

    Attributes
    ----------
    name, unit
        What it is, and in which unit.
    is_share
        Whether it is a share of 1, which people read in percent.
    is_error
        Whether it is in units of what is predicted, even if the unit is not known.
    """

    name: str
    unit: str | None = None
    is_share: bool = False
    is_error: bool = True

    @property
    def axis(self) -> str:
        """Title of the axis, inert in a figure."""
        if self.unit is None:
            return chart_text("charts.axis", name=self.name)
        return chart_text("charts.axis_unit", name=self.name, unit=self.unit)

    @property
    def hover(self) -> str:
        """Format of a y value in a hover text, with its unit."""
        if self.is_share:
            return "%{y:.1%}"
        unit = "" if self.unit is None else chart_text("charts.unit", unit=self.unit)
        return "%{y:,.4~r}" + unit

    @property
    def column(self) -> str:
        """Header of a column of numbers."""
        if self.unit is None:
            return self.name
        return raw_text("charts.axis_unit", name=self.name, unit=self.unit)

    @property
    def ticks(self) -> str | None:
        """Format of the numbers beside an axis; None leaves it to the chart."""
        return ".2~%" if self.is_share else None

    def bare(self, value: float | None) -> str:
        """Return `value` as people write it where its unit stands elsewhere."""
        return percentage(value) if self.is_share else three_digits(value)

    def written(self, value: float | None) -> str:
        """Return `value` as people write it, with its unit."""
        return percentage(value) if self.is_share else with_unit(value, self.unit)


def show_chart(chart: Chart, *, key: str) -> None:
    """Draw `chart` with its title, its sentence and its downloads."""
    show_figure(
        chart.figure,
        key=key,
        title=chart.title,
        summary=chart.summary,
        numbers=chart.numbers,
    )
