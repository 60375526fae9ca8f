"""The decoder of a network that reads a window first and then writes step by step."""

import numpy as np

from search.explain.cells import NumpyCell
from search.explain.layers import Beside, Layer, Trace


class Decoder(Layer):
    """A recurrent layer over the forecast steps.

    At each step it is given what the encoder says in the end and, beside it, the
    values known in advance for that step. Its gates are those of the forecast steps.

    Parameters
    ----------
    cell
        The recurrent layer.
    horizon
        Number of steps.
    """

    def __init__(self, cell: NumpyCell, *, horizon: int) -> None:
        self._cell = cell
        self._horizon = horizon
        self.width = cell.width

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Return outputs of shape (n_windows, horizon, width)."""
        steps = np.repeat(inputs[:, None], self._horizon, axis=1)
        if beside.known is not None and beside.known.size:
            steps = np.concatenate([steps, beside.known], axis=2)
        found = self._cell.run(steps, Beside())
        return Trace(inputs, found.outputs, parts=(found,))

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of what the encoder says."""
        (steps,) = trace.parts
        of_steps = self._cell.back(steps, of_outputs)
        found: np.ndarray = of_steps[:, :, : trace.inputs.shape[1]].sum(axis=1)
        return found

    def work(self, n_steps: int) -> int:
        """Return the multiplications of one window."""
        return self._cell.work(self._horizon)
