"""Rows of time-major arrays, read and written inside a compiled loop.

XLA may write the result of an elementwise operation over an operand of the same shape
that is not needed any more. The loop that does so runs one number at a time, because
the compiler of the machine code cannot tell that reading and writing keep step: six
times slower where a tanh is in it. So the loops of this package write each result into
a row of a larger array, which shares its memory with no operand, and read it from
there.
"""

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops as xla


def read_row(array: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
    """Return ``array[row]``."""
    shape = array.shape.as_list()
    part = xla.xla_dynamic_slice(
        input=array,
        start_indices=_corner(row, len(shape)),
        size_indices=[1, *shape[1:]],
    )
    return tf.squeeze(part, 0)


def write_row(
    array: tf.Tensor, row: tf.Tensor, *values: tf.Tensor, at: int = 0
) -> tf.Tensor:
    """Return `array` with `values` side by side in ``array[row, :, at:]``.

    The result is settled before anything reads it. Without that XLA would see through
    the array, and compute the values again wherever they are read.
    """
    for value in values:
        corner = _corner(row, len(array.shape), column=at)
        array = xla.xla_dynamic_update_slice(
            input=array, update=value[None], indices=corner
        )
        at += value.shape[-1]
    return xla.xla_optimization_barrier([array])[0]


def _corner(row: tf.Tensor, n_axes: int, column: int = 0) -> tf.Tensor:
    return tf.stack([row, *[0] * (n_axes - 2), column])
