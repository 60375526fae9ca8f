"""Forecasts that need no training, on the same windows as the networks."""

from collections.abc import Callable

import numpy as np

from search.evaluation.framing import base_offsets

NAIVE_NAMES = ("last_value", "seasonal_naive", "drift")


def naive_forecasts(
    targets: np.ndarray, origins: np.ndarray, *, horizon: int, season: int
) -> dict[str, np.ndarray]:
    """Return the forecasts of each baseline, of shape (n_origins, horizon, n_targets).

    Without a season (1) the seasonal naive forecast is the last value and is left out;
    so it is where an origin has less than one season before it.

    Parameters
    ----------
    targets
        The whole series of shape (n_rows, n_targets); each forecast uses only the
        rows before its origin.
    origins
        First target row of each forecast; at least 2.
    """
    methods: dict[str, Callable[[], np.ndarray]] = {
        "last_value": lambda: _last_value(targets, origins, horizon),
        "drift": lambda: _drift(targets, origins, horizon),
    }
    if 1 < season <= origins.min():
        offsets = base_offsets("seasonal", horizon=horizon, season=season)
        methods["seasonal_naive"] = lambda: targets[origins[:, None] + offsets]
    return {name: methods[name]() for name in NAIVE_NAMES if name in methods}


def _last_value(targets: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    return np.repeat(targets[origins - 1][:, None, :], horizon, axis=1)


def _drift(targets: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    """Continue the straight line from the first row to the last known one."""
    last = targets[origins - 1]
    slope = (last - targets[0]) / (origins - 1)[:, None]
    steps = np.arange(1, horizon + 1)
    return last[:, None, :] + slope[:, None, :] * steps[None, :, None]
