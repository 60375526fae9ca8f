"""When the learning rate of a trial falls, and what it is in an epoch."""

from collections.abc import Iterable, Sequence

from search.space.lines import ScheduleName

PLATEAU_EPOCHS = 5
PLATEAU_FACTOR = 0.5


class Plateau:
    """Watches a validation curve as ``keras.callbacks.ReduceLROnPlateau`` does.

    With a factor of 0.5, a patience of 5 epochs, no smallest improvement and no pause
    after a drop.
    """

    def __init__(self) -> None:
        self._best = float("inf")
        self._waited = 0

    def is_reached(self, score: float) -> bool:
        """Return whether the rate falls after the next epoch, which had this score."""
        if score < self._best:
            self._best, self._waited = score, 0
            return False
        self._waited += 1
        if self._waited < PLATEAU_EPOCHS:
            return False
        self._waited = 0
        return True


def rate_drops(schedule: ScheduleName, scores: Iterable[float]) -> tuple[int, ...]:
    """Return the epochs, 1 for the first, that began with half the rate before them.

    Parameters
    ----------
    schedule
        ``constant`` never drops; see `Plateau` for the other one.
    scores
        Mean validation score over the folds of each epoch.

    Examples
    --------
    The best score is that of epoch 2; epochs 3 to 7 bring nothing better:

    >>> rate_drops("plateau", [3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5, 2.4])
    (8,)
    """
    if schedule == "constant":
        return ()
    plateau, epochs = Plateau(), list(enumerate(scores, 1))
    after = [epoch + 1 for epoch, score in epochs if plateau.is_reached(score)]
    return tuple(epoch for epoch in after if epoch <= len(epochs))


def rate_at(learning_rate: float, drops: Sequence[int], epoch: int) -> float:
    """Return the learning rate of `epoch` after the `drops` up to it."""
    n_drops = sum(drop <= epoch for drop in drops)
    return learning_rate * PLATEAU_FACTOR**n_drops
