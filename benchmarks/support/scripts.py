"""Runs the scripts that the search is compared with, and reads what they noted.

Each trial is noted when it ends, so a run that was interrupted goes on with the
configurations that are left.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.alternatives.job import Job, Note, Planned, read_notes
from benchmarks.support.core_clock import CoreClock
from benchmarks.support.our_search import clean_environment
from benchmarks.support.places import ALTERNATIVES, ROOT
from benchmarks.support.problems import say

POLL_SECONDS = 5.0
CORE_FILE = "share_of_others.txt"


@dataclass(frozen=True)
class Script:
    """A script of `benchmarks/alternatives`.

    Attributes
    ----------
    name
        As in the tables.
    module
        Name of its file.
    environment
        Name of its virtual environment and of its requirements; "" where the
        environment of the application has all that it needs.
    """

    name: str
    module: str
    environment: str = ""

    def python(self) -> Path:
        """Return the interpreter; make its environment where it has its own."""
        if not self.environment:
            return Path(sys.executable)
        return _ensure_environment(self.environment)


PLAIN_KERAS = Script("Optuna + Keras", "plain_keras")
KERAS_TUNER = Script("KerasTuner", "plain_keras_tuner", "keras-tuner")
PYTORCH = Script("Optuna + PyTorch", "plain_pytorch", "pytorch")


@dataclass(frozen=True)
class ScriptRun:
    """What a script took.

    Attributes
    ----------
    notes
        Its trials.
    """

    notes: tuple[Note, ...]

    @property
    def overhead(self) -> float:
        """Seconds outside trials: Python, imports, reading the series, Optuna."""
        launches = {note.launched for note in self.notes}
        outside = []
        for launched in launches:
            own = [note for note in self.notes if note.launched == launched]
            last = max(note.finished for note in own)
            outside.append(last - launched - sum(note.seconds for note in own))
        return float(np.mean(outside))

    def seconds(self, number: int, *, epochs: int) -> float:
        """Return the seconds of a trial, extrapolated to `epochs` epochs.

        The first epoch, in which Keras traces, counts once; those that were not
        trained count like the mean of the others.
        """
        note = self.note(number)
        return extrapolate(note, len(note.epoch_seconds), epochs=epochs)

    def note(self, number: int) -> Note:
        """Return what was noted of the configuration with this number."""
        return next(note for note in self.notes if note.number == number)


def extrapolate(note: Note, n_measured: int, *, epochs: int) -> float:
    """Return the seconds of `epochs` epochs, known from the first `n_measured`.

    Examples
    --------
    Ten seconds around epochs of 5, 2 and 2 seconds:

    >>> note = Note(0, "complete", 0.0, 0.0, 19.0, (5.0, 2.0, 2.0))
    >>> extrapolate(note, 2, epochs=3), extrapolate(note, 3, epochs=20)
    (19.0, 53.0)
    """
    spent = note.epoch_seconds
    around = note.seconds - sum(spent)
    measured = spent[:n_measured]
    each = float(np.mean(measured[1:])) if n_measured > 1 else measured[0]
    return around + sum(measured) + (epochs - n_measured) * each


def run_configurations(
    script: Script,
    options: Sequence[str],
    planned: Sequence[Planned],
    *,
    folder: Path,
    core: int | None = None,
) -> ScriptRun:
    """Let `script` train the planned configurations that it has not trained yet."""
    results = folder / f"{script.module}.jsonl"
    known = {note.number for note in read_notes(results)}
    left = tuple(one for one in planned if one.number not in known)
    if left:
        job = Job(tuple(options), str(results), configurations=left)
        run_job(script, job, folder=folder, core=core)
    wanted = {one.number for one in planned}
    notes = [note for note in read_notes(results) if note.number in wanted]
    return ScriptRun(tuple(notes))


def run_job(script: Script, job: Job, *, folder: Path, core: int | None = None) -> None:
    """Run `script` until it ends; say now and then how far it is.

    Parameters
    ----------
    core
        Number of the only processor core that it may use; None for all of them.

    Raises
    ------
    RuntimeError
        If it ends with an error or leaves configurations out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{script.module}.job.json"
    python = script.python()
    job = replace(job, launched=time.time())
    path.write_bytes(msgspec.json.encode(job))
    output = folder / f"{script.module}.log"
    with output.open("ab") as log:
        process = subprocess.Popen(
            [python, "-m", f"benchmarks.alternatives.{script.module}", str(path)],
            cwd=ROOT,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    clock = None
    if core is not None:
        # Long before a framework is imported and starts threads.
        os.sched_setaffinity(process.pid, {core})
        clock = CoreClock(process.pid, core)
    try:
        _wait(script, process, job, clock)
    finally:
        process.kill()
        process.wait()
    if clock is not None:
        (folder / CORE_FILE).write_text(f"{clock.share_of_others:.4f}")
    numbers = {note.number for note in read_notes(Path(job.results))}
    is_complete = all(one.number in numbers for one in job.configurations)
    if process.returncode != 0 or not is_complete:
        last = "\n".join(output.read_text(errors="replace").splitlines()[-20:])
        raise RuntimeError(f"{script.name} did not do its job; see {output}:\n{last}")


def _wait(
    script: Script,
    process: "subprocess.Popen[bytes]",
    job: Job,
    clock: CoreClock | None,
) -> None:
    n_wanted = len(job.configurations) or job.n_trials
    n_told = 0
    while True:
        try:
            process.wait(timeout=POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            if clock is not None:
                clock.read()
            notes = read_notes(Path(job.results))
            n_done = sum(note.launched == job.launched for note in notes)
            if n_done > n_told:
                seconds = time.time() - job.launched
                say(f"{script.name}: {n_done} of {n_wanted} after {seconds:.0f} s")
            n_told = n_done


def _ensure_environment(name: str) -> Path:
    """Return the interpreter of `.venv-<name>`, with the pinned packages installed."""
    folder = ROOT / "benchmarks" / f".venv-{name}"
    requirements = ALTERNATIVES / f"requirements-{name}.txt"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / ".installed"
    is_new = stamp.exists() and stamp.read_bytes() == requirements.read_bytes()
    if not is_new:
        say(f"Installing {requirements.name} into {folder}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        install += ["-r", str(requirements)]
        # What pip says goes to the person who waits, not into the tables.
        subprocess.run(install, check=True, stdout=sys.stderr)
        stamp.write_bytes(requirements.read_bytes())
    return python
