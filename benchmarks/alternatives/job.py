"""What a script is asked to do, and what it notes for each trial."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from search.space.lines import Value


@dataclass(frozen=True)
class Planned:
    """A configuration that is given, and the epochs to train it for."""

    number: int
    params: dict[str, Value]
    epochs: int


@dataclass(frozen=True)
class Job:
    """What a script is to do.

    Attributes
    ----------
    options
        Options of `python -m search run` that describe the series and the space.
    results
        File of JSON lines to which notes are appended.
    launched
        Time when the process was started, in seconds since 1970.
    configurations
        Configurations to try, in this order; with none, the sampler chooses.
    n_trials
        Number of trials where the sampler chooses.
    epochs
        Largest number of epochs where the sampler chooses.
    patience
        Epochs without a lower validation loss before `fit` ends; 0 for no end.
    seed
        Seed of the sampler.
    """

    options: tuple[str, ...]
    results: str
    launched: float = 0.0
    configurations: tuple[Planned, ...] = ()
    n_trials: int = 0
    epochs: int = 0
    patience: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Note:
    """One trial of a script.

    Attributes
    ----------
    number
        Number of the configuration, or of the trial where the sampler chose.
    state
        How it ended.
    launched, started, finished
        Times of the process and of the trial, in seconds since 1970.
    epoch_seconds
        Seconds of each epoch with its validation, added up over the folds.
    epoch_scores
        Validation score after each epoch, mean over the folds, in real units; empty
        where folds ended after different numbers of epochs.
    score
        Mean over the folds of the best validation score of each; None if pruned.
    params
        The configuration, where the sampler chose it.
    """

    number: int
    state: Literal["complete", "pruned"]
    launched: float
    started: float
    finished: float
    epoch_seconds: tuple[float, ...] = ()
    epoch_scores: tuple[float, ...] = ()
    score: float | None = None
    params: dict[str, Value] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Seconds of the trial."""
        return self.finished - self.started


def read_job() -> Job:
    """Return the job whose file is named on the command line."""
    return msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)


def write_note(job: Job, note: Note) -> None:
    """Append `note` to the results."""
    with Path(job.results).open("ab") as file:
        file.write(msgspec.json.encode(note) + b"\n")


def read_notes(path: Path) -> list[Note]:
    """Return the notes in a file of results; a line cut short ends them."""
    notes: list[Note] = []
    if not path.exists():
        return notes
    for line in path.read_bytes().splitlines():
        try:
            notes.append(msgspec.json.decode(line, type=Note))
        except msgspec.MsgspecError:
            break
    return notes
