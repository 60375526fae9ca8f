"""The three cells step by step, forward and back, with all that happens inside.

The sums are those of Keras; tests compare outputs and gradients with it. Arrays are
float64 with the axes window, step, unit.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from search.config import Cell


@dataclass
class Trace:
    """What happened inside one layer.

    Attributes
    ----------
    states
        State after each step, of shape (n_windows, n_steps, units).
    gates
        Every gate and inner value by name, each of that shape.
    """

    states: np.ndarray
    gates: dict[str, np.ndarray] = field(default_factory=dict)


class NumpyCell(ABC):
    """One layer.

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
        self.units = recurrent.shape[0]

    def run(self, inputs: np.ndarray) -> Trace:
        """Run from a state of zeros over `inputs`, (n_windows, n_steps, n_inputs)."""
        n_windows, n_steps, _ = inputs.shape
        shape = (n_windows, n_steps, self.units)
        trace = Trace(
            np.zeros(shape), {name: np.zeros(shape) for name in self.gate_names}
        )
        state = np.zeros((n_windows, self.units))
        for step in range(n_steps):
            state = self._step(inputs[:, step], state, trace, step)
            trace.states[:, step] = state
        return trace

    def last(self, trace: Trace) -> np.ndarray:
        """Return what the layer says in the end, of shape (n_windows, units)."""
        return trace.states[:, -1]

    def back(
        self, inputs: np.ndarray, trace: Trace, of_states: np.ndarray
    ) -> np.ndarray:
        """Return the gradient of the inputs from that of each state, same shapes."""
        of_inputs = np.zeros(inputs.shape)
        carried = np.zeros((len(inputs), self.units))
        memory: dict[str, np.ndarray] = {}
        for step in reversed(range(inputs.shape[1])):
            of_inputs[:, step], carried = self._step_back(
                of_states[:, step] + carried, trace, step, memory
            )
        return of_inputs

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
        """Return the gradients of the inputs of the step and of the state before."""

    def _before(self, array: np.ndarray, step: int) -> np.ndarray:
        return array[:, step - 1] if step else np.zeros_like(array[:, 0])


class BothWays:
    """A layer that reads the window from both ends; it forecasts, no more.

    Parameters
    ----------
    forward, backward
        The layers of the two ways; their states stand beside each other.
    """

    gate_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, forward: NumpyCell, backward: NumpyCell) -> None:
        self.forward = forward
        self.backward = backward
        self.units = forward.units + backward.units

    def run(self, inputs: np.ndarray) -> Trace:
        """Run both ways over `inputs`, (n_windows, n_steps, n_inputs)."""
        ways = (
            self.forward.run(inputs).states,
            self.backward.run(inputs[:, ::-1]).states[:, ::-1],
        )
        return Trace(np.concatenate(ways, axis=2))

    def last(self, trace: Trace) -> np.ndarray:
        """Return the last state of each way: the backward one ends at the first row."""
        n_units = self.forward.units
        ends = (trace.states[:, -1, :n_units], trace.states[:, 0, n_units:])
        return np.concatenate(ends, axis=1)

    def back(
        self, inputs: np.ndarray, trace: Trace, of_states: np.ndarray
    ) -> np.ndarray:
        """Refuse: gradients of such a layer are asked for nowhere."""
        raise NotImplementedError("A layer that reads both ways has no gradients here.")


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
        of_sums = of_state * (1 - trace.states[:, step] ** 2)
        return of_sums @ self._kernel.T, of_sums @ self._recurrent.T


class NumpyLstm(NumpyCell):
    """Gates in the order of Keras: input, forget, candidate, output."""

    gate_names = ("input", "forget", "candidate", "output", "cell state")

    def _step(
        self, values: np.ndarray, state: np.ndarray, trace: Trace, step: int
    ) -> np.ndarray:
        sums = values @ self._kernel + state @ self._recurrent + self._bias
        to_input, forget, candidate, output = np.split(sums, 4, axis=1)
        gates = trace.gates
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
            trace.gates[name][:, step] for name in self.gate_names
        )
        squashed = np.tanh(cell)
        of_cell = of_state * output * (1 - squashed**2) + memory.get("cell", 0.0)
        before = self._before(trace.gates["cell state"], step)
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
        gates = trace.gates
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
            trace.gates[name][:, step] for name in self.gate_names
        )
        before = self._before(trace.states, step)
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


def _sigmoid(values: np.ndarray) -> np.ndarray:
    found: np.ndarray = 0.5 + 0.5 * np.tanh(0.5 * values)
    return found
