"""How good the models are: public data, default settings, five minutes each.

For each row `python -m search run` searches for five minutes with two workers and its
defaults; what the protocol fixes (targets, horizon, holdout, filling of gaps, the error
that counts; files, groups and normal rows of other tasks) is set and nothing else. The
winner of each cell is then trained again and scored once on the holdout, as every study
does. A row counts as reached if the cell with the lowest cross-validation score reaches
the goal, whatever the other cells do::

    python -m benchmarks.accuracy
    python -m benchmarks.accuracy --series airline,italy-power
    python -m benchmarks.accuracy --quick      # seconds each; prints, records nothing

An interrupted run goes on with the rows that are left; `--fresh` starts anew.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pandas as pd

from benchmarks.reports.accuracy import Scored, report
from benchmarks.reports.tasks import TaskScored, task_report
from benchmarks.support.accuracy_rows import ACCURACY_ROWS, AccuracyRow
from benchmarks.support.our_search import clean_environment
from benchmarks.support.places import CACHE, ROOT
from benchmarks.support.problems import say
from benchmarks.support.recording import record
from benchmarks.support.task_rows import TASK_ROWS, TaskRow
from search.analysis.holdout.predictions import load_predictions
from search.config import Cell
from search.study.results import RESULTS_FILE, StudyResults, read_record

SECONDS = 300

Found = TypeVar("Found", Scored, TaskScored)


@contextmanager
def searched(arguments: Sequence[str], seconds: float, seed: int) -> Iterator[bytes]:
    """Search with two workers and give the results; their files last as long.

    Raises
    ------
    subprocess.CalledProcessError
        If the search failed; its output was shown.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / RESULTS_FILE
        subprocess.run(
            [
                *(sys.executable, "-m", "search", "run", *arguments),
                *("--timeout", str(seconds), "--seed", str(seed), "--json", str(out)),
            ],
            cwd=ROOT,
            env=clean_environment() | {"STUDIES_DIR": str(Path(folder) / "studies")},
            stdin=subprocess.DEVNULL,
            check=True,
        )
        yield out.read_bytes()


def search(row: AccuracyRow, seconds: float, seed: int) -> Scored:
    """Search on one series and score what was found; raises like `searched`."""
    with searched((row.write(), *row.options), seconds, seed) as found:
        results = read_record(msgspec.json.decode(found), StudyResults)
        return _scored(row, results, seconds)


def search_task(row: TaskRow, seconds: float, seed: int) -> TaskScored:
    """Search for one task and score what was found; raises like `searched`."""
    with searched(row.arguments(), seconds, seed) as found:
        return _task_scored(row, json.loads(found), seconds)


def _scored(row: AccuracyRow, results: StudyResults, seconds: float) -> Scored:
    table = row.table().reset_index(drop=True)
    targets = row.options[row.options.index("--target") + 1].split(",")
    errors: dict[Cell, tuple[float, ...]] = {}
    goal: tuple[float, ...] = ()
    for cell, winner in results.winners.items():
        forecasts = load_predictions(Path(winner.predictions), targets)
        errors[cell] = row.errors(forecasts, table)
        goal = row.wanted(forecasts, table)
    return Scored(
        name=row.name,
        seconds=seconds,
        goal=goal,
        errors=errors,
        best_cell=results.best_cell,
        winners=results.winners,
        baselines=results.baselines,
        trials=results.trials,
        verdict=results.verdict,
    )


def _task_scored(row: TaskRow, results: dict[str, Any], seconds: float) -> TaskScored:
    return TaskScored(
        name=row.name,
        seconds=seconds,
        scores={
            cell: row.score(pd.read_csv(winner["predictions"]))
            for cell, winner in results["winners"].items()
        },
        best_cell=results["best_cell"],
        baselines={
            name: metrics[row.key]
            for name, metrics in results["baselines"].items()
            if metrics.get(row.key) is not None
        },
        n_complete=results["trials"]["complete"],
        n_pruned=results["trials"]["pruned"],
        verdict=results["verdict"],
    )


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", default="", help="names, comma between (all)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the searches")
    parser.add_argument("--fresh", action="store_true", help="forget former results")
    parser.add_argument("--quick", action="store_true", help="a short try-out")
    parser.add_argument(
        "--seconds", type=float, default=20, help="of a short try-out (20)"
    )
    return parser.parse_args()


def found_for(
    name: str,
    protocol: str,
    args: argparse.Namespace,
    kind: type[Found],
    search_for: Callable[[float], Found],
) -> Found:
    """Return what an earlier run found for a row, or search."""
    if args.quick:
        return search_for(args.seconds)
    kept = CACHE / "accuracy" / f"{name}-{args.seed}.json"
    if args.fresh or not kept.exists():
        say(f"{name}: {protocol}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(msgspec.json.encode(search_for(SECONDS)))
    return msgspec.json.decode(kept.read_bytes(), type=kind)


def main() -> None:
    """Measure, print the tables, record them."""
    args = parse()
    names = [name for name in args.series.split(",") if name]
    is_recorded = not args.quick and not names
    rows = [row for row in ACCURACY_ROWS if not names or row.name in names]
    if rows:
        found = [
            found_for(
                row.name,
                row.protocol,
                args,
                Scored,
                lambda seconds, row=row: search(row, seconds, args.seed),
            )
            for row in rows
        ]
        body = report(rows, found)
        print(body)
        if is_recorded:
            record("Accuracy on public series", body)
    tasks = [row for row in TASK_ROWS if not names or row.name in names]
    if tasks:
        scored = [
            found_for(
                row.name,
                row.protocol,
                args,
                TaskScored,
                lambda seconds, row=row: search_task(row, seconds, args.seed),
            )
            for row in tasks
        ]
        body = task_report(tasks, scored)
        print(body)
        if is_recorded:
            record("Accuracy of the other tasks", body)


if __name__ == "__main__":
    main()
