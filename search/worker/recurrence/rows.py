"""Rows of workspace arrays, read and written inside compiled loops.

XLA may write the result of an elementwise operation over an operand of the same shape
that is not needed any more. The loop that does so runs one number at a time, because
the compiler of the machine code cannot tell that reading and writing keep step: six
times slower where a tanh is in it. So the loops here write each result into a row of
a larger array, which shares its memory with no operand, and read it from there.

XLA would see through that, and compute a result again wherever the row just written is
read. So rows are read at their number plus a zero that the compiler does not know.
"""

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops as xla

Arrays = dict[str, tf.Tensor]
"""Workspace arrays by name, of shape (depth, n_rows, n_windows, width)."""


def settle(value: tf.Tensor) -> tf.Tensor:
    """Make XLA compute `value` before it is used, and only once."""
    return xla.xla_optimization_barrier([value])[0]


def read_at(array: tf.Tensor, corner: list[tf.Tensor], sizes: list[int]) -> tf.Tensor:
    """Return the part of `array` of that shape that begins at `corner`."""
    return xla.xla_dynamic_slice(
        input=array, start_indices=tf.stack(corner), size_indices=sizes
    )


def write_at(array: tf.Tensor, corner: list[tf.Tensor], value: tf.Tensor) -> tf.Tensor:
    """Return `array` with `value`, of as many axes, written at `corner`."""
    return xla.xla_dynamic_update_slice(
        input=array, update=value, indices=tf.stack(corner)
    )


def unknown_zero(value: tf.Tensor) -> tf.Tensor:
    """Return an integer 0 that the compiler does not know, from any finite scalar."""
    return tf.cast(tf.math.is_nan(value), tf.int32)


class Rows:
    """The rows of one layer in the workspace.

    Arrays of depth 1 are shared by all layers.

    Parameters
    ----------
    arrays
        The workspace; the attribute `arrays` has it after the writing.
    layer
        Number of the layer, from 0.
    zero
        From `unknown_zero` where rows are read that were just written.
    """

    def __init__(
        self, arrays: Arrays, layer: tf.Tensor, zero: tf.Tensor | int = 0
    ) -> None:
        self.arrays = dict(arrays)
        self._layer = layer
        self._zero = zero

    def read(self, name: str, row: tf.Tensor) -> tf.Tensor:
        """Return one row, of shape (n_windows, width)."""
        return tf.squeeze(self.read_many(name, row, 1), 0)

    def read_many(self, name: str, row: tf.Tensor, n_rows: int) -> tf.Tensor:
        """Return consecutive rows, of shape (n_rows, n_windows, width)."""
        array = self.arrays[name]
        sizes = [1, n_rows, *array.shape[2:]]
        corner = [self._place(array), row + self._zero, 0, 0]
        part = read_at(array, corner, sizes)
        return tf.squeeze(part, 0)

    def write(self, name: str, row: tf.Tensor, *values: tf.Tensor) -> None:
        """Write `values`, of shape (n_windows, width of each), side by side."""
        self.write_many(name, row, *(value[None] for value in values))

    def write_many(self, name: str, row: tf.Tensor, *values: tf.Tensor) -> None:
        """Write consecutive rows, of shape (n_rows, n_windows, width of each)."""
        array, column = self.arrays[name], 0
        for value in values:
            corner = [self._place(array), row, 0, column]
            array = write_at(array, corner, value[None])
            column += value.shape[-1]
        self.arrays[name] = array

    def _place(self, array: tf.Tensor) -> tf.Tensor:
        return self._layer if array.shape[0] > 1 else tf.zeros_like(self._layer)
