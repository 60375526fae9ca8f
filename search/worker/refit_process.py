"""The process that trains the winner of one cell again."""

import logging
import os

from search.config import Cell
from search.disk import insist
from search.errors import SearchError
from search.jobs.importing import quick_imports
from search.jobs.parent import ParentWatch, die_with_parent
from search.jobs.refitting import save_failure
from search.study.folders import StudyHandle
from search.worker.environment import compile_cache, prepare_environment
from search.worker.toy import TOY_VARIABLE, make_toy_winner

logger = logging.getLogger(__name__)


def refit_cell(
    handle: StudyHandle,
    cell: Cell,
    *,
    supervisor_pid: int | None = None,
    only_kept: bool = False,
) -> bool:
    """Make the winner of `cell`; return whether that worked.

    A failure is recorded beside the winner and ends neither the study nor the other
    cells.

    Parameters
    ----------
    supervisor_pid
        Parent process that this one ends with; None for a refit started by hand.
    only_kept
        Whether to make it from the seeds that a former process trained.
    """
    if supervisor_pid is not None:
        # Nothing is lost: a winner that is half made is made again.
        die_with_parent(supervisor_pid)
        ParentWatch(supervisor_pid, grace_seconds=0.0).start()
    try:
        insist(lambda: _make_winner(handle, cell, only_kept), handle.folder)
    except MemoryError:
        logger.exception("Study %s, winner of %s: out of memory.", handle.uuid, cell)
        save_failure(handle, cell, "Training the winner again ran out of memory.")
        return False
    except SearchError as error:
        logger.exception("Study %s, winner of %s failed.", handle.uuid, cell)
        save_failure(handle, cell, str(error))
        return False
    except Exception as error:
        logger.exception("Study %s, winner of %s failed.", handle.uuid, cell)
        reason = f"Training the winner again failed: {type(error).__name__}: {error}"
        save_failure(handle, cell, reason)
        return False
    return True


def _make_winner(handle: StudyHandle, cell: Cell, only_kept: bool) -> None:
    if TOY_VARIABLE in os.environ:
        make_toy_winner(handle, cell)
        return
    prepare_environment(cache_dir=compile_cache(handle.environment.studies_dir))
    with quick_imports():
        from search.worker.winner import make_winner

    make_winner(handle, cell, only_kept=only_kept)
