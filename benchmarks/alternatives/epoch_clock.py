"""Seconds of each epoch of `fit`, for the scripts that use Keras."""

import time

import keras


class EpochClock(keras.callbacks.Callback):
    """Notes the seconds of each epoch, validation included."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Stop the clock."""
        self.seconds.append(time.perf_counter() - self._started)
