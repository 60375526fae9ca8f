"""Trainings of a winner that are done, kept until all of them are.

A refit that is ended from outside, as one is that takes too much memory, would lose
every seed that it had trained. So each is written down when it is done, and the next
process of the same winner takes it up.
"""

import hashlib
import io
import json
import shutil
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from search.files import write_bytes
from search.jobs.refitting import SEEDS_FOLDER
from search.worker.refit import SeedRun

_HEAD = "head"


class KeptSeeds:
    """Runs of single seeds in the folder of a winner.

    Parameters
    ----------
    folder
        Of the winner.
    origin
        All that the runs depend on besides the seed; runs of another origin, such as
        those of a former winner, do not count.
    """

    def __init__(self, folder: Path, *, origin: object) -> None:
        self._folder = folder / SEEDS_FOLDER
        text = json.dumps(origin, sort_keys=True, default=str)
        self._origin = hashlib.sha256(text.encode()).hexdigest()

    def load(self, seed: int) -> SeedRun | None:
        """Return the run of `seed`; None if it was not kept, or cannot be read."""
        try:
            with (
                self._path(seed).open("rb") as file,
                np.load(file, allow_pickle=False) as stored,
            ):
                arrays = dict(stored)
            head = json.loads(str(arrays.pop(_HEAD)))
            if head["origin"] != self._origin:
                return None
            return SeedRun(**_values(head, arrays))
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError):
            return None

    def save(self, run: SeedRun) -> None:
        """Keep a run that is done."""
        self._folder.mkdir(parents=True, exist_ok=True)
        head: dict[str, Any] = {"origin": self._origin, "values": {}, "lists": {}}
        arrays: dict[str, np.ndarray] = {}
        for field in fields(run):
            value = getattr(run, field.name)
            if isinstance(value, np.ndarray):
                arrays[field.name] = value
            elif isinstance(value, tuple):
                head["lists"][field.name] = len(value)
                arrays |= {f"{field.name}_{n}": one for n, one in enumerate(value)}
            else:
                head["values"][field.name] = value
        content = io.BytesIO()
        np.savez(content, **{_HEAD: np.array(json.dumps(head))}, **arrays)  # type: ignore[arg-type]
        write_bytes(self._path(run.seed), content.getvalue())

    def clear(self) -> None:
        """Remove all runs, because the winner is whole."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, seed: int) -> Path:
        return self._folder / f"{seed}.npz"


def _values(head: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    lists = {
        name: tuple(arrays.pop(f"{name}_{n}") for n in range(length))
        for name, length in head["lists"].items()
    }
    return {**head["values"], **lists, **arrays}
