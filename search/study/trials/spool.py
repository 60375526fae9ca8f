"""Results on their way into the storage, as files that survive a fault of it."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from search.files import write_json
from search.study.folders import StudyHandle
from search.study.trials.owners import Owner

SPOOL_FOLDER = "spool"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrialRecord:
    """What a worker found out about a configuration.

    Attributes
    ----------
    outcome
        ``pruned`` if the pruner ended the trial.
    score
        Mean score over the folds at the best epoch, finite; None is allowed for a
        pruned trial.
    fold_scores
        Score of each fold at the best epoch.
    best_epoch, epochs_run
        Best epoch (from 1) and number of epochs.
    n_parameters
        Number of trained weights.
    seconds_compile, seconds_train
        Seconds spent compiling and training.
    rate_drops
        Epochs that began with half the learning rate before them; see
        `search.space.schedule`.
    """

    outcome: Literal["complete", "pruned"]
    score: float | None
    fold_scores: tuple[float, ...]
    best_epoch: int
    epochs_run: int
    n_parameters: int
    seconds_compile: float
    seconds_train: float
    rate_drops: tuple[int, ...] = ()


@dataclass(frozen=True)
class SpoolEntry:
    """A result on its way into the storage.

    Attributes
    ----------
    uuid, number
        Study and number of the trial.
    owner
        Worker that has it.
    record
        The result.
    reports
        Mean scores, by epoch, that the storage does not have yet.
    """

    uuid: str
    number: int
    owner: Owner
    record: TrialRecord
    reports: dict[int, float] = field(default_factory=dict)


def spool_path(handle: StudyHandle, number: int) -> Path:
    """Return where the result of a trial waits."""
    return handle.folder / SPOOL_FOLDER / f"{number}.json"


def spooled_paths(handle: StudyHandle) -> list[Path]:
    """Return the files of all results that wait."""
    return sorted((handle.folder / SPOOL_FOLDER).glob("[0-9]*.json"))


def write_entry(handle: StudyHandle, entry: SpoolEntry) -> Path:
    """Write a result and return its file.

    A full disk is only logged: it must not keep the result from a storage that may
    lie elsewhere.
    """
    path = spool_path(handle, entry.number)
    try:
        write_json(path, entry)
    except OSError as error:
        _logger.warning(
            "Study %s, trial %d: no spool: %s", handle.uuid, entry.number, error
        )
    return path


def read_entry(path: Path) -> SpoolEntry | None:
    """Return a result that waits; None if there is none or it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=SpoolEntry)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
