"""Scalers, fitted on training rows only."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from search.evaluation.panel import Panel

ScalerName = Literal["standard", "minmax", "robust"]


@dataclass(frozen=True)
class Scaler:
    """An affine map of each channel: ``(value - center) / scale``.

    Attributes
    ----------
    center, scale
        Float64 arrays of shape (n_channels,), in original units; `scale` is
        never 0.
    """

    center: np.ndarray
    scale: np.ndarray

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Scale `values` of shape (n_rows, n_channels)."""
        return (values - self.center) / self.scale


def fit_scaler(panel: Panel, name: ScalerName, *, stop: int) -> Scaler:
    """Fit a scaler on the rows ``[0, stop)`` of `panel`.

    ``standard`` uses mean and standard deviation, ``minmax`` minimum and range,
    ``robust`` median and interquartile range. A channel that is constant on these
    rows is only centred. A channel whose quartiles coincide, though it is not
    constant, is scaled by its standard deviation. Calendar channels stay as they are.
    """
    rows = panel.values[:stop]
    deviation = rows.std(axis=0)
    if name == "standard":
        center, scale = rows.mean(axis=0), deviation
    elif name == "minmax":
        center = rows.min(axis=0)
        scale = rows.max(axis=0) - center
    else:
        low, center, high = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
        scale = np.where(high > low, high - low, deviation)
    constant = rows.max(axis=0) == rows.min(axis=0)
    scale = np.where(constant | (scale == 0), 1.0, scale)
    n_scaled = panel.n_channels - panel.n_calendar
    center[n_scaled:] = 0.0
    scale[n_scaled:] = 1.0
    return Scaler(center, scale)
