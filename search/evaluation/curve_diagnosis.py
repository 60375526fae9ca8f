"""What learning curve and fold scores tell of a training, in numbers, with cures.

Gradients are not recorded; what they do is read from the loss: a jump of the training
loss, or one that leaves the numbers, tells of exploding gradients, one that does not
fall of vanishing ones.
"""

from collections.abc import Sequence

import numpy as np

from search.evaluation.diagnosis import Cure, Diagnosis

FEWEST_EPOCHS = 3
# In one or two epochs after the best one a score may be worse by chance.
FEWEST_AFTER = 3
JUMP = 10.0
LEARNED, GAINED = 0.02, 0.02
WORSE, FALLING = 0.05, 0.01


def diagnose_jumps(train: np.ndarray, valid: np.ndarray) -> list[Diagnosis]:
    """Find a training that jumped, or that left the numbers.

    Parameters
    ----------
    train, valid
        Loss and score of each fold after each epoch, of shape (n_epochs, n_folds). In
        the epoch at which a training diverged they are not finite from the fold on
        that did.
    """
    found = []
    n_sound = sound_epochs(train, valid)
    jumps = _jumps(train[:n_sound])
    if jumps.size and jumps.max() > JUMP:
        epoch, fold = np.unravel_index(jumps.argmax(), jumps.shape)
        numbers: dict[str, float | str] = {
            "times": float(jumps[epoch, fold]),
            "epoch": int(epoch) + 2,
            "fold": int(fold) + 1,
        }
        found.append(Diagnosis("exploding", numbers, "loss", _CALMER))
    if n_sound < len(train):
        is_sound = np.isfinite(train[n_sound]) & np.isfinite(valid[n_sound])
        numbers = {"epoch": n_sound + 1, "fold": int(is_sound.argmin()) + 1}
        found.append(Diagnosis("diverged", numbers, "loss", _CALMER))
    return found


def sound_epochs(train: np.ndarray, valid: np.ndarray) -> int:
    """Return the number of epochs before the first with a number that is not finite.

    Parameters
    ----------
    train, valid
        As of `diagnose_jumps`.
    """
    is_sound = (np.isfinite(train) & np.isfinite(valid)).all(axis=1)
    return len(is_sound) if is_sound.all() else int(is_sound.argmin())


def diagnose_curve(
    train: np.ndarray,
    valid: np.ndarray,
    *,
    most_epochs: int,
    skill: float | None,
    was_ended: bool = False,
) -> list[Diagnosis]:
    """Read a learning curve.

    Parameters
    ----------
    train, valid
        Mean loss and mean score over the folds after each epoch, of shape (n_epochs,);
        in different units, so that each is judged by its own course. Curves that are
        shorter than three epochs, not finite, or that reach 0 are not read.
    most_epochs
        Largest number of epochs that the search allowed.
    skill
        Share by which the best score is below that of the best baseline on the same
        folds; None if not known.
    was_ended
        Whether something else than its own patience ended the training: the pruner, a
        failure, or the end of its process.
    """
    n_epochs = len(valid)
    if n_epochs < FEWEST_EPOCHS or not _is_readable(train) or not _is_readable(valid):
        return []
    best = int(valid.argmin())
    is_behind = skill is not None and skill <= 0
    learned = 1 - float(train.min()) / float(train[0])
    if learned < LEARNED and is_behind:
        cures: tuple[Cure, ...] = ("higher_rate", "other_framing")
        return [Diagnosis("not_learning", {"share": learned}, "loss", cures)]
    found = []
    worse = float(valid[-1] / valid[best] - 1)
    gained = 1 - float(train[-1] / train[best])
    n_after = n_epochs - 1 - best
    if worse > WORSE and gained > GAINED and n_after >= FEWEST_AFTER:
        found.append(
            Diagnosis(
                "overfitting",
                {"epoch": best + 1, "worse": worse, "gained": gained},
                "loss",
                ("more_dropout", "fewer_units"),
            )
        )
    tail = max(2, n_epochs // 5)
    falling = 1 - float(valid[-tail:].min() / valid[: n_epochs - tail].min())
    is_falling = best >= n_epochs - 2 and falling > FALLING
    if is_falling and n_epochs >= most_epochs:
        found.append(
            Diagnosis(
                "still_falling",
                {"share": falling, "epochs": tail},
                "learning",
                ("more_epochs", "higher_rate"),
            )
        )
    elif is_behind and worse <= WORSE:
        assert skill is not None
        found.append(
            _too_slow(skill, falling, n_epochs, tail)
            if is_falling and was_ended
            else _underfitting(skill)
        )
    return found


def diagnose_folds(
    scores: Sequence[float], baseline: Sequence[float]
) -> list[Diagnosis]:
    """Compare the folds, each measured by the baseline's score on it.

    Parameters
    ----------
    scores, baseline
        Score on each fold of the model and of the best baseline; folds on which the
        baseline has no error are left out.
    """
    ratios = {
        fold: own / simple
        for fold, (own, simple) in enumerate(zip(scores, baseline, strict=True), 1)
        if simple > 0
    }
    if len(ratios) < 3:
        return []
    worst, usual = (
        max(ratios, key=ratios.__getitem__),
        float(np.median([*ratios.values()])),
    )
    if ratios[worst] < 2 * usual:
        return []
    numbers: dict[str, float | str] = {
        "fold": worst,
        "times": float(ratios[worst] / usual),
    }
    cures: tuple[Cure, ...] = ("other_framing", "fewer_units")
    return [Diagnosis("unstable_folds", numbers, "folds", cures)]


def _jumps(train: np.ndarray) -> np.ndarray:
    """Return each loss but the first over the lowest one before it, of its own fold."""
    lowest = np.minimum.accumulate(train, axis=0)[:-1]
    return np.divide(train[1:], lowest, out=np.ones_like(lowest), where=lowest > 0)


def _is_readable(values: np.ndarray) -> bool:
    """Whether shares of `values` can be formed."""
    return bool(np.isfinite(values).all() and values.min() > 0)


def _too_slow(skill: float, falling: float, n_epochs: int, tail: int) -> Diagnosis:
    numbers: dict[str, float | str] = {
        "skill": -skill,
        "share": falling,
        "epochs": n_epochs,
        "tail": tail,
    }
    return Diagnosis("slow_start", numbers, "learning", ("higher_rate", "more_units"))


def _underfitting(skill: float) -> Diagnosis:
    cures: tuple[Cure, ...] = ("other_framing", "longer_sequences", "more_units")
    return Diagnosis("underfitting", {"skill": -skill}, "learning", cures)


_CALMER: tuple[Cure, ...] = ("lower_rate", "stronger_clipping")
