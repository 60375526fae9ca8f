"""Forecasts of a plain Keras model in original units."""

import time

import keras
import numpy as np
import tensorflow as tf

from search.config import Task
from search.evaluation.framing import FramedSeries
from search.evaluation.panel import Panel
from search.evaluation.scaling import GroupScaler, Scaler
from search.evaluation.windows import gather_windows
from search.space.lines import TrialParams
from search.worker.folds import Scalers
from search.worker.models import as_inputs, network_shape

PREDICTION_BATCH = 512
_TIMED_CALLS = 20


class Predictor:
    """Forecasts of the plain model in original units."""

    def __init__(
        self,
        model: keras.Model,
        panel: Panel,
        params: TrialParams,
        task: Task,
        *,
        labels: Scaler | None = None,
    ) -> None:
        self._model = model
        self._params = params
        self._task = task
        self._labels = labels
        self._shape = network_shape(params, panel, task)
        signature = [
            tf.TensorSpec((None, *one.shape[1:]), tf.float32) for one in model.inputs
        ]
        self._call = tf.function(
            lambda *inputs: model(as_inputs(inputs), training=False),
            input_signature=signature,
            autograph=False,
        )

    def predict(
        self, panel: Panel, scaler: Scaler | GroupScaler, origins: np.ndarray
    ) -> np.ndarray:
        """Return the forecasts of shape (n_origins, horizon, n_targets).

        Where classes are told apart these are probabilities, (n_origins, 1, n_classes).
        Of a window that is repeated only the last row is returned: the others were
        the last one of other windows.
        """
        framed = self._frame(panel, scaler)
        is_repeating = self._task.kind == "anomaly" and (
            self._task.detector == "autoencoder"
        )
        steps = slice(-1, None) if is_repeating else slice(None)
        parts = [
            self._predict_scaled(framed, origins[start : start + PREDICTION_BATCH])[
                :, steps
            ]
            for start in range(0, len(origins), PREDICTION_BATCH)
        ]
        values = np.concatenate(parts)
        if self._shape.n_classes:
            return _probabilities(values)
        return (self._labels or scaler).inverse(values, origins)

    def milliseconds(
        self, panel: Panel, scaler: Scaler | GroupScaler, origin: int
    ) -> float:
        """Return the median time to predict one window."""
        framed = self._frame(panel, scaler)
        seconds = []
        for _ in range(_TIMED_CALLS):
            started = time.perf_counter()
            self._predict_scaled(framed, np.array([origin]))
            seconds.append(time.perf_counter() - started)
        return 1000 * float(np.median(seconds))

    def _frame(self, panel: Panel, scaler: Scaler | GroupScaler) -> FramedSeries:
        return Scalers(scaler, self._labels).frame(panel, self._params, self._task)

    def _predict_scaled(self, framed: FramedSeries, origins: np.ndarray) -> np.ndarray:
        windows = gather_windows(
            framed,
            origins,
            sequence_length=self._params.sequence_length,
            n_known=self._shape.n_known,
        )
        inputs = [windows.past, windows.known][: len(self._model.inputs)]
        output = self._call(*map(tf.constant, inputs)).numpy()
        # In float64, so that original units lose nothing.
        values: np.ndarray = output.astype(np.float64)
        return values if self._shape.n_classes else values + windows.base


def _probabilities(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return shares
