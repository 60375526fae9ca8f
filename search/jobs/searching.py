"""The search phase: workers are kept going until there is a reason to end."""

import logging
import socket
import time
from dataclasses import dataclass
from typing import Literal

import optuna

from search.disk import is_full, shortage
from search.jobs import memory
from search.jobs.hanging import HangWatch
from search.jobs.limits import Limits
from search.jobs.misfortune import Misfortune, sentence
from search.jobs.orphans import OrphanWatch
from search.jobs.pool import EndedWorker, WorkerPool
from search.jobs.reporter import Reporter
from search.jobs.sufficiency import Sufficiency
from search.jobs.waking import Waker
from search.study.control import State
from search.study.folders import StudyHandle
from search.study.trials.claims import reap_dead_trials
from search.study.trials.leases import SilenceWatch, reap_silent_trials
from search.study.trials.listing import FailureKind, await_trials, read_trials
from search.study.trials.selection import failures_in_a_row

ORPHAN_CHECK_SECONDS = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchEnd:
    """Why the search ends.

    Attributes
    ----------
    kind
        ``budget``: trials or time are used up; ``enough``: further trials are not
        worth it; ``stop`` and ``pause``: the user wants it; ``signal``: this process
        was asked to end; ``failed``: it makes no sense to go on.
    message
        One sentence for the user.
    """

    kind: Literal["budget", "enough", "stop", "pause", "signal", "failed"]
    message: str = ""


class Search:
    """Keeps the workers of one study going.

    Parameters
    ----------
    handle, study
        The study, and its Optuna study for writing.
    pool
        Its workers.
    reporter
        Clock and state of the study.
    waker
        Signals and ends of children.
    limits
        Patience.
    """

    def __init__(
        self,
        handle: StudyHandle,
        study: optuna.Study,
        *,
        pool: WorkerPool,
        reporter: Reporter,
        waker: Waker,
        limits: Limits,
    ) -> None:
        self._handle = handle
        self._study = study
        self._pool = pool
        self._reporter = reporter
        self._waker = waker
        self._limits = limits
        self._misfortune = Misfortune(limits)
        self._watch = HangWatch(handle.folder, limits)
        self._silence = SilenceWatch(limits.grace_seconds)
        self._shortage = ""
        self._unreaped: list[EndedWorker] = []
        self._trials = await_trials(handle)
        self._old_failures = {
            trial.number for trial in self._trials if trial.state == "failed"
        }
        self._sufficiency = Sufficiency(
            handle.settings.space.cells, n_before=reporter.judge_from(self._n_done)
        )
        self._orphans_checked = 0.0
        self._orphan_watch = OrphanWatch(handle)
        self._ending: SearchEnd | None = None
        self._ending_since = 0.0

    def run(self) -> SearchEnd:
        """Search until there is a reason to end and all workers are gone."""
        lack = memory.shortage(self._limits.least_memory_bytes)
        if lack:
            return SearchEnd("failed", lack)
        self._reporter.start_clock()
        try:
            while True:
                self._note_space()
                self._collect_workers()
                self._trials = read_trials(self._handle)
                end = self._reason_to_end()
                if end is None:
                    self._start_workers()
                elif not len(self._pool):
                    return end
                self._hurry(end)
                self._publish(end)
                self._watch_workers()
                self._waker.wait(self._limits.tick_seconds)
        finally:
            self._reporter.stop_clock()

    @property
    def _n_done(self) -> int:
        return sum(trial.is_done for trial in self._trials)

    def _reason_to_end(self) -> SearchEnd | None:
        """Return why the search should end now, the strongest reason first."""
        if self._ending is not None and self._ending.kind in ("failed", "signal"):
            return self._ending
        if self._waker.is_ending:
            return SearchEnd("signal")
        failure = self._misfortune.reason or self._failure()
        if failure:
            return SearchEnd("failed", failure)
        control = self._reporter.look()
        if control.wish == "stop":
            return SearchEnd("stop")
        most, seconds = control.budget.trials, control.budget.seconds
        if most is not None and self._n_done >= most:
            self._reporter.note_enough(False)
            return SearchEnd("budget")
        if seconds is not None and self._reporter.seconds_used >= seconds:
            self._reporter.note_enough(False)
            return SearchEnd("budget", "The time budget is used up.")
        if control.wish == "pause":
            return SearchEnd("pause")
        reason = self._sufficiency.reason(self._trials, control.budget)
        # Workers read it from the state and claim no more.
        self._reporter.note_enough(bool(reason))
        return SearchEnd("enough", reason) if reason else None

    def _failure(self) -> str:
        """Return why the trials themselves make it useless to go on, or nothing."""
        news = [one for one in self._trials if one.number not in self._old_failures]
        count = failures_in_a_row(news)
        if count < self._limits.most_failures:
            return ""
        failed = [trial for trial in news if trial.state == "failed"]
        last = max(failed, key=lambda trial: (trial.finished or "", trial.number))
        return f"{count} trials in a row failed, the last one with: {last.error}"

    def _collect_workers(self) -> None:
        self._unreaped.extend(self._pool.collect())
        if self._shortage:
            # Closing a trial takes room; nobody else waits for it.
            return
        try:
            while self._unreaped:
                self._reap(self._unreaped[0])
                del self._unreaped[0]
            self._reap_orphans()
        except Exception as error:
            if not is_full(error):
                raise
            logger.warning("Study %s: %s", self._handle.uuid, error)

    def _note_space(self) -> None:
        """Look at the disk; while it is full nobody searches, so no time is counted."""
        former, self._shortage = self._shortage, shortage(self._handle.folder)
        if self._shortage and not former:
            logger.warning("Study %s: %s", self._handle.uuid, self._shortage)
            self._reporter.stop_clock()
        elif former and not self._shortage:
            self._reporter.start_clock()

    def _reap(self, ended: EndedWorker) -> None:
        """Close the trial of a worker that is gone."""
        # Also after an end in order, for what it may have left behind.
        reaped = reap_dead_trials(
            self._handle,
            self._study,
            pid=ended.pid,
            reason=sentence(ended.reason or "the worker ended"),
            kind=self._kind_of_failure(ended),
        )
        logger.info(
            "Study %s: worker %d is gone after %.2f s (%s), trials %s.",
            self._handle.uuid,
            ended.pid,
            ended.seconds,
            ended.reason or "in order",
            {trial.number: trial.fate for trial in reaped},
        )
        # A trial that took too much memory is a failed trial, not a dying worker.
        is_misfortune = ended.is_death and (ended.kind != "memory" or not reaped)
        if is_misfortune and self._ending is None:
            self._misfortune.note_death(ended, self._n_done)

    def _watch_workers(self) -> None:
        """End the workers that take too much memory, and those that hang."""
        self._pool.watch_memory()
        if self._shortage:
            self._watch.begin_anew()
        else:
            self._pool.end_hung(self._watch.hung(self._pool.pids, self._trials))

    def _kind_of_failure(self, ended: EndedWorker) -> FailureKind:
        """Return how a trial failed that the worker left behind.

        Its configuration is too large only if a fresh worker had no room for it: one
        that had trained others before had grown already, so it is tried again. What
        hung would hang again.
        """
        if ended.kind == "time":
            return "time"
        others = [
            trial
            for trial in self._trials
            if trial.worker_pid == ended.pid
            and trial.worker_host in (None, socket.gethostname())
            and trial.state != "running"
        ]
        return "memory" if ended.kind == "memory" and not others else "killed"

    def _reap_orphans(self) -> None:
        """Close trials of dead workers that were not ours.

        They belong to a former supervisor, or were started by hand, here or on
        another machine. What a former supervisor left behind and hangs is ended first.
        """
        now = time.monotonic()
        if now - self._orphans_checked < ORPHAN_CHECK_SECONDS:
            return
        self._orphans_checked = now
        self._orphan_watch.look()
        if self._count_running_elsewhere():
            reap_dead_trials(self._handle, self._study)
            silent = reap_silent_trials(self._handle, self._study, self._silence)
            for trial in silent:
                logger.warning(
                    "Study %s: trial %d of another machine was given up (%s).",
                    self._handle.uuid,
                    trial.number,
                    trial.fate,
                )

    def _start_workers(self) -> None:
        if self._shortage or time.monotonic() < self._misfortune.not_before:
            return
        budget = self._reporter.look().budget
        wanted = self._handle.settings.workers
        if budget.trials is not None:
            # A worker that finds all that is left taken by others ends at once.
            n_left = budget.trials - self._n_done - self._count_running_elsewhere()
            wanted = min(wanted, n_left)
        for _ in range(wanted - len(self._pool)):
            try:
                self._pool.start_worker()
            except OSError as error:
                self._misfortune.note_refusal(error, self._n_done)
                return

    def _count_running_elsewhere(self) -> int:
        """Count trials of workers that are not ours, such as on other machines."""
        ours = self._pool.pids
        here = socket.gethostname()
        return sum(
            trial.worker_pid not in ours or trial.worker_host != here
            for trial in self._trials
            if trial.state == "running"
        )

    def _hurry(self, end: SearchEnd | None) -> None:
        """End the workers that do not end by themselves."""
        now = time.monotonic()
        if end is None:
            self._ending = None
            return
        is_new = self._ending is None or self._ending.kind != end.kind
        if is_new:
            self._ending_since = now
        self._ending = end
        is_urgent = end.kind in ("signal", "failed")
        if is_urgent and is_new:
            self._pool.ask_to_end()
        patience = self._limits.end_seconds if is_urgent else self._limits.close_seconds
        is_patient = end.kind in ("pause", "enough")
        is_late = now - self._ending_since > patience and not is_patient
        if is_late or self._waker.n_ending_signals > 1:
            self._pool.kill("the worker did not end when it was asked to")

    def _publish(self, end: SearchEnd | None) -> None:
        state: State = "pausing" if end and end.kind == "pause" else "searching"
        message = end.message if end else self._misfortune.warning(self._n_done)
        message = self._shortage or message
        self._reporter.publish(state, message, workers=self._pool.pids)
