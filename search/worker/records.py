"""What goes into a compiled epoch and what comes out."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from search.space.lines import ClippingName, LossName, OptimizerName, TrialParams
from search.worker.models import NetworkShape


@dataclass(frozen=True)
class ProgramKey:
    """All that a compiled program depends on.

    Attributes
    ----------
    shape
        Structure of the network.
    batch_size
        Windows in one training step.
    optimizer
        Rule of the update.
    n_rows
        Rows in the series.
    """

    shape: NetworkShape
    batch_size: int
    optimizer: OptimizerName
    n_rows: int


class EpochArguments(NamedTuple):
    """What an epoch of a compiled program is given beside the state.

    Attributes
    ----------
    series
        See `search.worker.gathering.SeriesTensors`.
    order
        Training origins, padded, (n_positions,).
    validation
        Validation origins, padded, (n_positions,).
    counts
        Number of training origins, number of validation origins.
    layers, sequence_length
        Of the network; they may be less than those of the program.
    clipnorm, dropout, recurrent_dropout, l2, class_weights
        See `Rates`.
    is_clipping_values
        Whether `Rates.clipping` is ``value``.
    loss
        Place of the loss in `search.worker.losses.LOSSES`.
    """

    series: Any
    order: tf.Tensor
    validation: tf.Tensor
    counts: tf.Tensor
    layers: tf.Tensor
    sequence_length: tf.Tensor
    clipnorm: tf.Tensor
    dropout: tf.Tensor
    recurrent_dropout: tf.Tensor
    is_clipping_values: tf.Tensor
    l2: tf.Tensor
    loss: tf.Tensor
    class_weights: tf.Tensor


class EpochResult(NamedTuple):
    """What an epoch of a compiled program returns.

    Attributes
    ----------
    state
        The state after the epoch.
    loss
        Mean training loss, a scalar.
    sums
        Sums over the validation windows; see `search.worker.losses`.
    """

    state: Any
    loss: tf.Tensor
    sums: Any


@dataclass(frozen=True)
class State:
    """A network in training.

    Attributes
    ----------
    shape
        Its structure.
    tensors
        Everything that training changes: weights, optimizer slots, random numbers.
    """

    shape: NetworkShape
    tensors: Any


@dataclass(frozen=True)
class Rates:
    """Settings of a trial that need no compilation of their own.

    Attributes
    ----------
    clipnorm, dropout, recurrent_dropout, loss, clipping, l2
        See `TrialParams`.
    class_weights
        Weight of each true class in the training loss; empty where all count alike.
    """

    clipnorm: float
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    loss: LossName = "mse"
    clipping: ClippingName = "norm"
    l2: float = 0.0
    class_weights: tuple[float, ...] = ()

    @classmethod
    def of(cls, params: TrialParams) -> "Rates":
        """Take them from a configuration."""
        return cls(
            clipnorm=params.clipnorm,
            dropout=params.dropout,
            recurrent_dropout=params.recurrent_dropout,
            loss=params.loss,
            clipping=params.clipping,
            l2=params.l2,
        )


@dataclass(frozen=True)
class ClassErrors:
    """How a network did on the validation windows of a class task.

    Attributes
    ----------
    log_loss
        Mean over windows and steps of minus the logarithm of the probability of the
        true class, (n_targets,); NaN without windows.
    error_rate
        Share of windows and steps of which another class is the likeliest,
        (n_targets,); NaN without windows.
    confusion
        How often a true class (row) was taken for a class (column), over all targets,
        (n_classes, n_classes).
    """

    log_loss: np.ndarray
    error_rate: np.ndarray
    confusion: np.ndarray


@dataclass(frozen=True)
class EpochOutcome:
    """What one epoch over one fold gave.

    Attributes
    ----------
    state
        The state after the epoch.
    loss
        Mean training loss over the windows, in the units of the loss and with the
        share of `Rates.l2`, as `fit` reports it.
    squared, absolute
        Mean squared and mean absolute validation error of each target over windows
        and steps, of shape (n_targets,), in scaled units; NaN without windows, and in
        class tasks.
    classes
        What takes their place in class tasks.
    """

    state: State
    loss: float
    squared: np.ndarray
    absolute: np.ndarray
    classes: ClassErrors | None = None
