"""What the network is asked for: the value itself, or a change against a known one.

``none`` predicts the scaled value. ``last_value`` predicts the change against the last
observed value, ``seasonal`` the change against the last known season. The base that a
forecast is added to lies in the past of its origin, always.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from search.evaluation.panel import Panel
from search.evaluation.scaling import Scaler

FramingName = Literal["none", "last_value", "seasonal"]


@dataclass(frozen=True)
class FramedSeries:
    """Scaled arrays from which windows are gathered; float32.

    For the origin ``t``, the window of channel ``c`` is ``inputs[t - L : t, c]``, less
    ``targets[t - 1, c]`` where `is_anchored` and ``c`` is a target. The network
    predicts ``targets[t + h] - base`` for step ``h``, where ``base`` is
    ``targets[t + base_offsets[h]]``, or 0 if not `has_base`.

    Attributes
    ----------
    inputs
        Shape (n_rows, n_channels). Target channels are season-differenced where the
        framing is seasonal (their first season is 0 and lies in no legal window).
    targets
        Shape (n_rows, n_targets).
    base_offsets
        Negative int32 offsets of shape (horizon,).
    is_anchored, has_base
        See above.
    center, scale
        What makes a scaled target of each row a value again, ``scaled * scale +
        center``; both of shape (n_rows, n_targets).
    """

    inputs: np.ndarray
    targets: np.ndarray
    base_offsets: np.ndarray
    is_anchored: bool
    has_base: bool
    center: np.ndarray
    scale: np.ndarray


def first_origin(sequence_length: int, framing: FramingName, season: int) -> int:
    """Return the first origin whose window and base lie inside the series."""
    return sequence_length + (season if framing == "seasonal" else 0)


def base_offsets(framing: FramingName, *, horizon: int, season: int) -> np.ndarray:
    """Return where the base of each step lies, relative to the origin.

    Examples
    --------
    With a season of 3, step 3 falls back on the same season as step 0:

    >>> base_offsets("seasonal", horizon=4, season=3).tolist()
    [-3, -2, -1, -3]
    >>> base_offsets("last_value", horizon=4, season=3).tolist()
    [-1, -1, -1, -1]
    """
    if framing != "seasonal":
        return np.full(horizon, -1, dtype=np.int32)
    return (np.arange(horizon) % season - season).astype(np.int32)


def frame_series(
    panel: Panel,
    scaler: Scaler,
    framing: FramingName,
    *,
    horizon: int,
    season: int,
) -> FramedSeries:
    """Scale `panel` and arrange it for `framing`."""
    inputs = scaler.transform(panel.values)
    targets = inputs[:, : panel.n_targets].copy()
    center, scale = (
        np.broadcast_to(one[: panel.n_targets], targets.shape).astype(np.float32)
        for one in (scaler.center, scaler.scale)
    )
    if framing == "seasonal":
        inputs[season:, : panel.n_targets] = targets[season:] - targets[:-season]
        inputs[:season, : panel.n_targets] = 0.0
    return FramedSeries(
        inputs=inputs.astype(np.float32),
        targets=targets.astype(np.float32),
        base_offsets=base_offsets(framing, horizon=horizon, season=season),
        is_anchored=framing == "last_value",
        has_base=framing != "none",
        center=center,
        scale=scale,
    )
