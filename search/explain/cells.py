"""The three cells step by step, forward and back, with all that happens inside.

The sums are those of Keras; tests compare outputs and gradients with it. Arrays are
float64 with the axes window, step, unit. A step that is padding leaves the state as it
was.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from search.config import Cell
from search.explain.layers import Beside, Layer, Trace


class NumpyCell(Layer):
    """One recurrent layer.

    Parameters
    ----------
    kernel, recurrent, bias
        Weights in the order and form of Keras.
    """

    gate_names: ClassVar[tuple[str, ...]]

    def __init__(
        self, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
    ) -> None:
        self._kernel = kernel.astype(np.float64)
        self._recurrent = recurrent.astype(np.float64)
        self._bias = bias.astype(np.float64)
        self.width = recurrent.shape[0]

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Run from a state of zeros over `inputs`, (n_windows, n_steps, n_inputs)."""
        n_windows, n_steps, _ = inputs.shape
        shape = (n_windows, n_steps, self.width)
        gates = {name: np.zeros(shape) for name in self.gate_names}
        trace = Trace(inputs, np.zeros(shape), gates, beside.mask)
        state = np.zeros((n_windows, self.width))
        for step in range(n_steps):
            trace.outputs[:, step] = self._step(inputs[:, step], state, trace, step)
            if trace.mask is not None:
                for values in (trace.outputs, *gates.values()):
                    _hold(values, step, trace.mask)
            state = trace.outputs[:, step]
        return trace

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs from that of each state, same shapes."""
        of_inputs = np.zeros(trace.inputs.shape)
        carried = np.zeros((len(trace.inputs), self.width))
        memory = {"cell": np.zeros_like(carried)}
        for step in reversed(range(trace.inputs.shape[1])):
            of_state, later = of_outputs[:, step] + carried, memory["cell"]
            of_inputs[:, step], carried = self._step_back(of_state, trace, step, memory)
            if trace.mask is not None:
                is_row = trace.mask[:, step, None]
                of_inputs[:, step] *= is_row
                carried = np.where(is_row, carried, of_state)
                memory["cell"] = np.where(is_row, memory["cell"], later)
        return of_inputs

    def work(self, n_steps: int) -> int:
        """Return the multiplications of one window."""
        return n_steps * (self._kernel.size + self._recurrent.size)

    @abstractmethod
    def _step(
        self, values: np.ndarray, state: np.ndarray, trace: Trace, step: int
    ) -> np.ndarray:
        """Return the next state and note the gates of the step."""

    @abstractmethod
    def _step_back(
        self,
        of_state: np.ndarray,
        trace: Trace,
        step: int,
        memory: dict[str, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradients of the inputs of the step and of the state before.

        ``memory["cell"]``, the gradient of the cell state that later steps ask for,
        is replaced.
        """

    def _before(self, array: np.ndarray, step: int) -> np.ndarray:
        return array[:, step - 1] if step else np.zeros_like(array[:, 0])


class BothWays(Layer):
    """A layer that reads the window from both ends.

    Parameters
    ----------
    forward, backward
        The layers of the two ways; their states stand beside each other.
    """

    def __init__(self, forward: NumpyCell, backward: NumpyCell) -> None:
        self.forward = forward
        self.backward = backward
        self.width = forward.width + backward.width

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Run both ways over `inputs`, (n_windows, n_steps, n_inputs).

        The trace of the backward way meets the last step first.
        """
        turned = None if beside.mask is None else beside.mask[:, ::-1]
        there = self.forward.run(inputs, beside)
        back = self.backward.run(inputs[:, ::-1], Beside(mask=turned))
        outputs = np.concatenate([there.outputs, back.outputs[:, ::-1]], axis=2)
        return Trace(inputs, outputs, parts=(there, back))

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs."""
        there, back = trace.parts
        n_forward = self.forward.width
        of_back = self.backward.back(back, of_outputs[:, ::-1, n_forward:])
        return self.forward.back(there, of_outputs[:, :, :n_forward]) + of_back[:, ::-1]

    def work(self, n_steps: int) -> int:
        """Return the multiplications of one window."""
        return self.forward.work(n_steps) + self.backward.work(n_steps)


class NumpySimpleRnn(NumpyCell):
    """``tanh(x W + h U + b)``."""

    gate_names = ()

    def _step(
        self, values: np.ndarray, state: np.ndarray, trace: Trace, step: int
    ) -> np.ndarray:
        found: np.ndarray = np.tanh(
            values @ self._kernel + state @ self._recurrent + self._bias
        )
        return found

    def _step_back(
        self,
        of_state: np.ndarray,
        trace: Trace,
        step: int,
        memory: dict[str, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray]:
        of_sums = of_state * (1 - trace.outputs[:, step] ** 2)
        return of_sums @ self._kernel.T, of_sums @ self._recurrent.T


class NumpyLstm(NumpyCell):
    """Gates in the order of Keras: input, forget, candidate, output."""

    gate_names = ("input", "forget", "candidate", "output", "cell state")

    def _step(
        self, values: np.ndarray, state: np.ndarray, trace: Trace, step: int
    ) -> np.ndarray:
        sums = values @ self._kernel + state @ self._recurrent + self._bias
        to_input, forget, candidate, output = np.split(sums, 4, axis=1)
        gates = trace.inside
        gates["input"][:, step] = _sigmoid(to_input)
        gates["forget"][:, step] = _sigmoid(forget)
        gates["candidate"][:, step] = np.tanh(candidate)
        gates["output"][:, step] = _sigmoid(output)
        cell = gates["forget"][:, step] * self._before(gates["cell state"], step)
        cell = cell + gates["input"][:, step] * gates["candidate"][:, step]
        gates["cell state"][:, step] = cell
        found: np.ndarray = gates["output"][:, step] * np.tanh(cell)
        return found

    def _step_back(
        self,
        of_state: np.ndarray,
        trace: Trace,
        step: int,
        memory: dict[str, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray]:
        to_input, forget, candidate, output, cell = (
            trace.inside[name][:, step] for name in self.gate_names
        )
        squashed = np.tanh(cell)
        of_cell = of_state * output * (1 - squashed**2) + memory["cell"]
        before = self._before(trace.inside["cell state"], step)
        of_sums = np.concatenate(
            [
                of_cell * candidate * to_input * (1 - to_input),
                of_cell * before * forget * (1 - forget),
                of_cell * to_input * (1 - candidate**2),
                of_state * squashed * output * (1 - output),
            ],
            axis=1,
        )
        memory["cell"] = of_cell * forget
        return of_sums @ self._kernel.T, of_sums @ self._recurrent.T


class NumpyGru(NumpyCell):
    """Gates in the order of Keras, with ``reset_after``: update, reset, candidate."""

    gate_names = ("update", "reset", "candidate", "inner")

    def _step(
        self, values: np.ndarray, state: np.ndarray, trace: Trace, step: int
    ) -> np.ndarray:
        outer = np.split(values @ self._kernel + self._bias[0], 3, axis=1)
        inner = np.split(state @ self._recurrent + self._bias[1], 3, axis=1)
        gates = trace.inside
        update, reset = (_sigmoid(outer[k] + inner[k]) for k in (0, 1))
        candidate = np.tanh(outer[2] + reset * inner[2])
        gates["update"][:, step], gates["reset"][:, step] = update, reset
        gates["candidate"][:, step], gates["inner"][:, step] = candidate, inner[2]
        found: np.ndarray = update * state + (1 - update) * candidate
        return found

    def _step_back(
        self,
        of_state: np.ndarray,
        trace: Trace,
        step: int,
        memory: dict[str, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray]:
        update, reset, candidate, inner = (
            trace.inside[name][:, step] for name in self.gate_names
        )
        before = self._before(trace.outputs, step)
        of_update = of_state * (before - candidate) * update * (1 - update)
        of_candidate = of_state * (1 - update) * (1 - candidate**2)
        of_reset = of_candidate * inner * reset * (1 - reset)
        of_outer = np.concatenate([of_update, of_reset, of_candidate], axis=1)
        of_inner = np.concatenate([of_update, of_reset, of_candidate * reset], axis=1)
        of_before = of_inner @ self._recurrent.T + of_state * update
        return of_outer @ self._kernel.T, of_before


CELL_CLASSES: dict[Cell, type[NumpyCell]] = {
    "SimpleRNN": NumpySimpleRnn,
    "LSTM": NumpyLstm,
    "GRU": NumpyGru,
}


def _hold(values: np.ndarray, step: int, mask: np.ndarray) -> None:
    """Let the windows that are padding at `step` keep what they had before."""
    is_padding = ~mask[:, step]
    values[is_padding, step] = values[is_padding, step - 1] if step else 0.0


def _sigmoid(values: np.ndarray) -> np.ndarray:
    found: np.ndarray = 0.5 + 0.5 * np.tanh(0.5 * values)
    return found
