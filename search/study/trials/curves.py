"""Learning curves of single trials, one line an epoch, readable while they grow."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

CURVES_FOLDER = "curves"


@dataclass(frozen=True)
class EpochPoint:
    """One epoch of one trial.

    Attributes
    ----------
    epoch
        1 for the first.
    train
        Training loss of each fold, in scaled units.
    valid
        Validation score of each fold, in units of the target.
    score
        Mean of `valid`; what the search minimises and the pruner sees. None in the
        epoch at which a training diverged, which is the last one: there the loss or
        score of a fold is not a finite number, and those of later folds are missing.
    seconds
        Seconds that the epoch took, over all folds.
    """

    epoch: int
    train: tuple[float | None, ...]
    valid: tuple[float | None, ...]
    score: float | None
    seconds: float

    @property
    def loss(self) -> float | None:
        """Mean of `train`; None where a fold has none."""
        known = [loss for loss in self.train if loss is not None]
        if not known or len(known) < len(self.train):
            return None
        return sum(known) / len(known)


def curve_path(folder: Path, trial_number: int) -> Path:
    """Return where the curve of a trial lies in the folder of its study."""
    return folder / CURVES_FOLDER / f"{trial_number}.jsonl"


class CurveWriter:
    """Appends the epochs of one trial to its file.

    Parameters
    ----------
    folder
        Folder of the study.
    trial_number
        Number of the trial; an older file of that number is replaced by the first
        epoch.
    """

    def __init__(self, folder: Path, trial_number: int) -> None:
        self._path = curve_path(folder, trial_number)
        self._is_first = True

    def write_epoch(self, point: EpochPoint) -> None:
        """Append one epoch; numbers that are not finite become null.

        Raises
        ------
        OSError
            If the disk is full; the file is then as before, so that this can be
            tried again.
        """
        line = msgspec.json.encode(point) + b"\n"
        mode = "wb" if self._is_first else "ab"
        with self._path.open(mode, buffering=0) as file:
            length = file.tell()
            try:
                _write_all(file, line)
            except OSError:
                file.truncate(length)
                raise
        self._is_first = False


def _write_all(file: IO[bytes], content: bytes) -> None:
    """Write without a buffer; a disk that fills up takes a part first."""
    while content:
        content = content[file.write(content) :]


def read_curve(folder: Path, trial_number: int) -> tuple[EpochPoint, ...]:
    """Return the epochs written so far; empty if the trial has no curve.

    A line that a kill or a full disk cut short ends the curve there.
    """
    try:
        lines = curve_path(folder, trial_number).read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    points: list[EpochPoint] = []
    for line in lines:
        try:
            points.append(msgspec.json.decode(line, type=EpochPoint))
        except (msgspec.MsgspecError, ValueError):
            break
    return tuple(points)
