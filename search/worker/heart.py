"""The sign of life of a worker, given by a thread while a trial is trained."""

from contextlib import AbstractContextManager, nullcontext

import optuna

from search.jobs.ticking import every
from search.study.folders import StudyHandle
from search.study.trials.leases import BEAT_SECONDS, give_sign, needs_signs


def beating(
    handle: StudyHandle, study: optuna.Study, trial: optuna.Trial
) -> AbstractContextManager[None]:
    """Give signs of life for `trial` inside the block; none where nobody needs them.

    An epoch may take minutes, so they come from a thread of their own.
    """
    if not needs_signs(handle):
        return nullcontext()
    return every(
        BEAT_SECONDS,
        lambda: give_sign(study, trial._trial_id),
        what="a sign of life",
    )
