"""One layer of a network: run it forward, and back from gradients of its outputs.

The sums are those of Keras; tests compare outputs and gradients with it. Arrays are
float64; the first axis is the window, the last one the values of a layer. Layers that
have no memory of earlier steps take windows of any number of axes between.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

# What Keras adds to a variance before it divides by its root.
EPSILON = 1e-3


@dataclass(frozen=True)
class Beside:
    """What a network is given beside its windows.

    Attributes
    ----------
    known
        Values known in advance, of shape (n_windows, horizon, n_known); None without.
    mask
        True where a step is a row, False where it is padding before the first one, of
        shape (n_windows, n_steps); None where all steps are rows.
    """

    known: np.ndarray | None = None
    mask: np.ndarray | None = None


@dataclass
class Trace:
    """What happened inside one layer.

    Attributes
    ----------
    inputs, outputs
        What came in and what the layer gave on. A recurrent layer gives on its state
        after each step, of shape (n_windows, n_steps, units).
    inside
        Every gate and inner value by name.
    mask
        See `Beside`; None where the layer does not look at it.
    parts
        Traces of the layers that it is made of: the two ways of one that reads both,
        or the recurrent layer of a decoder.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    inside: dict[str, np.ndarray] = field(default_factory=dict)
    mask: np.ndarray | None = None
    parts: tuple["Trace", ...] = ()

    def turned(self) -> "Trace":
        """Return the trace with the last step first."""
        return Trace(
            self.inputs[:, ::-1],
            self.outputs[:, ::-1],
            {name: values[:, ::-1] for name, values in self.inside.items()},
            None if self.mask is None else self.mask[:, ::-1],
        )


class Layer(ABC):
    """One layer with its weights; it keeps nothing between two runs.

    Attributes
    ----------
    width
        Values that it gives on for each step, or for each window.
    """

    width: int = 0

    @abstractmethod
    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Run forward over `inputs`."""

    @abstractmethod
    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs of `trace` from that of its outputs."""

    def work(self, n_steps: int) -> int:
        """Return the multiplications of one window of `n_steps` rows, about."""
        return 0


class Dense(Layer):
    """``x W + b`` for the last axis, with ``relu`` after it if asked for."""

    def __init__(
        self, kernel: np.ndarray, bias: np.ndarray, *, is_relu: bool = False
    ) -> None:
        self.kernel = kernel.astype(np.float64)
        self._bias = bias.astype(np.float64)
        self._is_relu = is_relu
        self.width = kernel.shape[1]

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Return outputs of shape (n_windows, ..., width)."""
        outputs = inputs @ self.kernel + self._bias
        return Trace(inputs, np.maximum(outputs, 0.0) if self._is_relu else outputs)

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs."""
        if self._is_relu:
            of_outputs = of_outputs * (trace.outputs > 0)
        found: np.ndarray = of_outputs @ self.kernel.T
        return found


class CausalConvolution(Layer):
    """A convolution over steps that sees no later step, with ``relu`` after it.

    Parameters
    ----------
    kernel
        Of shape (n_taps, n_inputs, width); the last tap is the step itself.
    bias
        Of shape (width,).
    """

    def __init__(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        self._kernel = kernel.astype(np.float64)
        self._bias = bias.astype(np.float64)
        self.width = kernel.shape[2]

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Return outputs of shape (n_windows, n_steps, width)."""
        n_before = len(self._kernel) - 1
        padded = np.pad(inputs, ((0, 0), (n_before, 0), (0, 0)))
        n_steps = inputs.shape[1]
        sums = self._bias + sum(
            padded[:, tap : tap + n_steps] @ kernel
            for tap, kernel in enumerate(self._kernel)
        )
        return Trace(inputs, np.maximum(sums, 0.0))

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs."""
        of_sums = of_outputs * (trace.outputs > 0)
        n_before, n_steps = len(self._kernel) - 1, of_outputs.shape[1]
        of_padded = np.zeros((len(of_sums), n_before + n_steps, trace.inputs.shape[2]))
        for tap, kernel in enumerate(self._kernel):
            of_padded[:, tap : tap + n_steps] += of_sums @ kernel.T
        return of_padded[:, n_before:]

    def work(self, n_steps: int) -> int:
        """Return the multiplications of one window."""
        return n_steps * self._kernel.size


class LayerNormalization(Layer):
    """Bring the values of each step to mean 0 and variance 1, then scale and shift.

    Ba, Kiros and Hinton (2016), https://arxiv.org/abs/1607.06450.
    """

    def __init__(self, gamma: np.ndarray, beta: np.ndarray) -> None:
        self._gamma = gamma.astype(np.float64)
        self._beta = beta.astype(np.float64)
        self.width = len(gamma)

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Return outputs of the shape of `inputs`."""
        centred = inputs - inputs.mean(axis=-1, keepdims=True)
        spread = np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + EPSILON)
        normal = centred / spread
        inside = {"normal": normal, "spread": spread}
        return Trace(inputs, normal * self._gamma + self._beta, inside)

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs."""
        normal, of_normal = trace.inside["normal"], of_outputs * self._gamma
        mean = of_normal.mean(axis=-1, keepdims=True)
        along = np.mean(of_normal * normal, axis=-1, keepdims=True)
        found: np.ndarray = (of_normal - mean - normal * along) / trace.inside["spread"]
        return found


class BatchNormalization(Layer):
    """Scale and shift each value by the mean and variance met in training.

    Ioffe and Szegedy (2015), https://arxiv.org/abs/1502.03167; the moving statistics
    are used, as Keras does outside training.
    """

    def __init__(
        self,
        gamma: np.ndarray,
        beta: np.ndarray,
        moving_mean: np.ndarray,
        moving_variance: np.ndarray,
    ) -> None:
        spread = np.sqrt(moving_variance.astype(np.float64) + EPSILON)
        self._slope = gamma.astype(np.float64) / spread
        self._shift = beta.astype(np.float64) - moving_mean * self._slope
        self.width = len(gamma)

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Return outputs of the shape of `inputs`."""
        return Trace(inputs, inputs * self._slope + self._shift)

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs."""
        found: np.ndarray = of_outputs * self._slope
        return found


class LastStep(Layer):
    """Give on what the layer before says in the end.

    Parameters
    ----------
    width
        Values of a step.
    n_forward
        So many of them were read forwards, the others backwards: those end at the
        first step. All of them by default.
    """

    def __init__(self, width: int, *, n_forward: int | None = None) -> None:
        self.width = width
        self._n_forward = width if n_forward is None else n_forward

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Return outputs of shape (n_windows, width)."""
        n = self._n_forward
        ends = (inputs[:, -1, :n], inputs[:, 0, n:])
        return Trace(inputs, np.concatenate(ends, axis=1))

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs."""
        of_inputs = np.zeros(trace.inputs.shape)
        of_inputs[:, -1, : self._n_forward] += of_outputs[:, : self._n_forward]
        of_inputs[:, 0, self._n_forward :] += of_outputs[:, self._n_forward :]
        return of_inputs


class JoinKnown(Layer):
    """Put the values known in advance, all steps in one row, beside the inputs."""

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Return outputs of shape (n_windows, n_inputs + horizon * n_known)."""
        known = beside.known
        if known is None or not known.size:
            return Trace(inputs, inputs)
        flat = known.reshape(len(known), -1)
        return Trace(inputs, np.concatenate([inputs, flat], axis=1))

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs; the known values have none."""
        return of_outputs[:, : trace.inputs.shape[1]]
