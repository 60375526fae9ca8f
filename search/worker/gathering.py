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
    center, scale
        Shape (n_rows, n_targets).
    """

    inputs: tf.Tensor
    targets: tf.Tensor
    base_offsets: tf.Tensor
    flags: tf.Tensor
    center: tf.Tensor
    scale: tf.Tensor


class Batch(NamedTuple):
    """Windows of some origins: the inputs of the network and what it should give."""

    inputs: list[tf.Tensor]
    targets: tf.Tensor


class Ahead(NamedTuple):
    """What belongs to some origins apart from their past.

    Attributes
    ----------
    anchor
        What is subtracted from the target channels of the past, (n_windows, n_targets).
    known
        No tensor, or one with what is known in advance, (n_windows, horizon x n_known).
    targets
        What the network should give, (n_windows, horizon, n_targets).
    """

    anchor: tf.Tensor
    known: list[tf.Tensor]
    targets: tf.Tensor


def series_tensors(framed: FramedSeries) -> SeriesTensors:
    """Hand `framed` to TensorFlow."""
    return SeriesTensors(
        inputs=tf.constant(framed.inputs),
        targets=tf.constant(framed.targets),
        base_offsets=tf.constant(framed.base_offsets),
        flags=tf.constant([framed.is_anchored, framed.has_base], tf.float32),
        center=tf.constant(framed.center),
        scale=tf.constant(framed.scale),
    )


def gather_batch(
    series: SeriesTensors, origins: tf.Tensor, shape: NetworkShape
) -> Batch:
    """Gather the windows at `origins`, of shape (n_windows,)."""
    ahead = gather_ahead(series, origins, shape)
    offsets = tf.range(-shape.sequence_length, 0)
    past = gather_past(series, origins, offsets, ahead.anchor)
    known = [tf.reshape(one, [-1, shape.horizon, shape.n_known]) for one in ahead.known]
    return Batch([tf.transpose(past, [1, 0, 2]), *known], ahead.targets)


def gather_ahead(
    series: SeriesTensors, origins: tf.Tensor, shape: NetworkShape
) -> Ahead:
    """Gather what belongs to `origins`, of shape (n_windows,)."""
    rows = origins[:, None] + tf.range(shape.horizon)
    known = []
    if shape.n_known:
        values = tf.gather(series.inputs[:, -shape.n_known :], rows)
        known = [tf.reshape(values, [-1, shape.horizon * shape.n_known])]
    base = tf.gather(series.targets, origins[:, None] + series.base_offsets)
    return Ahead(
        anchor=tf.gather(series.targets, origins - 1) * series.flags[0],
        known=known,
        targets=tf.gather(series.targets, rows) - base * series.flags[1],
    )


def gather_past(
    series: SeriesTensors, origins: tf.Tensor, offsets: tf.Tensor, anchor: tf.Tensor
) -> tf.Tensor:
    """Gather rows before `origins`, of shape (n_offsets, n_windows, n_channels).

    An offset of -1 is the row before the origin. Before row 0 stands row 0 again: a
    program for long windows gathers more than a short window uses.
    """
    rows = tf.maximum(origins[None, :] + offsets[:, None], 0)
    n_others = series.inputs.shape[1] - anchor.shape[1]
    return tf.gather(series.inputs, rows) - tf.pad(anchor, [[0, 0], [0, n_others]])
