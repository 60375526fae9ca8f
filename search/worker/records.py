"""What goes into a compiled epoch and what comes out."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import tensorflow as tf

from search.study.space import TrialParams
from search.worker.models import NetworkShape

OptimizerName = Literal["adam", "rmsprop", "sgd"]


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
    clipnorm, dropout, recurrent_dropout, is_mae
        See `Rates`.
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
    is_mae: tf.Tensor


class EpochResult(NamedTuple):
    """What an epoch of a compiled program returns.

    Attributes
    ----------
    state
        The state after the epoch.
    loss
        Mean training loss, a scalar.
    squared, absolute
        Sums of squared and of absolute validation errors, (n_targets,).
    """

    state: Any
    loss: tf.Tensor
    squared: tf.Tensor
    absolute: tf.Tensor


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
    """Settings of a trial that need no compilation of their own."""

    clipnorm: float
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    loss: Literal["mse", "mae"] = "mse"

    @classmethod
    def of(cls, params: TrialParams) -> "Rates":
        """Take them from a configuration."""
        return cls(
            clipnorm=params.clipnorm,
            dropout=params.dropout,
            recurrent_dropout=params.recurrent_dropout,
            loss=params.loss,
        )


@dataclass(frozen=True)
class EpochOutcome:
    """What one epoch over one fold gave.

    Attributes
    ----------
    state
        The state after the epoch.
    loss
        Mean training loss over the windows, in scaled units, as `fit` reports it.
    squared, absolute
        Mean squared and mean absolute validation error of each target over windows
        and steps, of shape (n_targets,), in scaled units; NaN without windows.
    """

    state: State
    loss: float
    squared: np.ndarray
    absolute: np.ndarray
