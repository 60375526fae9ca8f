"""GRU over a batch of sequences, with its gradient written out."""

import tensorflow as tf

from search.worker.recurrence.steps import read_row, write_row


def run_gru(
    inputs: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    *,
    returns_sequence: bool,
    is_training: bool,
) -> tf.Tensor:
    """Run the layer `keras.layers.GRU` with ``reset_after`` from a state of zeros.

    As `search.worker.recurrence.lstm.run_lstm`, with the gates of Keras in its order:
    update, reset, candidate. `kernel`, `recurrent_kernel` and `bias` have the shapes
    (n_channels, 3 x units), (units, 3 x units) and (2, 3 x units).
    """
    n_steps, n_windows, n_channels = inputs.shape
    units = recurrent_kernel.shape[0]
    # A sigmoid is a tanh at half the input.
    half = tf.constant([0.5] * (2 * units) + [1.0] * units)
    n_kept = n_steps if is_training else 1

    def place(step: tf.Tensor) -> tf.Tensor:
        return step if is_training else tf.zeros_like(step)

    @tf.custom_gradient
    def run(
        inputs: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor
    ) -> tuple[tf.Tensor, object]:
        flat_inputs = tf.reshape(inputs, [-1, n_channels])
        # The recurrent bias of update and reset is added here, outside the loop; that
        # of the candidate is multiplied by the reset gate and has to stay inside.
        shared = tf.concat([bias[0, : 2 * units] + bias[1, : 2 * units]], 0)
        shared = tf.concat([shared, bias[0, 2 * units :]], 0)
        projected = tf.matmul(flat_inputs, kernel * half) + shared * half
        projected = tf.reshape(projected, [n_steps, n_windows, 3 * units])
        halved = recurrent * half
        inner_bias = bias[1, 2 * units :]

        def step(
            index: tf.Tensor,
            state: tf.Tensor,
            tanhs: tf.Tensor,
            inners: tf.Tensor,
            candidates: tf.Tensor,
            states: tf.Tensor,
        ) -> tuple[tf.Tensor, ...]:
            here = place(index)
            outside = read_row(projected, index)
            product = tf.matmul(state, halved)
            before = outside[:, : 2 * units] + product[:, : 2 * units]
            tanhs = write_row(tanhs, here, tf.tanh(before))
            update, reset = _gates(read_row(tanhs, here))
            inners = write_row(inners, here, product[:, 2 * units :] + inner_bias)
            before = outside[:, 2 * units :] + reset * read_row(inners, here)
            candidates = write_row(candidates, here, tf.tanh(before))
            mixed = update * read_row(states, index)
            mixed += (1 - update) * read_row(candidates, here)
            states = write_row(states, index + 1, mixed)
            return (
                index + 1,
                read_row(states, index + 1),
                tanhs,
                inners,
                candidates,
                states,
            )

        _, state, tanhs, inners, candidates, states = tf.while_loop(
            lambda index, *_: index < n_steps,
            step,
            [
                0,
                tf.zeros([n_windows, units]),
                tf.zeros([n_kept, n_windows, 2 * units]),
                tf.zeros([n_kept, n_windows, units]),
                tf.zeros([n_kept, n_windows, units]),
                tf.zeros([n_steps + 1, n_windows, units]),
            ],
        )

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            transposed = tf.transpose(recurrent)

            def step_back(
                index: tf.Tensor,
                from_next: tf.Tensor,
                of_states: tf.Tensor,
                of_products: tf.Tensor,
            ) -> tuple[tf.Tensor, ...]:
                # Beyond the last step there is no state; its row is zero.
                next_tanhs = read_row(tanhs, tf.minimum(index + 1, n_steps - 1))
                of_state = read_row(of_states, index + 1) * _gates(next_tanhs)[0]
                of_state += from_next
                if returns_sequence:
                    of_state += read_row(upstream, index)
                of_states = write_row(of_states, index, of_state)
                of_state = read_row(of_states, index)
                update, reset = _gates(read_row(tanhs, index))
                candidate = read_row(candidates, index)
                of_update = of_state * (read_row(states, index) - candidate)
                of_candidate = of_state * (1 - update) * (1 - candidate * candidate)
                of_reset = of_candidate * read_row(inners, index)
                of_products = write_row(
                    of_products,
                    index,
                    of_update * update * (1 - update),
                    of_reset * reset * (1 - reset),
                    of_candidate * reset,
                )
                back = tf.matmul(read_row(of_products, index), transposed)
                return index - 1, back, of_states, of_products

            last = tf.zeros([n_windows, units]) if returns_sequence else upstream
            _, _, of_states, of_products = tf.while_loop(
                lambda index, *_: index >= 0,
                step_back,
                [
                    n_steps - 1,
                    last,
                    tf.zeros([n_steps + 1, n_windows, units]),
                    tf.zeros([n_steps, n_windows, 3 * units]),
                ],
            )
            updates = tanhs[:, :, :units] * 0.5 + 0.5
            of_candidates = of_states[:-1] * (1 - updates) * (1 - candidates**2)
            of_sums = tf.concat([of_products[:, :, : 2 * units], of_candidates], 2)
            of_sums = tf.reshape(of_sums, [-1, 3 * units])
            of_products = tf.reshape(of_products, [-1, 3 * units])
            ones = tf.ones([n_steps * n_windows, 1])
            inside = tf.concat([tf.reshape(states[:-1], [-1, units]), ones], 1)
            outside = tf.concat([flat_inputs, ones], 1)
            of_inner_weights = tf.matmul(inside, of_products, transpose_a=True)
            of_weights = tf.matmul(outside, of_sums, transpose_a=True)
            of_inputs = tf.matmul(of_sums, kernel, transpose_b=True)
            return (
                tf.reshape(of_inputs, inputs.shape),
                of_weights[:-1],
                of_inner_weights[:-1],
                tf.stack([of_weights[-1], of_inner_weights[-1]]),
            )

        return (states[1:] if returns_sequence else state), gradient

    return run(inputs, kernel, recurrent_kernel, bias)


def _gates(tanhs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return update and reset gate from the tanh of both."""
    update, reset = tf.split(tanhs, 2, axis=1)
    return update * 0.5 + 0.5, reset * 0.5 + 0.5
