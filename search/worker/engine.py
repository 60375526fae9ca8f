"""Whole epochs in one compiled program.

Keras spends most of the time of a small recurrent network outside arithmetic. Here one
XLA program runs all steps of an epoch over one fold and validates the result. Its
shapes are fixed and what differs between folds, epochs and trials comes in as values:
the order of the windows (padded), their number, the weights, the learning rate, the
dropout rates, the loss and its penalty, the clipping and the framing, and for plain
stacks of layers also their depth and their sequence length. So one compilation serves
every fold and epoch, and every trial whose network is a relative.

The numbers are those of `keras.Model.fit` on the same batches.
"""

import time
from functools import lru_cache

import numpy as np
import tensorflow as tf

from search.space.lines import OptimizerName
from search.worker.gathering import SeriesTensors
from search.worker.layered import LayeredNetwork
from search.worker.losses import LOSSES, ClassSums, NumberSums
from search.worker.models import NetworkShape, initial_weights
from search.worker.records import (
    ClassErrors,
    EpochArguments,
    EpochOutcome,
    EpochResult,
    ProgramKey,
    Rates,
    State,
)
from search.worker.stacked import StackedNetwork, is_plain, program_shape


def epoch_program(
    shape: NetworkShape, batch_size: int, optimizer: OptimizerName, n_rows: int
) -> "EpochProgram":
    """Return the program that trains `shape`, the same one for its relatives.

    Parameters
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
    wide = program_shape(shape) if is_plain(shape) else shape
    return _program(ProgramKey(wide, batch_size, optimizer, n_rows))


@lru_cache(maxsize=256)
def _program(key: ProgramKey) -> "EpochProgram":
    return EpochProgram(key)


class EpochProgram:
    """The compiled program that trains and validates networks.

    The object holds no training state between calls: `run` takes a state and returns
    the next one, so that several folds can advance in turn.

    Parameters
    ----------
    key
        See `ProgramKey`. Nothing is compiled before `compile` or the first `run`.
    """

    def __init__(self, key: ProgramKey) -> None:
        self.key = key
        self.seconds_compile = 0.0
        kind = StackedNetwork if is_plain(key.shape) else LayeredNetwork
        self._network: StackedNetwork | LayeredNetwork = kind(key)
        self._is_compiled = False
        self._run = tf.function(self._network.epoch, jit_compile=True, autograph=False)

    @property
    def n_positions(self) -> int:
        """Windows that fit into the padded order of an epoch."""
        batch_size = self.key.batch_size
        return -(-self.key.n_rows // batch_size) * batch_size

    def start(self, shape: NetworkShape, *, learning_rate: float, seed: int) -> State:
        """Return the state before the first epoch: fresh weights, empty optimizer."""
        weights = initial_weights(shape, seed=seed)
        return self.start_from(shape, weights, learning_rate=learning_rate, seed=seed)

    def start_from(
        self,
        shape: NetworkShape,
        weights: list[np.ndarray],
        *,
        learning_rate: float,
        seed: int = 0,
    ) -> State:
        """Return a state with given weights, in the order of `Model.get_weights`."""
        tensors = self._network.pack(weights, learning_rate=learning_rate, seed=seed)
        return State(shape, tensors)

    def with_rate(self, state: State, learning_rate: float) -> State:
        """Return `state` with another learning rate for the epochs to come."""
        tensors = self._network.with_rate(state.tensors, learning_rate)
        return State(state.shape, tensors)

    def weights(self, state: State) -> list[np.ndarray]:
        """Return the weights in `state` in the order of `Model.get_weights`."""
        return self._network.unpack(state.tensors, state.shape)

    def compile(self, state: State, series: SeriesTensors) -> float:
        """Compile the program if need be and return the seconds that this took."""
        if self._is_compiled:
            return 0.0
        started = time.perf_counter()
        nothing = np.zeros(0, np.int32)
        # No window at all, so that the time is that of the compilation alone.
        self._run(
            state.tensors,
            self._arguments(state, series, nothing, nothing, Rates(clipnorm=1.0)),
        )
        self._is_compiled = True
        self.seconds_compile = time.perf_counter() - started
        return self.seconds_compile

    def run(
        self,
        state: State,
        series: SeriesTensors,
        *,
        order: np.ndarray,
        validation: np.ndarray,
        rates: Rates,
    ) -> EpochOutcome:
        """Train for one epoch, then validate.

        Parameters
        ----------
        state
            From `start` or from the epoch before.
        series
            Series of the fold, see `series_tensors`.
        order
            Training origins in the order in which batches take them; at most
            `n_positions`.
        validation
            Origins to validate on, in any order; at most `n_positions`, maybe none.
        rates
            Settings of the trial.
        """
        self.compile(state, series)
        result = self._run(
            state.tensors, self._arguments(state, series, order, validation, rates)
        )
        n_errors = len(validation) * self.key.shape.horizon
        return _outcome(state.shape, result, n_errors)

    def _arguments(
        self,
        state: State,
        series: SeriesTensors,
        order: np.ndarray,
        validation: np.ndarray,
        rates: Rates,
    ) -> EpochArguments:
        """Return what the compiled program takes; the shapes are always the same."""
        return EpochArguments(
            series=series,
            order=self._padded(order),
            validation=self._padded(validation),
            counts=tf.constant([len(order), len(validation)], tf.int32),
            layers=tf.constant(state.shape.layers),
            sequence_length=tf.constant(state.shape.sequence_length),
            clipnorm=tf.constant(rates.clipnorm, tf.float32),
            dropout=tf.constant(rates.dropout, tf.float32),
            recurrent_dropout=tf.constant(rates.recurrent_dropout, tf.float32),
            is_clipping_values=tf.constant(rates.clipping == "value"),
            l2=tf.constant(rates.l2, tf.float32),
            loss=tf.constant(LOSSES.index(rates.loss)),
            class_weights=tf.constant(self._class_weights(rates), tf.float32),
        )

    def _padded(self, origins: np.ndarray) -> tf.Tensor:
        padded = np.zeros(self.n_positions, np.int32)
        padded[: len(origins)] = origins
        return tf.constant(padded)

    def _class_weights(self, rates: Rates) -> tuple[float, ...]:
        n_classes = self.key.shape.n_classes
        weights = rates.class_weights or (1.0,) * n_classes
        if len(weights) != n_classes:
            raise ValueError(
                f"`class_weights` needs {n_classes} numbers, one for each class, got "
                f"{len(weights)}."
            )
        return weights


def _outcome(shape: NetworkShape, result: EpochResult, n_errors: int) -> EpochOutcome:
    """Make means of the sums over `n_errors` windows and steps."""
    share = 1 / n_errors if n_errors else np.nan
    state, loss = State(shape, result.state), float(result.loss)
    if isinstance(result.sums, NumberSums):
        squared, absolute = (one.numpy() * share for one in result.sums)
        return EpochOutcome(state, loss, squared, absolute)
    assert isinstance(result.sums, ClassSums)
    nothing = np.full(shape.n_targets, np.nan)
    classes = ClassErrors(
        log_loss=result.sums.log_loss.numpy() * share,
        error_rate=result.sums.errors.numpy() * share,
        confusion=result.sums.confusion.numpy(),
    )
    return EpochOutcome(state, loss, nothing, nothing, classes)
