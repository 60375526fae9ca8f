"""One chart on a page: the question, the picture, a sentence, the numbers."""

from collections.abc import Callable
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.components.csv_files import csv_bytes
from pages.components.text import spoken, text


def show_figure(
    figure: go.Figure,
    *,
    key: str,
    title: str,
    summary: str,
    numbers: Callable[[], pd.DataFrame] | None = None,
    on_select: Literal["rerun"] | None = None,
) -> Any:
    """Show a chart under the question that it answers.

    Parameters
    ----------
    figure
        The picture; its colours come from `pages.components.theme`.
    key
        Name of the chart on the page; also of the files that are downloaded.
    title
        The question; markdown.
    summary
        One sentence that says what the chart shows, for screen readers and for
        people in a hurry; markdown.
    numbers
        Makes the numbers under the chart, offered as CSV; called when they are
        asked for.
    on_select
        ``"rerun"`` to learn which points are selected.

    Returns
    -------
    The selection of `st.plotly_chart` where `on_select` is given.
    """
    if title:
        st.markdown(f"##### {title}")
    # A mode bar that shows only on hover would leave touch screens without download.
    config = {
        "displaylogo": False,
        "displayModeBar": "hover",
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
        "toImageButtonOptions": {"format": "png", "filename": key, "scale": 2},
    }
    selection = st.plotly_chart(
        figure,
        theme="streamlit",
        width="stretch",
        key=key,
        config=config,
        on_select=on_select or "ignore",
        alt=spoken(summary),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(summary, width="stretch")
        if numbers is not None:
            st.download_button(
                text("app.numbers"),
                lambda: csv_bytes(numbers()),
                file_name=f"{key}.csv",
                mime="text/csv",
                key=f"{key}_numbers",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
            )
    return selection
