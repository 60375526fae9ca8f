"""Puts the compiled recurrences in the place of what Keras layers do."""

from typing import Any

import keras
import tensorflow as tf

from search.worker.recurrence.gru import run_gru
from search.worker.recurrence.lstm import run_lstm
from search.worker.recurrence.simple_rnn import run_simple_rnn

_RECURRENCES = {
    keras.layers.SimpleRNN: run_simple_rnn,
    keras.layers.LSTM: run_lstm,
    keras.layers.GRU: run_gru,
}


def use_compiled_recurrence(model: keras.Model) -> None:
    """Make the recurrent layers of `model` run in the way of this package.

    Their weights and results stay those of Keras. The model can then be called inside
    programs compiled by XLA only. Layers with recurrent dropout stay as they are: they
    need a product of matrices for each gate.
    """
    for layer in model.layers:
        parts = [layer]
        if isinstance(layer, keras.layers.Bidirectional):
            parts = [layer.forward_layer, layer.backward_layer]
        for part in parts:
            if type(part) in _RECURRENCES and not part.recurrent_dropout:
                _replace_loop(part)


def _replace_loop(layer: Any) -> None:
    run = _RECURRENCES[type(layer)]

    def inner_loop(
        sequences: tf.Tensor, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        inputs = tf.transpose(sequences, [1, 0, 2])
        if layer.go_backwards:
            inputs = tf.reverse(inputs, [0])
        cell = layer.cell
        outputs = run(
            inputs,
            tf.convert_to_tensor(cell.kernel),
            tf.convert_to_tensor(cell.recurrent_kernel),
            tf.convert_to_tensor(cell.bias),
            returns_sequence=layer.return_sequences,
            is_training=bool(training),
        )
        if not layer.return_sequences:
            return outputs, outputs, [outputs]
        return outputs[-1], tf.transpose(outputs, [1, 0, 2]), [outputs[-1]]

    layer.inner_loop = inner_loop
