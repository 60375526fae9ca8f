"""Permutation importance on models whose needs are known."""

import numpy as np

from search.evaluation.windows import PADDING
from search.explain.importance import (
    ACCURACY,
    LOG_LOSS,
    channel_importance,
    step_importance,
)

GENERATOR = np.random.default_rng(0)
PAST = GENERATOR.normal(size=(200, 30, 3))
KNOWN = GENERATOR.normal(size=(200, 2, 1))


def _model(past: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Forecast twice the first channel of the last row, and the known value."""
    last = 2 * past[:, -1, 0]
    return (last[:, None] + 3 * known[:, :, 0])[..., None]


ACTUAL = _model(PAST, KNOWN) + 0.1 * GENERATOR.normal(size=(200, 2, 1))


def test_channels_that_are_not_used_do_not_matter() -> None:
    found = channel_importance(
        _model, PAST, KNOWN, ACTUAL, channels=("a", "b", "plan"), n_repeats=5
    )
    assert found.names == ("a", "b", "plan")
    assert found.means[1] == 0
    assert found.means[2] > found.means[0] > 5
    assert (found.spreads >= 0).all()


def test_only_the_last_rows_matter() -> None:
    found = step_importance(_model, PAST, KNOWN, ACTUAL, n_repeats=5)
    assert len(found.names) == 24
    assert found.names[-1] == "1–2" or found.names[-1] == "1"
    assert found.names[0].endswith("30")
    assert found.means[-1] > 5
    assert (found.means[:-1] == 0).all()


def test_short_windows_have_one_name_a_row() -> None:
    found = step_importance(_model, PAST[:, -4:], KNOWN, ACTUAL, n_repeats=2)
    assert found.names == ("4", "3", "2", "1")


def test_padding_is_never_shuffled() -> None:
    """A row is not put where padding is, nor padding where a row is."""
    past = PAST[:, -6:].copy()
    past[::2, :4] = PADDING
    where = past == PADDING

    def model(windows: np.ndarray, known: np.ndarray) -> np.ndarray:
        assert ((windows == PADDING) == where).all()
        return _model(windows, known)

    actual = _model(past, KNOWN)
    channel_importance(
        model, past, KNOWN, actual, channels=("a", "b", "plan"), n_repeats=2
    )
    step_importance(model, past, KNOWN, actual, n_repeats=2)


def test_classes_lose_accuracy_and_their_log_loss_rises() -> None:
    def logits(past: np.ndarray, known: np.ndarray) -> np.ndarray:
        level = 4 * past[:, -1, 0]
        return np.stack([level, -level], axis=-1)[:, None]

    none = np.zeros((200, 1, 0))
    actual = (PAST[:, -1, 0] < 0).astype(np.int64)
    lost, risen = (
        channel_importance(
            logits, PAST, none, actual, channels=("a", "b", "c"), measure=measure
        )
        for measure in (ACCURACY, LOG_LOSS)
    )
    # Of two classes that are equally common, half of the answers turn wrong.
    assert 0.4 < lost.means[0] < 0.6
    assert lost.means[1] == lost.means[2] == risen.means[1] == 0
    assert risen.means[0] > 1
