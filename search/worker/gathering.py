"""Windows gathered inside the compiled program; they never exist all at once.

`search.evaluation.windows` has the plain definition that this must agree with.
"""

from typing import NamedTuple

import tensorflow as tf

from search.evaluation.framing import FramedSeries
from search.worker.models import NetworkShape


class SeriesTensors(NamedTuple):
    """A framed series as tensors; see `FramedSeries`.

    Attributes
    ----------
    inputs
        Shape (n_rows, n_channels).
    targets
        Shape (n_rows, n_targets).
    base_offsets
        Shape (horizon,).
    flags
        1 or 0 for `is_anchored` and for `has_base`.
    """

    inputs: tf.Tensor
    targets: tf.Tensor
    base_offsets: tf.Tensor
    flags: tf.Tensor


class Batch(NamedTuple):
    """Windows of some origins: the inputs of the network and what it should give."""

    inputs: list[tf.Tensor]
    targets: tf.Tensor


def series_tensors(framed: FramedSeries) -> SeriesTensors:
    """Hand `framed` to TensorFlow."""
    return SeriesTensors(
        inputs=tf.constant(framed.inputs),
        targets=tf.constant(framed.targets),
        base_offsets=tf.constant(framed.base_offsets),
        flags=tf.constant([framed.is_anchored, framed.has_base], tf.float32),
    )


def gather_batch(
    series: SeriesTensors, origins: tf.Tensor, shape: NetworkShape
) -> Batch:
    """Gather the windows at `origins`, of shape (n_windows,)."""
    steps = tf.range(shape.horizon)
    rows = origins[:, None] + tf.range(-shape.sequence_length, 0)
    past = tf.gather(series.inputs, rows)
    anchor = tf.gather(series.targets, origins - 1) * series.flags[0]
    n_others = shape.n_channels - shape.n_targets
    past -= tf.pad(anchor, [[0, 0], [0, n_others]])[:, None, :]
    inputs = [past]
    if shape.n_known:
        known = series.inputs[:, -shape.n_known :]
        inputs.append(tf.gather(known, origins[:, None] + steps))
    ahead = tf.gather(series.targets, origins[:, None] + steps)
    base = tf.gather(series.targets, origins[:, None] + series.base_offsets)
    return Batch(inputs, ahead - base * series.flags[1])
