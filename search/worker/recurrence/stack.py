"""A stack of recurrent layers whose depth and sequence length are values.

Only one product of matrices a time step is left in the loops over time. Everything
else, the products with the inputs of a layer and the gradients of the weights, is
done for a chunk of steps at a time. Loops run from the first step of the window and
over the layers that a configuration has, so a program compiled for long windows and
deep stacks serves the shorter and flatter ones at no cost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from search.worker.recurrence.cells import StepRule
from search.worker.recurrence.rows import (
    Arrays,
    Rows,
    read_at,
    settle,
    unknown_zero,
    write_at,
)

Inputs = Callable[[tf.Tensor], tf.Tensor]
"""Gives the inputs of a chunk of steps, (chunk, n_windows, n_channels)."""

Masks = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Gives the dropout mask of a layer for a chunk, (chunk, n_windows, units)."""


class StackWeights(NamedTuple):
    """Weights of all layers; layers that a configuration lacks are zero.

    Attributes
    ----------
    entry
        Kernel of the first layer, (n_channels, n_gates x units).
    upper
        Kernels of the further layers, (depth, units, n_gates x units); the first
        place is not used.
    recurrent
        (depth, units, n_gates x units).
    bias
        (depth, *bias_shape).
    """

    entry: tf.Tensor
    upper: tf.Tensor
    recurrent: tf.Tensor
    bias: tf.Tensor


class Extent(NamedTuple):
    """How much of the program a configuration uses.

    Attributes
    ----------
    n_layers, first
        Number of layers, and first time step.
    begins
        First step of each window, (n_windows,); what lies before it is padding, in
        which all states stay zero. None where every window begins at `first`.
    """

    n_layers: tf.Tensor
    first: tf.Tensor
    begins: tf.Tensor | None = None


@dataclass(frozen=True)
class RecurrentStack:
    """The sums of a stack for one batch.

    Attributes
    ----------
    rule
        What the cell does in a step.
    units, depth
        Units of each layer, and the most layers.
    n_channels
        Channels of the inputs.
    n_steps, chunk
        Most time steps, a multiple of `chunk`, and the steps done together.
    n_windows
        Windows in a batch.
    """

    rule: type[StepRule]
    units: int
    depth: int
    n_channels: int
    n_steps: int
    chunk: int
    n_windows: int

    @property
    def _width(self) -> int:
        return self.rule.n_gates * self.units

    @property
    def _parts(self) -> int:
        return self.rule.n_parts * self.units

    def workspace(self) -> Arrays:
        """Return the arrays that the passes write to, all zero.

        Rows before the first step stay zero, and so does row n_steps where a rule
        needs it. The passes take the arrays and return them, so that they are made
        once and not for each batch.
        """
        widths = {"states": 1, **self.rule.kept}
        shared = {
            "projected": self.rule.n_gates,
            "of_sums": self.rule.n_parts,
            "upstream": 1,
            **self.rule.kept_back,
        }
        return {
            name: tf.zeros(
                [
                    self.depth if name in widths else 1,
                    self.n_steps + 1,
                    self.n_windows,
                    width * self.units,
                ]
            )
            for name, width in {**widths, **shared}.items()
        }

    def run(
        self,
        weights: StackWeights,
        arrays: Arrays,
        extent: Extent,
        inputs: Inputs,
        masks: Masks | None,
        always: tf.Tensor | None = None,
    ) -> Arrays:
        """Run all layers from states of zeros; the states are in the workspace.

        Parameters
        ----------
        always
            What every step of the first layer gets beside the products with `inputs`,
            (n_windows, n_gates x units).
        """
        scale = tf.constant(self.rule.halving(self.units))
        bias = self.rule.outer_bias(weights.bias[0])
        bias = bias if always is None else bias + always
        arrays = self._project(
            arrays, inputs, weights.entry * scale, bias * scale, extent
        )

        def layer(number: tf.Tensor, arrays: Arrays) -> tuple[tf.Tensor, Arrays]:
            recurrent = pick_layer(weights.recurrent, number) * scale
            inner_bias = self.rule.inner_bias(pick_layer(weights.bias, number))
            arrays = self._run_steps(
                arrays, number, recurrent, inner_bias, extent.first
            )
            above = number + 1
            # After the last layer there is nothing to project, and the loop is empty.
            first = tf.where(above < extent.n_layers, extent.first, self.n_steps)
            bias = self.rule.outer_bias(pick_layer(weights.bias, above))
            arrays = self._project(
                arrays,
                lambda chunk: self._outputs(arrays, number, chunk, masks),
                pick_layer(weights.upper, above) * scale,
                bias * scale,
                extent._replace(first=first),
            )
            return above, arrays

        return tf.while_loop(
            lambda number, _: number < extent.n_layers, layer, [0, arrays]
        )[1]

    def run_back(
        self,
        weights: StackWeights,
        arrays: Arrays,
        extent: Extent,
        inputs: Inputs,
        masks: Masks | None,
        of_last: tf.Tensor,
        gradients: StackWeights,
    ) -> tuple[StackWeights, Arrays]:
        """Return the gradients of the weights.

        Parameters
        ----------
        of_last
            Gradient of the last state of the last layer, (n_windows, units).
        gradients
            Place for the result, so that it is made once and not for each batch.
            Layers that a configuration lacks are left as they are.
        """

        def layer(
            number: tf.Tensor, arrays: Arrays, gradients: StackWeights
        ) -> tuple[tf.Tensor, Arrays, StackWeights]:
            recurrent = pick_layer(weights.recurrent, number)
            # Above the last layer is nothing but `of_last`.
            has_above = tf.cast(number < extent.n_layers - 1, tf.float32)
            start = of_last * (1 - has_above)
            arrays = self._run_steps_back(
                arrays, number, recurrent, extent.first, start, has_above
            )
            of_recurrent, of_bias, of_entry = self._of_layer(
                arrays, number, extent, inputs
            )
            gradients = gradients._replace(
                entry=of_entry,  # of the first layer in the end, because it is last
                recurrent=put_layer(gradients.recurrent, number, of_recurrent),
                bias=put_layer(gradients.bias, number, of_bias),
            )

            def go_down(
                below: tf.Tensor, arrays: Arrays, of_upper: tf.Tensor
            ) -> tuple[tf.Tensor, Arrays, tf.Tensor]:
                of_kernel = self._of_upper(arrays, below, masks, extent)
                arrays = self._send_down(
                    arrays,
                    pick_layer(weights.upper, number),
                    below,
                    masks,
                    extent,
                )
                return below + 1, arrays, put_layer(of_upper, number, of_kernel)

            # A loop of one round, or of none where the inputs are below.
            _, arrays, of_upper = tf.while_loop(
                lambda below, *_: (below >= 0) & (below < number),
                go_down,
                [number - 1, arrays, gradients.upper],
            )
            return number - 1, arrays, gradients._replace(upper=of_upper)

        _, arrays, gradients = tf.while_loop(
            lambda number, *_: number >= 0,
            layer,
            [extent.n_layers - 1, arrays, gradients],
        )
        return gradients, arrays

    def run_layer_back(
        self, weights: StackWeights, arrays: Arrays, extent: Extent, inputs: Inputs
    ) -> tuple[StackWeights, tf.Tensor, tf.Tensor]:
        """Return the gradients of a stack of one layer, its inputs and its `always`.

        Row `t` of ``upstream`` holds the gradient of the state after step `t`.
        """
        number, first = tf.constant(0), extent.first
        start = tf.zeros([self.n_windows, self.units])
        arrays = self._run_steps_back(
            arrays, number, weights.recurrent[0], first, start, tf.constant(1.0)
        )
        of_recurrent, of_bias, of_entry = self._of_layer(arrays, number, extent, inputs)
        of_sums = self._without_padding(
            arrays["of_sums"][0, : self.n_steps], number, extent, 0.0
        )
        of_sums = self.rule.outer_part(tf.reshape(of_sums, [-1, self._parts]))
        of_inputs = tf.matmul(of_sums, weights.entry, transpose_b=True)
        shape = [self.n_steps, self.n_windows]
        return (
            StackWeights(
                of_entry,
                tf.zeros_like(weights.upper),
                of_recurrent[None],
                of_bias[None],
            ),
            tf.reshape(of_inputs, [*shape, self.n_channels]),
            tf.reduce_sum(tf.reshape(of_sums, [*shape, self._width]), 0),
        )

    def _chunks(self, first: tf.Tensor) -> tf.Tensor:
        """Return the first chunk that has a step from `first` on."""
        return first // self.chunk

    def _without_padding(
        self, values: tf.Tensor, chunk: tf.Tensor, extent: Extent, instead: tf.Tensor
    ) -> tf.Tensor:
        """Return the `values` of a chunk, with `instead` where windows are padded."""
        if extent.begins is None:
            return values
        steps = chunk * self.chunk + tf.range(self.chunk)
        is_real = steps[:, None] >= extent.begins
        return tf.where(is_real[:, :, None], values, instead)

    def _project(
        self,
        arrays: Arrays,
        source: Inputs,
        kernel: tf.Tensor,
        bias: tf.Tensor,
        extent: Extent,
    ) -> Arrays:
        """Write the products of `source` with `kernel` to ``projected``."""
        resting = tf.constant(self.rule.resting(self.units))

        def project(chunk: tf.Tensor, array: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            shape = [self.chunk * self.n_windows, kernel.shape[0]]
            product = tf.matmul(tf.reshape(source(chunk), shape), kernel)
            rows = Rows({"projected": array}, chunk)
            shape = [self.chunk, self.n_windows, self._width]
            product = tf.reshape(product, shape) + bias
            product = self._without_padding(product, chunk, extent, resting)
            rows.write_many("projected", chunk * self.chunk, product)
            return chunk + 1, rows.arrays["projected"]

        _, projected = tf.while_loop(
            lambda chunk, _: chunk < self.n_steps // self.chunk,
            project,
            [self._chunks(extent.first), arrays["projected"]],
        )
        return {**arrays, "projected": projected}

    def _run_steps(
        self,
        arrays: Arrays,
        number: tf.Tensor,
        recurrent: tf.Tensor,
        inner_bias: tf.Tensor | None,
        first: tf.Tensor,
    ) -> Arrays:
        written = {name: arrays[name] for name in ("states", *self.rule.kept)}
        zero = unknown_zero(recurrent[0, 0])
        projected = Rows({"projected": arrays["projected"]}, number)

        def step(
            t: tf.Tensor, state: tf.Tensor, written: Arrays
        ) -> tuple[tf.Tensor, tf.Tensor, Arrays]:
            rows = Rows(written, number, zero)
            product = tf.matmul(state, recurrent)
            outside = projected.read("projected", t)
            self.rule.step(rows, t, outside, product, inner_bias)
            return t + 1, rows.read("states", t + 1), rows.arrays

        start = tf.zeros([self.n_windows, self.units])
        written = tf.while_loop(
            lambda t, *_: t < self.n_steps, step, [first, start, written]
        )[2]
        return {**arrays, **written}

    def _run_steps_back(
        self,
        arrays: Arrays,
        number: tf.Tensor,
        recurrent: tf.Tensor,
        first: tf.Tensor,
        start: tf.Tensor,
        has_above: tf.Tensor,
    ) -> Arrays:
        transposed = tf.transpose(recurrent)
        zero = unknown_zero(recurrent[0, 0])
        names = ("of_sums", *self.rule.kept_back)
        written = {name: arrays[name] for name in names}
        read_only = {name: arrays[name] for name in arrays if name not in names}

        def step(
            t: tf.Tensor, from_next: tf.Tensor, written: Arrays
        ) -> tuple[tf.Tensor, tf.Tensor, Arrays]:
            rows = Rows({**read_only, **written}, number, zero)
            of_state = from_next + rows.read("upstream", t) * has_above
            self.rule.step_back(rows, t, of_state)
            inner = self.rule.inner_part(rows.read("of_sums", t))
            back = tf.matmul(inner, transposed)
            return t - 1, back, {name: rows.arrays[name] for name in names}

        written = tf.while_loop(
            lambda t, *_: t >= first, step, [self.n_steps - 1, start, written]
        )[2]
        return {**arrays, **written}

    def _of_layer(
        self, arrays: Arrays, number: tf.Tensor, extent: Extent, inputs: Inputs
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the gradients of recurrent weights, bias and entry.

        That of the entry means something for the first layer only. It costs nothing
        beside the others, as rows of the same product.
        """

        def add(
            chunk: tf.Tensor, inner: tf.Tensor, outer_only: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            of_sums = self._of_sums(arrays, chunk, extent)
            states = self._states(arrays, number, chunk, before=True)
            shape = [self.chunk * self.n_windows, self.n_channels]
            given = tf.reshape(inputs(chunk), shape)
            both = tf.concat([tf.reshape(states, [-1, self.units]), given], 1)
            inner += _product_over_rows(both, self.rule.inner_part(of_sums))
            outer_only += _product_over_rows(given, self.rule.outer_only(of_sums))
            return chunk + 1, inner, outer_only

        n_rows = self.n_channels + 1
        _, inner, outer_only = tf.while_loop(
            lambda chunk, *_: chunk < self.n_steps // self.chunk,
            add,
            [
                self._chunks(extent.first),
                tf.zeros([self.units + n_rows, self._width]),
                self.rule.outer_only(tf.zeros([n_rows, self._parts])),
            ],
        )
        outer = self.rule.join_outer(inner[self.units :], outer_only)
        return inner[: self.units], self.rule.of_bias(inner[-1], outer[-1]), outer[:-1]

    def _of_upper(
        self,
        arrays: Arrays,
        below: tf.Tensor,
        masks: Masks | None,
        extent: Extent,
    ) -> tf.Tensor:
        """Return the gradient of the kernel that takes the outputs of `below`."""

        def add(chunk: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            values = self._outputs(arrays, below, chunk, masks)
            values = tf.reshape(values, [-1, self.units])
            of_sums = self.rule.outer_part(self._of_sums(arrays, chunk, extent))
            return chunk + 1, total + _product_over_rows(values, of_sums)

        total = tf.while_loop(
            lambda chunk, _: chunk < self.n_steps // self.chunk,
            add,
            [self._chunks(extent.first), tf.zeros([self.units + 1, self._width])],
        )[1]
        return total[:-1]

    def _send_down(
        self,
        arrays: Arrays,
        kernel: tf.Tensor,
        below: tf.Tensor,
        masks: Masks | None,
        extent: Extent,
    ) -> Arrays:
        """Write the gradients of the states of the layer below to ``upstream``."""
        shape = [self.chunk, self.n_windows, self.units]

        def send(chunk: tf.Tensor, array: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            of_sums = self.rule.outer_part(self._of_sums(arrays, chunk, extent))
            values = tf.matmul(of_sums, kernel, transpose_b=True)
            values = tf.reshape(values, shape)
            if masks is not None:
                values *= masks(below, chunk)
            rows = Rows({"upstream": array}, below)
            rows.write_many("upstream", chunk * self.chunk, values)
            return chunk + 1, rows.arrays["upstream"]

        _, upstream = tf.while_loop(
            lambda chunk, _: chunk < self.n_steps // self.chunk,
            send,
            [self._chunks(extent.first), arrays["upstream"]],
        )
        return {**arrays, "upstream": upstream}

    def _of_sums(self, arrays: Arrays, chunk: tf.Tensor, extent: Extent) -> tf.Tensor:
        rows = Rows({"of_sums": arrays["of_sums"]}, chunk)
        of_sums = rows.read_many("of_sums", chunk * self.chunk, self.chunk)
        of_sums = self._without_padding(of_sums, chunk, extent, 0.0)
        return tf.reshape(of_sums, [-1, self._parts])

    def _states(
        self, arrays: Arrays, number: tf.Tensor, chunk: tf.Tensor, *, before: bool
    ) -> tf.Tensor:
        """Return the states before or after each step of a chunk."""
        rows = Rows({"states": arrays["states"]}, number)
        row = chunk * self.chunk + (0 if before else 1)
        return rows.read_many("states", row, self.chunk)

    def _outputs(
        self, arrays: Arrays, number: tf.Tensor, chunk: tf.Tensor, masks: Masks | None
    ) -> tf.Tensor:
        """Return what a layer gives to the one above."""
        states = self._states(arrays, number, chunk, before=False)
        return states if masks is None else states * masks(number, chunk)


def _product_over_rows(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Return the product over the rows of both, and in the last row those of `right`.

    The transposed matrix is settled, because XLA has a slower product for one that
    is still to be transposed.
    """
    left = tf.pad(left, [[0, 0], [0, 1]], constant_values=1)
    return tf.matmul(settle(tf.transpose(left)), right)


def pick_layer(stack: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """Return one layer of `stack`."""
    rest = stack.shape[1:].as_list()
    corner = [tf.minimum(number, stack.shape[0] - 1), *[0] * len(rest)]
    return tf.squeeze(read_at(stack, corner, [1, *rest]), 0)


def put_layer(stack: tf.Tensor, number: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Return `stack` with one layer replaced."""
    corner = [number, *[0] * (stack.shape.rank - 1)]
    return write_at(stack, corner, value[None])
