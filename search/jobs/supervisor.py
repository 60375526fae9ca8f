"""The supervisor of one study: search, refit, compare, from the first trial to the end.

There is one for each running study. It holds `supervisor.lock`, which the kernel frees
when the process dies in whatever way; state and storage are all that its successor
needs to go on.
"""

import logging
import os
from typing import Literal

import optuna

from search.config import CELLS, Cell
from search.disk import await_room, full_sentence, insist, is_full
from search.errors import StudyStopped
from search.jobs.baselines import BaselineProcess
from search.jobs.compiled import tidy_compiled_programs
from search.jobs.finishing import finish_study
from search.jobs.hosts import serving_hosts, tell_hosts
from search.jobs.launch import forget_launches
from search.jobs.limits import Limits
from search.jobs.pool import WorkerPool
from search.jobs.refitting import RefitPool, Refits, needs_refit, refit_cells
from search.jobs.reporter import OnProgress, Reporter
from search.jobs.searching import Search, SearchEnd
from search.jobs.waking import Waker
from search.locks import try_lock
from search.study.control import State, needs_supervisor, read_control, wish
from search.study.folders import SUPERVISOR_LOCK, StudyHandle, is_copy
from search.study.optuna_study import open_study
from search.study.storage.opening import explain_storage_error
from search.study.trials.claims import reap_dead_trials, replay_spool
from search.study.trials.listing import await_trials
from search.study.trials.selection import best_trials

Ending = Literal[
    "finished",  # results are there
    "stopped",  # the user ended the search; results of what was found are there
    "paused",  # the user wants a pause
    "failed",  # `state.json` says why
    "interrupted",  # this process was asked to end
    "elsewhere",  # another process supervises the study, here or on another host
]

logger = logging.getLogger(__name__)


def supervise(
    handle: StudyHandle,
    *,
    on_progress: OnProgress | None = None,
    is_foreground: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - a frozen record
) -> Ending:
    """Run the study until it ends, is paused, or this process is asked to end.

    To be called in the main thread, because it takes over the signals meanwhile.

    Parameters
    ----------
    on_progress
        Called about once a second.
    is_foreground
        Whether a person starts and watches it in a terminal. The wish to run is then
        written under the lock, and a signal pauses the study, so that no web server
        takes it over behind their back. In the background the wish to run stays, so
        that the study goes on after the machine was restarted.
    limits
        Patience.
    """
    if is_copy(handle):
        return "elsewhere"
    while True:
        lock = try_lock(handle.folder / SUPERVISOR_LOCK)
        if lock is None:
            return "elsewhere"
        with lock, Waker() as waker:
            if is_foreground:
                wish(handle, "run")
            ending = _Supervisor(
                handle,
                waker=waker,
                limits=limits,
                on_progress=on_progress,
                is_foreground=is_foreground,
            ).run()
            forget_launches(handle)
        # A wish that came while the lock was still held found nobody to start.
        if ending == "interrupted" or not needs_supervisor(handle):
            return ending


class _Supervisor:
    """One life of a study, between taking the lock and giving it back."""

    def __init__(
        self,
        handle: StudyHandle,
        *,
        waker: Waker,
        limits: Limits,
        on_progress: OnProgress | None,
        is_foreground: bool,
    ) -> None:
        self._handle = handle
        self._waker = waker
        self._limits = limits
        self._is_foreground = is_foreground
        self._baselines = BaselineProcess(handle, supervisor_pid=os.getpid())
        self._reporter = Reporter(
            handle,
            supervisor_pid=os.getpid(),
            publish_seconds=limits.publish_seconds,
            on_progress=on_progress,
        )

    def run(self) -> Ending:
        """Search and refit; whatever goes wrong ends in the state ``failed``."""
        self._reporter.look()
        try:
            tidy_compiled_programs(self._handle.environment.studies_dir)
            self._baselines.start()
            end = self._search()
            if end.kind == "pause":
                return self._end("paused")
            if end.kind == "signal":
                return self._end_by_signal()
            if end.kind == "failed":
                return self._end("failed", end.message)
            return self._refit(end)
        except StudyStopped:
            return self._end_early()
        # The last line of defence: without it the state would say "searching" and the
        # watcher would start the same failure again and again.
        except Exception as error:
            logger.exception("Study %s: the supervisor failed.", self._handle.uuid)
            url = self._handle.environment.storage_url
            reason = explain_storage_error(url, error)
            return self._end("failed", f"The search ended with an error: {reason}")
        finally:
            self._baselines.close()

    def _search(self) -> SearchEnd:
        study = open_study(self._handle)
        self._clean_up(study)
        pool = WorkerPool(
            self._handle,
            supervisor_pid=os.getpid(),
            memory_limit_bytes=self._limits.memory_limit_bytes,
        )
        search = Search(
            self._handle,
            study,
            pool=pool,
            reporter=self._reporter,
            waker=self._waker,
            limits=self._limits,
        )
        try:
            with serving_hosts(self._handle, study):
                end = search.run()
        except Exception:
            pool.close()
            self._try_to_clean_up(study)
            raise
        pool.close()
        self._clean_up(study)
        return end

    def _clean_up(self, study: optuna.Study) -> None:
        """Store results that a fault left behind, and close trials of the dead."""
        try:
            told = replay_spool(self._handle, study)
            reaped = reap_dead_trials(self._handle, study)
        except Exception as error:
            # Whoever supervises next does it.
            if not is_full(error):
                raise
            logger.warning("Study %s: not cleaned up: %s", self._handle.uuid, error)
            return
        if told or reaped:
            logger.info(
                "Study %s: recovered trials %s, closed %s.",
                self._handle.uuid,
                told,
                [trial.number for trial in reaped],
            )

    def _try_to_clean_up(self, study: optuna.Study) -> None:
        """Clean up after an error, which is the one to be told, whatever comes here."""
        try:
            self._clean_up(study)
        except Exception:
            logger.exception("Study %s: trials stay open.", self._handle.uuid)

    def _refit(self, end: SearchEnd) -> Ending:
        best = best_trials(await_trials(self._handle))
        is_stopped = end.kind == "stop"
        if not best:
            message = f"{end.message} No trial was complete, so there is no winner."
            return self._end("stopped" if is_stopped else "failed", message.strip())
        if not self._await_baselines():
            return self._end_early()
        await_room(self._handle.folder, wait=self._rest)
        kept = tuple(
            cell
            for cell, trial in best.items()
            if not needs_refit(self._handle, cell, trial.number)
        )
        refits = self._run_refits(
            tuple(cell for cell in best if cell not in kept), kept
        )
        if refits is None:
            return self._end_early()
        done = {*kept, *refits.refitted}
        in_order = tuple(cell for cell in CELLS if cell in done)
        return self._finish(end, Refits(in_order, refits.skipped))

    def _is_ending(self) -> bool:
        # Not through the reporter: a wish for more trials that comes now is not
        # answered by these refits, and must be found afterwards.
        is_pause = read_control(self._handle).wish == "pause"
        return self._waker.is_ending or is_pause

    def _rest(self, seconds: float) -> None:
        """Wait for room on the disk.

        Raises
        ------
        StudyStopped
            If somebody wants an end instead.
        """
        if self._is_ending():
            raise StudyStopped("The study was told to end while the disk was full.")
        self._reporter.publish("refitting", full_sentence(self._handle.folder))
        self._waker.wait(seconds)

    def _end_early(self) -> Ending:
        """End between search and comparison, because somebody wants it."""
        if self._waker.is_ending:
            return self._end_by_signal()
        self._reporter.look()
        return self._end("paused")

    def _await_baselines(self) -> bool:
        """Wait until the baselines are there; return whether to go on."""
        while self._baselines.is_running:
            if self._is_ending():
                return False
            self._reporter.publish("refitting", "Computing the simple forecasts.")
            self._waker.wait(self._limits.tick_seconds)
        if self._baselines.failure:
            logger.error("Study %s: %s", self._handle.uuid, self._baselines.failure)
        return True

    def _run_refits(
        self, cells: tuple[Cell, ...], kept: tuple[Cell, ...]
    ) -> Refits | None:
        pool = RefitPool(
            self._handle,
            cells,
            n_processes=self._handle.settings.workers,
            supervisor_pid=os.getpid(),
            memory_limit_bytes=self._limits.memory_limit_bytes,
        )

        def wait(refits: Refits) -> None:
            self._reporter.publish(
                "refitting",
                f"Training the winner of {', '.join(pool.running)} again.",
                workers=pool.pids,
                refitted=(*kept, *refits.refitted),
            )
            self._waker.wait(self._limits.tick_seconds)

        self._reporter.start_refit()
        try:
            return refit_cells(pool, is_ending=self._is_ending, wait=wait)
        finally:
            pool.kill()

    def _finish(self, end: SearchEnd, refits: Refits) -> Ending:
        skipped: dict[Cell, str] = {
            cell: "No trial of this cell was complete."
            for cell in self._handle.settings.space.cells
        }
        skipped |= refits.skipped
        for cell in refits.refitted:
            skipped.pop(cell, None)
        ending: Literal["finished", "stopped", "failed"] = "finished"
        message = end.message
        if end.kind == "stop":
            ending = "stopped"
        if not refits.refitted:
            ending = "failed"
            message = f"No winner could be trained again: {_reasons(refits.skipped)}"
        insist(
            lambda: finish_study(
                self._handle,
                state=ending,
                refitted=refits.refitted,
                skipped=skipped,
                seconds=self._reporter.seconds_alive,
                without_baselines=self._baselines.failure,
            ),
            self._handle.folder,
            wait=self._rest,
        )
        return self._end(ending, message, refitted=refits.refitted)

    def _end_by_signal(self) -> Ending:
        if self._is_foreground:
            wish(self._handle, "pause")
            self._reporter.look()
            self._end("paused", "The search was interrupted; everything is kept.")
        else:
            self._end("interrupted", "The supervisor was asked to end.")
        return "interrupted"

    def _end(
        self,
        ending: Literal["finished", "stopped", "paused", "failed", "interrupted"],
        message: str = "",
        *,
        refitted: tuple[Cell, ...] = (),
    ) -> Ending:
        state: State = ending
        self._reporter.publish(state, message, refitted=refitted)
        tell_hosts(self._handle)
        logger.info("Study %s: %s. %s", self._handle.uuid, ending, message)
        return ending


def _reasons(skipped: dict[Cell, str]) -> str:
    return " ".join(f"{cell}: {reason}" for cell, reason in skipped.items())
