"""A delivered network in NumPy: forecasts, gradients of its inputs, its gates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.evaluation.windows import PADDING, is_padding
from search.explain.attention import WEIGHTS, AdditiveAttention
from search.explain.cells import BothWays, NumpyCell
from search.explain.layers import Beside, Layer, Trace
from search.explain.structure import Structure, head_layers, reading_layers

# Bytes that the gates of one batch may take.
_MOST_BYTES = 64_000_000


@dataclass(frozen=True)
class NumpyNetwork:
    """A network as a row of layers.

    Attributes
    ----------
    reader
        Layers that read the window and give on something for each of its steps.
    head
        Layers after them, from the one that makes a single answer of all steps.
    horizon, n_outputs
        Shape of a forecast: steps, and targets (or classes) of each.
    """

    reader: tuple[Layer, ...]
    head: tuple[Layer, ...]
    horizon: int
    n_outputs: int

    @classmethod
    def of(cls, structure: Structure, weights: Sequence[np.ndarray]) -> "NumpyNetwork":
        """Make the network from weights in the order of ``Model.get_weights``."""
        left = iter(weights)
        reader = tuple(reading_layers(structure, left))
        head = tuple(head_layers(structure, reader, left))
        assert next(left, None) is None
        return cls(reader, head, structure.horizon, structure.n_outputs)

    def predict(self, past: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
        """Return forecasts of shape (n_windows, horizon, n_outputs).

        Classes are given as what stands before the softmax.

        Parameters
        ----------
        past
            Scaled windows of shape (n_windows, n_steps, n_channels); steps that are
            `PADDING` in each channel are not read.
        known
            Values known in advance, of shape (n_windows, horizon, n_known).
        """
        beside, values = _given(past, known)
        for layer in (*self.reader, *self.head):
            values = layer.run(values, beside).outputs
        return values.reshape(len(past), self.horizon, self.n_outputs)

    def batch_size(self, n_steps: int) -> int:
        """Return how many windows of `n_steps` rows `predict` has room for at once."""
        n_values = n_steps * sum(layer.width for layer in self.reader)
        return max(1, _MOST_BYTES // (8 * 6 * n_values))

    def work(self, n_steps: int) -> int:
        """Return the multiplications of one window of `n_steps` rows, about."""
        return sum(layer.work(n_steps) for layer in (*self.reader, *self.head))

    def recurrent_traces(self, past: np.ndarray) -> list[tuple[Trace, ...]]:
        """Return what happens inside each recurrent layer that reads the window.

        Returns
        -------
        list of tuple
            One entry a layer, from the first one; in it the trace of each way in which
            it reads (forwards, backwards), with steps in the order of the window.
        """
        found: list[tuple[Trace, ...]] = []
        for layer, trace in zip(self.reader, self._read(past), strict=True):
            if isinstance(layer, BothWays):
                there, back = trace.parts
                found.append((there, back.turned()))
            elif isinstance(layer, NumpyCell):
                found.append((trace,))
        return found

    @property
    def has_attention(self) -> bool:
        """Whether the network weighs the time steps against each other."""
        return isinstance(self.head[0], AdditiveAttention)

    def attention(self, past: np.ndarray) -> np.ndarray:
        """Return the weight of each step, of shape (n_windows, n_steps).

        The weights of a window add up to 1; only a network with attention has them.
        """
        states = self._read(past)[-1].outputs
        return self.head[0].run(states, _given(past)[0]).inside[WEIGHTS]

    def input_gradient(
        self,
        past: np.ndarray,
        known: np.ndarray | None = None,
        *,
        step: int,
        target: int,
        is_class: bool = False,
    ) -> np.ndarray:
        """Return the gradient of one forecast value with respect to the window.

        Parameters
        ----------
        past, known
            See `predict`.
        step, target
            Which forecast value, from 0.
        is_class
            Whether `target` is a class; its value is then what it has more than the
            mean of all classes, because only differences decide.
        """
        (beside, _), traces = _given(past, known), self._read(past)
        for layer in self.head:
            traces.append(layer.run(traces[-1].outputs, beside))
        of_forecast = np.zeros((len(past), self.horizon, self.n_outputs))
        of_forecast[:, step, target] = 1.0
        if is_class:
            of_forecast[:, step] -= 1 / self.n_outputs
        of_values = of_forecast.reshape(traces[-1].outputs.shape)
        layers = (*self.reader, *self.head)
        for layer, trace in zip(reversed(layers), reversed(traces), strict=True):
            of_values = layer.back(trace, of_values)
        return of_values if beside.mask is None else of_values * beside.mask[..., None]

    def _read(self, past: np.ndarray) -> list[Trace]:
        traces: list[Trace] = []
        beside, values = _given(past)
        for layer in self.reader:
            traces.append(layer.run(values, beside))
            values = traces[-1].outputs
        return traces


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

    def work(self, n_steps: int) -> int:
        """Return the multiplications of one forecast."""
        return sum(member.work(n_steps) for member in self.members)

    @property
    def has_attention(self) -> bool:
        """Whether the networks weigh the time steps against each other."""
        return self.members[0].has_attention

    def attention(self, past: np.ndarray) -> np.ndarray:
        """Return the mean of the weights; see `NumpyNetwork.attention`."""
        found: np.ndarray = np.mean(
            [member.attention(past) for member in self.members], axis=0
        )
        return found

    def input_gradient(
        self,
        past: np.ndarray,
        known: np.ndarray | None = None,
        *,
        step: int,
        target: int,
        is_class: bool = False,
    ) -> np.ndarray:
        """Return the mean of the gradients; see `NumpyNetwork.input_gradient`."""
        gradients = [
            member.input_gradient(
                past, known, step=step, target=target, is_class=is_class
            )
            for member in self.members
        ]
        found: np.ndarray = np.mean(gradients, axis=0)
        return found


def integrated_gradients(
    network: NumpyNetwork | NumpyAverage,
    window: np.ndarray,
    known: np.ndarray | None = None,
    *,
    step: int,
    target: int,
    is_class: bool = False,
    n_points: int = 50,
) -> np.ndarray:
    """Return how much each value of a window adds to one forecast value.

    Sundararajan, Taly and Yan (2017), https://arxiv.org/abs/1703.01365: gradients
    along the straight way from a window of zeros, which is the mean of each channel or,
    for a network that sees changes, no change at all. The values known in advance and
    the padding stay as they are. The values add up to the difference of the two
    forecasts.

    Parameters
    ----------
    window
        Scaled window of shape (n_steps, n_channels).
    known
        Its values known in advance, of shape (horizon, n_known).
    step, target, is_class
        Which value; see `NumpyNetwork.input_gradient`.
    n_points
        Points on the way.
    """
    shares = (np.arange(n_points) + 0.5) / n_points
    way = shares[:, None, None] * window[None].astype(np.float64)
    way[:, is_padding(window)] = PADDING
    gradients = network.input_gradient(
        way,
        None if known is None else np.repeat(known[None], n_points, axis=0),
        step=step,
        target=target,
        is_class=is_class,
    )
    found: np.ndarray = gradients.mean(axis=0) * window
    return found


def _given(
    past: np.ndarray, known: np.ndarray | None = None
) -> tuple[Beside, np.ndarray]:
    """Return what stands beside windows, and the windows with zeros for padding."""
    values, is_empty = past.astype(np.float64), is_padding(past)
    if not is_empty.any():
        return Beside(known), values
    values[is_empty] = 0.0
    return Beside(known, ~is_empty), values
