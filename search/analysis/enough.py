"""Whether further trials are worth it: what the last ones gained, and what to expect.

Each further trial is thought of as drawn from the latest trials of its cell, pruned
ones included, with a relative error as wide as a kernel density estimate would make it.
The search learns, so its latest trials say more about the next ones than its first.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from search.config import Cell
from search.study.trials.listing import TrialView

# Fewest done and complete trials of each cell before anything is judged.
FEWEST_DONE, FEWEST_COMPLETE = 15, 4
# Trials looked back on and ahead, for each cell and in all.
WINDOW_PER_CELL, SHORTEST_WINDOW = 10, 20
# A search stops where it gained less than the first share of its best score, and gains
# more than the second share with a chance below the third number.
SMALL_GAIN, WORTHWHILE_GAIN, SMALL_CHANCE = 0.005, 0.01, 0.05
# With fewer trials left, stopping spares nothing.
FEWEST_LEFT = 5


@dataclass(frozen=True)
class Outlook:
    """What the last trials gained and what the next ones may gain.

    Attributes
    ----------
    n_done
        Complete and pruned trials.
    n_missing
        Trials still missing, about, before the search is judged; `gain` and `chance`
        are None until it is 0.
    window
        Trials looked back on.
    n_ahead
        Trials looked ahead on: as many, or those that are left.
    gain
        Share by which the best score fell in the window.
    chance
        Estimated chance that the trials ahead make it fall by more than
        `WORTHWHILE_GAIN`.
    """

    n_done: int
    n_missing: int
    window: int
    n_ahead: int
    gain: float | None = None
    chance: float | None = None

    @property
    def is_enough(self) -> bool:
        """Whether the search should stop here."""
        if self.gain is None or self.chance is None or self.n_ahead < FEWEST_LEFT:
            return False
        return self.gain < SMALL_GAIN and self.chance < SMALL_CHANCE


def look_ahead(
    trials: Iterable[TrialView],
    cells: Sequence[Cell],
    *,
    n_trials: int | None,
    n_before: int = 0,
) -> Outlook:
    """Judge a search by the scores of its trials.

    Parameters
    ----------
    trials
        All trials.
    cells
        Cells that take part.
    n_trials
        Trials of the budget; None if only time limits the search.
    n_before
        Trials that were done when somebody last let the search go on after its end.
        A whole window must follow, because somebody wanted it to go on.
    """
    done = [one for one in trials if one.is_done]
    done.sort(key=lambda one: (one.finished or "", one.number))
    own = {cell: [one for one in done if one.cell == cell] for cell in cells}
    window = max(SHORTEST_WINDOW, WINDOW_PER_CELL * len(cells))
    left = window if n_trials is None else n_trials - len(done)
    n_ahead = max(0, min(window, left))
    n_missing = max(
        0,
        n_before + window + 1 - len(done),
        len(cells) * max(map(_n_missing, own.values())),
    )
    before, now = _best(done[:-window]), _best(done)
    if n_missing or before is None or now is None:
        return Outlook(len(done), max(1, n_missing), window, n_ahead)
    target = math.log(now) + math.log1p(-WORTHWHILE_GAIN)
    n_each = math.ceil(n_ahead / len(cells))
    misses = [(1.0 - _chance(trials, target)) ** n_each for trials in own.values()]
    return Outlook(
        n_done=len(done),
        n_missing=0,
        window=window,
        n_ahead=n_ahead,
        gain=1.0 - now / before,
        chance=1.0 - math.prod(misses),
    )


def stop_sentence(outlook: Outlook, n_trials: int | None) -> str:
    """Say why the search stopped by itself."""
    assert outlook.gain is not None
    assert outlook.chance is not None
    of_all = "" if n_trials is None else f" of {n_trials}"
    gained = "did not improve"
    if outlook.gain > 0:
        gained = f"improved by {100 * outlook.gain:.2g} %"
    return (
        f"Stopped by itself after {outlook.n_done}{of_all} trials: in the last "
        f"{outlook.window} the best score {gained}, and the chance that another "
        f"{outlook.n_ahead} improve it by more than {100 * WORTHWHILE_GAIN:g} % is "
        f"estimated at {chance_words(outlook.chance)}."
    )


def chance_words(chance: float) -> str:
    """Return a chance in whole per cent, a small one as ``less than 1 %``."""
    percent = round(100 * chance)
    return f"{percent} %" if percent >= 1 else "less than 1 %"


def _n_missing(own: Sequence[TrialView]) -> int:
    """Return how many trials of a cell are missing before it can be judged."""
    n_complete = len(_complete_scores(own))
    return max(FEWEST_DONE - len(own), FEWEST_COMPLETE - n_complete)


def _best(trials: Iterable[TrialView]) -> float | None:
    return min(_complete_scores(trials), default=None)


def _chance(own: Sequence[TrialView], target: float) -> float:
    """Return the chance that one trial has a score whose logarithm is below `target`.

    The scores are those of the latest half of the trials of a cell, and of more where
    that holds too few complete ones.
    """
    n_latest = len(own) // 2
    scores = _complete_scores(own[-n_latest:])
    while len(scores) < FEWEST_COMPLETE:
        n_latest += 1
        scores = _complete_scores(own[-n_latest:])
    logs = np.log(scores)
    width = max(1.06 * float(logs.std(ddof=1)) * len(logs) ** -0.2, 1e-9)
    below = [0.5 * math.erfc((x - target) / (width * math.sqrt(2))) for x in logs]
    return sum(below) / n_latest


def _complete_scores(trials: Iterable[TrialView]) -> list[float]:
    return [
        trial.score for trial in trials if trial.state == "complete" and trial.score
    ]
