"""A delivered network in NumPy: forecasts, gradients of its inputs, its gates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.config import Cell
from search.explain.cells import CELL_CLASSES, BothWays, NumpyCell, Trace

# Bytes that the gates of one batch may take.
_MOST_BYTES = 64_000_000


@dataclass(frozen=True)
class NumpyNetwork:
    """A plain stack of recurrent layers and the dense layer after it.

    Attributes
    ----------
    layers
        The recurrent layers.
    kernel, bias
        Weights of the dense layer.
    horizon, n_targets
        Shape of a forecast.
    """

    layers: tuple[NumpyCell | BothWays, ...]
    kernel: np.ndarray
    bias: np.ndarray
    horizon: int
    n_targets: int

    @classmethod
    def of(
        cls,
        cell: Cell,
        weights: Sequence[np.ndarray],
        *,
        horizon: int,
        n_targets: int,
        bidirectional: bool = False,
    ) -> "NumpyNetwork":
        """Make the network from weights in the order of ``Model.get_weights``."""
        *stack, kernel, bias = weights
        kind = CELL_CLASSES[cell]
        ways = [kind(*stack[first : first + 3]) for first in range(0, len(stack), 3)]
        layers: tuple[NumpyCell | BothWays, ...] = tuple(ways)
        if bidirectional:
            pairs = zip(ways[::2], ways[1::2], strict=True)
            layers = tuple(BothWays(there, back) for there, back in pairs)
        return cls(
            layers,
            kernel.astype(np.float64),
            bias.astype(np.float64),
            horizon,
            n_targets,
        )

    def predict(self, past: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
        """Return forecasts of shape (n_windows, horizon, n_targets).

        Parameters
        ----------
        past
            Scaled windows of shape (n_windows, n_steps, n_channels).
        known
            Values known in advance, of shape (n_windows, horizon, n_known).
        """
        return self._head(self.trace(past)[-1], known)

    def batch_size(self, n_steps: int) -> int:
        """Return how many windows of `n_steps` rows `predict` has room for at once."""
        n_values = n_steps * sum(layer.units for layer in self.layers)
        return max(1, _MOST_BYTES // (8 * 6 * n_values))

    def work(self, n_steps: int, n_channels: int) -> int:
        """Return the multiplications of one window of `n_steps` rows, about."""
        total, n_inputs = 0, n_channels
        for layer in self.layers:
            total += 4 * layer.units * (n_inputs + layer.units)
            n_inputs = layer.units
        return n_steps * total

    def trace(self, past: np.ndarray) -> list[Trace]:
        """Return what happens inside each layer."""
        traces: list[Trace] = []
        values = past.astype(np.float64)
        for layer in self.layers:
            traces.append(layer.run(values))
            values = traces[-1].states
        return traces

    def input_gradient(self, past: np.ndarray, *, step: int, target: int) -> np.ndarray:
        """Return the gradient of one forecast value with respect to the window.

        Parameters
        ----------
        past
            See `predict`.
        step, target
            Which forecast value, from 0.
        """
        traces = self.trace(past)
        column = step * self.n_targets + target
        of_values = np.zeros_like(traces[-1].states)
        of_values[:, -1] = self.kernel[: self.layers[-1].units, column]
        for number in reversed(range(len(self.layers))):
            below = traces[number - 1].states if number else past.astype(np.float64)
            of_values = self.layers[number].back(below, traces[number], of_values)
        return of_values

    def _head(self, trace: Trace, known: np.ndarray | None) -> np.ndarray:
        features = self.layers[-1].last(trace)
        if known is not None and known.size:
            flat = known.reshape(len(known), -1)
            features = np.concatenate([features, flat], axis=1)
        outputs = features @ self.kernel + self.bias
        return outputs.reshape(len(features), self.horizon, self.n_targets)


@dataclass(frozen=True)
class NumpyAverage:
    """Networks of one shape whose forecasts are averaged; a single one is itself.

    Attributes
    ----------
    members
        At least one.
    """

    members: tuple[NumpyNetwork, ...]

    def predict(self, past: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
        """Return the mean of the forecasts; see `NumpyNetwork.predict`."""
        found: np.ndarray = np.mean(
            [member.predict(past, known) for member in self.members], axis=0
        )
        return found

    def batch_size(self, n_steps: int) -> int:
        """Return how many windows to predict at a time."""
        return self.members[0].batch_size(n_steps)

    def work(self, n_steps: int, n_channels: int) -> int:
        """Return the multiplications of one forecast."""
        return sum(member.work(n_steps, n_channels) for member in self.members)

    def input_gradient(self, past: np.ndarray, *, step: int, target: int) -> np.ndarray:
        """Return the mean of the gradients; see `NumpyNetwork.input_gradient`."""
        gradients = [
            member.input_gradient(past, step=step, target=target)
            for member in self.members
        ]
        found: np.ndarray = np.mean(gradients, axis=0)
        return found


def integrated_gradients(
    network: NumpyNetwork | NumpyAverage,
    window: np.ndarray,
    *,
    step: int,
    target: int,
    n_points: int = 50,
) -> np.ndarray:
    """Return how much each value of a window adds to one forecast value.

    Sundararajan, Taly and Yan (2017), https://arxiv.org/abs/1703.01365: gradients
    along the straight way from a window of zeros, which is the mean of each channel or,
    for a network that sees changes, no change at all. The values add up to the
    difference of the two forecasts.

    Parameters
    ----------
    window
        Scaled window of shape (n_steps, n_channels).
    step, target
        Which forecast value, from 0.
    n_points
        Points on the way.
    """
    shares = (np.arange(n_points) + 0.5) / n_points
    way = shares[:, None, None] * window[None].astype(np.float64)
    gradients = network.input_gradient(way, step=step, target=target)
    found: np.ndarray = gradients.mean(axis=0) * window
    return found
