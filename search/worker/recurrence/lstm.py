"""LSTM over a batch of sequences, with its gradient written out."""

import tensorflow as tf

from search.worker.recurrence.steps import read_row, write_row


def run_lstm(
    inputs: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    *,
    returns_sequence: bool,
    is_training: bool,
) -> tf.Tensor:
    """Run the layer `keras.layers.LSTM` from a state of zeros.

    All that does not depend on the step before is computed at once for all steps: the
    products with `kernel`, and in the gradient those that give the weights. Only one
    product of matrices a step is left in the loop. The gates stand in the order of
    Keras: input, forget, candidate, output.

    Parameters
    ----------
    inputs
        Shape (n_steps, n_windows, n_channels).
    kernel, recurrent_kernel, bias
        Shapes (n_channels, 4 x units), (units, 4 x units) and (4 x units,).
    returns_sequence
        Whether the states of all steps are wanted, or the last one only.
    is_training
        Whether a gradient may be asked for.

    Returns
    -------
    tensor
        Shape (n_steps, n_windows, units), or (n_windows, units).
    """
    n_steps, n_windows, n_channels = inputs.shape
    units = recurrent_kernel.shape[0]
    gates_shape = [n_windows, 4 * units]
    # A sigmoid is a tanh at half the input, so one function serves all gates.
    half = tf.constant([0.5] * (2 * units) + [1.0] * units + [0.5] * units)
    n_kept = n_steps if is_training else 1

    def place(step: tf.Tensor) -> tf.Tensor:
        return step if is_training else tf.zeros_like(step)

    @tf.custom_gradient
    def run(
        inputs: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor
    ) -> tuple[tf.Tensor, object]:
        flat_inputs = tf.reshape(inputs, [-1, n_channels])
        projected = tf.matmul(flat_inputs, kernel * half) + bias * half
        projected = tf.reshape(projected, [n_steps, *gates_shape])
        halved = recurrent * half

        def step(
            index: tf.Tensor,
            state: tf.Tensor,
            tanhs: tf.Tensor,
            carries: tf.Tensor,
            squashed: tf.Tensor,
            states: tf.Tensor,
        ) -> tuple[tf.Tensor, ...]:
            here = place(index)
            before = read_row(projected, index) + tf.matmul(state, halved)
            tanhs = write_row(tanhs, here, tf.tanh(before))
            to_input, forget, candidate, output = _gates(read_row(tanhs, here))
            carry = forget * read_row(carries, here) + to_input * candidate
            after = here + 1 if is_training else here
            carries = write_row(carries, after, carry)
            squashed = write_row(squashed, here, tf.tanh(read_row(carries, after)))
            states = write_row(states, index + 1, output * read_row(squashed, here))
            return (
                index + 1,
                read_row(states, index + 1),
                tanhs,
                carries,
                squashed,
                states,
            )

        _, state, tanhs, carries, squashed, states = tf.while_loop(
            lambda index, *_: index < n_steps,
            step,
            [
                0,
                tf.zeros([n_windows, units]),
                tf.zeros([n_kept, *gates_shape]),
                tf.zeros([n_kept + is_training, n_windows, units]),
                tf.zeros([n_kept, n_windows, units]),
                tf.zeros([n_steps + 1, n_windows, units]),
            ],
        )

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            transposed = tf.transpose(recurrent)

            def step_back(
                index: tf.Tensor,
                from_next: tf.Tensor,
                of_carries: tf.Tensor,
                of_gates: tf.Tensor,
            ) -> tuple[tf.Tensor, ...]:
                of_state = from_next
                if returns_sequence:
                    of_state += read_row(upstream, index)
                to_input, forget, candidate, output = _gates(read_row(tanhs, index))
                # Beyond the last step there is no carry; its row is zero.
                next_tanhs = read_row(tanhs, tf.minimum(index + 1, n_steps - 1))
                squash = read_row(squashed, index)
                of_carry = read_row(of_carries, index + 1) * _gates(next_tanhs)[1]
                of_carry += of_state * output * (1 - squash * squash)
                of_carries = write_row(of_carries, index, of_carry)
                of_carry = read_row(of_carries, index)
                of_gates = write_row(
                    of_gates,
                    index,
                    of_carry * candidate * to_input * (1 - to_input),
                    of_carry * read_row(carries, index) * forget * (1 - forget),
                    of_carry * to_input * (1 - candidate * candidate),
                    of_state * squash * output * (1 - output),
                )
                back = tf.matmul(read_row(of_gates, index), transposed)
                return index - 1, back, of_carries, of_gates

            last = tf.zeros([n_windows, units]) if returns_sequence else upstream
            _, _, _, of_gates = tf.while_loop(
                lambda index, *_: index >= 0,
                step_back,
                [
                    n_steps - 1,
                    last,
                    tf.zeros([n_steps + 1, n_windows, units]),
                    tf.zeros([n_steps, *gates_shape]),
                ],
            )
            of_gates = tf.reshape(of_gates, [-1, 4 * units])
            ones = tf.ones([n_steps * n_windows, 1])
            sources = [tf.reshape(states[:-1], [-1, units]), flat_inputs, ones]
            of_weights = tf.matmul(tf.concat(sources, 1), of_gates, transpose_a=True)
            of_inputs = tf.matmul(of_gates, kernel, transpose_b=True)
            return (
                tf.reshape(of_inputs, inputs.shape),
                of_weights[units : units + n_channels],
                of_weights[:units],
                of_weights[units + n_channels],
            )

        return (states[1:] if returns_sequence else state), gradient

    return run(inputs, kernel, recurrent_kernel, bias)


def _gates(tanhs: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Return input, forget, candidate and output gate from the tanh of all four."""
    to_input, forget, candidate, output = tf.split(tanhs, 4, axis=1)
    return to_input * 0.5 + 0.5, forget * 0.5 + 0.5, candidate, output * 0.5 + 0.5
