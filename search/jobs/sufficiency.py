"""When a running search ends by itself because further trials are not worth it."""

from collections.abc import Sequence

from search.analysis.enough import look_ahead, stop_sentence
from search.config import Budget, Cell
from search.study.trials.listing import TrialView


class Sufficiency:
    """Says when a search has found enough, if its user wants that to be judged.

    Parameters
    ----------
    cells
        Cells that take part.
    n_before
        Trials done when somebody last let the search go on after its end.
    """

    def __init__(self, cells: Sequence[Cell], *, n_before: int) -> None:
        self._cells = cells
        self._n_before = n_before
        self._n_judged = -1
        self._budget: Budget | None = None
        self._reason = ""

    def reason(self, trials: Sequence[TrialView], budget: Budget) -> str:
        """Return why to stop, or nothing.

        What was decided stands while trials that were running come to their end, but
        not under another budget.
        """
        if not budget.stop_early:
            return ""
        if any(trial.state == "waiting" for trial in trials):
            # Somebody wants to see these first.
            self._budget = None
            return ""
        n_done = sum(trial.is_done for trial in trials)
        if budget != self._budget:
            self._budget, self._reason, self._n_judged = budget, "", -1
        if self._reason or n_done == self._n_judged:
            return self._reason
        self._n_judged = n_done
        outlook = look_ahead(
            trials, self._cells, n_trials=budget.trials, n_before=self._n_before
        )
        if outlook.is_enough:
            self._reason = stop_sentence(outlook, budget.trials)
        return self._reason
