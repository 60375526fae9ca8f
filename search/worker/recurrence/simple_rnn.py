"""SimpleRNN over a batch of sequences, with its gradient written out."""

import tensorflow as tf

from search.worker.recurrence.steps import read_row, write_row


def run_simple_rnn(
    inputs: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    *,
    returns_sequence: bool,
    is_training: bool,
) -> tf.Tensor:
    """Run the layer `keras.layers.SimpleRNN` from a state of zeros.

    As `search.worker.recurrence.lstm.run_lstm`; `kernel`, `recurrent_kernel` and
    `bias` have the shapes (n_channels, units), (units, units) and (units,).
    """
    del is_training  # the states are all that a gradient needs
    n_steps, n_windows, n_channels = inputs.shape
    units = recurrent_kernel.shape[0]

    @tf.custom_gradient
    def run(
        inputs: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor
    ) -> tuple[tf.Tensor, object]:
        flat_inputs = tf.reshape(inputs, [-1, n_channels])
        projected = tf.matmul(flat_inputs, kernel) + bias
        projected = tf.reshape(projected, [n_steps, n_windows, units])

        def step(
            index: tf.Tensor, state: tf.Tensor, states: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            before = read_row(projected, index) + tf.matmul(state, recurrent)
            states = write_row(states, index + 1, tf.tanh(before))
            return index + 1, read_row(states, index + 1), states

        _, state, states = tf.while_loop(
            lambda index, *_: index < n_steps,
            step,
            [
                0,
                tf.zeros([n_windows, units]),
                tf.zeros([n_steps + 1, n_windows, units]),
            ],
        )

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            transposed = tf.transpose(recurrent)

            def step_back(
                index: tf.Tensor, from_next: tf.Tensor, of_sums: tf.Tensor
            ) -> tuple[tf.Tensor, ...]:
                of_state = from_next
                if returns_sequence:
                    of_state += read_row(upstream, index)
                state = read_row(states, index + 1)
                of_sums = write_row(of_sums, index, of_state * (1 - state * state))
                back = tf.matmul(read_row(of_sums, index), transposed)
                return index - 1, back, of_sums

            last = tf.zeros([n_windows, units]) if returns_sequence else upstream
            _, _, of_sums = tf.while_loop(
                lambda index, *_: index >= 0,
                step_back,
                [n_steps - 1, last, tf.zeros([n_steps, n_windows, units])],
            )
            of_sums = tf.reshape(of_sums, [-1, units])
            ones = tf.ones([n_steps * n_windows, 1])
            sources = [tf.reshape(states[:-1], [-1, units]), flat_inputs, ones]
            of_weights = tf.matmul(tf.concat(sources, 1), of_sums, transpose_a=True)
            of_inputs = tf.matmul(of_sums, kernel, transpose_b=True)
            return (
                tf.reshape(of_inputs, inputs.shape),
                of_weights[units : units + n_channels],
                of_weights[:units],
                of_weights[units + n_channels],
            )

        return (states[1:] if returns_sequence else state), gradient

    return run(inputs, kernel, recurrent_kernel, bias)
