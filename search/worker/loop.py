"""One worker: claim a trial, train it, store what came out, until nothing is left.

This is the one place that turns every kind of failure into a failed trial with a
reason that a person understands.
"""

import logging
import threading
from typing import Literal

import optuna
from optuna.trial import TrialState

from search.config import Cell
from search.disk import shortage
from search.errors import StudyCorrupted, TrialFailed
from search.fault_points import note_told, reach
from search.jobs.hosts import linked_to_host
from search.space.lines import TrialParams
from search.study.folders import StudyHandle
from search.study.optuna_study import open_study
from search.study.storage.opening import call_storage
from search.study.trials.claims import (
    Claim,
    Owner,
    TrialRecord,
    claim_trial,
    current_owner,
    fail_trial,
    finish_trial,
)
from search.study.trials.listing import FailureKind, view_trial
from search.worker.clock import PhaseClock, trial_line, worker_line
from search.worker.heart import beating
from search.worker.objective import Objective, make_objective
from search.worker.orders import Command, Orders, TrialClosed
from search.worker.running import RunningTrial, TrialEnd, TrialLost, TrialPruned

WAIT_SECONDS = 0.5
LONGEST_REASON = 300

WorkerEnd = Literal[
    "budget",  # nothing is left to do
    "wish",  # the user wants the study paused or stopped
    "signal",  # this process was asked to end, or its supervisor is gone
    "recycle",  # a fresh process is to go on
    "idle",  # others train all that is left; the supervisor sees to what they lose
]

logger = logging.getLogger(__name__)


def work(handle: StudyHandle, *, supervisor_pid: int | None = None) -> WorkerEnd:
    """Work on the study until its budget is used up or somebody wants an end.

    Parameters
    ----------
    supervisor_pid
        Parent process that this worker ends with; None for a worker started by hand,
        on this machine or another one.

    Raises
    ------
    StudyCorrupted
        If the study or its series cannot be used.
    """
    clock = PhaseClock.of_process()
    orders = Orders(handle, supervisor_pid=supervisor_pid)
    orders.listen()
    try:
        study = open_study(handle)
        with linked_to_host(handle, study):
            worker = Worker(handle, study, orders, make_objective(handle), clock=clock)
            end = worker.run()
        logger.info("Study %s: worker ends (%s).", handle.uuid, end)
        return end
    finally:
        logger.info(worker_line(handle.uuid, clock.total()))
        orders.stop_listening()


class Worker:
    """The ask, train, report, tell loop of one process.

    Parameters
    ----------
    handle, study
        The study, and its Optuna study from `open_study`.
    orders
        What the user and the supervisor want.
    objective
        Trains and scores.
    clock
        Counts where the time goes; one line of it is logged for each trial.
    """

    def __init__(
        self,
        handle: StudyHandle,
        study: optuna.Study,
        orders: Orders,
        objective: Objective,
        *,
        clock: PhaseClock | None = None,
    ) -> None:
        self._handle = handle
        self._study = study
        self._orders = orders
        self._objective = objective
        self._clock = clock or PhaseClock()
        self._owner: Owner = current_owner()
        self._is_exhausted = False

    def run(self) -> WorkerEnd:
        """Run trials until there is a reason to end; return it."""
        pause = threading.Event()
        self._clock.begin()
        self._clock.lap()
        while True:
            order = self._orders.now().order
            if order != "go_on":
                return "signal" if order == "give_back" else "wish"
            if shortage(self._handle.folder):
                with self._clock.phase("wait"):
                    pause.wait(WAIT_SECONDS)
                continue
            with self._clock.phase("claim"):
                claim = claim_trial(self._handle, self._study, self._owner)
            if claim.reason == "claimed":
                self._run_claim(claim)
                self._log_times(claim)
                # Only after a trial: each process gets at least one done.
                if self._is_exhausted or self._orders.is_too_large:
                    return "recycle"
            elif claim.reason == "wait" and self._orders.is_supervised:
                return "idle"
            elif claim.reason == "wait":
                with self._clock.phase("wait"):
                    pause.wait(WAIT_SECONDS)
            else:
                return claim.reason

    def _run_claim(self, claim: Claim) -> None:
        assert claim.trial is not None
        assert claim.params is not None
        assert claim.seed is not None
        number = claim.trial.number
        reach("after_ask")
        self._log(number, "starts: %s", claim.params)
        running = RunningTrial(
            self._handle, claim.trial, self._orders, clock=self._clock
        )
        try:
            with (
                self._clock.phase("train"),
                beating(self._handle, self._study, claim.trial),
            ):
                record = self._objective.train(
                    claim.params, seed=claim.seed, on_epoch=running.note_epoch
                )
        except TrialLost:
            self._log(number, "was closed meanwhile; its result does not count")
        except TrialPruned:
            self._finish_early("pruned", running, claim.params)
        except TrialClosed as closed:
            self._close(closed.command, running, claim.params)
        except TrialFailed as error:
            self._fail(number, str(error))
        except MemoryError as error:
            self._is_exhausted = True
            self._fail(number, f"Out of memory: {_short(error)}", kind="memory")
        except StudyCorrupted:
            raise
        except Exception as error:
            logger.exception("Study %s trial %d failed.", self._handle.uuid, number)
            self._fail(number, f"{type(error).__name__}: {_short(error)}")
        else:
            # Outside: a fault of the storage must not fail a finished training, whose
            # result waits in the spool.
            self._finish(number, record)

    def _close(
        self, command: Command, running: RunningTrial, params: TrialParams
    ) -> None:
        """End a trial before its time.

        A trial that gives its configuration back is tried again. Otherwise it counts
        with what it has: as complete if its cell would be left without a winner, as
        pruned if not.
        """
        if command.order == "give_back":
            self._fail(running.number, command.reason, kind="killed")
        elif not running.has_score:
            self._fail(running.number, command.reason)
        else:
            self._log(running.number, "ends early: %s", command.reason)
            has_winner = self._has_complete(params.cell)
            outcome: TrialEnd = "pruned" if has_winner else "complete"
            self._finish_early(outcome, running, params)

    def _finish_early(
        self, outcome: TrialEnd, running: RunningTrial, params: TrialParams
    ) -> None:
        n_parameters = self._objective.n_parameters(params)
        self._finish(
            running.number, running.record(outcome, n_parameters, params.schedule)
        )

    def _finish(self, number: int, record: TrialRecord) -> None:
        self._clock.move(record.seconds_compile, "train", "compile")
        with self._clock.phase("tell"):
            counted = finish_trial(
                self._handle, self._study, number, record, owner=self._owner
            )
        if counted:
            note_told(number, record.outcome, record.score)
        reach("after_tell")
        self._log(
            number,
            "%s with %s after %d epochs%s",
            record.outcome,
            record.score,
            record.epochs_run,
            "" if counted else "; too late to count",
        )

    def _fail(self, number: int, reason: str, *, kind: FailureKind = "trial") -> None:
        self._log(number, "failed: %s", reason)
        with self._clock.phase("tell"):
            fail_trial(
                self._handle, self._study, number, reason, owner=self._owner, kind=kind
            )

    def _has_complete(self, cell: Cell) -> bool:
        # Through the writer, which waits for a storage that somebody holds.
        trials = call_storage(
            lambda: self._study.get_trials(
                deepcopy=False, states=(TrialState.COMPLETE,)
            )
        )
        space = self._handle.settings.space
        return any(view_trial(trial, space).cell == cell for trial in trials)

    def _log_times(self, claim: Claim) -> None:
        assert claim.trial is not None
        lap = self._clock.lap()
        logger.info(trial_line(self._handle.uuid, claim.trial.number, lap))

    def _log(self, number: int, text: str, *values: object) -> None:
        logger.info(f"Study %s trial %d {text}.", self._handle.uuid, number, *values)


def _short(error: BaseException) -> str:
    """Return the first line of the message, cut where it is long."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:LONGEST_REASON]
