"""Windows as arrays: the plain definition that the engine is tested against."""

from dataclasses import dataclass

import numpy as np

from search.evaluation.framing import FramedSeries

# Stands in every channel of the steps before the group of a window begins. Exact in
# float32, and far from every scaled value.
PADDING = -(2.0**20)


@dataclass(frozen=True)
class Windows:
    """Windows of several origins, in scaled units; float32.

    Attributes
    ----------
    past
        Network input of shape (n_windows, sequence_length, n_channels); `PADDING`
        before the first row of a group.
    known
        Values known in advance for the forecast steps, of shape
        (n_windows, horizon, n_known).
    base
        What a prediction is added to, of shape (n_windows, horizon, n_targets).
    """

    past: np.ndarray
    known: np.ndarray
    base: np.ndarray


def gather_windows(
    framed: FramedSeries,
    origins: np.ndarray,
    *,
    sequence_length: int,
    n_known: int,
) -> Windows:
    """Gather the inputs of the windows at `origins`.

    The known values of the forecast steps must exist: ``origin + horizon`` may not
    exceed the number of rows where `n_known` is above 0. Targets are not needed.
    """
    n_targets = framed.targets.shape[1]
    steps = np.arange(len(framed.base_offsets))
    rows = origins[:, None] + np.arange(-sequence_length, 0)
    has_groups = framed.group_starts is not None
    past = framed.inputs[np.maximum(rows, 0) if has_groups else rows]
    if framed.is_anchored:
        past[:, :, :n_targets] -= framed.targets[origins - 1][:, None, :]
    if framed.group_starts is not None:
        past[rows < framed.group_starts[origins - 1][:, None]] = PADDING
    if n_known:
        known = framed.inputs[origins[:, None] + steps, -n_known:]
    else:
        known = np.zeros((len(origins), len(steps), 0), dtype=np.float32)
    base = framed.targets[origins[:, None] + framed.base_offsets]
    if not framed.has_base:
        base = np.zeros_like(base)
    return Windows(past=past, known=known, base=base)


def gather_targets(
    values: np.ndarray, origins: np.ndarray, *, horizon: int
) -> np.ndarray:
    """Return the targets of shape (n_windows, horizon, n_targets).

    Examples
    --------
    >>> gather_targets(np.arange(6.0)[:, None], np.array([1, 3]), horizon=2)[..., 0]
    array([[1., 2.],
           [3., 4.]])
    """
    return values[origins[:, None] + np.arange(horizon)]


def is_padding(past: np.ndarray) -> np.ndarray:
    """Return which steps are padding in each channel, of shape (..., n_steps)."""
    found: np.ndarray = (past == PADDING).all(axis=-1)
    return found
