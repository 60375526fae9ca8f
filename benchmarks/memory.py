"""The memory of a long study: every process, from the first trial to the last refit.

A study of 300 trials of the default space on a short series runs with two workers under
a supervisor, and the resident size of each of its processes is looked at every second.
Workers are replaced when they have grown to four fifths of the limit; what that costs
is the life of the replacements until their first claim, plus the ends of the replaced::

    python -m benchmarks.memory                     # 300 trials, limit 2.5 GB
    python -m benchmarks.memory --quick             # 8 trials, limit 1.2 GB, no record
"""

import argparse
import logging
import os
import shlex
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import psutil

from benchmarks.study_time import StudyTimes, read_times, save_series
from benchmarks.support.our_search import clean_environment
from benchmarks.support.places import ROOT
from benchmarks.support.problems import problem_of, say
from benchmarks.support.processes import benchmark_command
from benchmarks.support.recording import record, table
from search.config import Environment
from search.jobs.limits import Limits
from search.jobs.supervisor import supervise
from search.study.folders import StudyHandle, log_path
from search.study.studies import create_study, find_study
from search.study.trials.listing import read_trials

Kind = Literal["supervisor", "worker", "refit"]
KINDS: tuple[Kind, ...] = ("supervisor", "worker", "refit")
LOOK_SECONDS = 1.0
SLOTS = 10
LIMIT_GB, QUICK_LIMIT_GB = 2.5, 1.2
_PEAK = "VmHWM:"


@dataclass(frozen=True)
class Look:
    """The sizes at one moment.

    Attributes
    ----------
    n_done
        Trials done by then.
    sizes
        Resident bytes of each process, by kind and process id.
    """

    n_done: int
    sizes: dict[tuple[Kind, int], int]

    @property
    def total(self) -> int:
        """Bytes of all processes together."""
        return sum(self.sizes.values())

    def largest(self, kind: Kind) -> int:
        """Return the bytes of the largest process of a kind; 0 if there is none."""
        return max(
            (size for key, size in self.sizes.items() if key[0] == kind), default=0
        )


@dataclass
class Watch:
    """Looks at a process and its children until the process ends.

    Attributes
    ----------
    looks
        What was seen, in order.
    peaks
        Largest resident bytes of each process as the system counted them, which
        misses nothing between two looks; 0 where the system does not tell.
    """

    looks: list[Look] = field(default_factory=list)
    peaks: dict[tuple[Kind, int], int] = field(default_factory=dict)

    def follow(self, process: subprocess.Popen[bytes], handle: StudyHandle) -> None:
        """Look once a second, and tell how far the study is."""
        pause, told = threading.Event(), -1
        while process.poll() is None:
            n_done = sum(
                trial.state in ("complete", "pruned") for trial in read_trials(handle)
            )
            self.looks.append(Look(n_done, dict(self._sizes(process.pid))))
            if n_done // 10 != told:
                told = n_done // 10
                say(f"{n_done} trials, {self.looks[-1].total / 1e9:.2f} GB in all")
            pause.wait(LOOK_SECONDS)

    def _sizes(self, pid: int) -> list[tuple[tuple[Kind, int], int]]:
        found = []
        for process in _family(pid):
            try:
                kind = _kind(process, pid)
                key = (kind, process.pid)
                found.append((key, process.memory_info().rss))
            except psutil.Error:
                continue
            self.peaks[key] = max(self.peaks.get(key, 0), _peak_bytes(process.pid))
        return found


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _kind(process: psutil.Process, supervisor_pid: int) -> Kind:
    if process.pid == supervisor_pid:
        return "supervisor"
    return "worker" if "work" in process.cmdline() else "refit"


def _peak_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(one.split()[1]) for one in lines if _PEAK in one), 0)


def run_study(args: argparse.Namespace, folder: Path) -> tuple[StudyHandle, Watch]:
    """Run the study to its end under a supervisor with the limit that is asked for."""
    series = folder / "series.csv"
    save_series(series, args.points)
    budget = ["--trials", str(args.trials), "--workers", str(args.workers)]
    problem = problem_of([str(series), "--target", "load", "--season", "24", *budget])
    studies = folder / "studies"
    environment = Environment(studies, f"sqlite:///{studies / 'optuna.db'}")
    handle = create_study(environment, problem.settings, problem.series)
    command = benchmark_command("memory", "--supervise", handle.uuid)
    watch = Watch()
    with (folder / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--limit", str(args.limit)],
            cwd=ROOT,
            env=clean_environment() | {"STUDIES_DIR": str(studies)},
            stdout=log,
            stderr=log,
        )
        try:
            watch.follow(process, handle)
        finally:
            process.terminate()
            process.wait()
    if process.returncode:
        raise SystemExit((folder / "run.log").read_text())
    return handle, watch


def supervise_study(uuid: str, limit_gb: float) -> None:
    """Supervise a study as the command line does, with another limit."""
    handle = find_study(Environment.from_process(), uuid)
    logging.basicConfig(
        level=logging.INFO,
        filename=log_path(handle, "supervisor"),
        format="%(asctime)s %(levelname)s [%(process)d] %(message)s",
    )
    limits = replace(Limits(), memory_limit_bytes=int(1e9 * limit_gb))
    sys.exit(supervise(handle, is_foreground=True, limits=limits) != "finished")


def sizes_table(watch: Watch, limit_gb: float) -> str:
    """Return the largest size of each kind of process."""
    rows = []
    for kind in KINDS:
        pids = {key[1] for look in watch.looks for key in look.sizes if key[0] == kind}
        seen = max(look.largest(kind) for look in watch.looks)
        peak = max(
            (size for key, size in watch.peaks.items() if key[0] == kind), default=0
        )
        limit = "" if kind == "supervisor" else f"{limit_gb:.2f}"
        rows.append((kind, len(pids), f"{seen / 1e9:.2f}", f"{peak / 1e9:.2f}", limit))
    columns = ("process", "how many", "largest seen, GB", "peak, GB", "limit, GB")
    return table(columns, rows)


def course_table(watch: Watch) -> str:
    """Return how the sizes went over the time of the search."""
    looks = [look for look in watch.looks if look.largest("worker")]
    rows = []
    for slot in range(SLOTS):
        part = looks[slot * len(looks) // SLOTS : (slot + 1) * len(looks) // SLOTS]
        if part:
            rows.append(
                (
                    f"{100 * slot // SLOTS} to {100 * (slot + 1) // SLOTS} %",
                    part[-1].n_done,
                    f"{max(look.largest('worker') for look in part) / 1e9:.2f}",
                    f"{max(look.total for look in part) / 1e9:.2f}",
                )
            )
    return table(("time", "trials", "largest worker, GB", "all together, GB"), rows)


def recycling(times: StudyTimes, ends: Counter[str], n_workers: int) -> str:
    """Return how often workers were replaced and what share of the time that took."""
    starts = sorted(line.seconds["start"] for line in times.workers)
    per_start = sum(starts) / len(starts)
    per_exit = max(0.0, times.exit_seconds) / len(times.wall)
    n_replaced = max(0, len(times.wall) - n_workers)
    share = n_replaced * (per_start + per_exit) / times.total
    ended = ", ".join(f"{count} {reason}" for reason, count in sorted(ends.items()))
    return (
        f"{len(times.wall)} worker processes ({ended}); {n_replaced} replacements at "
        f"{per_start + per_exit:.1f} s each are **{100 * share:.2f} %** of "
        f"{times.total:.0f} s of worker time."
    )


def count_ends(handle: StudyHandle) -> Counter[str]:
    """Count the reasons with which workers ended, from their logs."""
    mark = "worker ends ("
    return Counter(
        line.split(mark)[1].split(")")[0]
        for path in (handle.folder / "logs").glob("worker-*.log*")
        for line in path.read_text().splitlines()
        if mark in line
    )


def failures(handle: StudyHandle) -> str:
    """Return what the trials ended as, and those that had no room."""
    trials = read_trials(handle)
    states = Counter(trial.state for trial in trials)
    memory = [trial for trial in trials if "memory" in (trial.error or "")]
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return f"Trials: {counted}; {len(memory)} ended for want of memory."


def measure(args: argparse.Namespace, folder: Path) -> str:
    """Run the study and return the report."""
    handle, watch = run_study(args, folder)
    times = read_times(handle)
    return "\n\n".join(
        [
            f"{args.trials} trials of the default space on {args.points} rows, "
            f"{args.workers} workers, then the refits; limit {args.limit:g} GB. "
            f"`{shlex.join(['python', '-m', 'benchmarks.memory', *sys.argv[1:]])}`",
            sizes_table(watch, args.limit),
            recycling(times, count_ends(handle), args.workers),
            failures(handle),
            course_table(watch),
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int)
    parser.add_argument("--points", type=int, default=400, help="rows of the series")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=float, help="of one process, in GB")
    parser.add_argument("--quick", action="store_true", help="a few trials only")
    parser.add_argument("--supervise", help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.supervise:
        supervise_study(args.supervise, args.limit)
    args.trials = args.trials or (8 if args.quick else 300)
    args.limit = args.limit or (QUICK_LIMIT_GB if args.quick else LIMIT_GB)
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        body = measure(args, Path(folder))
    title = "Memory of a long study"
    print(f"{title}\n\n{body}\n\nload of the machine {os.getloadavg()[0]:.1f}")
    if not args.quick:
        record(title, body)


if __name__ == "__main__":
    main(sys.argv[1:])
