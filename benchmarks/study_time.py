"""Where the time of a study's workers goes: training, compiling, and all the rest.

A default study is run through `python -m search run` with two workers and an empty
cache of compiled programs, and the lines in which the workers account for their time
are read from its logs. `exit` is what the supervisor saw of a process beyond what the
process itself counted: before Python began and after its last line::

    python -m benchmarks.study_time                        # 60 trials, 2,000 rows
    python -m benchmarks.study_time --file series.csv --options="--horizon 12"
    python -m benchmarks.study_time --quick                # minutes; records nothing

With `--storage` nothing is trained: the toy objective of the tests reports 40 epochs a
trial that take no time. What is left is the cost of sampler and storage, which is
compared between the beginning of a study and 500 or 2,000 trials::

    python -m benchmarks.study_time --storage --trials 500
    python -m benchmarks.study_time --storage --trials 2000
"""

import argparse
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.support.our_search import OurSearch, SearchFailed, our_search
from benchmarks.support.problems import say
from benchmarks.support.recording import record, table
from search.study.control import read_state
from search.study.folders import StudyHandle, log_path
from search.worker.clock import (
    PHASES,
    WORK,
    Phase,
    TimeLine,
    read_time_lines,
)
from search.worker.toy import EPOCH_VARIABLE, TOY_VARIABLE

SEASON = 24
LOOK_SECONDS = 2.0
TOY = {TOY_VARIABLE: "toy", EPOCH_VARIABLE: "0"}
MEANINGS: dict[Phase, str] = {
    "start": "start of the process, imports, reading the series",
    "claim": "lock, sampler, storing the configuration",
    "wait": "nothing left to claim while others train",
    "compile": "building and compiling networks",
    "train": "training and evaluation",
    "report": "pruner and reports",
    "curves": "learning curves",
    "tell": "spool and storage",
    "other": "wishes, logs, the loop",
}
_GONE = re.compile(r"worker (?P<pid>\d+) is gone after (?P<seconds>[\d.]+) s")


@dataclass(frozen=True)
class StudyTimes:
    """What the logs of a study say.

    Attributes
    ----------
    trials
        Times of each trial, in the order of their numbers.
    workers
        Times of each worker process.
    wall
        Seconds that each worker process lived, as the supervisor saw it.
    """

    trials: list[TimeLine]
    workers: list[TimeLine]
    wall: list[float]

    @property
    def total(self) -> float:
        """Seconds of all workers together."""
        return sum(self.wall)

    def seconds(self, *phases: Phase) -> float:
        """Return the seconds of all workers in some phases."""
        return sum(line.seconds[phase] for line in self.workers for phase in phases)

    @property
    def exit_seconds(self) -> float:
        """Seconds that no worker counted itself."""
        return self.total - self.seconds(*PHASES)

    @property
    def overhead(self) -> float:
        """Share of the time that went neither to training nor to compiling."""
        return 1 - self.seconds(*WORK) / self.total


def save_series(path: Path, n_rows: int) -> None:
    """Write an hourly series of one column with a daily season, a trend and noise."""
    rows = np.arange(n_rows)
    noise = np.random.default_rng(0).normal(0, 0.3, n_rows)
    load = 10 + 0.001 * rows + np.sin(2 * np.pi * rows / SEASON) + noise
    time = pd.date_range("2024-01-01", periods=n_rows, freq="h")
    pd.DataFrame({"time": time, "load": load}).to_csv(path, index=False)


def run_study(options: Sequence[str], studies: Path, *, n_trials: int) -> StudyHandle:
    """Run the search of a study to its end; refits are left out."""
    with our_search(options, studies=studies) as search:
        wait_for_search(search, n_trials=n_trials)
        handle = search.handle
    if handle is None:
        raise SearchFailed(f"There is no study; see {studies / 'run.log'}.")
    return handle


def wait_for_search(search: OurSearch, *, n_trials: int) -> None:
    """Return when the workers are gone, and tell meanwhile how far they are."""
    told = -1
    while True:
        handle = search.handle
        if handle is not None:
            state = read_state(handle).state
            if state == "failed":
                raise SearchFailed(read_state(handle).message)
            if state in ("refitting", "finished"):
                return
            n_done = sum(one.state in ("complete", "pruned") for one in search.trials)
            if n_done // 5 != told:
                told = n_done // 5
                say(f"{n_done} of {n_trials} trials after {search.seconds:.0f} s")
        search.wait(LOOK_SECONDS)


def read_times(handle: StudyHandle) -> StudyTimes:
    """Read the times of all workers of a study from its logs."""
    lines = [
        line
        for path in sorted((handle.folder / "logs").glob("worker-*.log*"))
        for line in read_time_lines(path.read_text().splitlines())
    ]
    trials = [line for line in lines if line.trial is not None]
    supervisor = log_path(handle, "supervisor").read_text().splitlines()
    return StudyTimes(
        trials=sorted(trials, key=lambda line: line.trial or 0),
        workers=[line for line in lines if line.trial is None],
        wall=list(_lives(supervisor)),
    )


def _lives(lines: Sequence[str]) -> Iterator[float]:
    for line in lines:
        match = _GONE.search(line)
        if match is not None:
            yield float(match["seconds"])


def phases_table(times: StudyTimes) -> str:
    """Return the seconds and the share of each phase over all workers."""
    rows: list[tuple[str, ...]] = [
        (phase, MEANINGS[phase], *_shares(times.seconds(phase), times))
        for phase in PHASES
    ]
    rows.append(("exit", "outside of the account", *_shares(times.exit_seconds, times)))
    return table(("phase", "what", "seconds", "share", "ms a trial"), rows)


def _shares(seconds: float, times: StudyTimes) -> tuple[str, str, str]:
    return (
        f"{seconds:.2f}",
        f"{100 * seconds / times.total:.2f} %",
        f"{1000 * seconds / len(times.trials):.0f}",
    )


def summary(times: StudyTimes) -> str:
    """Return the figures that count, one a line."""
    compiling = times.seconds("compile") / times.total
    tail = times.seconds("wait") / times.total
    return "\n".join(
        [
            f"- {len(times.trials)} trials by {len(times.wall)} worker processes, "
            f"{times.total:.1f} s of worker time.",
            f"- Compiling: **{100 * compiling:.1f} %** of it.",
            f"- Neither training, evaluation nor compiling: "
            f"**{100 * times.overhead:.1f} %**, of which {100 * tail:.1f} % is waiting "
            "for the last trial of the other worker.",
        ]
    )


def storage_table(times: StudyTimes) -> str:
    """Return the cost of a trial in sampler and storage as a study grows."""
    columns = ("trials", "claim, ms", "report, ms", "curves, ms", "tell, ms")
    phases: tuple[Phase, ...] = ("claim", "report", "curves", "tell")
    rows = []
    for start in (0, 50, 200, 450, 950, 1950):
        part = times.trials[start : start + 50]
        if len(part) == 50:
            costs = [median(line.seconds[phase] for line in part) for phase in phases]
            name = f"{start + 1} to {start + 50}"
            rows.append((name, *(f"{1000 * cost:.1f}" for cost in costs)))
    return table(columns, rows)


def series_options(args: argparse.Namespace, folder: Path) -> list[str]:
    """Return the file of the series and the options that go with it."""
    if args.file:
        return [str(args.file.resolve()), *shlex.split(args.options)]
    path = folder / "series.csv"
    save_series(path, args.points)
    return [str(path), "--target", "load", "--season", str(SEASON)]


def measure_study(args: argparse.Namespace, folder: Path) -> None:
    """Run a default study and tell where its time went."""
    budget = ["--trials", str(args.trials), "--workers", str(args.workers)]
    options = [*series_options(args, folder), *budget]
    handle = run_study(options, folder / "studies", n_trials=args.trials)
    times = read_times(handle)
    body = "\n\n".join(
        [
            f"A default study of {args.trials} trials on {handle.n_rows} rows with "
            f"{args.workers} workers and an empty cache. `{command()}`",
            summary(times),
            phases_table(times),
        ]
    )
    publish("Where the time of a study goes", body, args)


def measure_storage(args: argparse.Namespace, folder: Path) -> None:
    """Run a study of the toy objective and tell what a trial costs without training."""
    os.environ.update(TOY)
    budget = ["--trials", str(args.trials), "--workers", "1", "--patience", "0"]
    options = [*series_options(args, folder), *budget]
    handle = run_study(options, folder / "studies", n_trials=args.trials)
    body = "\n\n".join(
        [
            "One worker, nothing trained, 40 epochs reported by each trial; the median "
            f"of 50 trials. `{command()}`",
            storage_table(read_times(handle)),
        ]
    )
    publish(f"Sampler and storage, {args.trials} trials", body, args)


def publish(title: str, body: str, args: argparse.Namespace) -> None:
    """Print the result, and record it unless this was a try-out."""
    print(f"{title}\n\n{body}\n\nload of the machine {os.getloadavg()[0]:.1f}")
    if not args.quick:
        record(title, body)


def command() -> str:
    """Return the command that repeats this run."""
    return shlex.join(["python", "-m", "benchmarks.study_time", *sys.argv[1:]])


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=None)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--points", type=int, default=2000, help="rows of the series")
    parser.add_argument("--file", type=Path, help="a table instead of the series")
    parser.add_argument("--options", default="", help="options of `search run` for it")
    parser.add_argument("--storage", action="store_true", help="train nothing")
    parser.add_argument("--quick", action="store_true", help="a few trials only")
    args = parser.parse_args()
    if args.trials is None:
        args.trials = (100 if args.storage else 8) if args.quick else 60
    with tempfile.TemporaryDirectory(prefix="study-time-") as folder:
        measure = measure_storage if args.storage else measure_study
        measure(args, Path(folder))


if __name__ == "__main__":
    main()
