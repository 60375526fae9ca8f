"""Keras callbacks in a refit, whose epochs are not those of `keras.Model.fit`."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

Weights = Sequence[np.ndarray]
CallbackMaker = Callable[[int], Sequence[keras.callbacks.Callback]]
"""Makes the callbacks of the training from one seed."""

N_BUCKETS = 30
# The places of scalars and of other numbers in `tensorflow.DataClass`.
_SCALAR, _TENSOR = 1, 2

logger = logging.getLogger(__name__)


def no_callbacks(seed: int) -> Sequence[keras.callbacks.Callback]:
    """Return none, for any seed."""
    return ()


def tensorboard_logs(folder: Path) -> CallbackMaker:
    """Return what writes a log of each seed into a folder of its own in `folder`."""
    return lambda seed: (TensorBoardLog(folder / f"seed-{seed}"),)


class WatchedTraining:
    """Tells callbacks of a training, and the training what they want.

    They see a model with the weights after each epoch, and ``loss`` and
    ``learning_rate`` among the logs. One that sets ``model.stop_training`` ends the
    training, and one that changes the weights of the model at the end changes those
    that are delivered, so ``EarlyStopping`` on the loss does what it says. The model
    has no optimizer. Without callbacks nothing is done at all.

    Parameters
    ----------
    callbacks
        Of one training.
    model
        Network of the shape that is trained; its weights are overwritten.
    epochs
        Epochs that are planned.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        *,
        epochs: int,
    ) -> None:
        self._model = model
        self._callbacks = (
            keras.callbacks.CallbackList(
                list(callbacks), model=model, epochs=epochs, verbose=0
            )
            if callbacks
            else None
        )

    def begin(self, weights: Callable[[], Weights]) -> None:
        """Say that the training begins, with the initial weights."""
        if self._callbacks is not None:
            self._model.set_weights(weights())
            self._model.stop_training = False
            self._callbacks.on_train_begin()

    def is_over(
        self, epoch: int, logs: dict[str, float], weights: Callable[[], Weights]
    ) -> bool:
        """Tell of an epoch, 1 for the first; return whether it is to be the last."""
        if self._callbacks is None:
            return False
        self._callbacks.on_epoch_begin(epoch - 1)
        self._model.set_weights(weights())
        self._callbacks.on_epoch_end(epoch - 1, logs)
        return bool(self._model.stop_training)

    def end(self, weights: Callable[[], Weights]) -> tuple[np.ndarray, ...]:
        """Say that the training ended; return the weights that it gave."""
        if self._callbacks is None:
            return tuple(weights())
        self._callbacks.on_train_end()
        return tuple(self._model.get_weights())


class TensorBoardLog(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes loss and learning rate of each epoch, and the weights at the end.

    ``keras.callbacks.TensorBoard`` would need TensorBoard to write; this needs it to
    be looked at only. The names are the same. A log that cannot be written, on a full
    disk, is given up with a warning: the training matters more.

    Parameters
    ----------
    folder
        Made if need be. Logs that are there stay.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._last = 0
        self._writer: tf.summary.SummaryWriter | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Open the file."""

        def begin() -> None:
            self._writer = tf.summary.create_file_writer(str(self._folder))

        self._try(begin)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write one point of each curve."""
        self._last = epoch

        def write() -> None:
            for name, value in (logs or {}).items():
                point = np.array(value, np.float32)
                self._write(f"epoch_{name}", point, "scalars", _SCALAR)

        self._try(write)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Write the distribution of each weight array and close the file."""

        def write() -> None:
            for variable in self.model.weights:
                tag = f"{variable.path}/histogram"
                buckets = _buckets(np.asarray(variable))
                self._write(tag, buckets, "histograms", _TENSOR)
            if self._writer is not None:
                self._writer.close()

        self._try(write)

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except tf.errors.OpError as error:
            logger.warning("No TensorBoard log in %s: %s", self._folder, error)
            self._writer = None

    def _write(self, tag: str, value: np.ndarray, plugin: str, kind: int) -> None:
        if self._writer is None:
            return
        metadata = tf.compat.v1.SummaryMetadata(data_class=kind)
        metadata.plugin_data.plugin_name = plugin
        with self._writer.as_default():
            tf.summary.write(tag, tf.constant(value), self._last, metadata)


def _buckets(values: np.ndarray) -> np.ndarray:
    """Return left end, right end and number of each bucket, (n_buckets, 3)."""
    counts, edges = np.histogram(values.astype(np.float64), N_BUCKETS)
    return np.stack([edges[:-1], edges[1:], counts], axis=1)
