"""The part of the Explain page that shows what an attention network attends to."""

import numpy as np
import streamlit as st

from pages.components.charts.attention import attention_chart
from pages.components.charts.record import show_chart
from pages.components.text import text
from search.analysis.delivered.explaining import Explained
from search.explain.attention import WeightRange, weight_range
from search.explain.importance import MOST_WINDOWS


def show_attention(
    folder: str, explained: Explained, place: int, *, cell: str, trial: int
) -> None:
    """Show the attention of one window beside that of all windows of the holdout.

    Parameters
    ----------
    folder, cell, trial
        Name the network in the cache.
    explained
        The network and its windows.
    place
        The chosen window.
    """
    st.subheader(
        text("explain.attention_heading"),
        help=text("explain.attention_help"),
        anchor=False,
    )
    network = explained.network
    if not network.has_attention:
        st.caption(text("explain.attention_none"))
        return
    if len(network.members) > 1:
        st.caption(text("explain.attention_of_members", n=len(network.members)))
    (weights,) = network.attention(explained.past[place][None])
    with st.spinner(text("explain.attention_wait")):
        usual = _usual(folder, cell, trial, explained)
    show_chart(attention_chart(weights, usual), key="attention")


@st.cache_resource(max_entries=16, show_spinner=False)
def _usual(folder: str, cell: str, trial: int, _explained: Explained) -> WeightRange:
    """Return the attention over windows that are spread over the whole holdout."""
    n_windows = len(_explained.past)
    chosen = np.unique(
        np.linspace(0, n_windows - 1, min(MOST_WINDOWS, n_windows)).astype(int)
    )
    return weight_range(_explained.network.attention(_explained.past[chosen]))
