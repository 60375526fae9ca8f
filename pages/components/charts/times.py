"""Moments as people write them, on a time axis and in sentences."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

_DAY, _MINUTE = "%d %b %Y", "%d %b %Y %H:%M"


def time_words(times: Any) -> list[str]:
    """Return each moment in words; row numbers stay numbers.

    Examples
    --------
    >>> time_words(np.array(["2026-03-14T09:00"], dtype="datetime64[s]"))
    ['14 Mar 2026 09:00']
    >>> time_words([7, 8])
    ['7', '8']
    """
    index = pd.Index(times)
    if not isinstance(index, pd.DatetimeIndex):
        return [str(value) for value in index]
    return list(index.strftime(_format(index)))


def speak_times(figure: go.Figure, times: Any) -> None:
    """Let the hover of the x axis say moments in words."""
    index = pd.Index(times)
    if isinstance(index, pd.DatetimeIndex):
        figure.update_xaxes(hoverformat=_format(index))
    else:
        figure.update_xaxes(hoverformat="d", tickformat="d")


def _format(index: pd.DatetimeIndex) -> str:
    """Return the shortest format that tells the moments apart."""
    return _DAY if bool(np.all(index == index.normalize())) else _MINUTE
