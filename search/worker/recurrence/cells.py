"""One time step of each cell, forward and backward, with the sums of Keras.

A sigmoid is computed as a tanh at half the input, so that one function serves all
gates; `halving` is the factor for it, which goes into the weights.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import tensorflow as tf

from search.config import Cell
from search.worker.recurrence.rows import Rows

_SATURATED = 100.0  # its tanh is 1 in float32


class StepRule(ABC):
    """What a cell does in one time step.

    Widths are in units of the layer. The steps read and write rows of the workspace:
    row `t + 1` of ``states`` is the state after step `t`.

    Attributes
    ----------
    n_gates
        Width of the weights.
    kept
        Width of each array that the gradient needs beside ``states``.
    kept_back
        Width of each further array of the way back. Row n_steps of each is zero.
    n_parts
        Width of ``of_sums``, the gradients that a step back writes.
    """

    n_gates: ClassVar[int]
    kept: ClassVar[dict[str, int]]
    kept_back: ClassVar[dict[str, int]] = {}
    n_parts: ClassVar[int]

    @staticmethod
    @abstractmethod
    def halving(units: int) -> np.ndarray:
        """Return the factor for each column of the weights, (n_gates x units,)."""

    @classmethod
    def resting(cls, units: int) -> np.ndarray:
        """Return what stands for the product with the inputs in padding.

        With it a step leaves states that are zero as they are, to the last bit.
        Shape (n_gates x units,), after the halving.
        """
        return np.zeros(cls.n_gates * units, np.float32)

    @classmethod
    def bias_shape(cls, units: int) -> tuple[int, ...]:
        """Return the shape of the bias of one layer."""
        return (cls.n_gates * units,)

    @classmethod
    def outer_bias(cls, bias: tf.Tensor) -> tf.Tensor:
        """Return what is added to the product with the inputs, before the loop."""
        return bias

    @classmethod
    def inner_bias(cls, bias: tf.Tensor) -> tf.Tensor | None:
        """Return what has to be added to the product with the state, in the loop."""
        return None

    @staticmethod
    @abstractmethod
    def step(
        rows: Rows,
        t: tf.Tensor,
        outside: tf.Tensor,
        product: tf.Tensor,
        inner_bias: tf.Tensor | None,
    ) -> None:
        """Write row `t + 1` of the states.

        Parameters
        ----------
        outside, product
            Inputs and state times their weights, (n_windows, n_gates x units).
        inner_bias
            See `inner_bias`.
        """

    @staticmethod
    @abstractmethod
    def step_back(rows: Rows, t: tf.Tensor, of_state: tf.Tensor) -> None:
        """Write row `t` of ``of_sums`` from the gradient of the state after `t`."""

    @staticmethod
    def inner_part(of_sums: tf.Tensor) -> tf.Tensor:
        """Return the columns that belong to the product with the state."""
        return of_sums

    @staticmethod
    def outer_part(of_sums: tf.Tensor) -> tf.Tensor:
        """Return the columns that belong to the product with the inputs."""
        return of_sums

    @staticmethod
    def outer_only(of_sums: tf.Tensor) -> tf.Tensor:
        """Return the columns that belong to no product with the state."""
        return of_sums[..., :0]

    @staticmethod
    def join_outer(inner: tf.Tensor, outer_only: tf.Tensor) -> tf.Tensor:
        """Return the columns of `outer_part` from those of the other two."""
        return inner

    @staticmethod
    def of_bias(inner: tf.Tensor, outer: tf.Tensor) -> tf.Tensor:
        """Return the gradient of the bias from totals over both parts."""
        return inner


class SimpleRnnRule(StepRule):
    """``tanh(outside + product)``."""

    n_gates = 1
    kept: ClassVar = {}
    n_parts = 1

    @staticmethod
    def halving(units: int) -> np.ndarray:
        """Halve nothing, or the gates that are sigmoids."""
        return np.ones(units, np.float32)

    @staticmethod
    def step(
        rows: Rows,
        t: tf.Tensor,
        outside: tf.Tensor,
        product: tf.Tensor,
        inner_bias: tf.Tensor | None,
    ) -> None:
        """Write the new state."""
        rows.write("states", t + 1, tf.tanh(outside + product))

    @staticmethod
    def step_back(rows: Rows, t: tf.Tensor, of_state: tf.Tensor) -> None:
        """Go back through the tanh."""
        state = rows.read("states", t + 1)
        rows.write("of_sums", t, of_state * (1 - state * state))


class LstmRule(StepRule):
    """Gates in the order of Keras: input, forget, candidate, output."""

    n_gates = 4
    kept: ClassVar = {"tanhs": 4, "carries": 1, "squashed": 1}
    kept_back: ClassVar = {"of_carries": 1}
    n_parts = 4

    @staticmethod
    def halving(units: int) -> np.ndarray:
        """Halve nothing, or the gates that are sigmoids."""
        return np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), units)

    @classmethod
    def step(
        cls,
        rows: Rows,
        t: tf.Tensor,
        outside: tf.Tensor,
        product: tf.Tensor,
        inner_bias: tf.Tensor | None,
    ) -> None:
        """Write gates, carry and state."""
        rows.write("tanhs", t, tf.tanh(outside + product))
        to_input, forget, candidate, output = cls._gates(rows, t)
        carry = forget * rows.read("carries", t) + to_input * candidate
        rows.write("carries", t + 1, carry)
        rows.write("squashed", t, tf.tanh(rows.read("carries", t + 1)))
        rows.write("states", t + 1, output * rows.read("squashed", t))

    @classmethod
    def step_back(cls, rows: Rows, t: tf.Tensor, of_state: tf.Tensor) -> None:
        """Go back through state, carry and gates."""
        to_input, forget, candidate, output = cls._gates(rows, t)
        squashed = rows.read("squashed", t)
        of_carry = rows.read("of_carries", t + 1) * cls._gates(rows, t + 1)[1]
        of_carry += of_state * output * (1 - squashed * squashed)
        rows.write("of_carries", t, of_carry)
        of_carry = rows.read("of_carries", t)
        rows.write(
            "of_sums",
            t,
            of_carry * candidate * to_input * (1 - to_input),
            of_carry * rows.read("carries", t) * forget * (1 - forget),
            of_carry * to_input * (1 - candidate * candidate),
            of_state * squashed * output * (1 - output),
        )

    @staticmethod
    def _gates(rows: Rows, t: tf.Tensor) -> tuple[tf.Tensor, ...]:
        to_input, forget, candidate, output = tf.split(rows.read("tanhs", t), 4, axis=1)
        return to_input * 0.5 + 0.5, forget * 0.5 + 0.5, candidate, output * 0.5 + 0.5


class GruRule(StepRule):
    """Gates in the order of Keras, with ``reset_after``: update, reset, candidate."""

    n_gates = 3
    kept: ClassVar = {"tanhs": 2, "inners": 1, "candidates": 1}
    kept_back: ClassVar = {"of_states": 1}
    n_parts = 4  # update, reset, candidate inside and outside of the reset gate

    @staticmethod
    def halving(units: int) -> np.ndarray:
        """Halve nothing, or the gates that are sigmoids."""
        return np.repeat(np.array([0.5, 0.5, 1.0], np.float32), units)

    @classmethod
    def resting(cls, units: int) -> np.ndarray:
        """Return what opens the update gate fully: the state is kept."""
        return np.repeat(np.array([_SATURATED, 0.0, 0.0], np.float32), units)

    @classmethod
    def bias_shape(cls, units: int) -> tuple[int, ...]:
        """Return the shape of both biases: of the inputs and of the state."""
        return (2, cls.n_gates * units)

    @classmethod
    def outer_bias(cls, bias: tf.Tensor) -> tf.Tensor:
        """Return all of it but what the reset gate multiplies."""
        n_inside = bias.shape[1] // 3
        return bias[0] + tf.pad(bias[1, :-n_inside], [[0, n_inside]])

    @classmethod
    def inner_bias(cls, bias: tf.Tensor) -> tf.Tensor | None:
        """Return what the reset gate multiplies."""
        return bias[1, -(bias.shape[1] // 3) :]

    @classmethod
    def step(
        cls,
        rows: Rows,
        t: tf.Tensor,
        outside: tf.Tensor,
        product: tf.Tensor,
        inner_bias: tf.Tensor | None,
    ) -> None:
        """Write gates, candidate and state."""
        units = product.shape[1] // 3
        gates, candidate = slice(2 * units), slice(2 * units, None)
        rows.write("tanhs", t, tf.tanh(outside[:, gates] + product[:, gates]))
        rows.write("inners", t, product[:, candidate] + inner_bias)
        update, reset = cls._gates(rows, t)
        before = outside[:, candidate] + reset * rows.read("inners", t)
        rows.write("candidates", t, tf.tanh(before))
        kept = update * rows.read("states", t)
        rows.write("states", t + 1, kept + (1 - update) * rows.read("candidates", t))

    @classmethod
    def step_back(cls, rows: Rows, t: tf.Tensor, of_state: tf.Tensor) -> None:
        """Go back through state, candidate and gates."""
        of_state += rows.read("of_states", t + 1) * cls._gates(rows, t + 1)[0]
        rows.write("of_states", t, of_state)
        of_state = rows.read("of_states", t)
        update, reset = cls._gates(rows, t)
        candidate = rows.read("candidates", t)
        of_update = of_state * (rows.read("states", t) - candidate)
        of_candidate = of_state * (1 - update) * (1 - candidate * candidate)
        of_reset = of_candidate * rows.read("inners", t)
        rows.write(
            "of_sums",
            t,
            of_update * update * (1 - update),
            of_reset * reset * (1 - reset),
            of_candidate * reset,
            of_candidate,
        )

    @staticmethod
    def inner_part(of_sums: tf.Tensor) -> tf.Tensor:
        """Return all but the candidate outside of the reset gate."""
        units = of_sums.shape[-1] // 4
        return of_sums[..., : 3 * units]

    @staticmethod
    def outer_part(of_sums: tf.Tensor) -> tf.Tensor:
        """Return all but the candidate inside of the reset gate."""
        units = of_sums.shape[-1] // 4
        parts = [of_sums[..., : 2 * units], of_sums[..., 3 * units :]]
        return tf.concat(parts, -1)

    @staticmethod
    def outer_only(of_sums: tf.Tensor) -> tf.Tensor:
        """Return the candidate outside of the reset gate."""
        units = of_sums.shape[-1] // 4
        return of_sums[..., 3 * units :]

    @staticmethod
    def join_outer(inner: tf.Tensor, outer_only: tf.Tensor) -> tf.Tensor:
        """Return update and reset of `inner`, then `outer_only`."""
        units = outer_only.shape[-1]
        return tf.concat([inner[..., : 2 * units], outer_only], -1)

    @staticmethod
    def of_bias(inner: tf.Tensor, outer: tf.Tensor) -> tf.Tensor:
        """Return the gradients of both biases: of the inputs and of the state."""
        return tf.stack([outer, inner])

    @staticmethod
    def _gates(rows: Rows, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        update, reset = tf.split(rows.read("tanhs", t), 2, axis=1)
        return update * 0.5 + 0.5, reset * 0.5 + 0.5


STEP_RULES: dict[Cell, type[StepRule]] = {
    "SimpleRNN": SimpleRnnRule,
    "LSTM": LstmRule,
    "GRU": GruRule,
}
