"""Signs of life of workers on other machines, about which no process id says anything.

A worker whose trials lie on a database server gives a sign every `BEAT_SECONDS`
while it has a trial. The supervisor remembers the last sign and when it saw it first,
on its own monotonic clock, and gives a trial up whose sign stayed the same for longer
than the grace. So the clocks of the machines never meet.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime

import optuna
from optuna.storages._rdb.models import TrialHeartbeatModel
from optuna.trial import TrialState
from sqlalchemy import select

from search.study.folders import StudyHandle
from search.study.optuna_study import check_uuid, claim_lock
from search.study.storage.batching import batching_storage
from search.study.storage.opening import call_storage, sqlite_path
from search.study.trials.outcomes import ReapedTrial, clear_spool, close_abandoned
from search.study.trials.owners import Owner, is_alive, read_owner

BEAT_SECONDS = 10.0
GRACE_SECONDS = 60.0
# Of the grace. Who did not look for so long cannot say what happened meanwhile.
_LONGEST_GAP_SHARE = 1 / 3


class SilenceWatch:
    """Remembers signs of life and says whose has not changed for too long.

    Signs are only compared, never read as times. After a gap without a look, such as
    an outage of the storage, the observation begins anew: nobody could give a sign
    then.

    Parameters
    ----------
    grace_seconds
        Longest time without a new sign.
    now
        For tests.
    """

    def __init__(
        self,
        grace_seconds: float = GRACE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.grace_seconds = grace_seconds
        self._now = now
        self._seen: dict[int, tuple[object, float]] = {}
        self._looked = -float("inf")

    def silent(self, signs: Mapping[int, object]) -> set[int]:
        """Return the keys of `signs` that stayed the same for longer than the grace."""
        now = self._now()
        if now - self._looked > self.grace_seconds * _LONGEST_GAP_SHARE:
            self._seen.clear()
        self._looked = now
        seen = {}
        for key, sign in signs.items():
            before = self._seen.get(key)
            is_same = before is not None and before[0] == sign
            seen[key] = before if before is not None and is_same else (sign, now)
        self._seen = seen
        return {
            key for key, (_, since) in seen.items() if now - since > self.grace_seconds
        }


def needs_signs(handle: StudyHandle) -> bool:
    """Return whether workers may be on several machines; SQLite is for one."""
    return sqlite_path(handle.environment.storage_url) is None


def give_sign(study: optuna.Study, trial_id: int) -> None:
    """Say that the worker of a trial lives; may be called in any thread."""
    storage = batching_storage(study)
    call_storage(lambda: storage._backend.record_heartbeat(trial_id), patience=0.0)


def reap_silent_trials(
    handle: StudyHandle, study: optuna.Study, watch: SilenceWatch
) -> list[ReapedTrial]:
    """Close the running trials of other machines that gave no sign for too long.

    A worker that is only late finds its trial closed and changes nothing. To be
    called every few seconds; on SQLite it does nothing.
    """
    if not needs_signs(handle):
        return []
    reason = f"Its machine gave no sign of life for {watch.grace_seconds:.0f} seconds."

    def reap() -> list[ReapedTrial]:
        silent = _silent_owners(study, watch)
        if not silent:
            return []
        with claim_lock(handle):
            with batching_storage(study).together():
                check_uuid(handle, study)
                reaped = close_abandoned(
                    handle, study, silent.__contains__, reason=reason, kind="killed"
                )
            clear_spool(handle, reaped)
            return reaped

    return call_storage(reap)


def _silent_owners(study: optuna.Study, watch: SilenceWatch) -> set[Owner]:
    owners = {}
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        owner = read_owner(trial.user_attrs.get("owner"))
        if owner is not None and is_alive(owner) is None:
            owners[trial._trial_id] = owner
    signs = _read_signs(study, list(owners)) if owners else {}
    return {
        owners[key] for key in watch.silent({key: signs.get(key) for key in owners})
    }


def _read_signs(study: optuna.Study, trial_ids: list[int]) -> dict[int, datetime]:
    query = select(TrialHeartbeatModel.trial_id, TrialHeartbeatModel.heartbeat).where(
        TrialHeartbeatModel.trial_id.in_(trial_ids)
    )
    engine = batching_storage(study)._backend.engine
    with engine.connect() as connection:
        return {row.trial_id: row.heartbeat for row in connection.execute(query)}
