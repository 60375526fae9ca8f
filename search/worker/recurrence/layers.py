"""Puts the compiled recurrences in the place of what Keras layers do."""

from typing import Any

import keras
import tensorflow as tf

from search.worker.recurrence.cells import STEP_RULES, StepRule
from search.worker.recurrence.stack import Extent, RecurrentStack, StackWeights


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
            for cell, rule in STEP_RULES.items():
                if type(part).__name__ == cell and not part.recurrent_dropout:
                    _replace_loop(part, rule, is_repeating=_repeats(layer))


def run_layer(
    rule: type[StepRule],
    inputs: tf.Tensor,
    kernel: tf.Tensor,
    recurrent: tf.Tensor,
    bias: tf.Tensor,
    begins: tf.Tensor | None = None,
) -> tf.Tensor:
    """Run one layer from a state of zeros; gradients flow to all tensors.

    Parameters
    ----------
    rule
        What the cell does in a step.
    inputs
        Shape (n_steps, n_windows, n_channels).
    kernel, recurrent, bias
        Weights as Keras has them.
    begins
        See `Extent`.

    Returns
    -------
    tensor
        The state after each step, (n_steps, n_windows, units).
    """
    units, (n_steps, n_windows, n_channels) = recurrent.shape[0], inputs.shape
    stack = _one_layer(rule, units, n_channels, n_steps, n_windows)
    extent = Extent(tf.constant(1), tf.constant(0), begins)
    return _run(stack, extent, inputs, kernel, recurrent, bias)


def run_repeating_layer(
    rule: type[StepRule],
    inputs: tf.Tensor,
    n_steps: int,
    kernel: tf.Tensor,
    recurrent: tf.Tensor,
    bias: tf.Tensor,
) -> tf.Tensor:
    """Run one layer whose every step gets the same `inputs`, as a decoder does.

    One product with them serves all steps.

    Parameters
    ----------
    inputs
        Shape (n_windows, n_channels).
    n_steps
        Times that they are given.
    rule, kernel, recurrent, bias
        See `run_layer`; so is what is returned.
    """
    n_windows, units = inputs.shape[0], recurrent.shape[0]
    stack = _one_layer(rule, units, 0, n_steps, n_windows)
    nothing = tf.zeros([n_steps, n_windows, 0])
    extent = Extent(tf.constant(1), tf.constant(0))
    always = tf.matmul(inputs, kernel)
    return _run(stack, extent, nothing, kernel[:0], recurrent, bias, always)


def _one_layer(
    rule: type[StepRule], units: int, n_channels: int, n_steps: int, n_windows: int
) -> RecurrentStack:
    return RecurrentStack(
        rule=rule,
        units=units,
        depth=1,
        n_channels=n_channels,
        n_steps=n_steps,
        chunk=n_steps,
        n_windows=n_windows,
    )


def _run(
    stack: RecurrentStack, extent: Extent, inputs: tf.Tensor, *others: tf.Tensor
) -> tf.Tensor:
    """Run `stack`; `others` are its weights and, if there is, what it always gets."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def run(
        inputs: tf.Tensor,
        kernel: tf.Tensor,
        recurrent: tf.Tensor,
        bias: tf.Tensor,
        *always: tf.Tensor,
    ) -> tuple[tf.Tensor, object]:
        weights = StackWeights(
            kernel, tf.zeros([1, *recurrent.shape]), recurrent[None], bias[None]
        )
        arrays = stack.run(
            weights, stack.workspace(), extent, lambda _: inputs, None, *always
        )

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            padded = tf.pad(upstream, [[0, 1], [0, 0], [0, 0]])[None]
            of_weights, of_inputs, of_always = stack.run_layer_back(
                weights, {**arrays, "upstream": padded}, extent, lambda _: inputs
            )
            return (
                of_inputs,
                of_weights.entry,
                of_weights.recurrent[0],
                of_weights.bias[0],
                *([of_always] if always else []),
            )

        return arrays["states"][0, 1:], gradient

    return run(inputs, *others)


def _repeats(layer: keras.layers.Layer) -> bool:
    """Whether each step of `layer` gets the same."""
    # Where a mask is given apart, it is an input beside them.
    first = keras.tree.flatten(layer.input)[0]
    return isinstance(first._keras_history.operation, keras.layers.RepeatVector)


def _replace_loop(layer: Any, rule: type[StepRule], *, is_repeating: bool) -> None:
    def inner_loop(
        sequences: tf.Tensor, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        inputs = tf.transpose(sequences, [1, 0, 2])
        # Padding comes first, so its length tells where a window begins.
        begins = None if mask is None else tf.reduce_sum(tf.cast(~mask, tf.int32), 1)
        if layer.go_backwards:
            inputs = _turn(inputs, begins)
        cell = layer.cell
        weights = (cell.kernel, cell.recurrent_kernel, cell.bias)
        kernel, recurrent, bias = map(tf.convert_to_tensor, weights)
        if is_repeating:
            states = run_repeating_layer(
                rule, inputs[0], inputs.shape[0], kernel, recurrent, bias
            )
        else:
            states = run_layer(rule, inputs, kernel, recurrent, bias, begins)
        last = states[-1]
        if layer.go_backwards and begins is not None:
            # Keras gives what was read last as the last row, padding after it.
            states = tf.reverse(_turn(states, begins), [0])
        if not layer.return_sequences:
            return last, last, [last]
        return last, tf.transpose(states, [1, 0, 2]), [last]

    layer.inner_loop = inner_loop


def _turn(values: tf.Tensor, begins: tf.Tensor | None) -> tf.Tensor:
    """Reverse the steps of each window, and leave its padding where it is.

    Parameters
    ----------
    values
        Shape (n_steps, n_windows, width).
    begins
        See `Extent`.
    """
    if begins is None:
        return tf.reverse(values, [0])
    n_steps, n_windows, _ = values.shape
    steps = tf.range(n_steps)[:, None]
    sources = tf.where(steps < begins, steps, begins + n_steps - 1 - steps)
    places = tf.stack([sources, tf.broadcast_to(tf.range(n_windows), sources.shape)], 2)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def turn(values: tf.Tensor) -> tuple[tf.Tensor, object]:
        # Turned twice it is as before, so the gradient is turned the same way.
        return tf.gather_nd(values, places), lambda of: tf.gather_nd(of, places)

    return turn(values)
