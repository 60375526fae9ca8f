"""A trial while it is trained: its curve, its best epoch, its early end."""

import logging
import math
import time
from collections.abc import Callable
from typing import Literal

import optuna
from optuna.exceptions import UpdateFinishedTrialError

from search.disk import await_room, insist
from search.fault_points import reach
from search.space.lines import ScheduleName
from search.space.schedule import rate_drops
from search.study.folders import StudyHandle
from search.study.storage.opening import call_storage
from search.study.trials.curves import CurveWriter, EpochPoint
from search.study.trials.outcomes import TrialRecord
from search.study.trials.pruning import should_prune
from search.worker.clock import PhaseClock
from search.worker.orders import Orders

REPORT_PATIENCE_SECONDS = 5.0

TrialEnd = Literal["complete", "pruned"]

logger = logging.getLogger(__name__)


class TrialPruned(Exception):
    """The pruner ended the running trial."""


class TrialLost(Exception):
    """The running trial was closed by others, who thought that its worker is dead."""


class RunningTrial:
    """What is known of a trial while it is trained.

    Parameters
    ----------
    handle, trial
        The study and the trial, as claimed.
    orders
        Says whether it is to end early.
    clock
        Counts the time of reports and curves apart from that of the training.
    """

    def __init__(
        self,
        handle: StudyHandle,
        trial: optuna.Trial,
        orders: Orders,
        *,
        clock: PhaseClock,
    ) -> None:
        self._trial = trial
        self._orders = orders
        self._clock = clock
        self._folder = handle.folder
        self._curve = CurveWriter(handle.folder, trial.number)
        self._best: EpochPoint | None = None
        self._scores: list[float] = []
        self._started = time.perf_counter()
        self._seconds_before = 0.0
        self._epochs_run = 0
        self._seconds = 0.0

    @property
    def number(self) -> int:
        """Number of the trial."""
        return self._trial.number

    @property
    def has_score(self) -> bool:
        """Whether an epoch with a finite score is done."""
        return self._best is not None

    def note_epoch(self, point: EpochPoint) -> None:
        """Keep one epoch, and end the trial if the pruner or the user wants it.

        Raises
        ------
        TrialPruned, TrialClosed, TrialLost
            If the trial is to end now.
        """
        reach("in_fit")
        with self._clock.phase("other"):
            self._note_epoch(point)

    def _note_epoch(self, point: EpochPoint) -> None:
        if point.epoch == 1:
            elapsed = time.perf_counter() - self._started
            self._seconds_before = max(0.0, elapsed - point.seconds)
        with self._clock.phase("curves"):
            self._write(point)
        self._epochs_run = point.epoch
        self._seconds += point.seconds
        score = point.score
        if score is None or not math.isfinite(score):
            return
        self._scores.append(score)
        if self._best is None or self._best.score is None or score < self._best.score:
            self._best = point
        with self._clock.phase("report"):
            is_hopeless = self._is_hopeless(score, point.epoch)
        if is_hopeless:
            raise TrialPruned
        self._orders.check_trial()

    def _write(self, point: EpochPoint) -> None:
        """Keep the epoch; a full disk is waited for, unless the trial is to end."""

        def wait(seconds: float) -> None:
            self._orders.check_trial()
            time.sleep(seconds)

        await_room(self._folder, wait=wait)
        insist(lambda: self._curve.write_epoch(point), self._folder, wait=wait)

    def record(
        self, outcome: TrialEnd, n_parameters: int, schedule: ScheduleName
    ) -> TrialRecord:
        """Return the result of a trial that ends before its last epoch."""
        assert self._best is not None
        return TrialRecord(
            outcome=outcome,
            score=self._best.score,
            fold_scores=tuple(score for score in self._best.valid if score is not None),
            best_epoch=self._best.epoch,
            epochs_run=self._epochs_run,
            n_parameters=n_parameters,
            seconds_compile=self._seconds_before,
            seconds_train=self._seconds,
            rate_drops=rate_drops(schedule, self._scores),
        )

    def _is_hopeless(self, score: float, epoch: int) -> bool:
        """Report to the pruner; a storage out of reach never ends a training."""

        def ask() -> bool:
            self._trial.report(score, epoch)
            return should_prune(self._trial)

        return _best_effort(ask)


def _best_effort(ask: Callable[[], bool]) -> bool:
    try:
        return call_storage(ask, patience=REPORT_PATIENCE_SECONDS)
    except UpdateFinishedTrialError as error:
        raise TrialLost from error
    except Exception:  # the result of the training matters more than the report
        logger.warning("A report could not be stored.", exc_info=True)
        return False
