"""How well probabilities order the samples of each class, and which calls are wrong."""

from dataclasses import dataclass

import numpy as np

from search.analysis.holdout.answers import ClassAnswers


@dataclass(frozen=True)
class RocCurve:
    """How many samples of a class are found, for how many false alarms.

    Attributes
    ----------
    false_alarms
        Share of the other samples that are called so, rising from 0 to 1.
    found
        Share of the samples of the class that are called so, as far.
    area
        Area under the curve: 1 orders all samples rightly, 0.5 is chance.
    """

    false_alarms: np.ndarray
    found: np.ndarray
    area: float


@dataclass(frozen=True)
class WrongCall:
    """One sample whose most probable class is wrong.

    Attributes
    ----------
    place
        Its position among the answers.
    called, actual
        Places of both classes.
    probability, right_probability
        What the network gave to the called and to the actual class.
    """

    place: int
    called: int
    actual: int
    probability: float
    right_probability: float


def roc_curve(answers: ClassAnswers, place: int) -> RocCurve | None:
    """Return the curve of one class against all others; None where either is absent.

    Examples
    --------
    Of two samples of class 1 one has the highest probability, one the lowest:

    >>> from search.analysis.holdout.answers import Places
    >>> nowhere = Places(np.array(["", "", ""]), np.arange(3), np.arange(3))
    >>> likely = np.array([[0.1, 0.9], [0.8, 0.2], [0.5, 0.5]])
    >>> curve = roc_curve(ClassAnswers(nowhere, np.array([1, 1, 0]), likely), 1)
    >>> curve.found.tolist(), curve.false_alarms.tolist(), curve.area
    ([0.0, 0.5, 0.5, 1.0], [0.0, 0.0, 1.0, 1.0], 0.5)
    """
    is_class = answers.actual == place
    n_class = int(is_class.sum())
    if not n_class or n_class == len(is_class):
        return None
    likely = answers.probabilities[:, place]
    order = np.argsort(-likely, kind="stable")
    # A step of the curve is where the probability changes: ties move together.
    ends = np.append(np.flatnonzero(np.diff(likely[order])), len(order) - 1)
    right = np.cumsum(is_class[order])[ends]
    wrong = ends + 1 - right
    found = np.concatenate([[0.0], right / n_class])
    false_alarms = np.concatenate([[0.0], wrong / (len(order) - n_class)])
    area = float(np.trapezoid(found, false_alarms))
    return RocCurve(false_alarms, found, area)


def wrong_calls(answers: ClassAnswers, *, most: int | None = None) -> list[WrongCall]:
    """Return the wrong calls, the surest first, `most` of them at most."""
    called = answers.called
    wrong = np.flatnonzero(called != answers.actual)
    sure = answers.probabilities[wrong, called[wrong]]
    wrong = wrong[np.argsort(-sure, kind="stable")][:most]
    return [
        WrongCall(
            place=int(place),
            called=int(called[place]),
            actual=int(answers.actual[place]),
            probability=float(answers.probabilities[place, called[place]]),
            right_probability=float(
                answers.probabilities[place, answers.actual[place]]
            ),
        )
        for place in wrong
    ]
