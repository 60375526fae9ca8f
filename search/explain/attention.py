"""Attention over the time steps of a window."""

from dataclasses import dataclass

import numpy as np

from search.explain.layers import Beside, Layer, Trace

WEIGHTS = "weights"
_SQUASHED = "squashed"


class AdditiveAttention(Layer):
    """Look back at all states with the last one as the question.

    Bahdanau, Cho and Bengio (2015), https://arxiv.org/abs/1409.0473. The score of a
    step is ``v · tanh(W_k h + W_q h_last)``; weights are the softmax of the scores over
    the steps that are rows. The weighted mean of the states and the last state are
    given on beside each other.

    Parameters
    ----------
    of_query, of_keys
        ``W_q`` and ``W_k``, of shape (units, n_scores).
    of_scores
        ``v``, of shape (n_scores, 1).
    """

    def __init__(
        self, of_query: np.ndarray, of_keys: np.ndarray, of_scores: np.ndarray
    ) -> None:
        self._of_query = of_query.astype(np.float64)
        self._of_keys = of_keys.astype(np.float64)
        self._of_scores = of_scores.astype(np.float64).ravel()
        self.width = 2 * len(of_keys)

    def run(self, inputs: np.ndarray, beside: Beside) -> Trace:
        """Return outputs of shape (n_windows, width).

        ``inside["weights"]``, of shape (n_windows, n_steps), adds up to 1.
        """
        last = inputs[:, -1]
        asked = (last @ self._of_query)[:, None]
        squashed = np.tanh(inputs @ self._of_keys + asked)
        scores = squashed @ self._of_scores
        if beside.mask is not None:
            scores = np.where(beside.mask, scores, -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        context = np.einsum("ns,nsu->nu", shares, inputs)
        return Trace(
            inputs,
            np.concatenate([context, last], axis=1),
            {WEIGHTS: shares, _SQUASHED: squashed},
        )

    def back(self, trace: Trace, of_outputs: np.ndarray) -> np.ndarray:
        """Return the gradient of the inputs."""
        states, shares = trace.inputs, trace.inside[WEIGHTS]
        squashed = trace.inside[_SQUASHED]
        of_context, of_last = np.split(of_outputs, 2, axis=1)
        of_states = shares[:, :, None] * of_context[:, None]
        of_shares = np.einsum("nsu,nu->ns", states, of_context)
        mean = (shares * of_shares).sum(axis=1, keepdims=True)
        of_scores = shares * (of_shares - mean)
        of_sums = of_scores[:, :, None] * self._of_scores * (1 - squashed**2)
        of_states += of_sums @ self._of_keys.T
        of_states[:, -1] += of_last + of_sums.sum(axis=1) @ self._of_query.T
        return of_states

    def work(self, n_steps: int) -> int:
        """Return the multiplications of one window."""
        return n_steps * self._of_keys.size


@dataclass(frozen=True)
class WeightRange:
    """The weights of each step over many windows, of shape (n_steps,) each.

    Attributes
    ----------
    mean
        Their mean; it adds up to 1.
    low, high
        Eight of ten windows lie between them, at each step for itself.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def last(self, n_steps: int) -> "WeightRange":
        """Return those of the last steps only."""
        parts = (one[-n_steps:] for one in (self.mean, self.low, self.high))
        return WeightRange(*parts)


def weight_range(weights: np.ndarray) -> WeightRange:
    """Return mean and spread of weights of shape (n_windows, n_steps)."""
    low, high = np.quantile(weights, (0.1, 0.9), axis=0)
    return WeightRange(weights.mean(axis=0), low, high)
