"""Scalers, fitted on training rows only."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from search.config import INPUT_KINDS, Task
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

    def inverse(self, values: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Return what was predicted in original units.

        Parameters
        ----------
        values
            Scaled values of the first channels, of shape (n_samples, n_steps,
            n_targets).
        stops
            Stop of each sample; one scaler for all rows has no use for them.
        """
        n = values.shape[-1]
        return values * self.scale[:n] + self.center[:n]


@dataclass(frozen=True)
class GroupScaler:
    """A scaler for each group: `Scaler` by the group of each row.

    Attributes
    ----------
    center, scale
        Float64 arrays of shape (n_groups, n_channels), in original units; `scale` is
        never 0.
    groups
        Place of the group of each row, of shape (n_rows,).
    """

    center: np.ndarray
    scale: np.ndarray
    groups: np.ndarray

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Scale all rows of the panel, `values` of shape (n_rows, n_channels)."""
        return (values - self.center[self.groups]) / self.scale[self.groups]

    def inverse(self, values: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Return what was predicted in original units; see `Scaler.inverse`."""
        group = self.groups[stops - 1]
        n = values.shape[-1]
        scale, center = self.scale[group, None, :n], self.center[group, None, :n]
        return values * scale + center

    def of_group(self, group: int) -> Scaler:
        """Return the scaler of one group."""
        return Scaler(self.center[group], self.scale[group])


def fit_scaler(panel: Panel, name: ScalerName, *, stop: int) -> Scaler:
    """Fit a scaler on the rows ``[0, stop)`` of `panel`.

    See `fit_values`; calendar channels stay as they are.
    """
    return _without_calendar(panel, fit_values(panel.values[:stop], name))


def fit_task_scaler(
    panel: Panel, name: ScalerName, task: Task, *, rows: np.ndarray
) -> Scaler | GroupScaler:
    """Fit the scaler of a fold on the rows that it may see.

    A scaler for each group where each is a series of its own, whose past is known
    when it is forecast or watched; one for all where whole sequences are new.

    Parameters
    ----------
    panel
        All rows.
    name
        What is fitted.
    task
        What is asked for.
    rows
        Rows that may be seen, bool of shape (n_rows,); see
        `search.evaluation.samples.SampleSplit`.
    """
    is_by_group = task.kind in INPUT_KINDS and panel.n_groups > 1
    if not is_by_group:
        return _without_calendar(panel, fit_values(panel.values[rows], name))
    fitted = [
        _without_calendar(panel, fit_values(panel.values[part][rows[part]], name))
        for part in (
            slice(first, first + size)
            for first, size in zip(panel.first_rows, panel.group_sizes, strict=True)
        )
    ]
    return GroupScaler(
        center=np.stack([one.center for one in fitted]),
        scale=np.stack([one.scale for one in fitted]),
        groups=panel.groups,
    )


def fit_label_scaler(
    panel: Panel, name: ScalerName, task: Task, *, rows: np.ndarray
) -> Scaler | None:
    """Fit the scaler of labels that are no inputs; None where there are none.

    Places of classes stay as they are.

    Parameters
    ----------
    rows
        As of `fit_task_scaler`.
    """
    if panel.n_targets or panel.labels is None:
        return None
    if task.has_classes:
        n_labels = panel.labels.shape[1]
        return Scaler(np.zeros(n_labels), np.ones(n_labels))
    return fit_values(panel.labels[rows], name)


def fit_values(values: np.ndarray, name: ScalerName) -> Scaler:
    """Fit a scaler on `values` of shape (n_rows, n_channels).

    ``standard`` uses mean and standard deviation, ``minmax`` minimum and range,
    ``robust`` median and interquartile range. A channel that is constant on these
    rows is only centred. A channel whose quartiles coincide, though it is not
    constant, is scaled by its standard deviation.
    """
    deviation = values.std(axis=0)
    if name == "standard":
        center, scale = values.mean(axis=0), deviation
    elif name == "minmax":
        center = values.min(axis=0)
        scale = values.max(axis=0) - center
    else:
        low, center, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
        scale = np.where(high > low, high - low, deviation)
    constant = values.max(axis=0) == values.min(axis=0)
    return Scaler(center, np.where(constant | (scale == 0), 1.0, scale))


def _without_calendar(panel: Panel, scaler: Scaler) -> Scaler:
    """Leave the calendar channels as they are."""
    n_scaled = panel.n_channels - panel.n_calendar
    center, scale = scaler.center.copy(), scaler.scale.copy()
    center[n_scaled:] = 0.0
    scale[n_scaled:] = 1.0
    return Scaler(center, scale)
