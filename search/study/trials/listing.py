"""The trials of a study as pages and the command line see them.

Reading is incremental: a finished trial never changes, so each process asks the
storage for it once.
"""

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

import optuna
from optuna.trial import FrozenTrial

from search.config import Cell
from search.space.earlier import current
from search.space.lines import Space, Value
from search.study.folders import StudyHandle
from search.study.optuna_study import check_uuid, read_study
from search.study.storage.batching import UUID_ATTRIBUTE
from search.study.storage.opening import (
    cached_reader,
    call_storage,
    is_temporary,
    readable_errors,
    storage_stamp,
)
from search.study.storage.trial_rows import load_trials, study_attribute, trial_numbers

ViewState = Literal["running", "complete", "pruned", "failed", "waiting", "removed"]
FailureKind = Literal["trial", "killed", "memory", "time"]
BUSY_PAUSE_SECONDS = 1.0
# What Optuna stores as failed and is no failure: it was taken out of the queue.
REMOVED = "removed"

_STATES: dict[optuna.trial.TrialState, ViewState] = {
    optuna.trial.TrialState.RUNNING: "running",
    optuna.trial.TrialState.COMPLETE: "complete",
    optuna.trial.TrialState.PRUNED: "pruned",
    optuna.trial.TrialState.FAIL: "failed",
    optuna.trial.TrialState.WAITING: "waiting",
}


@dataclass(frozen=True, slots=True)
class TrialView:
    """One trial.

    Attributes
    ----------
    number
        Number of the trial in its study, from 0.
    cell
        Recurrent cell.
    state
        ``waiting`` is a configuration that will be tried next, ``removed`` one that
        was taken out of the queue.
    params
        Complete configuration: searched and fixed values. A waiting trial may lack
        values that the sampler will choose.
    score
        Mean validation score over the folds in units of the target: the best epoch
        of a complete trial, the last epoch of a running or pruned one.
    fold_scores
        Score of each fold at the best epoch, in time order.
    best_epoch
        Epoch with the best mean score, 1 for the first.
    epochs_run
        Epochs finished; grows while the trial runs.
    seconds_compile, seconds_train
        Seconds spent compiling and training.
    seconds_total
        Wall time from claim to end; of a running trial, until now.
    n_parameters
        Number of trained weights.
    rate_drops
        Epochs that began with half the learning rate before them.
    error
        Why the trial failed, in one sentence.
    failure
        ``trial``: this configuration cannot be trained; ``killed``: the worker was
        ended; ``memory``: it needed too much memory; ``time``: it made no progress
        for too long.
    started, finished
        ISO 8601 in UTC.
    worker_pid, worker_host
        Process that works or worked on it, and its machine.
    seed
        Seed of the initial weights and of the batch order.
    retry_of
        Number of the killed trial that this one repeats.
    is_retried
        Whether the configuration of this killed trial was queued again.
    is_asked
        Whether a person asked for this configuration.
    """

    number: int
    cell: Cell
    state: ViewState
    params: dict[str, Value] = field(default_factory=dict)
    score: float | None = None
    fold_scores: tuple[float, ...] = ()
    best_epoch: int | None = None
    epochs_run: int = 0
    seconds_compile: float | None = None
    seconds_train: float | None = None
    seconds_total: float | None = None
    n_parameters: int | None = None
    rate_drops: tuple[int, ...] = ()
    error: str | None = None
    failure: FailureKind | None = None
    started: str | None = None
    finished: str | None = None
    worker_pid: int | None = None
    worker_host: str | None = None
    seed: int | None = None
    retry_of: int | None = None
    is_retried: bool = False
    is_asked: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it ended with a score, or was ended early."""
        return self.state in ("complete", "pruned")


def read_trials(handle: StudyHandle) -> tuple[TrialView, ...]:
    """Return all trials in the order of their numbers.

    Repeated calls ask the storage only for what is new. While the storage is out of
    reach, the last known trials are returned; `await_trials` waits instead.

    Raises
    ------
    StudyCorrupted
        If the storage is missing or damaged, or the study is no longer in it.
    """
    url = handle.environment.storage_url
    with readable_errors(url):
        return _reader(url, handle.uuid, storage_stamp(url)).read(handle)


def await_trials(handle: StudyHandle) -> tuple[TrialView, ...]:
    """Return all trials as they are now, waiting while the storage is out of reach.

    For processes that draw conclusions; a page shows what `read_trials` knows.

    Raises
    ------
    StudyCorrupted
        If the storage cannot be used, or stays out of reach.
    """
    url = handle.environment.storage_url

    def read() -> tuple[TrialView, ...]:
        reader = _reader(url, handle.uuid, storage_stamp(url))
        return reader.read(handle, is_old_enough=False)

    with readable_errors(url):
        return call_storage(read)


def read_trials_anew(handle: StudyHandle) -> tuple[TrialView, ...]:
    """Return all trials as they are stored now, also where a finished one changed.

    Raises
    ------
    StudyCorrupted
        If the storage is missing or damaged, or the study is no longer in it.
    """
    with readable_errors(handle.environment.storage_url):
        return _Reader().read(handle)


def seconds_behind(handle: StudyHandle) -> float:
    """Return how old the trials are that `read_trials` returned last.

    Not 0 only while another process holds the storage for long, or it is out of reach.
    """
    url = handle.environment.storage_url
    return _reader(url, handle.uuid, storage_stamp(url)).seconds_behind()


def read_numbers(handle: StudyHandle) -> tuple[int, ...]:
    """Return the number of every trial as it is stored, also one that is there twice.

    Raises
    ------
    StudyCorrupted
        If the storage is missing or damaged, or the study is no longer in it.
    """
    url = handle.environment.storage_url
    study_id = read_study(handle)._study_id
    with readable_errors(url), cached_reader(url).engine.connect() as connection:
        return trial_numbers(connection, study_id)


def view_trial(trial: FrozenTrial, space: Space) -> TrialView:
    """Return the view of one trial of `load_trials`."""
    attrs = trial.user_attrs
    queued = trial.system_attrs.get("fixed_params", {})
    params = _params(current({**queued, **trial.params}), space)
    steps = trial.intermediate_values
    owner = attrs.get("owner") or {}
    is_marked = attrs.get("failure") == REMOVED
    is_removed = is_marked and trial.state == optuna.trial.TrialState.FAIL
    return TrialView(
        number=trial.number,
        cell=params.get("cell", space.cells[0]),  # type: ignore[arg-type]
        state="removed" if is_removed else _STATES[trial.state],
        params=params,
        score=_score(trial),
        fold_scores=tuple(attrs.get("fold_scores", ())),
        best_epoch=attrs.get("best_epoch"),
        epochs_run=attrs.get("epochs_run", max(steps, default=0)),
        seconds_compile=attrs.get("seconds_compile"),
        seconds_train=attrs.get("seconds_train"),
        seconds_total=_seconds(trial),
        n_parameters=attrs.get("n_parameters"),
        rate_drops=tuple(attrs.get("rate_drops", ())),
        error=attrs.get("error"),
        failure=None if is_marked else attrs.get("failure"),
        started=_iso(trial.datetime_start),
        finished=_iso(trial.datetime_complete),
        worker_pid=owner.get("pid"),
        worker_host=owner.get("host"),
        seed=attrs.get("seed"),
        retry_of=attrs.get("retry_of"),
        is_retried=bool(attrs.get("is_retried")),
        is_asked=bool(attrs.get("is_asked")),
    )


class _Reader:
    """The trials of one study as far as this process has seen them."""

    def __init__(self) -> None:
        self._study: optuna.Study | None = None
        self._views: dict[int, TrialView] = {}
        # Storage ids: of the latest trial that has ended, and of earlier open ones.
        # A trial that was begun earlier may appear later, so only ended ones count.
        self._last_ended = -1
        self._open: set[int] = set()
        self._last: tuple[TrialView, ...] | None = None
        self._is_behind = False
        self._read_at = self._next_try = 0.0
        self._lock = threading.Lock()

    def read(
        self, handle: StudyHandle, *, is_old_enough: bool = True
    ) -> tuple[TrialView, ...]:
        with self._lock:
            # Who waited here while another one tried does not wait for that again.
            is_waste = self._is_behind and time.monotonic() < self._next_try
            if is_waste and is_old_enough:
                return self._last or ()
            try:
                self._last = self._read_news(handle)
            except Exception as error:
                is_useless = self._last is None or not is_old_enough
                if is_useless or not is_temporary(error):
                    raise
                self._is_behind = True
                self._next_try = time.monotonic() + BUSY_PAUSE_SECONDS
            else:
                self._is_behind, self._read_at = False, time.monotonic()
            assert self._last is not None
            return self._last

    def seconds_behind(self) -> float:
        return time.monotonic() - self._read_at if self._is_behind else 0.0

    def _read_news(self, handle: StudyHandle) -> tuple[TrialView, ...]:
        if self._study is None:
            self._study = read_study(handle)
        study_id = self._study._study_id
        storage = cached_reader(handle.environment.storage_url)
        with storage.engine.connect() as connection:
            uuid = study_attribute(connection, study_id, UUID_ATTRIBUTE)
            news = load_trials(
                connection, study_id, after=self._last_ended, among=self._open
            )
        if uuid != handle.uuid:
            check_uuid(handle, self._study)  # which says why
        if not news and self._last is not None:
            return self._last
        for trial in news:
            self._views[trial.number] = view_trial(trial, handle.settings.space)
            if trial.state.is_finished():
                self._last_ended = max(self._last_ended, trial._trial_id)
                self._open.discard(trial._trial_id)
            else:
                self._open.add(trial._trial_id)
        return tuple(self._views[number] for number in sorted(self._views))


@lru_cache(maxsize=64)
def _reader(url: str, uuid: str, stamp: str) -> _Reader:
    """Return the reader of a study; a replaced storage file gets a new one."""
    return _Reader()


def _params(given: Mapping[str, Any], space: Space) -> dict[str, Value]:
    params: dict[str, Value] = {}
    for line in space.lines:
        if line.name in given:
            params[line.name] = given[line.name]
        elif line.is_fixed:
            params[line.name] = line.values[0]
    return params


def _score(trial: FrozenTrial) -> float | None:
    steps = trial.intermediate_values
    value = trial.value if trial.values else steps[max(steps)] if steps else None
    return value if value is not None and math.isfinite(value) else None


def _seconds(trial: FrozenTrial) -> float | None:
    if trial.datetime_start is None:
        return None
    stop = trial.datetime_complete or datetime.now(UTC)
    return max(0.0, (stop - trial.datetime_start).total_seconds())


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
