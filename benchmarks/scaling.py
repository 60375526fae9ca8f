"""How the search grows: with workers, rows, folds and epochs, and its memory with rows.

Two tables:

- *workers*: the same queue of configurations, drawn from the default space, is searched
  by one worker and by two, each time with an empty cache of compiled programs. What is
  compared is the work done in the same time, where each trial weighs what it takes one
  worker alone; beside it stands what two processes of plain matrix products reach on
  this machine, which nothing can exceed.
- *size*: one small network is trained on every fold, each row in a process of its own:
  seconds for a thousand windows, and the most memory of the process. The windows of
  one fold in memory would take what the last column says, and that several times::

    python -m benchmarks.scaling
    python -m benchmarks.scaling --only workers --trials 36
    python -m benchmarks.scaling --only size
    python -m benchmarks.scaling --quick          # minutes; prints, records nothing
"""

import argparse
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.study_time import run_study, save_series
from benchmarks.support.places import ROOT
from benchmarks.support.problems import (
    Problem,
    draw_configurations,
    problem_of,
    say,
)
from benchmarks.support.processes import benchmark_command
from benchmarks.support.recording import record, table
from search.config import Training
from search.evaluation.splits import plan_splits
from search.space.lines import TrialParams
from search.study.trials.listing import TrialView, read_trials

DRAW_SEED = 0
UNITS = 32
BURN_SECONDS = 4.0
BURN = """
import sys, time
import numpy as np
a = np.random.default_rng(0).normal(size=(192, 192)).astype(np.float32)
stop, n = time.monotonic() + float(sys.argv[1]), 0
while time.monotonic() < stop:
    a = a @ a
    a /= np.abs(a).max()
    n += 1
print(n)
"""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Size:
    """One training.

    Attributes
    ----------
    rows, folds, epochs
        Of the series, of the cross-validation, of the training.
    sequence_length
        Rows that a window reads.
    """

    rows: int = 10_000
    folds: int = 5
    epochs: int = 5
    sequence_length: int = 24


@dataclass(frozen=True)
class Measure:
    """What one training took.

    Attributes
    ----------
    seconds
        Seconds of all epochs, without compiling.
    n_windows
        Windows trained or validated on, over all folds and epochs.
    base_bytes, peak_bytes
        Resident size before the series was made, and the largest one.
    windows_bytes
        What the windows of the largest fold would take as one array.
    """

    seconds: float
    n_windows: int
    base_bytes: int
    peak_bytes: int
    windows_bytes: int


SIZES = (
    Size(rows=1_000),
    Size(rows=10_000),
    Size(rows=100_000),
    Size(folds=3),
    Size(folds=8),
    Size(epochs=10),
    Size(epochs=20),
    Size(rows=100_000, epochs=2, sequence_length=96),
)
QUICK_SIZES = (Size(rows=1_000, epochs=3), Size(rows=4_000, epochs=3))


def compare_sizes(sizes: Sequence[Size]) -> str:
    """Train once for each size and return the table."""
    rows = []
    for size in sizes:
        say(f"training {size}")
        measure = _measure_apart(size)
        rows.append(
            (
                f"{size.rows:,}",
                size.folds,
                size.epochs,
                size.sequence_length,
                f"{measure.n_windows:,}",
                f"{measure.seconds:.2f}",
                f"{1e6 * measure.seconds / measure.n_windows:.2f}",
                f"{(measure.peak_bytes - measure.base_bytes) / 1e6:.0f}",
                f"{measure.peak_bytes / 1e6:.0f}",
                f"{measure.windows_bytes / 1e6:.0f}",
            )
        )
    columns = (
        *("rows", "folds", "epochs", "steps", "windows", "s", "ms for 1,000"),
        *("memory for it, MB", "whole process, MB", "one fold's windows, MB"),
    )
    return table(columns, rows)


def _measure_apart(size: Size) -> Measure:
    """Measure one size in a fresh process, whose memory nobody used before."""
    command = benchmark_command("scaling", "--measure", json.dumps(asdict(size)))
    output = subprocess.run(
        command,
        check=True,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return msgspec.json.decode(output.splitlines()[-1], type=Measure)


def measure_size(size: Size) -> Measure:
    """Train a small LSTM on every fold of a generated series."""
    from search.worker.environment import prepare_environment

    prepare_environment(threads=1)
    from search.worker.training import train_folds

    base_bytes = _peak_bytes()
    problem = _problem(size.rows, folds=size.folds)
    params = TrialParams(
        cell="LSTM",
        units=UNITS,
        layers=1,
        dropout=0.0,
        sequence_length=size.sequence_length,
        learning_rate=1e-3,
        clipnorm=1.0,
    )
    task = problem.settings.task
    first = params.first_origin(task.season)
    plan = plan_splits(size.rows, task, first_origin=first)
    seconds: list[float] = []
    train_folds(
        problem.panel(params),
        plan,
        params,
        task=task,
        training=Training(epochs=size.epochs, patience=0),
        seed=0,
        on_epoch=lambda point: seconds.append(point.seconds),
    )
    trained = [fold.n_train(first) for fold in plan.folds]
    n_windows = sum(trained) + sum(fold.n_valid for fold in plan.folds)
    n_channels = problem.panel(params).n_channels
    return Measure(
        seconds=sum(seconds),
        n_windows=size.epochs * n_windows,
        base_bytes=base_bytes,
        peak_bytes=_peak_bytes(),
        windows_bytes=4 * max(trained) * size.sequence_length * n_channels,
    )


def _problem(n_rows: int, *, folds: int) -> Problem:
    with tempfile.TemporaryDirectory() as folder:
        return problem_of([*_series(Path(folder), n_rows), "--folds", str(folds)])


def _series(folder: Path, n_rows: int) -> list[str]:
    path = folder / "series.csv"
    save_series(path, n_rows)
    return [str(path), "--target", "load", "--season", "24"]


def _peak_bytes() -> int:
    """Return the largest resident size of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


@dataclass(frozen=True)
class WorkerRun:
    """The same queue, searched by some workers.

    Attributes
    ----------
    spans
        Start and end of each trial in seconds since the first start.
    """

    spans: dict[int, tuple[float, float]]

    @classmethod
    def of(cls, trials: Sequence[TrialView], n_trials: int) -> "WorkerRun":
        """Take the first `n_trials`, the queue, from a finished study."""
        spans = {
            trial.number: (_moment(trial.started), _moment(trial.finished))
            for trial in trials[:n_trials]
            if trial.state == "complete"
        }
        if len(spans) < n_trials:
            raise ValueError(f"{n_trials - len(spans)} trials are not complete.")
        origin = min(start for start, _ in spans.values())
        return cls(
            {
                number: (start - origin, stop - origin)
                for number, (start, stop) in spans.items()
            }
        )

    @property
    def seconds(self) -> float:
        """Seconds from the first start to the last end."""
        return max(stop for _, stop in self.spans.values())

    def n_finished(self, moment: float) -> int:
        """Return the number of trials that had ended by then."""
        return sum(stop <= moment for _, stop in self.spans.values())

    def work(self, moment: float, alone: "WorkerRun") -> float:
        """Return the work done by then, in seconds that it takes one worker alone."""
        total = 0.0
        for number, (start, stop) in self.spans.items():
            begun, ended = alone.spans[number]
            done = np.clip((moment - start) / (stop - start), 0.0, 1.0)
            total += float(done) * (ended - begun)
        return total


def compare_workers(args: argparse.Namespace) -> str:
    """Search the same queue with one worker and with two; return what was found."""
    with tempfile.TemporaryDirectory(prefix="scaling-") as name:
        folder = Path(name)
        options = _queue_options(args, folder)
        runs = {n: _run_workers(options, folder, n, args.trials) for n in (1, 2)}
    one, two = runs[1], runs[2]
    # Before the end, when the second worker has nothing left to take.
    moment = 0.75 * two.seconds
    ratio = two.work(moment, one) / one.work(moment, one)
    rows = [
        ("finished after the same time", *(runs[n].n_finished(moment) for n in (1, 2))),
        ("work after the same time, s", *(_work(runs[n], one, moment) for n in (1, 2))),
        ("all done after, s", *(f"{runs[n].seconds:.1f}" for n in (1, 2))),
    ]
    return "\n\n".join(
        [
            f"The same {args.trials} configurations, {args.epochs} epochs each, "
            f"{args.points} rows; the same time is {moment:.0f} s.",
            table(("", "1 worker", "2 workers"), rows),
            f"Two workers do **{ratio:.2f}** times the work of one in the same time "
            f"({one.seconds / two.seconds:.2f} to the end of the last trial). Two "
            "processes of plain matrix products do "
            f"{_burn(2) / _burn(1):.2f} times that of one.",
        ]
    )


def _work(run: WorkerRun, alone: WorkerRun, moment: float) -> str:
    return f"{run.work(moment, alone):.1f}"


def _queue_options(args: argparse.Namespace, folder: Path) -> list[str]:
    """Write the queue and return options that train all of it for as many epochs."""
    options = _series(folder, args.points)
    space = problem_of(options).space
    queue = folder / "queue.json"
    n_per_cell = -(-args.trials // 3)
    configurations = draw_configurations(space, n_per_cell, seed=DRAW_SEED)
    queue.write_bytes(msgspec.json.encode(configurations[: args.trials]))
    fixed = ["--pruner", "none", "--patience", "0", "--epochs", str(args.epochs)]
    return [
        *options,
        *fixed,
        *("--enqueue", str(queue), "--trials", str(args.trials)),
    ]


def _run_workers(
    options: Sequence[str], folder: Path, n_workers: int, n_trials: int
) -> WorkerRun:
    say(f"{n_workers} worker{'s' if n_workers > 1 else ''}")
    studies = folder / f"studies-{n_workers}"
    workers = ["--workers", str(n_workers)]
    handle = run_study([*options, *workers], studies, n_trials=n_trials)
    return WorkerRun.of(read_trials(handle), n_trials)


def _moment(text: str | None) -> float:
    assert text is not None
    return datetime.fromisoformat(text).timestamp()


def _burn(n_processes: int) -> int:
    """Return the matrix products of some processes in the same time."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BURN, str(BURN_SECONDS)],
            env=os.environ | ONE_THREAD,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(n_processes)
    ]
    return sum(int(process.communicate()[0]) for process in processes)


def publish(title: str, body: str, *, is_quick: bool) -> None:
    """Print a result, and record it unless this was a try-out."""
    command = shlex.join(["python", "-m", "benchmarks.scaling", *sys.argv[1:]])
    told = f"{body}\n\n`{command}`"
    print(f"{title}\n\n{told}\n\nload of the machine {os.getloadavg()[0]:.1f}")
    if not is_quick:
        record(title, told)


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("workers", "size"))
    parser.add_argument("--trials", type=int, help="length of the queue")
    parser.add_argument("--epochs", type=int, help="epochs of the queue")
    parser.add_argument("--points", type=int, default=2000, help="rows for the queue")
    parser.add_argument("--quick", action="store_true", help="the smallest of all")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        size = msgspec.json.decode(args.measure, type=Size)
        print(json.dumps(asdict(measure_size(size))))
        return
    args.trials = args.trials or (6 if args.quick else 36)
    args.epochs = args.epochs or (2 if args.quick else 10)
    if args.only != "size":
        started = time.monotonic()
        publish("One worker against two", compare_workers(args), is_quick=args.quick)
        say(f"workers compared after {time.monotonic() - started:.0f} s")
    if args.only != "workers":
        body = compare_sizes(QUICK_SIZES if args.quick else SIZES)
        publish("Rows, folds, epochs and memory", body, is_quick=args.quick)


if __name__ == "__main__":
    main()
